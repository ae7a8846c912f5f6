"""Files of secrets that become part of an image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import instructions, span_of
from docker_agent.domains.compose.dockerfile.ignore import ignores
from docker_agent.project.compose.model import ComposeModel

_SENSITIVE = r"(?:^|/)(?:\.env|\.npmrc|\.pypirc|\.netrc|id_rsa|id_ed25519|\S+\.pem|\.aws/credentials)$"


@rule(severity=Severity.WARN, area="security")
def dockerfile_env_copied(model: ComposeModel) -> Iterator[Finding]:
    """A file of secrets such as `.env` is copied into the image.

    Why
    ---
    Everyone who has the image has the secrets, also after a later layer removed the file. `COPY . .` takes `.env`
    along wherever `.dockerignore` does not name it.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM node:22-slim
                COPY .env /app/
                USER node

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM node:22-slim
                COPY src /app/src
                USER node

    Instead
    -------
    Name `.env` in `.dockerignore`, and give the values when the container starts: `env_file`, `secrets`.
    """
    for build, each in instructions(model, "COPY", "ADD"):
        if any(name == "from" for name, _ in each.flags) or len(each.words) < 2:
            continue
        name = build.service.name
        named = next((word for word in each.words[:-1] if re.search(_SENSITIVE, word)), None)
        if named:
            words = f"The Dockerfile of {name} copies {named} into the image."
            found = build.fault(span_of(each), words, "Leave it out, and give the values when the container starts.")
            yield found if not named.endswith(".pem") else replace(found, confidence="possible")
        elif (
            any(re.fullmatch(r"\.?/?\*?", word) for word in each.words[:-1])
            and model.disk is not None
            and build.context is not None
            and model.disk.kind(build.context / ".env") == "file"
            and not ignores(model.disk, build, ".env")
        ):
            words = f"The Dockerfile of {name} copies the whole folder, .env included, into the image."
            yield build.fault(span_of(each), words, "Name .env in .dockerignore.")
