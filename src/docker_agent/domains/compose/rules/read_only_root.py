"""Containers whose own files can be written."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.images import image_name
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.domains.compose.shared.written import has_unknown, is_derived, place_of
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit, set_service_value

# Where images write besides their data.
WRITES: dict[str, tuple[str, ...]] = {
    "postgres": ("/tmp", "/run/postgresql"),  # noqa: S108 - a folder of the container
    "postgis": ("/tmp", "/run/postgresql"),  # noqa: S108
    "mysql": ("/tmp", "/run/mysqld"),  # noqa: S108
    "mariadb": ("/tmp", "/run/mysqld"),  # noqa: S108
    "nginx": ("/tmp", "/run", "/var/cache/nginx"),  # noqa: S108
    "httpd": ("/tmp", "/usr/local/apache2/logs"),  # noqa: S108
}
USUAL = ("/tmp",)  # noqa: S108


@rule(severity=Severity.INFO, area="security", hardening=True)
def read_only_root(model: ComposeModel) -> Iterator[Finding]:
    """A container may write to its own file system.

    Why
    ---
    An intruder's first step is to store a program and run it; on a read-only file system there is no place for it, and
    the application cannot be changed under the feet of whoever uses it. It also shows what would be lost when the
    container is recreated: whatever writes outside a volume now fails at once instead of being gone one day.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            read_only: true
            tmpfs: [/tmp, /run, /var/cache/nginx]

    Instead
    -------
    Set `read_only: true`, and `tmpfs:` for what is written and may be lost (/tmp, /run, caches). `docker diff NAME`
    lists what a running container has written. Fine to ignore where an image unpacks itself at every start
    (linuxserver.io's older images, Nextcloud, WordPress) or where people work inside (development containers).

    See
    ---
    CIS Docker Benchmark 5.13 · OWASP Docker Security Cheat Sheet, rule 8
    """
    for service in model.services.values():
        if not service.read_only and is_known(service) and not has_unknown(service, "read_only"):
            yield fault(
                model,
                place_of(service, "read_only"),
                service.name,
                f"{service.name} may write to its own file system.",
                "Set read_only: true, with tmpfs for what is written and may be lost.",
            )


@read_only_root.fix("suggest")
def protect(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Make it read-only, with the folders in memory that the image writes to."""
    service = model.services[finding.object]
    if is_derived(model, service):
        return []
    edits = set_service_value(model, service.name, ("read_only",), value=True)
    if "tmpfs" not in service.raw.index:
        mounted = {mount.target.rstrip("/") for mount in service.mounts}
        folders = [path for path in WRITES.get(image_name(service.image), USUAL) if path not in mounted]
        if folders:
            edits += set_service_value(model, service.name, ("tmpfs",), folders)
    return edits
