"""The looks of a release: the new version answers, serves its share well enough, and the old one is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from docker_agent.core.errors import CheckFailed, InputError
from docker_agent.domains.proxy import Hit, hits
from docker_agent.host.check import Scalar, named_check
from docker_agent.host.host import Reads, Tell
from docker_agent.host.models import Container

LOOK_S = 2.0
TELL_S = 15.0
ANSWERS = 5
ANSWER_S = 5.0
ENOUGH = 20
SERVING_S = 60.0
SERVER_ERROR = 500
IN_A_ROW = 3


@named_check("release-answers")
def release_answers(reads: Reads, args: Mapping[str, Scalar], _tell: Tell) -> str:
    """The new version answers the proxy's network, several times, before it gets any traffic."""
    url = f"http://{args['container']}:{args['port']}{args['path']}"
    slowest = 0.0
    for _ in range(ANSWERS):
        answer = reads.probe_from(str(args["proxy"]), url, timeout_s=ANSWER_S)
        if answer.failure or not answer.status or answer.status >= SERVER_ERROR:
            said = answer.detail or answer.failure if answer.failure else f"it answers {answer.status}"
            raise CheckFailed(
                f"{args['container']} does not serve {args['path']} in the network of {args['proxy']}: {said}."
            )
        slowest = max(slowest, answer.seconds)
    return f"{args['container']} answers {args['path']} {ANSWERS} times, at most {slowest * 1000:.0f} ms"


@named_check("release-serving")
def release_serving(reads: Reads, args: Mapping[str, Scalar], _tell: Tell) -> str:
    """The version that gets the traffic back serves: it answers the proxy's network, or its health check holds.

    Either will do: on a machine that can do no more, health checks run out of time while requests are still answered.
    """
    name, until = str(args["container"]), reads.now() + SERVING_S
    url = f"http://{name}:{args['port']}{args['path']}"
    while True:
        container = reads.container(name)
        answer = reads.probe_from(str(args["proxy"]), url, timeout_s=ANSWER_S) if container.running else None
        if answer is not None and 0 < answer.status < SERVER_ERROR and not answer.failure:
            return f"{name} answers {args['path']}"
        if container.running and container.health == "healthy":
            return f"{name} is healthy"
        if reads.now() >= until:
            state = (container.health if container.running else "") or container.status
            raise CheckFailed(f"{name} does not serve: it is {state}.", f"See `docker-agent diagnose {name}`.")
        reads.sleep(0.5)


@named_check("release-image")
def release_image(reads: Reads, args: Mapping[str, Scalar], _tell: Tell) -> str:
    """A container runs, and exactly the image that was meant when the plan was made."""
    container = reads.container(str(args["container"]))
    if not container.running:
        raise CheckFailed(f"{container.name} does not run (any more).", "Ask for the plan again.")
    if container.image_id != args["image_id"]:
        raise CheckFailed(
            f"{container.name} runs {container.image_id[:19]}, not {str(args['image_id'])[:19]} that was meant.",
            "The tag was moved meanwhile; ask for the plan again.",
        )
    return f"{container.name} runs {container.image_id[:19]}"


@named_check("release-traffic")
def release_traffic(reads: Reads, args: Mapping[str, Scalar], tell: Tell) -> str:
    """The new version serves its share: it stays healthy, and errors and slow answers are within the limits."""
    watch = _Watch(reads, args, began=reads.now())
    told = watch.began
    until = watch.began + float(args["seconds"])
    while reads.now() < until:
        watch.look()
        if reads.now() - told >= TELL_S:
            told = reads.now()
            tell(f"{watch.container}: {watch.said()}, {until - told:.0f} s to go")
        reads.sleep(max(0.1, min(LOOK_S, until - reads.now())))
    watch.look(last=True)
    return f"{watch.container} served well: {watch.said()}"


@named_check("release-drained")
def release_drained(reads: Reads, args: Mapping[str, Scalar], _tell: Tell) -> str:
    """What a server was asked before the shift has its time to end."""
    name, seconds = str(args["container"]), float(args["seconds"])
    try:
        if not reads.container(name).running:
            return f"{name} does not run"
    except InputError:
        return f"{name} is not there"
    reads.sleep(seconds)
    return f"{name} got {seconds:.0f} s to answer what it was asked"


@dataclass
class _Watch:
    """One look after another at the new version; `failed` counts its own failed answers in a row."""

    reads: Reads
    args: Mapping[str, Scalar]
    began: float
    restarts: int = -1
    failed: int = 0
    seen: list[Hit] = field(default_factory=list[Hit])

    @property
    def container(self) -> str:
        return str(self.args["container"])

    def look(self, *, last: bool = False) -> None:
        """Raise `CheckFailed` as soon as it is clear that the new version is not good enough."""
        container = self.reads.container(self.container)
        self._check_state(container)
        self._check_answer(container)
        self._check_traffic(container, last=last)

    def said(self) -> str:
        """The figures so far."""
        if not self.seen:
            return "the proxy's log shows none of its requests; its own answers were watched"
        return f"{len(self.seen)} requests, {_error_percent(self.seen):.1f} % errors, p95 {_p95_ms(self.seen):.0f} ms"

    def _check_state(self, container: Container) -> None:
        self.restarts = container.restart_count if self.restarts < 0 else self.restarts
        if not container.running or container.health == "unhealthy" or container.restart_count > self.restarts:
            state = container.health if container.running else f"{container.status}, exit code {container.exit_code}"
            raise CheckFailed(f"{container.name} is no longer well: {state or 'it restarted'}.")

    def _check_answer(self, container: Container) -> None:
        url = f"http://{container.name}:{self.args['port']}{self.args['path']}"
        answer = self.reads.probe_from(str(self.args["proxy"]), url, timeout_s=ANSWER_S)
        bad = bool(answer.failure) or answer.status >= SERVER_ERROR
        self.failed = self.failed + 1 if bad else 0
        if self.failed >= IN_A_ROW:
            said = answer.detail or answer.failure or str(answer.status)
            raise CheckFailed(
                f"{container.name} failed {self.failed} times in a row to serve {self.args['path']}: {said}."
            )

    def _check_traffic(self, container: Container, *, last: bool) -> None:
        port = self.args["port"]
        servers = {f"{host}:{port}" for host in (container.name, *(place.ip for place in container.networks))}
        everything = hits(self.reads, self.reads.container(str(self.args["proxy"])), since=self.began)
        self.seen = [hit for hit in everything if hit.server in servers]
        enough = len(self.seen) >= (1 if last else ENOUGH)
        if enough and _error_percent(self.seen) > float(self.args["max_error_percent"]):
            raise CheckFailed(
                f"{container.name} fails too often ({self.said()}; limit {self.args['max_error_percent']} %)."
            )
        if enough and _p95_ms(self.seen) > float(self.args["max_p95_ms"]):
            raise CheckFailed(f"{container.name} is too slow ({self.said()}; limit {self.args['max_p95_ms']} ms).")


def _error_percent(seen: Sequence[Hit]) -> float:
    return 100 * sum(hit.status >= SERVER_ERROR for hit in seen) / max(len(seen), 1)


def _p95_ms(seen: Iterable[Hit]) -> float:
    times = sorted(hit.seconds for hit in seen)
    return 1000 * times[min(len(times) - 1, int(0.95 * len(times)))] if times else 0.0
