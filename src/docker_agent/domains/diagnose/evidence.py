"""What signatures say with: findings about containers, and evidence with the place where it was read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.domains.diagnose.settings import say_setting
from docker_agent.domains.diagnose.snapshot import Ending, Snapshot, seconds_of
from docker_agent.domains.diagnose.telling import is_chatter
from docker_agent.host.models import Container, Event, LogLine, Mount

MAX_QUOTE = 200
MAX_SENTENCE = 300
STARTING_S = 60.0
RECENT_S = 600.0
REPEATED = 3
ABSOLUTE = re.compile(r"(?<![\w/.:-])/\w")

Confidence = Literal["certain", "likely", "possible"]


def label(snapshot: Snapshot, container: Container) -> str:
    """What a container is called in findings: its service, or its name where that alone is not clear."""
    alone = len([each for each in snapshot.containers if each.service == container.service]) == 1
    return (
        container.service if alone and container.service and container.project == snapshot.project else container.name
    )


def found(
    snapshot: Snapshot,
    container: Container,
    *evidence: Evidence | None,
    message: str,
    cause: str,
    fix: str,
    confidence: Confidence = "certain",
    severity: Severity | None = None,
) -> Finding:
    """A finding about a container; its code is filled in by whoever runs the signature.

    Without a severity it is an error for a container that is broken now, and a warning for one that runs.
    """
    if severity is None:
        severity = Severity.ERROR if snapshot.broken(container) else Severity.WARN
    return Finding(
        code="",
        severity=severity,
        object=label(snapshot, container),
        message=shortened(snapshot, message) + _how_often(snapshot, container),
        cause=shortened(snapshot, cause),
        fix=shortened(snapshot, fix),
        confidence=confidence,
        evidence=tuple(each for each in evidence if each is not None),
    )


def cut(snapshot: Snapshot, text: str) -> str:
    """One line of at most 200 characters; secrets are masked before the cut, so that none is halved."""
    line = " ".join(snapshot.mask(text).split())
    return line if len(line) <= MAX_QUOTE else line[: MAX_QUOTE - 3] + "..."


def shortened(snapshot: Snapshot, text: str) -> str:
    """A sentence of a finding as it is, but of at most 300 characters: names in it come from whoever wrote a log."""
    return text if len(text) <= MAX_SENTENCE else snapshot.mask(text)[: MAX_SENTENCE - 3] + "..."


def inspected(snapshot: Snapshot, container: Container, field: str, value: object) -> Evidence:
    """Evidence from inspect: `web State.OOMKilled` and its value."""
    return Evidence(source="inspect", where=f"{label(snapshot, container)} {field}", quote=cut(snapshot, str(value)))


def logged(snapshot: Snapshot, container: Container, line: LogLine | None) -> Evidence | None:
    """Evidence from a log: `web:17` and the line."""
    if line is None:
        return None
    return Evidence(source="log", where=f"{label(snapshot, container)}:{line.number}", quote=cut(snapshot, line.text))


def checked(snapshot: Snapshot, container: Container) -> Evidence | None:
    """Evidence from the last run of the health check."""
    if not container.health_log:
        return None
    last = container.health_log[-1]
    said = f"{last.end[11:19]} exit code {last.exit_code}: {last.output}".lstrip()
    return Evidence(
        source="health", where=f"{label(snapshot, container)} State.Health.Log[-1]", quote=cut(snapshot, said)
    )


def happened(snapshot: Snapshot, container: Container, *actions: str) -> Evidence | None:
    """Evidence from the last event of one of these actions."""
    events = [event for event in snapshot.events_of(container) if event.action in actions]
    return _event(snapshot, label(snapshot, container), events[-1]) if events else None


def written(snapshot: Snapshot, container: Container, *path: str | int) -> Evidence | None:
    """Evidence from the compose file: the place of a value of the container's service, such as `compose.yml:12:5`.

    Of the environment the variable is quoted without what is secret in it, of the whole of it the names alone.
    """
    if snapshot.model is None or not snapshot.owns_file_of(container):
        return None
    node = snapshot.model.node(("services", container.service, *path))
    if node is None:
        return None
    place = node.place
    lines = node.source.text.split("\n")
    name = str(path[1]) if path[1:] else ""
    quote = say_setting(node, name) if path[:1] == ("environment",) else lines[place.line - 1]
    return Evidence(source="compose", where=str(place), quote=cut(snapshot, quote))


def setting(snapshot: Snapshot, container: Container, word: str) -> Evidence | None:
    """Evidence from the compose file: the variable of the environment whose value has a word, else all of them."""
    service = snapshot.model.services.get(container.service) if snapshot.model else None
    found = re.compile(rf"(?<![\w.-]){re.escape(word)}(?![\w-])") if word else None
    values = service.environment.items() if service else ()
    names = [name for name, value in values if found and found.search(value or "")]
    named = written(snapshot, container, "environment", names[0]) if names else None
    return named or written(snapshot, container, "environment")


def last_line(snapshot: Snapshot, container: Container) -> LogLine | None:
    """The last line that says something, of standard error where there is any."""
    lines = [line for line in snapshot.runs.get(container.name, ()) if line.text.strip()]
    return next((line for line in reversed(lines[-20:]) if line.stream == "stderr"), lines[-1] if lines else None)


def search_log(
    snapshot: Snapshot, container: Container, pattern: re.Pattern[str]
) -> tuple[LogLine, re.Match[str]] | None:
    """The last line of the last run that matches, of those whose words tell that something is wrong.

    Where a container is well, what it logs at a level such as INFO does not count.
    """
    for line in reversed(snapshot.telling.get(container.name, ())):
        match = pattern.search(line.text[:1_000])
        if match and (not is_chatter(line.text) or snapshot.broken(container)):
            return line, match
    return None


def complaints(snapshot: Snapshot, pattern: re.Pattern[str]) -> Iterator[tuple[Container, LogLine, re.Match[str]]]:
    """Containers whose log has a matching line, with the last such line; of what is over by now nothing."""
    for container in snapshot.suspects:
        hit = search_log(snapshot, container, pattern)
        if hit and not _is_over(snapshot, container, hit[0], pattern):
            yield container, *hit


def _is_over(snapshot: Snapshot, container: Container, line: LogLine, pattern: re.Pattern[str]) -> bool:
    """Whether a container that is well now complained last more than ten minutes ago.

    It is not over where the complaints still come, only more rarely than that, and where a start ended with it: who
    said nothing else since its first minute may hang.
    """
    said, last = seconds_of(line.time), snapshot.runs.get(container.name, ())[-1:]
    silence = snapshot.taken_at - said
    if not said or silence <= RECENT_S or snapshot.broken(container):
        return False
    if last and last[0].number == line.number and said < seconds_of(container.started_at) + STARTING_S:
        return container.health == "healthy"
    lines = [each for each in snapshot.telling.get(container.name, ()) if pattern.search(each.text[:1_000])]
    times = [seconds_of(each.time) for each in lines[-REPEATED:]]
    return len(times) < REPEATED or silence > times[-1] - times[0]


def ended(snapshot: Snapshot, *codes: int) -> Iterator[tuple[Container, Ending]]:
    """Containers whose last run ended with one of these codes; after a failed start the code means nothing.

    That of a container that Compose stopped to replace it means nothing either.
    """
    for container in snapshot.containers:
        meant = not container.error and not snapshot.half_replaced(container)
        ending = snapshot.ending(container) if meant else None
        if ending is not None and ending.code in codes and not (ending.code == 0 and container.running):
            yield container, ending


def killed_for_memory(snapshot: Snapshot, container: Container, ending: Ending) -> Confidence | None:
    """How sure it is that the kernel killed a run for the container's memory limit; None where nothing speaks for it.

    The engine's own word is certain, but on a busy host it may miss the notice (seen on 28.5). Where it remembers
    the end of a limited container, and that nobody killed it through the engine, memory is the likely reason.
    """
    if ending.oom:
        return "certain"
    alone = not ending.stopped and not ending.signals and happened(snapshot, container, "die") is not None
    return "likely" if container.memory_limit and alone else None


def loops_for_memory(snapshot: Snapshot, container: Container) -> bool:
    """Whether a container that runs again at its memory limit was killed before, though no event tells of it any more.

    The engine keeps its last 256 events, and one that is stuck at its limit fills these with `oom` in two seconds
    (measured on 28.5, a busy host).
    """
    again = container.running and container.oom_killed and container.restart_count > 0
    return again and snapshot.ending(container) is None and not snapshot.recovered(container)


def under(text: str, folder: str) -> bool:
    """Whether a message names a folder or something in it."""
    plain = folder.rstrip("/")
    return bool(plain) and re.search(rf"(?<![\w/.-]){re.escape(plain)}(?![\w.-])", text) is not None


def closed_mount(container: Container, text: str) -> Mount | None:
    """The read-only mount that a message is about: of the path in it, or of the working folder where it has none."""
    closed = [each for each in container.mounts if each.read_only]
    about = text if ABSOLUTE.search(text) else container.working_dir
    return next((each for each in closed if under(about, each.target)), None)


def host_config(container: Container) -> dict[str, Any]:
    """The raw section HostConfig, for what has no field of its own."""
    return container.raw.get("HostConfig") or {}


def was_dropped(container: Container, capability: str) -> bool:
    """Whether cap_drop took a capability, named without CAP_, from a container, and cap_add did not give it back."""
    dropped, added = _capabilities(container, "CapDrop"), _capabilities(container, "CapAdd")
    if container.privileged or capability in added:
        return False
    return capability in dropped or ("ALL" in dropped and "ALL" not in added)


def tmpfs_of(container: Container) -> dict[str, str]:
    """The memory file systems of a container with their options."""
    found: dict[str, str] = dict(host_config(container).get("Tmpfs") or {})
    return found | {
        mount.target: "" for mount in container.mounts if mount.kind == "tmpfs" and mount.target not in found
    }


def sure(snapshot: Snapshot, container: Container) -> Confidence:
    """How sure a line in a log makes a cause: likely where the container is broken, else only possible."""
    return "likely" if snapshot.broken(container) else "possible"


def _capabilities(container: Container, key: str) -> set[str]:
    names: list[str] = host_config(container).get(key) or []
    return {name.upper().removeprefix("CAP_") for name in names}


def _event(snapshot: Snapshot, name: str, event: Event) -> Evidence:
    moment = datetime.fromtimestamp(event.time, UTC).strftime("%H:%M:%SZ")
    told = {key: event.attributes[key] for key in ("exitCode", "signal", "execDuration") if key in event.attributes}
    quote = " ".join([event.action, *(f"{key}={value}" for key, value in told.items())])
    return Evidence(source="event", where=f"{name} event {event.action} {moment}", quote=cut(snapshot, quote))


def _how_often(snapshot: Snapshot, container: Container) -> str:
    if not container.restart_count:
        return ""
    times = "once" if container.restart_count == 1 else f"{container.restart_count} times"
    return f" Restarted {times}{', runs again now' if snapshot.recovered(container) else ''}."
