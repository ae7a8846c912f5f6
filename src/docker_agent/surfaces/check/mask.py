"""Mask the secrets of a stack in the lines of its files that are shown."""

from __future__ import annotations

from collections.abc import Mapping

from docker_agent.core.errors import InputError
from docker_agent.host.files import read_file
from docker_agent.project.secrets import known_secrets
from docker_agent.project.stack import Stack


class Mask:
    """Puts a mask in the place of every secret of a stack; they are looked for when the first line is shown."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._values: list[tuple[str, str]] | None = None

    def __call__(self, text: str) -> str:
        """The text with masks."""
        if self._values is None:
            found = self._known()
            self._values = sorted(((value, name) for name, value in found.items()), key=lambda pair: -len(pair[0]))
        for value, name in self._values:
            if value in text:
                text = text.replace(value, f"<secret:{name}>")
        return text

    def _known(self) -> Mapping[str, str]:
        try:
            return known_secrets(self._stack.root, self._stack, read=read_file)
        except InputError:
            return {}
