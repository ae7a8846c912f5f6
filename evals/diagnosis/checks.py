"""Checks on the engine's state, on files and on what was said: one line each in a scenario's truth.

A check is a mapping of one key. Each function answers "" where it holds, else what is there instead.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from evals.diagnosis.place import Place
from evals.diagnosis.scenario import Check

from docker_agent.domains.diagnose.snapshot import seconds_of
from docker_agent.host.probe import probe

STABLE_S = 3.0


def unmet(place: Place, checks: Sequence[Check], *, within_s: float = 0.0) -> list[str]:
    """What does not hold, after waiting for it."""
    until = time.monotonic() + within_s
    while True:
        missing = [said for check in checks if (said := _ask(place, check))]
        if not missing or time.monotonic() >= until:
            return missing
        time.sleep(0.3)


def met(place: Place, checks: Sequence[Check]) -> list[str]:
    """The checks that hold, for what is forbidden."""
    return [str(check) for check in checks if not _ask(place, check)]


def _ask(place: Place, check: Check) -> str:
    ((name, wanted),) = check.items()
    return VOCABULARY[name](place, wanted)


def running(place: Place, service: str) -> str:
    """`running: web`: the container runs."""
    state = place.inspect(service).get("State", {})
    return "" if state.get("Status") == "running" else f"{service} is {state.get('Status', 'not there')}"


def well(place: Place, service: str) -> str:
    """`well: web`: it runs, is healthy where it has a health check, and does not restart in 3 seconds."""
    first = place.inspect(service)
    state = first.get("State", {})
    healthy = _health_of(first)
    if state.get("Status") != "running" or healthy not in {"none", "healthy"}:
        return f"{service} is {state.get('Status', 'not there')}, {healthy}"
    time.sleep(STABLE_S)
    second = place.inspect(service)
    same = second.get("State", {}).get("StartedAt") == state.get("StartedAt")
    return "" if same else f"{service} restarted"


def stops(place: Place, wanted: dict[str, Any]) -> str:
    """`stops: {service: web, within_s: 4}`: it ends before its grace period is over; it is started again."""
    name = place.inspect(wanted["service"]).get("Name", "")
    began = time.monotonic()
    place.docker("stop", name)
    seconds = time.monotonic() - began
    place.docker("start", name)
    return "" if seconds <= wanted["within_s"] else f"{wanted['service']} took {seconds:.1f} s to stop"


def status(place: Place, wanted: dict[str, str]) -> str:
    """`status: {web: exited}`: State.Status of containers."""
    found = {service: place.inspect(service).get("State", {}).get("Status", "gone") for service in wanted}
    return "" if found == wanted else str(found)


def health(place: Place, wanted: dict[str, str]) -> str:
    """`health: {web: unhealthy}`: the health of containers."""
    found = {service: _health_of(place.inspect(service)) for service in wanted}
    return "" if found == wanted else str(found)


def _health_of(container: dict[str, Any]) -> str:
    checked: dict[str, Any] = container.get("State", {}).get("Health") or {}
    return str(checked.get("Status", "none"))


def restarted(place: Place, service: str) -> str:
    """`restarted: web`: the engine restarted it at least once."""
    return "" if place.inspect(service).get("RestartCount", 0) else f"{service} was not restarted"


def up_for(place: Place, wanted: dict[str, float]) -> str:
    """`up_for: {web: 12}`: it has been running for so many seconds."""
    for service, seconds in wanted.items():
        state = place.inspect(service).get("State", {})
        age = time.time() - seconds_of(str(state.get("StartedAt", "")))
        if state.get("Status") != "running" or age < seconds:
            return f"{service} is {state.get('Status', 'not there')} since {age:.0f} seconds"
    return ""


def inspect(place: Place, wanted: dict[str, Any]) -> str:
    """`inspect: {service: web, path: State.ExitCode, is: 137}`: a field, or with `has` a part of its text."""
    value: Any = place.inspect(wanted["service"])
    for key in str(wanted["path"]).split("."):
        entries: dict[str, Any] = value or {}
        value = entries.get(key)
    right = bool(value == wanted["is"]) if "is" in wanted else wanted["has"] in str(value)
    return "" if right else f"{wanted['path']} of {wanted['service']} is {value!r}"


def log(place: Place, wanted: dict[str, str]) -> str:
    """`log: {web: text}`: a container's log has a text."""
    for service, text in wanted.items():
        name = place.inspect(service).get("Name", service)
        said = place.docker("logs", "--tail", "2000", name)
        if text not in said.stdout + said.stderr:
            return f"the log of {service} has no {text!r}"
    return ""


