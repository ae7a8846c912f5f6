from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.core.tool import Tool
from docker_agent.domains.guide.guide import guide
from docker_agent.domains.guide.open_domain import open_domain
from docker_agent.domains.guide.read_on import PIECE_CHARS, read_on
from docker_agent.host.fake import World
from docker_agent.project.context.model import EMPTY
from docker_agent.project.workspace import Workspace
from docker_agent.settings import texts

LONG = "".join(f"line {number}\n" for number in range(2_000))


def workspace(kept: dict[str, str] | None = None, opening: Callable[[str], list[str]] = lambda _name: []) -> Workspace:
    return Workspace(
        host=World().host.reads,
        root=Path("/project"),
        context=EMPTY,
        tools={"guide": guide},
        kept=kept or {},
        open_domain=opening,
    )


@pytest.mark.parametrize(
    ("tool", "name"), [(guide, "guide"), (read_on, "guide_read_on"), (open_domain, "guide_open_domain")]
)
def test_names_and_risk(tool: Tool, name: str) -> None:
    assert (tool.name, tool.risk) == (name, Risk.READ)


def test_without_a_name_all_sops_are_listed() -> None:
    answer = guide.function(workspace())

    files = sorted(path.stem for path in (texts("prompts") / "sops").glob("*.md"))
    assert [entry.name for entry in answer.sops] == files
    assert all(entry.title and entry.title != entry.name for entry in answer.sops)


@pytest.mark.parametrize("name", ["crash-loop", "Crash Loop", " crash_loop ", "crash-loop.md"])
def test_a_named_sop_gives_its_steps_without_the_front_matter(name: str) -> None:
    answer = guide.function(workspace(), name)

    assert answer.name == "crash-loop"
    assert answer.text.startswith("# ")
    assert "\n10. **" in answer.text
    assert "intents:" not in answer.text


@pytest.mark.parametrize("name", ["crash-lop", "../system", "x" * 10_000, "\x00", "/etc/passwd"])
def test_an_unknown_sop_names_the_nearest_or_all(name: str) -> None:
    with pytest.raises(InputError) as caught:
        guide.function(workspace(), name)

    assert "crash-loop" in caught.value.next_step
    assert len(caught.value.message) < 400


def test_reading_on_gives_every_character_once() -> None:
    ws = workspace({"r1": LONG})
    pieces: list[str] = []
    offset: int | None = 0
    while offset is not None:
        answer = read_on.function(ws, "r1", offset)
        pieces.append(answer.text)
        assert (answer.offset, answer.total) == (offset, len(LONG))
        offset = answer.next_offset

    assert "".join(pieces) == LONG
    assert len(pieces) == -(-len(LONG) // PIECE_CHARS)


def test_reading_at_the_very_end_gives_nothing_and_no_further_offset() -> None:
    answer = read_on.function(workspace({"r1": LONG}), "r1", len(LONG))

    assert (answer.text, answer.next_offset) == ("", None)


@pytest.mark.parametrize(("cursor", "offset"), [("r2", 0), ("", 0), ("r1", -1), ("r1", len(LONG) + 1)])
def test_a_wrong_cursor_or_offset_says_what_there_is(cursor: str, offset: int) -> None:
    with pytest.raises(InputError) as caught:
        read_on.function(workspace({"r1": LONG}), cursor, offset)

    assert caught.value.next_step


def test_a_domain_is_opened_and_its_tools_named() -> None:
    asked: list[str] = []

    def opening(name: str) -> list[str]:
        asked.append(name)
        return ["guide", "disk_prune"]

    answer = open_domain.function(workspace(opening=opening), " Disk ")

    assert asked == ["disk"]
    assert answer.domain == "disk"
    assert answer.tools == {"guide": guide.summary, "disk_prune": ""}


def test_an_unknown_domain_is_the_session_s_error() -> None:
    def opening(name: str) -> list[str]:
        raise InputError(f"There is no domain {name!r}.")

    with pytest.raises(InputError, match="nosuch"):
        open_domain.function(workspace(opening=opening), "nosuch")
