"""Secrets on command lines."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.move_secret import move_secret
from docker_agent.domains.compose.shared.secret_findings import leak_findings
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="security")
def secret_in_command(model: ComposeModel) -> Iterator[Finding]:
    r"""A command, an entrypoint or a health check has a password on its command line.

    Why
    ---
    Besides the file itself, the list of processes and `docker inspect` show command lines to everyone on the host.

    Flagged
    -------
        services:
          cache:
            image: redis:7.4
            command: redis-server --requirepass Tr0ub4dor

    Fine
    ----
        services:
          cache:
            image: redis:7.4
            command: redis-server --requirepass ${REDIS_PASSWORD}
            healthcheck:
              test: ["CMD-SHELL", "redis-cli -a \"$$REDIS_PASSWORD\" ping"]

    Instead
    -------
    Use `${NAME}`, or better a file or a variable that the program reads by itself.

    See
    ---
    OWASP Docker Security Cheat Sheet, rule 12
    """
    yield from leak_findings(
        model, "secret_in_command", "Use ${NAME} with the value in .env, or a file that the program reads."
    )


secret_in_command.fix("suggest")(move_secret)
