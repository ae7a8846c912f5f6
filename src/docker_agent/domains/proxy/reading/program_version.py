"""Which version of a proxy runs in a container, as its image says."""

from __future__ import annotations

import re

from docker_agent.host.models import Container

TAG = re.compile(r":v?(\d+(?:\.\d+)+)[^:/]*$")


def version_of(container: Container, variable: str) -> str:
    """The version in the variable that official images set, else in the tag; "" where neither says it."""
    for entry in container.env:
        key, _, value = entry.partition("=")
        if key == variable and value:
            return value.removeprefix("v")
    tag = TAG.search(container.image.partition("@")[0])
    return tag[1] if tag else ""


def numbers(version: str) -> tuple[int, ...]:
    """A version as numbers to compare, none for an unknown one."""
    return tuple(int(each) for each in re.findall(r"\d+", version.partition("-")[0])[:3])
