"""Files by which secrets get into a repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.commit_state import TEMPLATES, commit_state
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Place
from docker_agent.project.disk import Disk
from docker_agent.project.dotenv import parse_dotenv
from docker_agent.project.secrets import looks_secret

DEFAULT = (".env", "./.env")


@rule(severity=Severity.WARN, area="security")
def env_file_risk(model: ComposeModel) -> Iterator[Finding]:
    """A file with secrets is part of the repository, or is one command away from it.

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
            if entry.path.endswith(TEMPLATES):
                message = f"{service.name} takes its environment from {entry.path}, which is named as a template."
                yield fault(model, entry.place, service.name, message, "Copy it to a file that nobody commits.")
    if model.disk is not None:
        yield from _in_repository(model, model.disk)


def _in_repository(model: ComposeModel, disk: Disk) -> Iterator[Finding]:
    secrets = {secret.file for secret in model.secrets.values()}
    told: set[str] = set()
    for text, name, place in _files(model):
        state = "" if text in told else commit_state(model, text)
        if not state:
            continue
        told.add(text)
        keys = [f"the secret {name}"] if text in secrets else _secret_keys(disk, model.resolve(text))
        if not keys:
            continue
        file = text if name == text else f"{text} of {name}"
        shown = ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
        if state == "tracked":
            fix = f"git rm --cached {text}, name it in .gitignore, and change its passwords."
            yield fault(model, place, name, f"{file} is in the repository and holds {shown}.", fix)
        else:
            message = f"{file} is not ignored by Git and holds {shown}."
            found = fault(model, place, name, message, f"Add {PurePosixPath(text).name} to .gitignore.")
            yield replace(found, severity=Severity.INFO, confidence="likely")


def _files(model: ComposeModel) -> Iterator[tuple[str, str, Place]]:
    """The files that may hold secrets, with what uses them and the place that says so."""
    for service in model.services.values():
        for entry in service.env_file_entries:
            if not entry.path.endswith(TEMPLATES):
                yield entry.path, service.name, entry.place
    for secret in model.secrets.values():
        if secret.file:
            yield secret.file, secret.key, model.place(("secrets", secret.key, "file"))
    if not any(entry.path in DEFAULT for service in model.services.values() for entry in service.env_file_entries):
        yield DEFAULT[0], DEFAULT[0], model.root.place


def _secret_keys(disk: Disk, path: Path) -> list[str]:
    try:
        values = parse_dotenv(disk.read(path), path.name, {})
    except InputError:
        return []
    return [key for key, value in values.items() if looks_secret(key, value)]
