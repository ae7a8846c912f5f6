"""What the journal remembers of a release: who was old and new, and how far each step takes the traffic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from docker_agent.core.errors import InputError
from docker_agent.host.entry import Entry
from docker_agent.project.workspace import Workspace


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


def latest(ws: Workspace, service: str = "", states: Sequence[str] = ()) -> tuple[Entry, ReleaseRecord]:
    """The newest release, of this service and in one of these states.

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
    fitting = [each for each in mine if not states or (each[0].status in states and not each[0].undone_by)]
    if "applied" not in states:
        newest = {record.service: entry.id for entry, record in mine}
        fitting = [(entry, record) for entry, record in fitting if newest[record.service] == entry.id]
    if not fitting:
        what = f"of {service} " if service else ""
        how = f"that is {' or '.join(states)} " if states else ""
        raise InputError(f"There is no release {what}{how}in the journal.", "See `docker-agent release status`.")
    return fitting[-1]


def _record_of(entry: Entry) -> ReleaseRecord | None:
    if entry.plan.record.get("kind") != "release":
        return None
    try:
        return ReleaseRecord.model_validate(entry.plan.record)
    except ValidationError:
        return None
