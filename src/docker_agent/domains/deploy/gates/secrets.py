"""No password, token or key stands in the files."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.domains.deploy.picture import ERROR, Picture, gate

CODES = (
    "secrets_in_env",
    "secret_by_value",
    "secret_in_command",
    "secret_in_config",
    "secret_in_label",
    "secret_in_url",
    "dockerfile_secret",
)


@gate(4, dev=ERROR, staging=ERROR)
def secrets(picture: Picture) -> Iterator[Finding]:
    """No secret is written out."""
    yield from picture.found(*CODES)
