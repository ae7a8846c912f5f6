"""Files with secrets that every user of the host can read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.commit_state import TEMPLATES, commit_state
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Place
from docker_agent.project.disk import Disk
from docker_agent.project.dotenv import parse_dotenv
from docker_agent.project.secrets import looks_secret

FOR_ALL = 0o004


@rule(severity=Severity.INFO, area="security", production=Severity.WARN, hardening=True)
def secrets_world_readable(model: ComposeModel) -> Iterator[Finding]:
    """A file with secrets can be read by every user of the host.

    Why
    ---
    Whoever has any account on the host, or breaks into any of its services, reads the passwords in it. Looked at are
    the files under `env_file` that hold something like a secret, and the files of `secrets`; not those that Git has or
    would take, since they are told by env_file_risk.

    Flagged
    -------
        services:
          app:
            image: app:1
            env_file: open.env

    Fine
    ----
        services:
          app:
            image: app:1
            env_file: [{path: nowhere.env, required: false}]

    Instead
    -------
    `chmod 600 FILE`: Compose reads an env file as the user who calls it. The file of a secret is mounted as it is, so
    that the user inside the container has to read it: give it to that user's number, with 400.
    """
    disk = model.disk
    if disk is None:
        return
    told: set[str] = set()
    for service in model.services.values():
        for entry in service.env_file_entries:
            if entry.path in told or not _is_open(model, disk, entry.path):
                continue
            told.add(entry.path)
            if _holds_secrets(disk, model.resolve(entry.path)):
                yield _found(model, entry.place, service.name, entry.path)
    for secret in model.secrets.values():
        if secret.file and _is_open(model, disk, secret.file):
            yield _found(model, model.place(("secrets", secret.key, "file")), secret.key, secret.file)


def _is_open(model: ComposeModel, disk: Disk, name: str) -> bool:
    """Whether everybody can read a file that env_file_risk does not speak of."""
    if not disk.mode(model.resolve(name)) & FOR_ALL:
        return False
    return not name.endswith(TEMPLATES) and not commit_state(model, name)


def _found(model: ComposeModel, place: Place, name: str, path: str) -> Finding:
    return fault(model, place, name, f"Every user of the host can read {path} of {name}.", f"chmod 600 {path}")


def _holds_secrets(disk: Disk, path: Path) -> bool:
    try:
        variables = parse_dotenv(disk.read(path), path.name, {})
    except InputError:
        return False
    return any(looks_secret(key, value) for key, value in variables.items())
