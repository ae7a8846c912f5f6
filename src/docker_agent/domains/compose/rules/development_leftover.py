"""Settings of development in a file that is deployed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.pattern import lazy
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Place
from docker_agent.project.compose.types import Service

DEBUG_PORTS = {9229: "Node's", 5005: "Java's", 5678: "Python's", 2345: "Go's", 9003: "PHP's"}
SOURCE_FOLDERS = frozenset({"", "src", "app", "lib", "source", "code", "server", "client", "frontend", "backend"})
MODES = {
    "NODE_ENV": ("development",),
    "FLASK_ENV": ("development",),
    "FLASK_DEBUG": ("1", "true"),
    "DJANGO_DEBUG": ("1", "true"),
    "RAILS_ENV": ("development",),
    "RACK_ENV": ("development",),
    "APP_ENV": ("dev", "development", "local"),
    "APP_DEBUG": ("1", "true"),
    "ASPNETCORE_ENVIRONMENT": ("development",),
}

_COMMAND = lazy(r"\bnodemon\b|--reload\b|\brunserver\b|\b(?:npm|yarn|pnpm|bun)(?: run)? dev\b|--debug\b|--inspect")
_FOR_DEVELOPMENT = lazy(r"dev|override|local|test|debug", re.IGNORECASE)


@rule(severity=Severity.INFO, area="production", production=Severity.WARN)
def development_leftover(model: ComposeModel) -> Iterator[Finding]:
    """A service that is built here has settings for development.

    Why
    ---
    The source mounted over the image means that what runs is not what was built and tested; a server that reloads or
    debugs is slow and shows its source and variables to whoever provokes an error; a debugger's port runs any code that
    is sent to it. Right on a developer's machine, wrong on a server. Files that are called override, dev, local, test
    or debug are left out.

    Flagged
    -------
        services:
          app:
            build: .
            command: npm run dev
            volumes: [.:/app]
            environment: {NODE_ENV: development}

    Fine
    ----
        services:
          app:
            build: .
            command: node server.js
            volumes: [./uploads:/app/uploads]
            environment: {NODE_ENV: production}

    Instead
    -------
    Keep these settings in `compose.override.yaml`, which Compose reads by itself, and deploy with
    `docker compose -f compose.yaml up -d`.
    """
    for service in model.services.values():
        if service.build is None:
            continue
        seen = [(place, what) for place, what in _leftovers(model, service) if not _for_development(place)]
        if seen:
            words = ", ".join(dict.fromkeys(what for _, what in seen))
            found = fault(
                model,
                seen[0][0],
                service.name,
                f"{service.name} has settings for development: {words}.",
                "Keep them in compose.override.yaml.",
            )
            others = (Evidence(source="compose", where=str(place)) for place, _ in seen[1:])
            yield replace(found, evidence=(*found.evidence, *others))


def _for_development(place: Place) -> bool:
    return bool(_FOR_DEVELOPMENT.search(place.file.rpartition("/")[2]))


def _leftovers(model: ComposeModel, service: Service) -> Iterator[tuple[Place, str]]:
    path = ("services", service.name)
    command = " ".join(service.command or ())
    if command and _COMMAND.search(command):
        yield model.place((*path, "command")), "a command that reloads or debugs"
    for mount in service.mounts:
        if mount.kind == "bind" and not mount.read_only and _is_source(model, service, mount.source):
            yield mount.place, "its source mounted over the image"
    if service.stdin_open:
        yield model.place((*path, "stdin_open")), "an open terminal"
    if service.develop:
        yield model.key_place((*path, "develop")), "develop"
    for key, values in MODES.items():
        if (service.environment.get(key) or "").lower() in values:
            yield model.place((*path, "environment", key)), key
    for port in service.ports:
        if port.target in DEBUG_PORTS:
            yield port.place, f"{DEBUG_PORTS[port.target]} debug port {port.target}"


def _is_source(model: ComposeModel, service: Service, source: str) -> bool:
    context = service.build.context if service.build else ""
    if not source.startswith((".", "/")) or "://" in context:
        return False
    whole, mounted = model.resolve(context or "."), model.resolve(source)
    return whole == mounted or (mounted.parent == whole and mounted.name in SOURCE_FOLDERS)
