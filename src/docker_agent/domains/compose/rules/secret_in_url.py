"""Passwords inside URLs."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.move_secret import move_secret
from docker_agent.domains.compose.shared.secret_findings import leak_findings
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="security")
def secret_in_url(model: ComposeModel) -> Iterator[Finding]:
    """A URL in the compose file holds a password.

    Why
    ---
    A connection string with its password goes into version control and into logs, since programs print the addresses
    that they connect to.

    Flagged
    -------
        services:
          web:
            image: shop:1.4
            environment:
              DATABASE_URL: postgres://shop:Tr0ub4dor@db:5432/shop

    Fine
    ----
        services:
          web:
            image: shop:1.4
            environment:
              DATABASE_URL: postgres://shop:${DB_PASSWORD}@db:5432/shop
              CACHE_URL: redis://cache:6379/0

    Instead
    -------
    Put `${NAME}` in the place of the password, with the value in a `.env` file that nobody commits.

    See
    ---
    OWASP Docker Security Cheat Sheet, rule 12
    """
    yield from leak_findings(
        model, "secret_in_url", "Put ${NAME} in the place of the password, and the value into .env."
    )


secret_in_url.fix("suggest")(move_secret)
