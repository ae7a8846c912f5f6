"""Container names that the engine does not take."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.pattern import lazy
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault, problems
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar

_PART = lazy(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_HINT = "Use letters, digits, _, . and -, with a letter or a digit in front."


@rule(severity=Severity.ERROR, area="model")
def container_name_syntax(model: ComposeModel) -> Iterator[Finding]:
    """A container name holds characters that the engine does not take, or only one.

    Why
    ---
    A name has two or more letters, digits, `_`, `.` and `-`, and starts with a letter or a digit. Compose refuses a
    name that has no such part, and the engine every other.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            container_name: _

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            container_name: shop-web
    """
    yield from problems(model, "container_name_syntax", _HINT)
    for service in model.services.values():
        node = service.raw.get("container_name")
        name = service.container_name
        if isinstance(node, Scalar) and not node.unset and _PART.search(name) and not _PART.fullmatch(name):
            message = f"{service.name} has the container name {name}, which the engine does not take."
            yield replace(fault(model, node.place, service.name, message, _HINT), severity=Severity.WARN)
