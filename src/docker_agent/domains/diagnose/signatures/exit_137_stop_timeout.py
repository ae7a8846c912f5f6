"""The main process ignored SIGTERM and was killed when the grace period was over."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, happened, inspected
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.snapshot import Snapshot

SIGTERM, SIGKILL = 15, 9
KILLED = 128 + SIGKILL
SHORTEST_GAP_S = 0.5


@signature(code="exit-137-stop-timeout", area="process")
def exit_137_stop_timeout(snapshot: Snapshot) -> Iterator[Finding]:
    """A stop sent SIGTERM, nothing happened, and after the grace period the process was killed.

    Told by its events: kill 15, then kill 9 after the stop timeout. `exit-137-kill` has kill 9 alone, `exit-137-oom`
    has an oom event. A container that was started again since shows it too, as after `docker restart`. Work in flight
    is lost at each stop, and each stop takes the whole grace period.
    """
    for container in snapshot.containers:
        ending = snapshot.last_death(container) if container.running else snapshot.ending(container)
        if ending is None or ending.code != KILLED or container.error:
            continue
        terms = [moment for moment, signal in ending.signals if signal == SIGTERM]
        kills = [moment for moment, signal in ending.signals if signal == SIGKILL]
        seen = bool(terms and kills) and kills[-1] - terms[-1] >= SHORTEST_GAP_S
        # The engine keeps 256 events: the signals may be gone, but only a stop says `stop`, and it sends SIGTERM first.
        lost = container.running and not terms and happened(snapshot, container, "stop") is not None
        if ending.oom or not (seen or lost):
            continue
        after = f"{kills[-1] - terms[-1]:.0f} s later" if seen else "at the end of its grace period"
        yield found(
            snapshot,
            container,
            happened(snapshot, container, "kill"),
            happened(snapshot, container, "stop", "die"),
            inspected(snapshot, container, "Config.Cmd", " ".join((*container.entrypoint, *container.command))),
            message=f"It did not react to SIGTERM and was killed {after}.",
            cause="Process 1 has no handler for SIGTERM, or a shell stands before it and keeps the signal.",
            fix="Set init: true, start the program with exec, or handle SIGTERM in it.",
            confidence="certain" if seen else "likely",
            severity=Severity.WARN,
        )


@exit_137_stop_timeout.fix
def add_init(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """A small init as process 1 passes signals on, for which programs without a handler then end."""
    container = container_in(snapshot, finding)
    if service_value(snapshot, container, "init"):
        return None
    why = "With an init as process 1 the default action of SIGTERM works again, so that a stop takes no grace period."
    return recreate(snapshot, finding, {("init",): True}, why)
