"""The mechanical checks that end a plan: healthy, answering, staying up."""

from __future__ import annotations

from docker_agent.core.errors import CheckFailed, InputError
from docker_agent.core.plan import Observe, Probe, WaitHealthy
from docker_agent.host.host import Reads, Tell
from docker_agent.host.models import Container, Reach

POLL_S = 0.5
RESTARTS_THAT_TELL = 3
TELL_EVERY_S = 5.0


def wait_healthy(step: WaitHealthy, reads: Reads, tell: Tell) -> str:
    """Wait until all containers of the target are healthy, or run steadily where they have no health check.

    Raises
    ------
    CheckFailed: they exited, keep restarting, or the time ran out; the message holds the last state seen.
    """
    started = told = reads.now()
    first: dict[str, int] = {}
    steady_since: float | None = None
    counts: dict[str, int] = {}
    while True:
        found = _containers(step.target, step.project, reads)
        before, counts = counts, {container.id: container.restart_count for container in found}
        for container in found:
            first.setdefault(container.id, container.restart_count)
        _fail_early(step.target, found, first)
        if found and all(container.health == "healthy" or _finished(container) for container in found):
            return f"{step.target} is {'healthy' if found[0].health else 'finished with code 0'}"
        steady = bool(found) and all(
            container.health == "healthy" or (container.status == "running" and not container.health)
            for container in found
        )
        now = reads.now()
        steady_since = (steady_since or now) if steady and before in ({}, counts) else None
        if steady_since is not None and now - steady_since >= step.settle_s:
            return f"{step.target} runs steadily (it has no health check)"
        if now - started >= step.timeout_s:
            raise CheckFailed(f"{step.target} is not healthy after {step.timeout_s:.0f} s: {_state(found)}.")
        if now - told >= TELL_EVERY_S:
            told = now
            tell(f"waiting for {step.target}: {_state(found)}")
        reads.sleep(POLL_S)


def probe_step(step: Probe, reads: Reads) -> str:
    """Ask until the expected answer comes or the time is up; where there is no way to ask, say so.

    Raises
    ------
    CheckFailed: it did not come; the message holds the last answer.
    """
    deadline = reads.now() + step.timeout_s
    while True:
        try:
            held, got = _ask(step, reads, max(1.0, deadline - reads.now()))
        except InputError as error:
            if not step.inside:
                raise
            return f"not checked whether {step.url} answers inside {step.inside}: {error.message}"
        where = f"{step.url}{f' inside {step.inside}' if step.inside else ''}"
        if held:
            return f"{where} answers{f' {got}' if got else ''}"
        if reads.now() >= deadline:
            wanted = f" {step.expect_status}" if step.url.startswith("http") else ""
            raise CheckFailed(f"{where} does not answer{wanted}: {got}.")
        reads.sleep(POLL_S)


def _ask(step: Probe, reads: Reads, timeout_s: float) -> tuple[bool, str]:
    """Whether the expected answer came, and what came: a status of HTTP, or why there is none."""
    has_status = step.url.startswith("http")
    answer = (
        reads.probe_from(step.inside, step.url, timeout_s=timeout_s)
        if step.inside
        else reads.probe(step.url, timeout_s=timeout_s)
    )
    wrong = (answer.detail or answer.failure) if isinstance(answer, Reach) else answer.error
    if has_status:
        return answer.status == step.expect_status, str(answer.status or wrong)
    return not wrong, wrong


def observe(step: Observe, reads: Reads) -> str:
    """Watch that the target keeps running without a restart.

    Raises
    ------
    CheckFailed: it stopped, restarted or turned unhealthy.
    """
    first: dict[str, int] = {}
    end = reads.now() + step.seconds
    while True:
        found = _containers(step.target, step.project, reads)
        if not found:
            raise CheckFailed(f"{step.target} has no container to watch.")
        for container in found:
            restarted = container.restart_count > first.setdefault(container.id, container.restart_count)
            if restarted or not container.running or container.health == "unhealthy":
                raise CheckFailed(f"{step.target} did not stay up for {step.seconds:.0f} s: {_state([container])}.")
        left = end - reads.now()
        if left <= 0:
            break
        reads.sleep(min(1.0, left))
    return f"{step.target} stayed up for {step.seconds:.0f} s with no restart"


def _containers(target: str, project: str, reads: Reads) -> list[Container]:
    """By service, else by name, in a project; in none by name or id only, for every project may have such a service."""
    found = reads.containers(project)
    if not project:
        return [container for container in found if target in {container.name, container.id, container.id[:12]}]
    return [container for container in found if container.service == target] or [
        container for container in found if container.name == target
    ]


def _finished(container: Container) -> bool:
    return (
        container.status == "exited" and container.exit_code == 0 and container.restart_policy in {"no", "on-failure"}
    )


def _fail_early(target: str, found: list[Container], first: dict[str, int]) -> None:
    for container in found:
        restarts = container.restart_count - first[container.id]
        if restarts >= RESTARTS_THAT_TELL:
            raise CheckFailed(f"{target} restarted {restarts} times while being watched: {_state([container])}.")
        gone = container.status in {"exited", "dead"} and container.restart_policy == "no" and container.exit_code != 0
        if gone or (container.status == "created" and container.error):
            raise CheckFailed(f"{target} does not run: {_state([container])}.")


def _state(found: list[Container]) -> str:
    if not found:
        return "it has no container"
    return ", ".join(
        f"{container.name} {container.status}"
        + (f" ({container.health})" if container.health and container.running else "")
        + (f", exit code {container.exit_code}" if not container.running else "")
        + (", out of memory" if container.oom_killed else "")
        for container in found
    )
