"""Environment files by which secrets get into a repository."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.ignore import is_ignored
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose import ComposeModel
from docker_agent.project.compose_types import EnvFile, Service
from docker_agent.project.dotenv import parse_dotenv
from docker_agent.project.repository import ignore_patterns, is_tracked, repository_root
from docker_agent.project.secrets import looks_secret

TEMPLATES = (".example", ".sample", ".dist", ".template", ".tmpl", ".tpl")


@rule(severity=Severity.WARN, area="security")
def env_file_risk(model: ComposeModel) -> Iterator[Finding]:
    """An environment file with secrets is part of the repository, or is one command away from it.

    Why
    ---
    What was committed once stays in the history of every clone; a password in there has to be changed, deleting the
    file is not enough. Looked at is whether Git has the file in its index, or would take it with the next `git add .`,
    and whether something in it looks like a secret. A file that is named as a template (`.env.example`) is committed by
    custom: used as it is, it brings either its defaults into production or real passwords into the repository.

    Flagged
    -------
        services:
          app:
            image: app:1
            env_file: .env.example

    Fine
    ----
        services:
          app:
            image: app:1
            env_file:
              - path: app.env
                required: false

    Instead
    -------
    Keep the template in the repository, copy it (`cp .env.example .env`) and name the copy in `.gitignore` and
    `.dockerignore`. Take a committed file out with `git rm --cached FILE`, and change its passwords. Passwords are kept
    best by `secrets:`. Fine to ignore for files that hold nothing but the passwords of a throw-away test database.

    See
    ---
    secrets_in_env · OWASP Docker Security Cheat Sheet, rule 12
    """
    for service in model.services.values():
        for entry in service.env_file_entries:
            found = _named_as_template(model, service, entry) or _in_repository(model, service, entry)
            if found:
                yield found


def _named_as_template(model: ComposeModel, service: Service, entry: EnvFile) -> Finding | None:
    if not entry.path.endswith(TEMPLATES):
        return None
    message = f"{service.name} takes its environment from {entry.path}, which is named as a template."
    return fault(model, entry.place, service.name, message, "Copy it to a file that nobody commits, and name that one.")


def _in_repository(model: ComposeModel, service: Service, entry: EnvFile) -> Finding | None:
    disk = model.disk
    root = repository_root(disk, model.directory) if disk is not None else None
    if disk is None or root is None:
        return None
    path = model.resolve(entry.path)
    if disk.kind(path) != "file":
        return None
    tracked = is_tracked(disk, root, path)
    if tracked is None or (not tracked and _is_ignored(model, root, path)):
        return None
    keys = _secret_keys(model, path)
    if not keys:
        return None
    shown = ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
    words = "is in the repository" if tracked else "is not ignored by Git"
    message = f"{entry.path} of {service.name} {words} and holds {shown}."
    fix = "Take it out with git rm --cached, and change its passwords." if tracked else "Name it in .gitignore."
    found = fault(model, entry.place, service.name, message, fix)
    return found if tracked else replace(found, severity=Severity.INFO, confidence="likely")


def _is_ignored(model: ComposeModel, root: Path, path: Path) -> bool:
    if model.disk is None or root not in path.parents:
        return True
    return is_ignored(path.relative_to(root).as_posix(), ignore_patterns(model.disk, root, path))


def _secret_keys(model: ComposeModel, path: Path) -> list[str]:
    try:
        values = parse_dotenv(model.disk.read(path) if model.disk else b"", path.name, {})
    except InputError:
        return []
    return [key for key, value in values.items() if looks_secret(key, value)]
