"""Watched files that go nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.references import as_active
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping, Sequence
from docker_agent.project.compose.texts import has_unset, mapping, text


@rule(severity=Severity.ERROR, area="model")
def watch_target(model: ComposeModel) -> Iterator[Finding]:
    """`develop.watch` does not say where in the container changed files go, or what to watch.

    Why
    ---
    Every action that syncs needs a `target`, and no `path` may be empty; Compose refuses the project.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            develop:
              watch:
                - {path: ./html, action: sync}

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            develop:
              watch:
                - {path: ./html, action: sync, target: /usr/share/nginx/html}
                - {path: ./package.json, action: rebuild}
    """
    for service in model.services.values():
        watch = mapping(service.raw.get("develop")).get("watch")
        for item in watch.items if isinstance(watch, Sequence) else ():
            if not isinstance(item, Mapping) or (model.template and has_unset(item)):
                continue
            path, action = item.get("path"), text(item.get("action"))
            if path is not None and not text(path):
                yield fault(model, path.place, service.name, f"{service.name} watches an empty path.", "Name a path.")
            if action.startswith("sync") and not text(item.get("target")):
                message = f"{service.name} watches {text(path)} with {action}, but no target."
                found = fault(model, item.place, service.name, message, "Add target: the folder in the container.")
                yield as_active(model, service, found)
