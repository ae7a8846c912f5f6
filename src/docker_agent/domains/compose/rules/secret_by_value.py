"""Secrets under keys that do not say so."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.move_secret import move_secret
from docker_agent.domains.compose.shared.secret_findings import leak_findings
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="security")
def secret_by_value(model: ComposeModel) -> Iterator[Finding]:
    """A value is a token or a key by its own shape, whatever it is called.

    Why
    ---
    Tokens of known makers, private keys and password hashes are recognised by how they are written, and long random
    text by its randomness; people and programs that search public files for them do the same.

    Flagged
    -------
        services:
          web:
            image: shop:1.4
            environment:
              UPSTREAM: q7Zr2Lx9Vb4Tn8KsW3pY6hD1

    Fine
    ----
        services:
          web:
            image: shop:1.4
            environment:
              UPSTREAM: ${UPSTREAM}
              GIT_COMMIT: 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12
              INSTANCE: 0b9fbf5e-23c4-4a1c-9f0e-6a4a0d6c9f11

    Instead
    -------
    Use `secrets:`, or `${NAME}` with the value in a `.env` file that nobody commits. Replace the secret: it was shown.

    See
    ---
    OWASP Docker Security Cheat Sheet, rule 12
    """
    yield from leak_findings(
        model,
        "secret_by_value",
        "Use ${NAME} with the value in .env, or a secret; replace it if the file was ever shared.",
    )


secret_by_value.fix("suggest")(move_secret)
