"""Services whose words are thrown away."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_item
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.INFO, area="production", production=Severity.WARN)
def logging_disabled(model: ComposeModel) -> Iterator[Finding]:
    """A service logs to nowhere.

    Why
    ---
    With the driver `none` nobody ever learns why a container died or who broke in: `docker logs` has nothing, and what
    was not written cannot be found later.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            logging: {driver: none}

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            logging:
              driver: local

    Instead
    -------
    The driver `local` rotates and costs little. To see less on the terminal set `attach: false`.

    See
    ---
    log_rotation_missing
    """
    for service in model.services.values():
        driver = known_item(service, "logging", "driver")
        if driver is not None and driver.value == "none":
            yield fault(
                model,
                driver.place,
                service.name,
                f"{service.name} logs to nowhere.",
                "Use the driver local, which rotates.",
            )
