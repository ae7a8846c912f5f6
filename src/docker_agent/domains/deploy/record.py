"""What the journal remembers of a deployment: what ran before, what was to run, and the files that say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan
from docker_agent.host.entry import Entry
from docker_agent.host.models import Container
from docker_agent.project.workspace import Workspace

State = Literal["running", "stopped", "absent"]


class Ran(BaseModel):
    """What a service ran: the image by name, id and digest of the registry, "" for what is not known."""

    model_config = ConfigDict(frozen=True)

    image: str = ""
    image_id: str = ""
    digest: str = ""


class DeployedService(BaseModel):
    """One service of a deployment: what it ran before and in which state, and what it was to run.

    `finished` is one that stood still as a job that had ended well. `job` is one that others wait for to end.
    """

    model_config = ConfigDict(frozen=True)

    service: str
    state: State
    before: Ran
    after: Ran
    job: bool = False
    finished: bool = False


class KeptFile(BaseModel):
    """A file that Compose reads: its path, SHA-256, and its text where it is a compose file."""

    model_config = ConfigDict(frozen=True)

    path: str
    sha256: str
    text: str | None = None


class DeployRecord(BaseModel):
    """One deployment as its plan was made.

    `options` are those by which Compose finds the files. `variables` names what the `.env` files set; the values are
    in it only of those that name an image. `goes_back_to` is the number of the deployment that this one goes back to.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["deploy"] = "deploy"
    environment: str
    project: str
    services: tuple[DeployedService, ...]
    files: tuple[KeptFile, ...]
    options: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    image_variables: dict[str, str] = {}
    commit: str = ""
    goes_back_to: str = ""


def record_in(plan: Plan) -> DeployRecord | None:
    """The record in a plan, None where it is no deployment."""
    if plan.record.get("kind") != "deploy":
        return None
    try:
        return DeployRecord.model_validate(plan.record)
    except ValidationError:
        return None


def deployments(ws: Workspace) -> list[tuple[Entry, DeployRecord]]:
    """Every deployment in the journal, oldest first; undos are none."""
    found = ((entry, record_in(entry.plan)) for entry in ws.history() if not entry.undoes)
    return [(entry, record) for entry, record in found if record is not None]


def standing(ws: Workspace) -> list[tuple[Entry, DeployRecord]]:
    """The deployments that were not taken back, oldest first."""
    return [(entry, record) for entry, record in deployments(ws) if not entry.undone_by and entry.status != "running"]


def states_before(records: Sequence[DeployRecord]) -> dict[str, DeployedService]:
    """What each service ran before the first of these deployments that touched it."""
    found: dict[str, DeployedService] = {}
    for record in records:
        for each in record.services:
            found.setdefault(each.service, each)
    return found


def has_finished(container: Container) -> bool:
    """Whether a container stands still as a job that ended well, or that was made and not started, would."""
    still = container.status in {"exited", "created"} and not container.exit_code
    return still and container.restart_policy in {"", "no"}


def fits(record: DeployRecord, services: Iterable[DeployedService]) -> bool:
    """Whether the files of a deployment say what these services ran; a release or an `up` may have come after it."""
    images = {each.service: each.after.image for each in record.services}
    ran = ((each.service, each.before.image) for each in services if each.before.image and not each.job)
    return all(images.get(name, image) == image for name, image in ran)


def deployment(ws: Workspace, number: str) -> tuple[Entry, DeployRecord]:
    """One deployment by its number in the journal.

    Raises
    ------
    InputError: there is none of this number.
    """
    for entry, record in deployments(ws):
        if entry.id == number:
            return entry, record
    known = ", ".join(entry.id for entry, _ in deployments(ws)[-8:]) or "none"
    raise InputError(f"Entry {number!r} is no deployment; there are: {known}.", "See `docker-agent stack deploys`.")
