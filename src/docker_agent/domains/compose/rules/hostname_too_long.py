"""Host names that are too long."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_item
from docker_agent.project.compose.model import ComposeModel

LONGEST, LONGEST_LABEL = 64, 63


@rule(severity=Severity.ERROR, area="conflict")
def hostname_too_long(model: ComposeModel) -> Iterator[Finding]:
    """A container's host name is longer than the kernel or the DNS takes.

    Why
    ---
    Linux takes 64 characters; with more the container does not start ("sethostname: invalid argument"). A part between
    two dots of more than 63 cannot be looked up: a warning.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            hostname: web-of-the-shop-with-the-very-long-name-in-the-test-environment-no-2

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            hostname: web.shop.example.org

    Instead
    -------
    Shorten it, or take it out: services find each other by their service's name.
    """
    for service in model.services.values():
        node = known_item(service, "hostname")
        if node is None:
            continue
        longest = max(len(label) for label in node.value.split("."))
        if len(node.value) > LONGEST or longest > LONGEST_LABEL:
            message = f"{service.name} has a host name of {len(node.value)} characters."
            found = fault(model, node.place, service.name, message, "Shorten it, or take it out.")
            yield found if len(node.value) > LONGEST else replace(found, severity=Severity.WARN)
