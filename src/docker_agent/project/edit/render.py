"""Values as YAML text in the style of the place they go to."""

from __future__ import annotations

import re
from typing import Any

from docker_agent.project.compose.nodes import resolve_plain

Value = str | int | float | bool | dict[str, Any] | list[Any] | None

_SAFE = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./@+=%:-]*")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_OLD_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def scalar_text(value: object) -> str:
    """What a scalar says, without quotes."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def render_scalar(value: object, quote: str = "") -> str:
    """A scalar as YAML; strings that something could read otherwise are quoted, `quote` keeps a given style."""
    text = scalar_text(value)
    if quote == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if quote == '"' or (isinstance(value, str) and not _is_safe(text)):
        return '"' + "".join(_escaped(character) for character in text) + '"'
    return text


def render_flow(value: Value) -> str:
    """A value on one line, as it stands inside braces and brackets."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{render_scalar(key)}: {render_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(render_flow(item) for item in value) + "]"
    return render_scalar(value)


def render_lines(key: str, value: Value, indent: int, step: int) -> list[str]:
    """A key with its value as lines of block style."""
    head = " " * indent + render_scalar(key) + ":"
    if isinstance(value, dict) and value:
        lines = [head]
        for inner, item in value.items():
            lines += render_lines(inner, item, indent + step, step)
        return lines
    if isinstance(value, list) and value:
        return [head, *(" " * (indent + step) + "- " + render_flow(item) for item in value)]
    if value is None:
        return [head]
    return [f"{head} {render_flow(value)}"]


def nested(path: tuple[str, ...], value: Value) -> Value:
    """A value wrapped in one mapping for each key of a path."""
    for key in reversed(path):
        value = {key: value}
    return value


def _escaped(character: str) -> str:
    known = _ESCAPES.get(character)
    if known:
        return known
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _is_safe(text: str) -> bool:
    if not _SAFE.fullmatch(text) or text.endswith(":") or text.lower() in _OLD_WORDS:
        return False
    return isinstance(resolve_plain(text), str) and not re.fullmatch(r"[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?", text)
