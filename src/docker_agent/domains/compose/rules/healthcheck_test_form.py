"""Health checks that do not say how to run."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.references import as_active
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping, Scalar, Sequence


@rule(severity=Severity.ERROR, area="model")
def healthcheck_test_form(model: ComposeModel) -> Iterator[Finding]:
    """A health check's list does not start with CMD, CMD-SHELL or NONE.

    Why
    ---
    The first word of the list says how the rest is run; Compose refuses the project without it. A single text needs
    none and is run by a shell.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            healthcheck:
              test: [curl, -f, http://localhost]

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            healthcheck:
              test: [CMD, curl, -f, http://localhost]
    """
    for service in model.services.values():
        check = service.raw.get("healthcheck")
        test = check.get("test") if isinstance(check, Mapping) else None
        first = test.items[0] if isinstance(test, Sequence) and test.items else None
        if not isinstance(first, Scalar) or (first.unset and model.template):
            continue
        if first.value not in {"CMD", "CMD-SHELL", "NONE"}:
            start = first.value or "nothing"
            message = f"The health check of {service.name} starts with {start}, not with CMD, CMD-SHELL or NONE."
            found = fault(model, first.place, service.name, message, "Put CMD in front.")
            yield as_active(model, service, found)
