"""Secrets in environments and build arguments."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.move_secret import move_secret
from docker_agent.domains.compose.shared.secret_findings import leak_findings
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="security")
def secrets_in_env(model: ComposeModel) -> Iterator[Finding]:
    """An environment or a build argument has a password, token or key written out.

    Why
    ---
    The file goes into version control, and `docker inspect` shows the environment to everyone who may ask the engine.

    Flagged
    -------
        services:
          db:
            image: postgres:17.2
            environment:
              POSTGRES_PASSWORD: Tr0ub4dor-and-3

    Fine
    ----
        services:
          db:
            image: postgres:17.2
            environment:
              POSTGRES_PASSWORD_FILE: /run/secrets/db_password
              POSTGRES_USER: ${DB_USER:-app}
              API_TOKEN: ${API_TOKEN}

    Instead
    -------
    Use `secrets:` with the image's `*_FILE` variable, or `${NAME}` with the value in a `.env` file that nobody commits.

    See
    ---
    OWASP Docker Security Cheat Sheet, rule 12
    """
    yield from leak_findings(
        model, "secrets_in_env", "Use a secret and the image's *_FILE variable, or ${NAME} with the value in .env."
    )


secrets_in_env.fix("suggest")(move_secret)
