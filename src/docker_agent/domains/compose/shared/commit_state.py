"""Whether Git has a file, or would take it with the next `git add .`."""

from __future__ import annotations

from typing import Literal

from docker_agent.domains.compose.dockerfile.ignore import is_ignored
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.repository import ignore_patterns, is_tracked, repository_root

# Named so, a file is committed by custom.
TEMPLATES = (".example", ".sample", ".dist", ".template", ".tmpl", ".tpl")


def commit_state(model: ComposeModel, name: str) -> Literal["", "open", "tracked"]:
    """What Git does with a file: `tracked`, `open` where the next `git add .` takes it, "" for any other or unknown."""
    disk, path = model.disk, model.resolve(name)
    if disk is None or disk.kind(path) != "file":
        return ""
    root = repository_root(disk, model.directory)
    tracked = None if root is None else is_tracked(disk, root, path)
    if root is None or tracked is None:
        return ""
    if tracked:
        return "tracked"
    ignored = is_ignored(path.relative_to(root).as_posix(), ignore_patterns(disk, root, path))
    return "" if ignored else "open"