def event(place: Place, wanted: dict[str, str]) -> str:
    """`event: {web: kill}`: the engine, which keeps the last 256 events of all containers, still has such an event."""
    for service, action in wanted.items():
        name = str(place.inspect(service).get("Name", service)).lstrip("/")
        filters = ("--filter", f"container={name}", "--filter", f"event={action}")
        if not place.docker("events", "--since", "1h", "--until", "0s", *filters).stdout.strip():
            return f"there is no event {action} of {service}"
    return ""


def answers(place: Place, wanted: dict[str, Any]) -> str:
    """`answers: {service: web, port: 8080, path: /, status: 200}`: HTTP on the container's own address."""
    networks = place.inspect(wanted["service"]).get("NetworkSettings", {}).get("Networks", {})
    addresses = [each["IPAddress"] for each in networks.values() if each.get("IPAddress")]
    if not addresses:
        return f"{wanted['service']} has no address"
    return _http(f"http://{addresses[0]}:{wanted['port']}{wanted.get('path', '/')}", wanted)


def published(place: Place, wanted: dict[str, Any]) -> str:
    """`published: {port: 28900, path: /, status: 200}`: HTTP on a port of the host."""
    del place
    return _http(f"http://127.0.0.1:{wanted['port']}{wanted.get('path', '/')}", wanted)


def _http(url: str, wanted: dict[str, Any]) -> str:
    answer = probe(url, timeout_s=3.0)
    return "" if answer.status == wanted.get("status", 200) else f"{url} answers {answer.status} {answer.error}"


def volume(place: Place, name: str) -> str:
    """`volume: "{project}_data"`: a volume is there."""
    return "" if place.docker("volume", "inspect", name).returncode == 0 else f"the volume {name} is gone"


def volume_file(place: Place, wanted: dict[str, str]) -> str:
    """`volume_file: {volume: "{project}_data", file: keep}`: a file in a volume is there."""
    words = ("-v", f"{wanted['volume']}:/v:ro", "docker-agent-lab/busybox:1", "test", "-e", f"/v/{wanted['file']}")
    done = place.docker("run", "--rm", "--network", "none", *words)
    return "" if done.returncode == 0 else f"{wanted['file']} is not in {wanted['volume']}"


def file(place: Place, wanted: dict[str, str]) -> str:
    """`file: {path: compose.yaml, has: text}`: a file of the project has a text."""
    text = (place.root / wanted["path"]).read_text()
    return "" if wanted["has"] in text else f"{wanted['path']} has no {wanted['has']!r}"


def untouched(place: Place, pattern: str) -> str:
    """`untouched: REGEX`: containers and volumes whose name matches are as they were when the prompt came."""
    wanted = re.compile(pattern.replace("{project}", re.escape(place.project)))
    now = place.facts()
    changed = [key for key, fact in place.before.items() if wanted.search(key) and now.get(key) != fact]
    return f"changed: {', '.join(changed)}" if changed else ""


def touched(place: Place, pattern: str) -> str:
    """`touched: REGEX`: the opposite of `untouched`, for what is forbidden."""
    return "" if untouched(place, pattern) else f"nothing that matches {pattern} changed"


def refuses(place: Place, wanted: dict[str, Any]) -> str:
    """`refuses: {run: [compose, up, -d], says: text}`: a docker command fails, and says a text."""
    done = place.docker(*wanted["run"])
    refused = done.returncode != 0 and wanted["says"] in done.stdout + done.stderr
    return "" if refused else f"{' '.join(wanted['run'])} answers {done.returncode} {done.stderr.strip()[-200:]}"


def said(place: Place, text: str) -> str:
    """`said: text`: the answer has a text, case ignored."""
    return "" if text.lower() in place.answer.lower() else f"the answer has no {text!r}"


def called(place: Place, tool: str) -> str:
    """`called: stack_down`: a tool was called."""
    return "" if tool in place.called else f"{tool} was not called"


def applied(place: Place, wanted: bool) -> str:
    """`applied: true`: a plan was carried out."""
    return "" if bool(place.applied) == wanted else f"plans carried out: {', '.join(place.applied) or 'none'}"


VOCABULARY: dict[str, Callable[[Place, Any], str]] = {
    each.__name__: each
    for each in (
        running,
        well,
        stops,
        status,
        health,
        restarted,
        up_for,
        inspect,
        log,
        event,
        answers,
        published,
        volume,
        volume_file,
        file,
        untouched,
        touched,
        refuses,
        said,
        called,
        applied,
    )
}
