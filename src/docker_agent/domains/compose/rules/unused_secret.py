"""Secrets that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.unused import remove_declaration, unused
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit


@rule(severity=Severity.INFO, area="practice")
def unused_secret(model: ComposeModel) -> Iterator[Finding]:
    """A secret is declared and no service is given it.

    Why
    ---
    The file is not mounted anywhere, so that whoever reads it under /run/secrets finds nothing; and a secret that
    nobody needs lies around.

    Flagged
    -------
        services:
          app:
            image: app:1
        secrets:
          token: {file: ./token.txt}

    Fine
    ----
        services:
          app:
            image: app:1
            secrets: [token]
        secrets:
          token: {file: ./token.txt}

    Instead
    -------
    Give it to the service under `secrets`, or take the declaration and the file out.
    """
    return unused(model, "secret")


@unused_secret.fix("suggest")
def remove_secret(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take the declaration out."""
    return remove_declaration(model, "secret", finding.object)
