"""Configs that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.unused import remove_declaration, unused
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit


@rule(severity=Severity.INFO, area="practice")
def unused_config(model: ComposeModel) -> Iterator[Finding]:
    """A config is declared and no service is given it.

    Why
    ---
    The file is not mounted anywhere, and the service runs with the image's own configuration.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
        configs:
          site: {file: ./site.conf}

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            configs: [{source: site, target: /etc/nginx/conf.d/default.conf}]
        configs:
          site: {file: ./site.conf}

    Instead
    -------
    Give it to the service under `configs`, or take the declaration out.
    """
    return unused(model, "config")


@unused_config.fix("suggest")
def remove_config(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take the declaration out."""
    return remove_declaration(model, "config", finding.object)
