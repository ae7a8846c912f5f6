"""Configs that are not declared."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.references import names_under, undeclared
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def undefined_config(model: ComposeModel) -> Iterator[Finding]:
    """A service uses a config that no file declares.

    Why
    ---
    Compose refuses the project.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            configs: [nginx_conf]

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            configs: [nginx_conf]
        configs:
          nginx_conf: {file: ./nginx.conf}

    Instead
    -------
    Correct the name, or declare it under `configs:` at the top.
    """
    for service in model.services.values():
        used = names_under(service.raw.get("configs"), "configs")
        yield from undeclared(model, service, "config", used, model.configs)
