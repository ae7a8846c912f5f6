"""The log grows fast and is never rotated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, inspected, logged, written
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.snapshot import Snapshot, seconds_of
from docker_agent.host.models import LogLine

DRIVER = "json-file"
LINES = 100
BYTES_A_DAY = 3 * 2**30
DAY_S = 86_400.0
OVERHEAD = 90
RECENT_S = 60.0
START_S = 1.0


@signature(code="log-disk", area="storage")
def log_disk(snapshot: Snapshot) -> Iterator[Finding]:
    """The json-file driver keeps every line for ever unless max-size is set, and this container writes much.

    Told by the pace of its last lines until now: at least 3 GiB a day. A burst in the first minute does not count, nor
    one that is over. Such files are in no `docker system df`.
    """
    for container in snapshot.containers:
        lines = [line for line in snapshot.logs.get(container.name, ()) if line.time]
        if container.log_driver != DRIVER or container.log_options.get("max-size") or len(lines) < LINES:
            continue
        whole = seconds_of(lines[0].time) < seconds_of(container.started_at) + START_S
        a_day = min(_a_day(snapshot, lines, RECENT_S if whole else 0.01), _a_day(snapshot, lines[-LINES // 2 :], 0.01))
        if not container.running or a_day < BYTES_A_DAY:
            continue
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "HostConfig.LogConfig", "json-file without max-size"),
            logged(snapshot, container, lines[-1]),
            written(snapshot, container, "logging"),
            message=f"It logs about {a_day / 2**30:.0f} GiB a day, and nothing rotates the file.",
            cause="json-file keeps everything unless max-size is set; the disk fills up.",
            fix="Set logging options max-size and max-file, and log less.",
            confidence="likely",
            severity=Severity.WARN,
        )


def _a_day(snapshot: Snapshot, lines: Sequence[LogLine], least_s: float) -> float:
    """Bytes a day at the pace of these lines until now."""
    first, last = seconds_of(lines[0].time), seconds_of(lines[-1].time)
    seconds = max(least_s, last - first, snapshot.taken_at - first)
    return sum(len(line.text) + OVERHEAD for line in lines) / seconds * DAY_S


@log_disk.fix
def rotate(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Three files of 10 MB; only for a service that says nothing of its logging yet."""
    container = container_in(snapshot, finding)
    if service_value(snapshot, container, "logging") is not None:
        return None
    logging = {"driver": DRIVER, "options": {"max-size": "10m", "max-file": "3"}}
    why = "Three files of 10 MB are kept; logging options are fixed when a container is made, so it is recreated."
    return recreate(snapshot, finding, {("logging",): logging}, why)
