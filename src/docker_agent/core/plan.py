"""Plans: changes as data, to be shown, approved by their digest, applied, verified and undone."""

from __future__ import annotations

import hashlib
import json
import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Risk(StrEnum):
    """What a tool or a step may do: look, change something that can be put back, or destroy."""

    READ = "read"
    CHANGE = "change"
    DESTROY = "destroy"

    @property
    def rank(self) -> int:
        """Order for comparison, 0 (read) to 2 (destroy)."""
        return list(Risk).index(self)


class _Step(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    why: str
    risk: Risk = Risk.CHANGE
    touches: tuple[str, ...] = ()
    undo: Step | None = None


class Argv(_Step):
    """Run a program by its argument list, never through a shell; used for `docker compose` and `docker buildx`."""

    kind: Literal["argv"] = "argv"
    argv: tuple[str, ...]
    cwd: str = ""
    timeout_s: float = 300.0


EngineAction = Literal[
    "container_start",
    "container_stop",
    "container_restart",
    "container_kill",
    "container_unpause",
    "container_rename",
    "container_remove",
    "container_remove_stopped",
    "container_update",
    "container_reload",
    "network_create",
    "network_connect",
    "network_disconnect",
    "network_remove",
    "volume_create",
    "volume_remove",
    "image_tag",
    "image_remove",
]


class Engine(_Step):
    """One call to the Docker Engine; `args` are the call's own arguments, by name.

    `container_update` sets the restart policy (`restart`). `container_reload` has the proxy in a container (`program`:
    nginx or caddy) check and read its configuration (`config`, a path in the container) without a pause.
    `container_remove_stopped` removes one that does not run, without its volumes, and fails at one that runs. With
    `if_there` a container that is not there is fine.
    """

    kind: Literal["engine"] = "engine"
    action: EngineAction
    target: str
    args: dict[str, str | int | float | bool] = Field(default_factory=dict)


class Write(_Step):
    """Write a whole file inside the project, or `remove` it, atomically, keeping what was there.

    `before` is the SHA-256 of the bytes the plan was made from ("" for a file that must not exist), so that a file
    that changed in between stops the plan; `or_before` are further states that are as good.
    """

    kind: Literal["write"] = "write"
    path: str
    content: str
    before: str = ""
    or_before: tuple[str, ...] = ()
    remove: bool = False
    mode: int | None = None


class Restore(_Step):
    """Put back a file that an earlier `Write` kept, or remove it when there was none; `kept` is the kept copy's id.

    `after` is the SHA-256 of what the file must hold now ("" for no file), so that no later edit is overwritten.
    """

    kind: Literal["restore"] = "restore"
    path: str
    kept: str
    after: str = ""


class WaitHealthy(_Step):
    """Wait until the containers of a service (or one container) run and are healthy.

    Without a health check, running through `settle_s` seconds with no restart counts, and the result says so.
    """

    kind: Literal["wait_healthy"] = "wait_healthy"
    risk: Risk = Risk.READ
    target: str
    project: str = ""
    timeout_s: float = 60.0
    settle_s: float = 3.0


class Probe(_Step):
    """Check that something answers: an HTTP status at a URL, a TCP port (`tcp://host:port`), a name (`dns:name`).

    It is asked from this machine, or, with a container's name in `inside`, from that container's network. Only HTTP has
    a status; of the others any answer will do.
    """

    kind: Literal["probe"] = "probe"
    risk: Risk = Risk.READ
    url: str
    expect_status: int = 200
    inside: str = ""
    timeout_s: float = 10.0


class Observe(_Step):
    """Watch a container for a while: it stays running and its restart count does not rise."""

    kind: Literal["observe"] = "observe"
    risk: Risk = Risk.READ
    target: str
    project: str = ""
    seconds: float = 10.0


class Check(_Step):
    """A look that a domain brings, found by its name (`host/check.py`); it reads only, and fails where it is not so."""

    kind: Literal["check"] = "check"
    risk: Risk = Risk.READ
    name: str
    args: dict[str, str | int | float | bool] = Field(default_factory=dict)


Step = Annotated[Argv | Engine | Write | Restore | WaitHealthy | Probe | Observe | Check, Field(discriminator="kind")]

for _kind in (Argv, Engine, Write, Restore, WaitHealthy, Probe, Observe, Check):
    _kind.model_rebuild()


DROPS_VOLUMES = re.compile(r"--volumes(=.*)?|-[A-Za-z]*v.*")
KNOWN_PROGRAMS = (("docker", "compose"), ("docker", "buildx"))


class Plan(BaseModel):
    """What would be done, in order, and why; nothing has happened yet.

    `findings` are the identities of those that it answers, and `remarks` what a person should know before a yes.
    `foreign` names the objects outside the project that the steps touch, and `data` the volumes with data that would be
    lost; both decide how a yes is asked for. `inputs` holds the SHA-256 of every file that the steps rely on and do not
    write (compose files, env files), by path; a plan whose inputs changed since is not carried out.

    `rollback` is the way back from any point of the plan, whatever was done of it: each of its steps may find its work
    done already. It is carried out by itself when a step or check fails, and is what an undo does; a yes covers both.
    `continues` is the number of a journal entry that stopped in the middle and is gone on with, `undoes` of one that is
    taken back. `record` is what a workflow remembers of the plan in the journal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    steps: tuple[Step, ...] = ()
    project: str = ""
    reason: str = ""
    findings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    inputs: dict[str, str] = Field(default_factory=dict[str, str])
    rollback: tuple[Step, ...] = ()
    continues: str = ""
    undoes: str = ""
    record: dict[str, Any] = Field(default_factory=dict[str, Any])

    @property
    def risk(self) -> Risk:
        """The highest risk among all steps: what each says of itself, and no less than what its kind can do."""
        steps = (*self.steps, *self.rollback)
        return max((risk_of(step) for step in steps), key=lambda risk: risk.rank, default=Risk.READ)

    @property
    def touches(self) -> tuple[str, ...]:
        """Every object that the steps, there and back, affect, once each, in order."""
        return tuple(dict.fromkeys(name for step in (*self.steps, *self.rollback) for name in step.touches))

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps, there and back, that change something, without the waiting and looking."""
        return tuple(step for step in (*self.steps, *self.rollback) if risk_of(step) is not Risk.READ)

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON of the whole plan: what a yes is for."""
        return digest_of(self.model_dump(mode="json"))


def risk_of(step: Step) -> Risk:
    """The risk of a step: what it says of itself, and no less than what its kind can do."""
    return max(step.risk, _floor(step), key=lambda risk: risk.rank)


def _floor(step: Step) -> Risk:
    match step:
        case WaitHealthy() | Probe() | Observe() | Check():
            return Risk.READ
        case Engine():
            return Risk.DESTROY if step.action.endswith("_remove") else Risk.CHANGE
        case Argv():
            known = step.argv[:2] in KNOWN_PROGRAMS
            return Risk.CHANGE if known and not _drops_data(step.argv[1:]) else Risk.DESTROY
        case Write() | Restore():
            return Risk.CHANGE


def _drops_data(words: tuple[str, ...]) -> bool:
    """Whether a command of Compose drops volumes, or one of Buildx what was built."""
    if words[0] == "buildx":
        return not {"prune", "rm"}.isdisjoint(words)
    return not {"down", "rm"}.isdisjoint(words) and any(DROPS_VOLUMES.fullmatch(word) for word in words)


def digest_of(value: Any) -> str:
    """SHA-256, as hex, over the canonical JSON of plain data."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
