"""Go on with a release that stopped in the middle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.release.record import latest
from docker_agent.domains.release.steps import is_migration
from docker_agent.host.entry import Entry
from docker_agent.project.workspace import Workspace


@tool(risk=Risk.CHANGE, examples=("docker-agent release resume", "docker-agent release resume web --yes"))
def resume(
    ws: Workspace,
    service: Annotated[str, "The service; the newest release where none is named."] = "",
    migrate_again: Annotated[bool, "Run a migration from its start that was stopped in the middle."] = False,
) -> Plan:
    """Plan to go on with a release that was stopped (Ctrl-C, a crash, a killed process) from the step that it was at.

    Steps that were done are not done again, and the traffic's share stays as it is until then. A migration that was
    stopped in the middle may have come to its end: it is run again only where that is asked for.
    """
    entry, record = latest(ws, service, "resume")
    if entry.undo_status:
        raise InputError(
            f"The release of entry {entry.id} is on its way back already.", "Go on with `docker-agent release abort`."
        )
    after = 1 + max((outcome.index for outcome in entry.steps if outcome.state == "done"), default=-1)
    if not migrate_again and any(is_migration(entry.plan.steps[index]) for index in _begun(entry)):
        raise InputError(
            f"The migration of {record.service} was stopped in the middle, or came to its end unseen.",
            "Look at the data; where it can run again, add --migrate-again, or take the release back with "
            f"`docker-agent release abort {record.service}`.",
        )
    if record.phase_at(after).share and not _is_well(ws, record.new):
        raise InputError(
            f"{record.new} is not well any more, and would get {record.phase_at(after).share} % of the traffic.",
            f"Start it, or take the release back: docker-agent release abort {record.service}.",
        )
    said = {"continues": entry.id, "title": f"Go on with {entry.plan.title}"}
    return entry.plan.model_copy(update={**said, "remarks": (*entry.plan.remarks, *_remarks(entry))})


def _begun(entry: Entry) -> list[int]:
    """The steps that were begun and did not come to their end, as far as anybody saw; each is done from its start."""
    return [outcome.index for outcome in entry.steps if outcome.state == "interrupted"]


def _remarks(entry: Entry) -> Iterator[str]:
    """What of the plan is done already, and what is begun again, by the numbers that the plan shows."""
    done = [str(outcome.index + 1) for outcome in entry.steps if outcome.state == "done"]
    if done:
        yield f"Done already, and not done again: {_numbers(done)}."
    begun = [str(index + 1) for index in _begun(entry)]
    if begun:
        yield f"Stopped in the middle, and done from its start: {_numbers(begun)}."


def _numbers(words: Sequence[str]) -> str:
    in_a_row = len(words) > 2 and int(words[-1]) - int(words[0]) == len(words) - 1
    return f"steps {words[0]} to {words[-1]}" if in_a_row else f"step {', '.join(words)}"


def _is_well(ws: Workspace, name: str) -> bool:
    try:
        container = ws.host.container(name)
    except InputError:
        return False
    return container.running and container.health in {"", "healthy"}
