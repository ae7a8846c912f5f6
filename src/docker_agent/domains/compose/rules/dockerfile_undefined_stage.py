"""Stages that are named and not there."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.nearest import nearest
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import ImageBuild, image_builds, span_of
from docker_agent.domains.compose.dockerfile.parse import Dockerfile, Instruction, Stage
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel

_LONGEST = 9  # digits of a number that are looked at; no file has so many stages


@rule(severity=Severity.ERROR, area="practice")
def dockerfile_undefined_stage(model: ComposeModel) -> Iterator[Finding]:
    """A Dockerfile copies from a stage that is not there, or a service builds one.

    Why
    ---
    The builder takes the name for an image and asks the registry for it; if somebody has put one there, it is used.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM golang:1.24 AS builder
                RUN go build -o /app .
                FROM gcr.io/distroless/static:nonroot
                COPY --from=bulider /app /app

    Fine
    ----
        services:
          app:
            build:
              target: final
              dockerfile_inline: |
                FROM golang:1.24 AS builder
                RUN go build -o /app .
                FROM gcr.io/distroless/static:nonroot AS final
                COPY --from=builder /app /app
                COPY --from=0 /app /app2
                COPY --from=busybox:1.37 /bin/sh /bin/sh

    Instead
    -------
    Name a stage that begins further up.
    """
    seen: set[Instruction] = set()
    for build in image_builds(model):
        if build.dockerfile is None:
            continue
        if build.target and build.dockerfile.stages and build.dockerfile.stage(build.target) is None:
            place = model.place(("services", build.service.name, "build", "target"))
            words = f"{build.service.name} builds the stage {build.target}, which its Dockerfile does not have."
            names = [stage.name for stage in build.dockerfile.stages if stage.name]
            yield fault(model, place, build.service.name, words, f"It has {', '.join(names) or 'no named stage'}.")
        for stage in build.dockerfile.stages:
            for each in stage.instructions:
                name = _from(each)
                if name and each not in seen and (hint := _wrong(model, build, build.dockerfile, stage, name)):
                    seen.add(each)
                    words = f"The Dockerfile of {build.service.name} copies from {name}, which is no stage before it."
                    yield build.fault(span_of(each), words, hint)


def _from(each: Instruction) -> str:
    if each.word == "COPY":
        return dict(each.flags).get("from", "")
    mounts = [value for name, value in each.flags if each.word == "RUN" and name == "mount"]
    parts = (part.partition("=") for mount in mounts for part in mount.split(","))
    return next((value for key, _, value in parts if key == "from"), "")


def _wrong(model: ComposeModel, build: ImageBuild, dockerfile: Dockerfile, stage: Stage, name: str) -> str:
    """A hint where a name is surely meant as a stage and is none, "" where it may be an image."""
    before = [each.name for each in dockerfile.stages[: stage.index] if each.name]
    if name.isdecimal():
        return "" if int(name[:_LONGEST]) < stage.index else "Name a stage that begins further up."
    named = model.node(("services", build.service.name, "build", "additional_contexts", name))
    if name.lower() in before or named is not None or any(mark in name for mark in ":/@$"):
        return ""
    if any(each.name == name.lower() for each in dockerfile.stages):
        return "Move that stage up."
    near = nearest(name.lower(), before)
    return f'Did you mean "{near}"?' if near else ""
