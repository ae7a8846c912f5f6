"""Environment variables of a compose file as they may be quoted: what is secret in them is starred."""

from __future__ import annotations

import re

from docker_agent.core.secret_pair import SECRET_KINDS, is_pointer, key_kind, secret_pair
from docker_agent.project.compose.nodes import Mapping as MappingNode
from docker_agent.project.compose.nodes import Node, Scalar
from docker_agent.project.compose.nodes import Sequence as SequenceNode

STARS = "***"
PART = re.compile(r"(?i)((?:password|passwd|pwd|secret|token|apikey|api_key)=)[^;&\s\"']+")


def say_setting(node: Node, name: str = "") -> str:
    """A variable as NAME=value, or of a whole block the names alone.

    Parameters
    ----------
    name: the variable's, "" for an entry of a list, which has it in its text, and for a block.
    """
    if isinstance(node, MappingNode):
        return ", ".join(node.index)
    if isinstance(node, SequenceNode):
        return ", ".join(str(item.value).partition("=")[0] for item in node.items if isinstance(item, Scalar))
    plain = node.written
    if not name or plain.startswith(f"{name}="):
        name, _, plain = plain.partition("=")
    return f"{name}={_starred(name, plain)}"


def _starred(name: str, value: str) -> str:
    if key_kind(name) in SECRET_KINDS and not is_pointer(value):
        return STARS
    found = secret_pair(name, value, whole="$" not in value)
    return PART.sub(rf"\g<1>{STARS}", value.replace(found.secret, STARS) if found else value)
