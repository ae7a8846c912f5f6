"""Secrets in the layers and the history of an image."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import ImageBuild, instructions
from docker_agent.domains.compose.dockerfile.parse import Instruction
from docker_agent.domains.compose.dockerfile.written import is_secret, secrets_in_command
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="security")
def dockerfile_secret(model: ComposeModel) -> Iterator[Finding]:
    """A Dockerfile holds a secret, or takes one as a build argument or environment variable.

    Why
    ---
    `docker history` and `docker inspect` show it to everyone who has the image, also after it was removed in a later
    layer.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM node:22-slim
                ARG NPM_TOKEN
                RUN npm ci
                USER node

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM node:22-slim
                ENV PASSWORD_FILE=/run/secrets/password
                RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci
                USER node

    Instead
    -------
    Use `build.secrets` in the compose file and `RUN --mount=type=secret`; give what runs its secrets when it starts.

    See
    ---
    https://docs.docker.com/build/building/secrets/
    """
    for build, each in instructions(model, "ARG", "ENV", "LABEL", "RUN"):
        if each.word == "RUN":
            yield from _in_command(build, each)
            continue
        for key, value in each.pairs:
            if is_secret(each.word, key, value):
                how = {"ARG": "takes", "ENV": "sets", "LABEL": "writes out"}[each.word]
                words = f"The Dockerfile of {build.service.name} {how} the secret {key} by {each.word}."
                yield _at(build, each, each.text.find(key), key, words)


def _in_command(build: ImageBuild, run: Instruction) -> Iterator[Finding]:
    for found in secrets_in_command(run):
        what = found.key.lstrip("-") if found.by_key else f"a {found.kind.replace('-', ' ')}"
        words = f"The Dockerfile of {build.service.name} has {what or 'a secret'} written out in a RUN."
        yield _at(build, run, run.script.find(found.secret), what, words)


def _at(build: ImageBuild, each: Instruction, offset: int, quote: str, words: str) -> Finding:
    start = each.text_start + max(offset, 0)
    place = build.place_of(start, start + len(quote))
    return Finding(
        code="",
        severity=Severity.OFF,
        object=build.service.name,
        message=words,
        fix="Use build.secrets and RUN --mount=type=secret, or give it when the container starts.",
        evidence=(Evidence("compose" if build.inline else "file", str(place), quote),),
    )
