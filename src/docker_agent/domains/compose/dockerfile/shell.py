"""The shell commands of RUN instructions, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.record import record
from docker_agent.domains.compose.dockerfile.build import ImageBuild, dockerfiles, image_builds
from docker_agent.domains.compose.dockerfile.parse import Instruction
from docker_agent.project.compose.model import ComposeModel

_COMMAND = r"(?s)(?:\"(?:\\.|[^\"\\])*\"|'[^']*'|\\.|\$\([^()]*\)|(?!&&|[;|\n()]|\{\s).)+"
_LEADING = r"(?:(?:if|then|else|do|while|until|!|time|exec|eval|set -\S+|\w+=\S*)\s+)*"


@record
class Command:
    """One simple command of a RUN: its words as written, and its range in the Dockerfile's text."""

    text: str
    span: tuple[int, int]
    run: Instruction

    @property
    def words(self) -> list[str]:
        """The words, quotes left as they are."""
        return self.text.split()


def commands_of(run: Instruction) -> Iterator[Command]:
    """The simple commands of one RUN."""
    script = run.script
    for found in re.finditer(_COMMAND, script):
        text = found.group()
        lead = len(text) - len(text.lstrip(" \t&{"))
        lead += len(re.match(_LEADING, text[lead:]).group())  # pyright: ignore[reportOptionalMemberAccess]
        text = text[lead:].rstrip()
        if text:
            start = run.text_start + found.start() + lead
            yield Command(text, (start, start + len(text)), run)


def commands(model: ComposeModel) -> Iterator[tuple[ImageBuild, Command]]:
    """The simple commands of every RUN of every Dockerfile."""
    for build in dockerfiles(model):
        for run in build.dockerfile.instructions if build.dockerfile else ():
            if run.word == "RUN":
                yield from ((build, command) for command in commands_of(run))


def final_runs(model: ComposeModel) -> Iterator[tuple[ImageBuild, Instruction]]:
    """The RUNs whose layers are part of a built image, each once; those of other stages are thrown away."""
    seen: set[Instruction] = set()
    for build in image_builds(model):
        for stage in build.stages():
            for run in stage.all("RUN"):
                if run not in seen:
                    seen.add(run)
                    yield build, run


def is_cached(run: Instruction) -> bool:
    """Whether a RUN keeps a cache outside the image by `--mount=type=cache`."""
    return any(name == "mount" and "type=cache" in value for name, value in run.flags)
