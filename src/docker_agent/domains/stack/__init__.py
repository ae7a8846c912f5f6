"""Containers of a stack: look at them, start, stop and restart them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from datetime import datetime

from docker_agent.core.errors import AgentError, InputError
from docker_agent.core.plan import WaitHealthy
from docker_agent.host.models import Container, Port
from docker_agent.project.stack import Stack, stack_of
from docker_agent.project.workspace import Workspace

SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
SHORTEST_ID = 4
WHOLE_ID = 12
MAX_WORD = 255
LONGEST_WAIT_S = 300.0


def resolve(ws: Workspace, word: str) -> Container:
    """Find the one container that a word means: a service, a container's name or the start of its id.

    Raises
    ------
    InputError: nothing or more than one container fits; the message names what there is.
    """
    found = resolve_all(ws, word)
    if len(found) > 1:
        names = ", ".join(container.name for container in found)
        raise InputError(f"{word!r} means {len(found)} containers: {names}.", "Name one of them.")
    return found[0]


def resolve_all(ws: Workspace, word: str) -> list[Container]:
    """Find the containers that a word means; more than one only for a scaled service.

    A service of the own project comes before a container's name, a name before the start of an id (four characters or
    more). A container of another project is meant only by its full name or the twelve characters of its id.

    Raises
    ------
    InputError: nothing fits, or the word fits containers of several services.
    """
    if not word.strip() or len(word) > MAX_WORD:
        raise InputError("A container needs a name.", "Give a service, a container's name or the start of its id.")
    word = word.strip().removeprefix("/")
    everything = ws.host.containers()
    own = [container for container in everything if ws.owns_container(container)]
    candidates = (
        [container for container in own if container.service == word],
        [container for container in everything if container.name == word],
        [container for container in own if len(word) >= SHORTEST_ID and container.id.startswith(word)],
        [container for container in everything if len(word) >= WHOLE_ID and container.id.startswith(word)],
    )
    found = next((group for group in candidates if group), everything[:0])
    if not found:
        elsewhere = [container for container in everything if container.service == word and container not in own]
        raise nothing_here(ws, own, elsewhere) or InputError(
            f"There is no service or container {word!r}.", f"{_nearest(word, own)}{_by_full_name(elsewhere)}"
        )
    if len({(container.project, container.service or container.name) for container in found}) > 1:
        names = ", ".join(container.name for container in found)
        raise InputError(f"{word!r} fits more than one container: {names}.", "Name one of them.")
    return found


def nothing_here(ws: Workspace, own: Sequence[Container], elsewhere: Sequence[Container] = ()) -> InputError | None:
    """The error for a folder that is no project: no compose file and no own container; None where there is either.

    Parameters
    ----------
    elsewhere: containers of others that may have been meant.
    """
    try:
        is_project = bool(own) or stack_of(ws) is not None
    except AgentError:
        return None
    if is_project:
        return None
    return InputError(
        f"There is no compose file in {ws.root.name} and no container of project {ws.project}.",
        f"Go to the project's folder, or name it: docker-agent -C FOLDER ...{_by_full_name(elsewhere)}",
    )


def foreign(ws: Workspace, containers: list[Container]) -> tuple[str, ...]:
    """The names of those containers that do not belong to the own project."""
    return tuple(container.name for container in containers if not ws.owns_container(container))


def parse_time(word: str, now: float) -> float:
    """Turn "10m", "2h30m", an RFC 3339 time or seconds since the epoch into seconds since the epoch; "" is 0.

    Raises
    ------
    InputError: the word is none of these.
    """
    word = word.strip()
    if not word:
        return 0.0
    if re.fullmatch(r"(\d{1,9}[smhd])+", word):
        return now - sum(int(count) * SECONDS[unit] for count, unit in re.findall(r"(\d+)([smhd])", word))
    if re.fullmatch(r"\d{9,11}(\.\d+)?", word):
        return float(word)
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", word))
        return moment.astimezone().timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise InputError(f"{word!r} is no time.", 'Give "10m", "2h" or a time like 2026-01-31T10:00:00Z.') from error


def say_state(container: Container) -> str:
    """The state of a container in a word or two, with the exit code where it has ended."""
    if container.status in {"exited", "dead", "restarting"}:
        return f"{container.status} ({container.exit_code})"
    if container.status == "created" and container.error:
        return f"never started ({container.exit_code})"
    return container.status


def say_port(port: Port) -> str:
    """A port as `docker ps` shows it: `127.0.0.1:8080->80/tcp`, or `80/tcp` where it is not published."""
    inner = f"{port.container_port}/{port.protocol}"
    return f"{port.host_ip or '*'}:{port.host_port}->{inner}" if port.host_port else inner


def stack_needed(ws: Workspace) -> Stack:
    """The compose stack of the project's folder.

    Raises
    ------
    InputError: there is no compose file.
    """
    stack = stack_of(ws)
    if stack is None:
        raise InputError(f"There is no compose file in {ws.root.name}.", "Write one (scaffold), or go to its folder.")
    return stack


def services_named(stack: Stack, names: Sequence[str]) -> tuple[str, ...]:
    """The services of these names, or all that no profile holds back where none is named.

    Raises
    ------
    InputError: the compose file has no such service; the message names the nearest.
    """
    services = stack.model.services
    for name in names:
        if name not in services:
            close = difflib.get_close_matches(name, services, n=3, cutoff=0.5) or sorted(services)[:10]
            raise InputError(f"The compose file has no service {name!r}.", f"Nearest: {', '.join(close)}.")
    return tuple(dict.fromkeys(names)) or tuple(name for name, service in services.items() if not service.profiles)


def wait_for(stack: Stack, service: str, *, timeout_s: float = 60.0) -> WaitHealthy:
    """The step that waits for a service, as long as its health check may take and at least `timeout_s` seconds."""
    check = stack.model.services[service].healthcheck if service in stack.model.services else None
    longest = 0.0
    if check and not check.disabled:
        interval = 30.0 if check.interval_s is None else check.interval_s
        longest = (check.start_period_s or 0.0) + interval * ((check.retries or 3) + 1) + (check.timeout_s or 0.0)
    return WaitHealthy(
        why=f"{service} should be healthy, or run steadily where it has no health check.",
        target=service,
        project=stack.name,
        timeout_s=max(timeout_s, min(longest, LONGEST_WAIT_S)),
    )


def _by_full_name(containers: Sequence[Container]) -> str:
    named = [f"{container.name} (of {container.project or 'no project'})" for container in containers[:5]]
    return f" A container of others needs its full name: {', '.join(named)}." if named else ""


def _nearest(word: str, containers: list[Container]) -> str:
    names = sorted({container.service or container.name for container in containers})
    close = difflib.get_close_matches(word, names, n=3, cutoff=0.5)
    if close:
        return f"Nearest: {', '.join(close)}."
    return f"There are: {', '.join(names[:10])}." if names else "No container exists yet; start the stack first."
