"""Published ports that do not read."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import problems
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def bad_port(model: ComposeModel) -> Iterator[Finding]:
    """An entry of `ports` does not read as a port: a number above 65535, ranges of different length, no valid address.

    Why
    ---
    Compose refuses the project. A host name such as localhost is no address, and a range of host ports has as many
    ports as the range in the container, unless that is a single port.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            ports: ["localhost:80:80"]

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            ports: ["127.0.0.1:80:80", "8000-8002:8000-8002", "53:53/udp"]

    See
    ---
    https://docs.docker.com/reference/compose-file/services/#ports
    """
    yield from problems(model, "bad_port", "Write HOST:CONTAINER or ADDRESS:HOST:CONTAINER in numbers.")
