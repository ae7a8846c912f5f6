"""Values of a service's environment, labels and build arguments as they are written."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.project.compose.nodes import Mapping, Scalar
from docker_agent.project.compose.types import Service

_PATHS = (("environment",), ("labels",), ("build", "args"), ("build", "labels"))


def written_pairs(service: Service) -> Iterator[tuple[str, Scalar]]:
    """Each key with its value where they are written as a mapping; lists of KEY=VALUE are text anyway."""
    for path in _PATHS:
        node = service.raw.get(path[0])
        if len(path) > 1:
            node = node.get(path[1]) if isinstance(node, Mapping) else None
        if isinstance(node, Mapping):
            for entry in node.entries:
                if isinstance(entry.value, Scalar):
                    yield entry.key.value, entry.value
