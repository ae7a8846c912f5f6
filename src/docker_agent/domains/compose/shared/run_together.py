"""Which services run at the same time."""

from __future__ import annotations

from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Service


def run_together(model: ComposeModel, one: Service, other: Service) -> bool:
    """Whether two services run at the same time.

    Those that have only different profiles are taken for alternatives, unless one of them needs the other or both
    profiles are on. A service of no replicas does not run at all.
    """
    if not (one.replicas and other.replicas):
        return False
    if model.is_active(one) and model.is_active(other):
        return True
    if not one.profiles or not other.profiles or set(one.profiles) & set(other.profiles):
        return True
    return _needs(one, other) or _needs(other, one)


def _needs(one: Service, other: Service) -> bool:
    return any(dependency.service == other.name and dependency.required for dependency in one.depends_on)
