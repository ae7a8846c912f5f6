"""What the journal remembers of a release: who was old and new, and how far each step takes the traffic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from docker_agent.core.errors import InputError
from docker_agent.host.entry import Entry
from docker_agent.project.workspace import Workspace

Wanted = Literal["resume", "abort", "done"]
STATES: dict[Wanted, str] = {"resume": "interrupted", "abort": "interrupted or failed", "done": "applied"}


class Phase(BaseModel):
    """From which step on what holds: `share` is the new version's part of the traffic in percent."""

    model_config = ConfigDict(frozen=True)

    step: int
    name: str
    share: int


class ReleaseRecord(BaseModel):
    """One release as its plan was made.

    `old` and `new` are containers, `old_image_id` what the old one runs; `keep_min` is how many minutes the old one is
    kept for going back at once.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["release"] = "release"
    service: str
    proxy: str
    port: int
    path: str = "/"
    strategy: str
    old: str
    new: str
    old_image: str
    old_image_id: str = ""
    new_image: str
    keep_min: int = 0
    phases: tuple[Phase, ...] = ()

    def phase_at(self, step: int) -> Phase:
        """The phase that a step belongs to."""
        return [phase for phase in self.phases if phase.step <= step][-1]


def releases(ws: Workspace) -> Iterator[tuple[Entry, ReleaseRecord]]:
    """Every release in the journal, oldest first; the ways back are not releases."""
    for entry in ws.history():
        record = _record_of(entry)
        if record is not None and not entry.undoes:
            yield entry, record


def ways_to_end(entry: Entry) -> tuple[str, ...]:
    """By which tools a release that did not come to its end, forwards or back, can be ended; none for any other."""
    stopped = {"interrupted", "failed"}
    if entry.undone_by or not {entry.status, entry.undo_status} & stopped:
        return ()
    return ("resume", "abort") if entry.status == "interrupted" and not entry.undo_status else ("abort",)


def latest(ws: Workspace, service: str, wanted: Wanted) -> tuple[Entry, ReleaseRecord]:
    """The newest release, of this service where one is named, that is as it is wanted.

    An undo that stopped half-way, of a release that had come to its end too, is what an abort goes on with.

    Raises
    ------
    InputError: there is none, or a release of it is being carried out.
    """
    mine = [(entry, record) for entry, record in releases(ws) if service in {"", record.service}]
    for entry, record in mine:
        if entry.unended == "running":
            raise InputError(
                f"A release of {record.service} is under way (entry {entry.id}): a process, or a program that it "
                "started, carries it out.",
                "Wait until it has ended, or stop it first.",
            )
    fitting = [each for each in mine if _fits(each[0], wanted)]
    if wanted != "done":
        newest = {record.service: entry.id for entry, record in mine}
        fitting = [(entry, record) for entry, record in fitting if newest[record.service] == entry.id]
    if not fitting:
        what = f"of {service} " if service else ""
        raise InputError(
            f"There is no release {what}that is {STATES[wanted]} in the journal.", "See `docker-agent release status`."
        )
    return fitting[-1]


def _fits(entry: Entry, wanted: Wanted) -> bool:
    match wanted:
        case "resume":
            return entry.status == "interrupted" and not entry.undone_by
        case "abort":
            return bool(ways_to_end(entry))
        case "done":
            return entry.status == "applied" and not entry.undone_by


def _record_of(entry: Entry) -> ReleaseRecord | None:
    if entry.plan.record.get("kind") != "release":
        return None
    try:
        return ReleaseRecord.model_validate(entry.plan.record)
    except ValidationError:
        return None
