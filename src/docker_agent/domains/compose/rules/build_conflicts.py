"""Builds that contradict themselves."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.references import as_active, is_whole, near
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping, Place
from docker_agent.project.compose.texts import pairs, text
from docker_agent.project.compose.types import Service

Said = tuple[Place, str, str]


@rule(severity=Severity.ERROR, area="model")
def build_conflicts(model: ComposeModel) -> Iterator[Finding]:
    """A build says two things of which only one can hold.

    Why
    ---
    Compose refuses a Dockerfile by name beside one written out, an additional context of a service that is not
    there or is not built, and a `platform` that `build.platforms` does not hold.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile: Dockerfile
              dockerfile_inline: FROM alpine:3.22

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: FROM alpine:3.22
    """
    for service in model.services.values():
        build = service.raw.get("build")
        if isinstance(build, Mapping):
            for place, message, hint in (
                *_dockerfiles(service, build),
                *_contexts(model, service, build),
                *_platform(service),
            ):
                yield as_active(model, service, fault(model, place, service.name, message, hint))


def _dockerfiles(service: Service, build: Mapping) -> Iterator[Said]:
    inline = build.get("dockerfile_inline")
    if text(build.get("dockerfile")) and inline is not None and text(inline):
        message = f"{service.name} has dockerfile and dockerfile_inline."
        yield build.index["dockerfile_inline"].key.place, message, "Take one of the two out."


def _contexts(model: ComposeModel, service: Service, build: Mapping) -> Iterator[Said]:
    contexts = build.get("additional_contexts")
    for key, value in pairs(contexts).items():
        if not value or not value.startswith("service:") or contexts is None:
            continue
        name = value.removeprefix("service:")
        other = model.services.get(name)
        if (other is None or not model.is_active(other)) and is_whole(model):
            message = f"{service.name} builds on {name} (additional context {key}), which is no service that runs."
            yield contexts.place, message, near(name, model.services) or "Correct the name."
        elif other is not None and other.build is None:
            message = f"{service.name} builds on {name} (additional context {key}), which has no build."
            yield contexts.place, message, f"Give {name} a build, or name its image: docker-image://..."


def _platform(service: Service) -> Iterator[Said]:
    allowed = service.build.platforms if service.build else ()
    if service.platform and allowed and service.platform not in allowed:
        message = f"{service.name} runs on {service.platform}, which its build.platforms do not hold."
        yield service.raw.index["platform"].value.place, message, f"Add {service.platform} to build.platforms."
