"""Ports that are published and that the image does not listen on."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import build_of, image_builds, span_of
from docker_agent.domains.compose.dockerfile.parse import Instruction
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel

_LONGEST = 6  # digits of a number that may be a port's


@rule(severity=Severity.INFO, area="practice")
def dockerfile_port_mismatch(model: ComposeModel) -> Iterator[Finding]:
    """A service publishes a container port that its Dockerfile does not expose.

    Why
    ---
    EXPOSE opens nothing, but it says where the program listens: a port published to another one answers nobody.

    Flagged
    -------
        services:
          app:
            ports: ["8080:80"]
            build:
              dockerfile_inline: |
                FROM node:22-slim
                EXPOSE 3000
                USER node

    Fine
    ----
        services:
          app:
            ports: ["8080:3000"]
            build:
              dockerfile_inline: |
                FROM node:22-slim
                EXPOSE 3000
                USER node

    Instead
    -------
    Publish the port that the program listens on, or correct EXPOSE.
    """
    for build in image_builds(model):
        exposed = [each for stage in build.stages() for each in stage.all("EXPOSE")]
        if not exposed or any("$" in each.text for each in exposed) or build_of(model, build.service.name) is None:
            continue
        for port in build.service.ports:
            if not any(_covers(each, port.target, port.target_last) for each in exposed):
                name = build.service.name
                words = f"{name} publishes its port {port.target}, and its Dockerfile exposes {exposed[0].text}."
                found = fault(model, port.place, name, words, "Publish the port that the program listens on.")
                elsewhere = Evidence("file", str(build.place_of(*span_of(exposed[0]))), exposed[0].text)
                yield replace(found, confidence="possible", evidence=(*found.evidence, elsewhere))


def _covers(expose: Instruction, first: int, last: int) -> bool:
    for word in expose.words:
        low, _, high = word.partition("/")[0].partition("-")
        if all(end.isdecimal() and len(end) < _LONGEST for end in (low, high or low)) and (
            int(low) <= first and last <= int(high or low)
        ):
            return True
    return False
