"""Which Dockerfile each service builds, and how findings point into it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import field, record
from docker_agent.domains.compose.dockerfile.parse import Dockerfile, Instruction, Stage, parse_dockerfile
from docker_agent.domains.compose.dockerfile.words import GIVEN_ARGS
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping as MappingNode
from docker_agent.project.compose.nodes import Node, Place, Scalar, Source
from docker_agent.project.compose.types import Service
from docker_agent.project.interpolate import TemplateError, interpolate

Missing = Literal["", "context", "dockerfile"]

_REMOTE = r"(?i)(?:[a-z][a-z0-9+.-]*://|git@|github\.com/|service:|docker-image:|oci-layout:)"


@record
class ImageBuild:
    """How a service's image is built.

    Attributes
    ----------
    place: where the compose file says it.
    context: the folder that is sent to the builder, None where it is not local or not known.
    path: the Dockerfile, None where it is written inside the compose file or not known.
    dockerfile: what it says, None where it is not there or not known.
    missing: what is named and not there.
    inline: the value that holds the Dockerfile in the compose file.
    """

    service: Service
    place: Place
    source: Source
    context: Path | None = None
    path: Path | None = None
    dockerfile: Dockerfile | None = None
    missing: Missing = ""
    inline: Scalar | None = None
    target: str = ""
    args: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])

    def place_of(self, start: int, end: int) -> Place:
        """Where a range of the Dockerfile's text is written."""
        if self.inline is None:
            return self.source.place(start, end)
        if self.inline.style != "|" or self.dockerfile is None:
            return self.inline.place
        text = self.source.text
        header = text.find("\n", self.inline.start) + 1
        indent = re.compile(r"\s*?\n*([ ]*)").match(text, header)
        width = len(indent.group(1)) if indent else 0
        before = self.dockerfile.text[:start]
        line = self.source.place(header, header).line + before.count("\n")
        line_start = self.source.line_starts[min(line, len(self.source.line_starts)) - 1]
        at = min(line_start + width + start - (before.rfind("\n") + 1), self.inline.end)
        return self.source.place(at, min(at + end - start, self.inline.end))

    def fault(self, span: tuple[int, int], message: str, fix: str = "") -> Finding:
        """A finding at a range of the Dockerfile's text."""
        place = self.place_of(*span)
        quote = self.source.text[place.start : place.end].split("\n", 1)[0].strip()
        evidence = Evidence(
            source="compose" if self.inline else "file", where=str(place), quote=quote, end=self.source.end_of(place)
        )
        return Finding("", Severity.OFF, self.service.name, message, fix=fix, evidence=(evidence,))

    def stages(self) -> list[Stage]:
        """The stage that is built and those that it is made from, the built one first."""
        return self.dockerfile.line_of(self.target) if self.dockerfile else []

    def last(self, word: str) -> Instruction | None:
        """The instruction of a word that holds in the built image, None where it brings none of its own."""
        return next((each[-1] for stage in self.stages() if (each := stage.all(word))), None)

    def image_of(self, stage: Stage) -> str | None:
        """The image that a stage begins with, None where it is another stage, `scratch` or not known."""
        assert self.dockerfile is not None  # noqa: S101 - a stage is of a Dockerfile
        image = self.filled(stage.image)
        above = {each.name for each in self.dockerfile.stages[: stage.index] if each.name}
        return None if not image or image == "scratch" or image.lower() in above else image

    def filled(self, text: str) -> str | None:
        """A text with the ARGs before the first FROM filled in, None where one is not known."""
        if "$" not in text:
            return text
        pairs = [pair for each in self.dockerfile.preamble for pair in each.pairs] if self.dockerfile else []
        known: dict[str, str] = {}
        for key, default in pairs:
            given = self.args.get(key) if key in self.args else default
            if given is not None and key not in GIVEN_ARGS:
                known[key] = _text_of(given, known) or ""
        return _text_of(text, known)


def _text_of(template: str, known: Mapping[str, str]) -> str | None:
    try:
        result = interpolate(template, known)
    except TemplateError:
        return None
    return None if result.unset else result.text


@lru_cache(maxsize=4)
def image_builds(model: ComposeModel) -> tuple[ImageBuild, ...]:
    """The builds of all services, in their order; each Dockerfile is read and parsed once."""
    parsed: dict[Path, Dockerfile | None] = {}
    return tuple(
        _build(model, service, entry.value, parsed)
        for service in model.services.values()
        if (entry := service.raw.index.get("build"))
    )


