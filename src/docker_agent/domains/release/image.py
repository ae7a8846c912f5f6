"""The image that the compose files give a service, and the edit that gives it another one."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Write
from docker_agent.host.host import Reads
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.edit.steps import write_step
from docker_agent.project.edit.values import set_service_value
from docker_agent.project.stack import Stack


@dataclass(frozen=True)
class ImageChange:
    """The step that gives a service another image, and the text that the file has before."""

    write: Write
    text_before: str


TAG = r"\w[\w.-]{0,127}"
NAME = r"(?P<name>(?:[^${}@]|\$\w+|\$\{[^${}]*\})+)"
TAG_WRITTEN = re.compile(f"{NAME}:{TAG}")
TAG_VARIABLE = re.compile(rf"{NAME}:\$\{{?(?P<variable>\w+)(?::?-[^}}]*)?\}}?")


def wanted_image(now: str, image: str) -> str:
    """The whole name of an image: one word (`1.4`, `:1.4`, `stable`) is a tag of the repository that is used now.

    Any other repository is named with its tag, `nginx:1.27`, so that no slip pulls the image of a stranger.
    """
    if re.fullmatch(f":?{TAG}", image) and "/" not in image:
        return f"{repository_of(now)}:{image.removeprefix(':')}"
    return image


def image_of(stack: Stack, service: str) -> str:
    """The name of a service's image, as Compose makes it where the file gives none."""
    return stack.model.services[service].image or f"{stack.name}-{service}"


def repository_of(image: str) -> str:
    """An image's name without tag and digest."""
    name = image.partition("@")[0]
    head, colon, tail = name.rpartition(":")
    return head if colon and "/" not in tail else name


def set_image(root: Path, stack: Stack, service: str, image: str, reads: Reads) -> ImageChange | None:
    """The step that gives a service an image, None where it has it already.

    Where the compose file takes the tag from a variable that `.env` sets, the line in `.env` is changed. Variables in
    the name before the tag stay.

    Raises
    ------
    InputError: the file cannot be edited there, or another image of a service with a variable in its name is wanted.
    """
    model = stack.model
    if image_of(stack, service) == image:
        return None
    why = f"{service} runs {image}."
    node = model.services[service].raw.get("image")
    written = node.written if isinstance(node, Scalar) else ""
    tag = image.removeprefix(f"{repository_of(image_of(stack, service))}:")
    other_tag = tag != image and re.fullmatch(TAG, tag) is not None
    variable, literal = TAG_VARIABLE.fullmatch(written), TAG_WRITTEN.fullmatch(written)
    if variable and other_tag and variable["variable"] in stack.variables:
        _refuse_shared(stack, service, variable["variable"])
        return _in_dotenv(root, stack, variable["variable"], tag, reads, why)
    value = image
    if "$" in written and literal and other_tag:
        value = f"{literal['name']}:{tag}"
    elif "$" in written and not variable:
        raise InputError(
            f"The image of {service} is written as {written!r}; it is not clear which variable to change.",
            "Write the image with its tag, or with one variable for the tag.",
        )
    edits = set_service_value(model, service, ("image",), value)
    data = model.sources[edits[0].file].data
    return ImageChange(write_step(root, model, edits, why), data.decode("utf-8", "surrogateescape"))


def _refuse_shared(stack: Stack, service: str, name: str) -> None:
    """Raise where a tag's variable says more than this service's tag, or its line in `.env` does not count."""
    naming = re.compile(rf"\$\{{?{re.escape(name)}\b")
    images = {other: each.raw.get("image") for other, each in stack.model.services.items() if other != service}
    shared = [other for other, node in images.items() if isinstance(node, Scalar) and naming.search(node.written)]
    if shared:
        raise InputError(
            f"{name} gives the tag of {', '.join(shared)} too, so a release of {service} alone would change that.",
            f"Give {service} a variable of its own, or change both: docker-agent stack deploy.",
        )
    tag = image_of(stack, service).removeprefix(f"{repository_of(image_of(stack, service))}:")
    if name in os.environ or stack.variables[name] not in {"", tag}:
        raise InputError(
            f"{name} is set by the shell, which wins over the line in .env that a release would change.",
            f"Unset it: unset {name}.",
        )


def _in_dotenv(root: Path, stack: Stack, name: str, tag: str, reads: Reads, why: str) -> ImageChange:
    for path in stack.dotenv:
        try:
            data = reads.read_file(path)
        except InputError:
            continue
        text = data.decode("utf-8", "surrogateescape")
        line = re.compile(
            rf"(?m)^(?P<head>[ \t]*(?:export[ \t]+)?{re.escape(name)}[ \t]*=[ \t]*)"
            r"(?P<value>[^\n#]*?)(?P<tail>[ \t\r]*(?:#.*)?)$"
        )
        new, count = line.subn(lambda found: f"{found['head']}{tag}{found['tail']}", text)
        if count == 1:
            relative = os.path.relpath(path, root)
            before = hashlib.sha256(data).hexdigest()
            write = Write(path=relative, content=new, before=before, why=why, touches=(f"file:{relative}",))
            return ImageChange(write, text)
    raise InputError(f"{name} is set in no .env file in a line of its own.", "Write the image with its tag.")
