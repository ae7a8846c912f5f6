"""Secrets in labels."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.move_secret import move_secret
from docker_agent.domains.compose.shared.secret_findings import leak_findings
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="security")
def secret_in_label(model: ComposeModel) -> Iterator[Finding]:
    """A label holds a password, a token or a password hash.

    Why
    ---
    Labels are shown by `docker inspect` and by every dashboard that lists containers, and are read by programs that
    have the engine's socket.

    Flagged
    -------
        services:
          web:
            image: shop:1.4
            labels:
              homepage.widget.password: Tr0ub4dor

    Fine
    ----
        services:
          web:
            image: shop:1.4
            labels:
              homepage.widget.password: ${WIDGET_PASSWORD}
              traefik.http.middlewares.auth.basicauth.usersfile: /etc/traefik/users

    Instead
    -------
    Use `${NAME}`, or the file that the program offers for it (`usersfile` for Traefik).

    See
    ---
    OWASP Docker Security Cheat Sheet, rule 12
    """
    yield from leak_findings(
        model, "secret_in_label", "Use ${NAME} with the value in .env, or a file that the program reads."
    )


secret_in_label.fix("suggest")(move_secret)
