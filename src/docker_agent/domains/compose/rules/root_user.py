"""Containers told to run as root."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="security")
def root_user(model: ComposeModel) -> Iterator[Finding]:
    """A service is told to run as root.

    Why
    ---
    Root in the container is root on the host as soon as anything else goes wrong: a mount too many, a kernel fault. A
    service without `user` is not flagged: what it runs as is the image's word.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            user: "0:0"

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            user: "101:101"

    Instead
    -------
    Name the user that the image was made for, and give that user the files it writes.

    See
    ---
    CIS Docker Benchmark 4.1
    """
    for service in model.services.values():
        if service.user.partition(":")[0].strip() in {"0", "root"}:
            yield fault(
                model,
                model.place(("services", service.name, "user")),
                service.name,
                f"{service.name} is told to run as root.",
                "Set user: to one without rights, such as '1000:1000' or the image's own.",
            )
