"""Further parts of an answer that was cut."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.project.workspace import Workspace

PIECE_CHARS = 6_000
ESCAPED_CHARS = 2 * PIECE_CHARS + 200


class ReadOn(BaseModel):
    """A piece of a long answer; `next_offset` is where the next piece begins, None at the end."""

    model_config = ConfigDict(frozen=True)

    text: str
    offset: int
    next_offset: int | None
    total: int


@tool(risk=Risk.READ, untrusted="an earlier answer", budget_chars=ESCAPED_CHARS)
def read_on(
    ws: Workspace,
    cursor: Annotated[str, "The cursor that the cut answer named."],
    offset: Annotated[int, "Character to read from, counted from 0."] = 0,
) -> ReadOn:
    """Read further in an answer that was too long to be shown at once.

    Give the cursor and the offset that the cut answer named; go on with `next_offset` until it is null.
    """
    text = ws.kept.get(cursor.strip())
    if text is None:
        there = ", ".join(ws.kept) or "none, no answer was cut"
        raise InputError(f"There is no kept answer {cursor.strip()[:80]!r}.", f"Cursors: {there}.")
    if not 0 <= offset <= len(text):
        raise InputError(f"offset is {offset}.", f"Give a number from 0 to {len(text)}.")
    end = offset + PIECE_CHARS
    piece = text[offset:end]
    return ReadOn(text=piece, offset=offset, next_offset=end if end < len(text) else None, total=len(text))
