"""Files that are mounted and are not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Mount

# Endings of files that somebody has to write before the first start; a folder is never called so.
WRITTEN = frozenset(
    {".conf", ".cfg", ".cnf", ".ini", ".toml", ".yml", ".yaml", ".json", ".xml", ".properties", ".env", ".sh", ".sql"}
    | {".js", ".ts", ".py", ".rb", ".php", ".crt", ".pem", ".key", ".cer", ".htpasswd", ".template", ".tmpl", ".rules"}
    | {".lua", ".hcl", ".vcl", ".acl", ".list", ".txt", ".service", ".pub"}
)


@rule(severity=Severity.WARN, area="practice")
def bind_source_missing(model: ComposeModel) -> Iterator[Finding]:
    """A file of the project is mounted, and it is not there.

    Why
    ---
    The engine makes an empty folder in its place, which belongs to root. The container finds a folder where it expects
    a file, or no configuration at all, and the error says "is a directory" or "not a directory". Looked at are paths
    inside the project; a folder that is missing is flagged only where it is mounted read-only, since a folder for data
    is made at the first start. With `create_host_path: false` the container is not started, and that is an error.

    Flagged
    -------
        services:
          proxy:
            image: nginx:1.29
            volumes: [./nginx.conf:/etc/nginx/nginx.conf:ro]

    Fine
    ----
        services:
          db:
            image: postgres:17.2
            volumes: [./data:/var/lib/postgresql/data]

    Instead
    -------
    Create the file first, or correct the path: it is relative to the folder of the first compose file.
    """
    disk = model.disk
    if disk is None:
        return
    for service in model.services.values():
        for mount in service.mounts:
            if mount.kind != "bind" or not mount.source.startswith((".", "./", "../")):
                continue
            path = model.resolve(mount.source)
            if not (_expected(mount) or not mount.create_host_path) or disk.kind(path):
                continue
            inside = model.directory in path.parents
            if not inside and mount.create_host_path:
                continue
            found = fault(
                model,
                mount.place,
                service.name,
                f"{service.name} mounts {mount.source}, which is not there.",
                "Create it, or correct the path.",
            )
            yield found if mount.create_host_path else replace(found, severity=Severity.ERROR)


def _expected(mount: Mount) -> bool:
    """Whether something has to be there before the container starts."""
    source, target = PurePosixPath(mount.source), PurePosixPath(mount.target)
    return (
        source.suffix in WRITTEN
        or (mount.read_only and bool(source.name))
        or (target.suffix in WRITTEN and bool(source.suffix))
    )
