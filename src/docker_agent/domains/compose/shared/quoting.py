"""Quotes put around values of a compose file, and taken off."""

from __future__ import annotations

from docker_agent.core.pattern import lazy
from docker_agent.project.compose.nodes import Scalar, resolve_plain
from docker_agent.project.edit.values import Edit

_SAFE_WITHOUT = lazy(r"[A-Za-z0-9_./~$](?:[A-Za-z0-9_./~$+@-]|:(?=\S))*")


def quote(node: Scalar) -> Edit:
    """The edit that puts a plain scalar into quotes, as it is written."""
    written = node.source.text[node.start : node.end]
    mark = "'" if '"' in written or "\\" in written else '"'
    text = written.replace("'", "''") if mark == "'" else written
    return Edit(node.source.name, node.start, node.end, f"{mark}{text}{mark}")


def can_be_plain(node: Scalar) -> bool:
    """Whether a quoted scalar says the same without its quotes, also in a list in brackets."""
    inner = node.source.text[node.start + 1 : node.end - 1]
    quoted = node.style in {"'", '"'} and not node.tag and inner == node.written
    return bool(quoted and _SAFE_WITHOUT.fullmatch(inner)) and isinstance(resolve_plain(inner), str)


def unquote(node: Scalar) -> Edit:
    """The edit that takes the quotes of a scalar off."""
    return Edit(node.source.name, node.start, node.end, node.source.text[node.start + 1 : node.end - 1])
