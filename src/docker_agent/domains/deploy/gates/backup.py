"""Data that nobody could bring back is not put at risk."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.domains.compose import data_folder
from docker_agent.domains.deploy.picture import Picture, gate, stands

NONE = frozenset({"", "no", "none", "off", "false", "todo"})
FIX = "Say in .project-context.md how it is backed up (`- Backup: ...`), once a backup was made and tried."


@gate(10)
def backup(picture: Picture) -> Iterator[Finding]:
    """Where a database keeps data, the project context says how it is backed up."""
    said = picture.asks("backup")
    if said is not None and said.strip().lower() not in NONE:
        return
    for service in picture.chosen():
        folder = data_folder(service)
        kept = [mount for mount in service.mounts if mount.source and _holds(mount.target, folder)]
        if folder and kept:
            message = f"{service.name} keeps data in {kept[0].source}, and nothing says how that is backed up."
            yield stands(picture, "gate-backup-missing", service, message, FIX)


def _holds(target: str, folder: str) -> bool:
    return bool(folder) and f"{folder}/".startswith(f"{target.rstrip('/')}/")
