"""Services that the kernel must not end when memory is out."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_item
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.compose.types import Service

# The engine itself runs with this; what is below outlives it.
ENGINE = -500


@rule(severity=Severity.WARN, area="production")
def oom_protected(model: ComposeModel) -> Iterator[Finding]:
    """A service is kept from being ended when memory is out, so that something else is.

    Why
    ---
    When memory is out the kernel ends the process with the highest score. A service below the engine's own -500 goes
    last: before it the kernel ends the engine, sshd and every other container, even if the leak is in this one. With
    `oom_kill_disable` and no memory limit a leak stops the whole host; with a limit the service hangs for good instead
    of being restarted. On hosts with control groups v2, which is all current ones, the engine ignores that key.

    Flagged
    -------
        services:
          db:
            image: postgres:17.2
            oom_score_adj: -1000

    Fine
    ----
        services:
          db:
            image: postgres:17.2
            oom_score_adj: -200
            mem_limit: 2g

    Instead
    -------
    Give the service a reservation and every other service a limit; then memory is never out. A value down to -499 still
    prefers the service over others. Postgres itself asks to protect its main process only, and to let its children go.

    See
    ---
    CIS Docker Benchmark 5.11 · memory_limit
    """
    for service in model.services.values():
        found = _protection(service)
        if found:
            item, what = found
            yield fault(
                model, item.place, service.name, f"{service.name} {what}.", "Take it out and set memory limits."
            )


def _protection(service: Service) -> tuple[Scalar, str] | None:
    disabled = known_item(service, "oom_kill_disable") if "oom_kill_disable" in service.raw.index else None
    if disabled is not None and disabled.value.lower() == "true":
        ends = "hangs at its limit instead of being restarted" if service.memory else "may take the host's last memory"
        return disabled, f"is never ended by the kernel and {ends}"
    score = known_item(service, "oom_score_adj") if "oom_score_adj" in service.raw.index else None
    if score is not None and isinstance(score.plain, int) and score.plain <= ENGINE:
        return score, "outlives the engine when memory is out"
    return None
