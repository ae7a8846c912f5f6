"""Secrets written out in a compose file."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.project.compose import ComposeModel
from docker_agent.project.compose_nodes import Mapping, Node, Place, Scalar, Sequence
from docker_agent.project.interpolate import literal_text
from docker_agent.project.secrets import looks_secret

PLACES = (("environment",), ("build", "args"))


@rule(severity=Severity.WARN, area="security")
def secrets_in_env(model: ComposeModel) -> Iterator[Finding]:
    """A password, token or key is written out in the compose file.

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
    for service in model.services.values():
        for path in PLACES:
            for key, value, place in _literals(model.node(("services", service.name, *path))):
                if looks_secret(key, value):
                    yield Finding(
                        code="secrets_in_env",
                        severity=Severity.OFF,
                        object=service.name,
                        message=f"{service.name} has the secret {key} written out in the compose file.",
                        fix=f"Use a secret and {key}_FILE where the image knows it, or ${{{key}}} and .env.",
                        evidence=(Evidence(source="compose", where=str(place), quote=key),),
                    )


def _literals(node: Node | None) -> Iterator[tuple[str, str, Place]]:
    """Keys with what the file itself says of their values: literal text and defaults, not what variables bring."""
    if isinstance(node, Mapping):
        for entry in node.entries:
            if isinstance(entry.value, Scalar) and entry.value.plain is not None:
                yield entry.key.value, literal_text(entry.value.written), entry.value.place
    if isinstance(node, Sequence):
        for item in node.items:
            if isinstance(item, Scalar) and "=" in item.written:
                key, _, value = item.written.partition("=")
                yield key, literal_text(value), item.place
