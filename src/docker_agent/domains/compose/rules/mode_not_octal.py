"""File modes that are read as decimal numbers."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.pattern import lazy
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping, Scalar, Sequence
from docker_agent.project.compose.types import Service
from docker_agent.project.edit.values import Edit

# What people mean by octal modes: rights of three digits, or four with a sticky or set-id bit.
_MODE = lazy(r"[1-7]?[0-7]{3}")

# Modes that somebody writes as a decimal number on purpose: 420 is 0644.
_MEANT = frozenset({0o400, 0o440, 0o444, 0o600, 0o640, 0o644, 0o660, 0o664, 0o700, 0o755, 0o775, 0o777, 0o1777})


@rule(severity=Severity.WARN, area="practice")
def mode_not_octal(model: ComposeModel) -> Iterator[Finding]:
    """A file mode without a zero in front is a decimal number.

    Why
    ---
    `mode: 444` is octal 674: the owner may write, and the rest is as odd. `mode: 1777` for a tmpfs is 3361.

    Flagged
    -------
        services:
          app:
            image: app:1
            secrets:
              - source: token
                mode: 440
        secrets:
          token: {file: ./token.txt}

    Fine
    ----
        services:
          app:
            image: app:1
            secrets:
              - source: token
                mode: 0440
        secrets:
          token: {file: ./token.txt}

    Instead
    -------
    Write `0440`, or `"0440"` in quotes.
    """
    for service in model.services.values():
        for node in _modes(service):
            yield fault(
                model,
                node.place,
                service.name,
                f"{service.name} has the mode {node.value}, which is octal {int(node.value):o}.",
                f"Write 0{node.value}.",
            )


@mode_not_octal.fix("behaviour")
def add_zero(model: ComposeModel, finding: Finding) -> list[Edit]:
    """A zero in front of each such mode of the service."""
    nodes = _modes(model.services[finding.object])
    return [Edit(node.source.name, node.start, node.start, "0") for node in nodes]


def _modes(service: Service) -> Iterator[Scalar]:
    for key in ("secrets", "configs", "volumes"):
        listed = service.raw.get(key)
        for item in listed.items if isinstance(listed, Sequence) else ():
            holder = item.get("tmpfs") if key == "volumes" and isinstance(item, Mapping) else item
            node = holder.get("mode") if isinstance(holder, Mapping) else None
            if isinstance(node, Scalar) and not node.style and _is_mistaken(node):
                yield node


def _is_mistaken(node: Scalar) -> bool:
    text = node.written
    return node.value == text and bool(_MODE.fullmatch(text)) and int(text) not in _MEANT
