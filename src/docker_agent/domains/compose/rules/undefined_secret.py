"""Secrets that are not declared."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.references import Reference, names_under, undeclared
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping
from docker_agent.project.compose.types import Service


@rule(severity=Severity.ERROR, area="model")
def undefined_secret(model: ComposeModel) -> Iterator[Finding]:
    """A service uses a secret that no file declares.

    Why
    ---
    Compose refuses the project; a secret that a build uses is declared too.

    Flagged
    -------
        services:
          db:
            image: postgres:18
            secrets: [db_pasword]
        secrets:
          db_password: {file: ./db_password.txt}

    Fine
    ----
        services:
          db:
            image: postgres:18
            secrets: [db_password]
        secrets:
          db_password: {file: ./db_password.txt}

    Instead
    -------
    Correct the name, or declare it under `secrets:` at the top.
    """
    for service in model.services.values():
        used = _used(service)
        yield from undeclared(model, service, "secret", used, model.secrets)


def _used(service: Service) -> Iterator[Reference]:
    yield from names_under(service.raw.get("secrets"), "secrets")
    build = service.raw.get("build")
    yield from names_under(build.get("secrets") if isinstance(build, Mapping) else None, "build.secrets")
