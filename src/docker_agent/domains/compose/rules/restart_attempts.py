"""Services that are restarted for ever."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_item
from docker_agent.project.compose.model import ComposeModel

MOST = 5
_LONGEST = 9  # digits of a number that are looked at


@rule(severity=Severity.OFF, area="production", production=Severity.INFO)
def restart_attempts(model: ComposeModel) -> Iterator[Finding]:
    """A service that fails is restarted without an end, or more than five times.

    Why
    ---
    A service that cannot start is started again and again, fills the log and hides the fault: it looks as if it were
    about to come up. The engine waits longer each time, up to a minute. `always` and `unless-stopped` are decisions for
    a service that has to be there, and not flagged.

    Flagged
    -------
        services:
          job:
            image: job:1
            restart: on-failure

    Fine
    ----
        services:
          job:
            image: job:1
            restart: on-failure:5
          web:
            image: nginx:1.29
            restart: unless-stopped

    Instead
    -------
    Write `on-failure:5`.

    See
    ---
    CIS Docker Benchmark 5.15
    """
    for service in model.services.values():
        node = known_item(service, "restart")
        policy, _, count = node.value.partition(":") if node is not None else ("", "", "")
        if node is None or policy != "on-failure" or (count.isdecimal() and 0 < int(count[:_LONGEST]) <= MOST):
            continue
        yield fault(
            model,
            node.place,
            service.name,
            f"{service.name} is restarted {f'{count} times' if count.strip('0') else 'without an end'} when it fails.",
            f"Write on-failure:{MOST}.",
        )
