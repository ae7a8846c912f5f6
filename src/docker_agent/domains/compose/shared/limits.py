"""Where a service's limits are written: `deploy.resources.limits`, or the older keys of the service itself."""

from __future__ import annotations

from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import KeyPath

# Compose refuses deploy.resources.limits beside one of these with another value, or with none there.
_OLD = {"memory": "mem_limit", "cpus": "cpus", "pids": "pids_limit"}


def limit_path(model: ComposeModel, service: str, limit: str) -> KeyPath:
    """The path below a service where one more limit (`memory`, `cpus` or `pids`) goes beside those that are there."""
    limits = model.value(("services", service, "deploy", "resources", "limits"))
    others = [old for name, old in _OLD.items() if name != limit]
    if not limits and any(old in model.services[service].raw.index for old in others):
        return (_OLD[limit],)
    return ("deploy", "resources", "limits", limit)