@lru_cache(maxsize=4)
def dockerfiles(model: ComposeModel) -> tuple[ImageBuild, ...]:
    """One build for each Dockerfile that is there: the first service's that names it."""
    found: dict[Path | ImageBuild, ImageBuild] = {}
    for build in image_builds(model):
        if build.dockerfile is not None:
            found.setdefault(build.path or build, build)
    return tuple(found.values())


def instructions(model: ComposeModel, *words: str) -> Iterator[tuple[ImageBuild, Instruction]]:
    """Every instruction of some words in every Dockerfile, what ONBUILD puts off left out."""
    for build in dockerfiles(model):
        if build.dockerfile is not None:
            yield from ((build, each) for each in build.dockerfile.instructions if each.word in words)


def build_of(model: ComposeModel, service: str) -> ImageBuild | None:
    """The build of one service, None where it has none or the Dockerfile is not known."""
    return _by_service(model).get(service)


@lru_cache(maxsize=4)
def _by_service(model: ComposeModel) -> dict[str, ImageBuild]:
    return {build.service.name: build for build in image_builds(model) if build.dockerfile is not None}


def span_of(instruction: Instruction) -> tuple[int, int]:
    """The range of an instruction."""
    return instruction.start, instruction.end


def _build(model: ComposeModel, service: Service, node: Node, parsed: dict[Path, Dockerfile | None]) -> ImageBuild:
    said = {entry.key.value: entry.value for entry in node.entries} if isinstance(node, MappingNode) else {}
    context = said.get("context", node if isinstance(node, Scalar) else None)
    target, inline, args = said.get("target"), said.get("dockerfile_inline"), service.build and service.build.args
    start = ImageBuild(service, (context or node).place, node.source, args=args or {})
    if isinstance(target, Scalar):
        if target.unset:
            return start
        start = _with(start, target=target.value)
    folder = _folder(model, context)
    if isinstance(inline, Scalar):
        if inline.unset or inline.plain is None:
            return start
        return _with(
            start, source=inline.source, context=folder, inline=inline, dockerfile=parse_dockerfile(inline.value)
        )
    if model.disk is None or folder is None:
        return start
    if model.disk.kind(folder) != "folder":
        return _with(start, context=folder, missing="context")
    named = said.get("dockerfile")
    if isinstance(named, Scalar) and (named.unset or re.match(_REMOTE, named.value)):
        return _with(start, context=folder)
    if isinstance(named, Scalar):
        start = _with(start, place=named.place)
    path = Path(os.path.normpath(folder / (named.value if isinstance(named, Scalar) else "Dockerfile")))
    if path not in parsed:
        parsed[path] = _read(model, path)
    dockerfile = parsed[path]
    missing: Missing = "" if dockerfile or model.disk.kind(path) == "file" else "dockerfile"
    if dockerfile is not None:
        start = _with(start, source=model.others[_name(model, path)])
    return _with(start, context=folder, path=path, dockerfile=dockerfile, missing=missing)


def _with(build: ImageBuild, **changes: object) -> ImageBuild:
    return ImageBuild(**{**vars(build), **changes})  # pyright: ignore[reportArgumentType]


def _folder(model: ComposeModel, context: Node | None) -> Path | None:
    if context is None:
        return model.resolve(".")
    if not isinstance(context, Scalar) or context.unset or re.match(_REMOTE, context.value):
        return None
    return model.resolve(context.value or ".")


def _read(model: ComposeModel, path: Path) -> Dockerfile | None:
    """Read and parse one Dockerfile; its text is then among the model's other files."""
    try:
        data = model.disk.read(path) if model.disk else b""
        text = data.removeprefix(b"\xef\xbb\xbf").decode()
    except (InputError, UnicodeDecodeError):
        return None
    name = _name(model, path)
    model.others[name] = Source(name, path, data, text)
    return parse_dockerfile(text)


def _name(model: ComposeModel, path: Path) -> str:
    """A file's name as those of the compose files: relative to the folder that theirs are relative to."""
    first = model.documents[0].source
    beside = os.path.relpath(path, first.path.parent).replace(os.sep, "/")
    return os.path.normpath(Path(first.name).parent / beside).replace(os.sep, "/")
