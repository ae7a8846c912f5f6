"""The mechanical checks that end a plan: healthy, answering, staying up."""

from __future__ import annotations

from dataclasses import dataclass, field

from docker_agent.core.errors import CheckFailed, InputError
from docker_agent.core.plan import Observe, Probe, WaitHealthy
from docker_agent.host.host import Reads, Tell
from docker_agent.host.models import Container, Reach

POLL_S = 0.5
RESTARTS_THAT_TELL = 3
FAILURES_THAT_TELL = 3
MAX_WORDS = 200
TELL_EVERY_S = 5.0


def wait_healthy(step: WaitHealthy, reads: Reads, tell: Tell) -> str:
    """Wait until all containers of the target are healthy, or run steadily where they have no health check.

    Raises
    ------
    CheckFailed: they exited, keep restarting, stay unhealthy, or the time ran out; the message holds the last state
        seen, with what the health check or the exit code said.
    """
    watch = _Watch(step.target, reads, began=reads.now())
    told = watch.began
    steady_since: float | None = None
    counts: dict[str, int] = {}
    while True:
        found = _containers(step.target, step.project, reads)
        before, counts = counts, {container.id: container.restart_count for container in found}
        watch.fail_early(found)
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
        if now - watch.began >= step.timeout_s:
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
    began = reads.now()
    end = began + step.seconds
    while True:
        found = _containers(step.target, step.project, reads)
        if not found:
            raise CheckFailed(f"{step.target} has no container to watch.")
        for container in found:
            restarted = container.restart_count > first.setdefault(container.id, container.restart_count)
            if restarted or not container.running or container.health == "unhealthy":
                words = f"{_state([container])}{_said_at_death(container, reads, began) if restarted else ''}"
                raise CheckFailed(f"{step.target} did not stay up for {step.seconds:.0f} s: {words}.")
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


@dataclass
class _Watch:
    """What was seen of containers since the look began, by id: restarts, failed checks, and who had ended."""

    target: str
    reads: Reads
    began: float
    restarts: dict[str, int] = field(default_factory=dict[str, int])
    failures: dict[str, int] = field(default_factory=dict[str, int])
    ended: set[str] = field(default_factory=set[str])

    def fail_early(self, found: list[Container]) -> None:
        """Raise `CheckFailed` as soon as waiting on is of no use."""
        for container in found:
            restarts = container.restart_count - self.restarts.setdefault(container.id, container.restart_count)
            if restarts >= RESTARTS_THAT_TELL:
                words = f"{_state([container])}{_said_at_death(container, self.reads, self.began)}"
                raise CheckFailed(f"{self.target} restarted {restarts} times while being watched: {words}.")
            if self._is_gone(container) or (container.status == "created" and container.error):
                raise CheckFailed(f"{self.target} does not run: {_state([container])}.")
            if self._stays_ill(container):
                raise CheckFailed(f"{self.target} is unhealthy: {_state([container])}.")

    def _is_gone(self, container: Container) -> bool:
        """Ended with a failure and not started again; an engine that is to start it again may need a moment."""
        if container.status not in {"exited", "dead"} or container.exit_code == 0:
            self.ended.discard(container.id)
            return False
        seen_before = container.id in self.ended
        self.ended.add(container.id)
        return seen_before or container.restart_policy == "no"

    def _stays_ill(self, container: Container) -> bool:
        """Unhealthy, by three checks in a row that failed while it was watched: an old verdict may be out of date."""
        ill = container.health == "unhealthy"
        known = self.failures.get(container.id, container.failing_streak if ill else 0)
        self.failures[container.id] = min(known, container.failing_streak)
        return ill and container.failing_streak - self.failures[container.id] >= FAILURES_THAT_TELL


def _said_at_death(container: Container, reads: Reads, since: float) -> str:
    """With which code a container that may run again ended last."""
    if not container.running:
        return ""
    events = reads.events(since=since, until=reads.now(), filters={"container": container.name, "event": "die"})
    codes = [event.attributes.get("exitCode", "") for event in events]
    return f", after it died with code {codes[-1]}" if codes else ""


def _state(found: list[Container]) -> str:
    if not found:
        return "it has no container"
    return ", ".join(
        f"{container.name} {container.status}"
        + (f" ({container.health})" if container.health and container.running else "")
        + (f", exit code {container.exit_code}" if not container.running else "")
        + (", out of memory" if container.oom_killed else "")
        + _said_by_check(container)
        for container in found
    )


def _said_by_check(container: Container) -> str:
    """What the last run of a failing health check printed, in a line."""
    last = container.health_log[-1] if container.health_log and container.running else None
    if last is None or not last.exit_code:
        return ""
    words = " ".join(last.output.split())
    said = words if len(words) <= MAX_WORDS else f"{words[:MAX_WORDS]}..."
    return f", its check ended with {last.exit_code}{f': {said}' if said else ''}"
