"""Build arguments that no Dockerfile takes."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.nearest import nearest
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import image_builds
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel

_ALWAYS = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY", "BUILDKIT_", "SOURCE_DATE_EPOCH", "BUILD")


@rule(severity=Severity.WARN, area="practice")
def undefined_build_arg(model: ComposeModel) -> Iterator[Finding]:
    """A service gives a build argument that its Dockerfile does not take.

    Why
    ---
    The builder ignores it, so the image is built with the default of whatever was meant.

    Flagged
    -------
        services:
          app:
            build:
              args:
                NODE_VERSON: "22"
              dockerfile_inline: |
                ARG NODE_VERSION=20
                FROM node:$${NODE_VERSION}-slim
                USER node

    Fine
    ----
        services:
          app:
            build:
              args:
                NODE_VERSION: "22"
                HTTP_PROXY: http://proxy.internal:3128
              dockerfile_inline: |
                ARG NODE_VERSION=20
                FROM node:$${NODE_VERSION}-slim
                USER node

    Instead
    -------
    Correct the name, or declare it by ARG.
    """
    for build in image_builds(model):
        if build.dockerfile is None or build.dockerfile.faults:
            continue
        taken = {key for each in build.dockerfile.instructions if each.word == "ARG" for key, _ in each.pairs}
        for key in build.args:
            if key not in taken and "$" not in key and not key.upper().startswith(_ALWAYS):
                near = nearest(key, taken)
                words = f"{build.service.name} gives the build argument {key}, which its Dockerfile does not take."
                hint = f'Did you mean "{near}"?' if near else f"Declare it by ARG {key}, or take it out."
                place = model.key_place(("services", build.service.name, "build", "args", key))
                yield fault(model, place, build.service.name, words, hint)
