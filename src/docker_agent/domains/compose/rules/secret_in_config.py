"""Secrets in the other texts of a compose file."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.secret_findings import leak_findings
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="security")
def secret_in_config(model: ComposeModel) -> Iterator[Finding]:
    """Configuration text, driver options or an extension block hold a secret.

    Why
    ---
    What is written there is in version control as much as an environment is, and configs lie in the container as files.

    Flagged
    -------
        services:
          cache:
            image: redis:7.4
        configs:
          redis:
            content: |
              bind 0.0.0.0
              requirepass Tr0ub4dor

    Fine
    ----
        services:
          cache:
            image: redis:7.4
        configs:
          redis:
            content: |
              bind 0.0.0.0
              requirepass ${REDIS_PASSWORD}

    Instead
    -------
    Use `${NAME}` in `content`, or `secrets:` for a whole file.

    See
    ---
    OWASP Docker Security Cheat Sheet, rule 12
    """
    yield from leak_findings(
        model, "secret_in_config", "Use ${NAME} with the value in .env, or a secret in place of the config."
    )
