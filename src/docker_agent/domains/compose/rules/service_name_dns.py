"""Service names that do not do as host names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.pattern import lazy
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Service

LONGEST_LABEL = 63

_HOST = lazy(r"[a-z][a-z0-9+.-]*://(?:[^/@\s]*@)?([A-Za-z0-9._-]+)", re.IGNORECASE)


@rule(severity=Severity.WARN, area="practice")
def service_name_dns(model: ComposeModel) -> Iterator[Finding]:
    """A service's name does not do as a host name where it is used as one.

    Why
    ---
    Services find each other by name. An underscore is not allowed in a host name: Java's URI has no host then, Django
    and Tomcat answer 400, cookies are not kept. A name of more than 63 characters cannot be looked up at all. Names
    with an underscore are flagged only where a URL of the file uses them.

    Flagged
    -------
        services:
          app:
            image: app:1
            environment:
              API: http://api_server:8080/v1
          api_server:
            image: api:1

    Fine
    ----
        services:
          app:
            image: app:1
            environment:
              API: http://api-server:8080/v1
          api-server:
            image: api:1
          nightly_job:
            image: job:1

    Instead
    -------
    Write a hyphen. A network alias (`networks: {default: {aliases: [api-server]}}`) gives a service a second name.
    """
    used: set[str] | None = None
    for service in model.services.values():
        name = service.name
        if len(name) > LONGEST_LABEL:
            message = f"{name} is longer than {LONGEST_LABEL} characters, and no other service can look it up."
            yield fault(model, service.place, name, message, "Give it a shorter name.")
        elif "_" in name:
            used = _hosts(model) if used is None else used
            if name in used:
                message = f"{name} is used as a host name in a URL, where an underscore is not allowed."
                yield fault(model, service.place, name, message, f"Call it {name.replace('_', '-').strip('-')}.")


def _hosts(model: ComposeModel) -> set[str]:
    texts = (text for service in model.services.values() for text in _texts(service) if "://" in text)
    return {host for text in texts for host in _HOST.findall(text)}


def _texts(service: Service) -> Iterator[str]:
    yield from (value for value in service.environment.values() if value)
    yield from service.command or ()
    yield from (value for value in service.labels.values() if value)
