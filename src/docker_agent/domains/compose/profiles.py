"""Which services run at the same time."""

from __future__ import annotations

from docker_agent.project.compose_types import Service


def run_together(one: Service, other: Service) -> bool:
    """Whether two services run at the same time.

    Those that have only different profiles are taken for alternatives, unless one of them needs the other.
    """
    if not one.profiles or not other.profiles or set(one.profiles) & set(other.profiles):
        return True
    return _needs(one, other) or _needs(other, one)


def _needs(one: Service, other: Service) -> bool:
    return any(dependency.service == other.name and dependency.required for dependency in one.depends_on)
