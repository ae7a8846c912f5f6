"""Projects in memory, for the tests of what their compose files come to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from docker_agent.host.fake import World
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.disk import HostDisk
from docker_agent.project.stack import open_stack

ROOT = Path("/srv/shop")


def model_of(
    files: Mapping[str, str], *named: str, template: bool | None = None, strict: bool = False, **environment: str
) -> ComposeModel:
    """The model of some of the files, of the first by default."""
    reads = World(files={Path(os.path.normpath(ROOT / name)): text.encode() for name, text in files.items()}).host.reads
    paths = [ROOT / name for name in named or [next(iter(files))]]
    disk = HostDisk(reads)
    return open_stack(
        ROOT, paths, read=reads.read_file, environment=environment, disk=disk, strict=strict, template=template
    ).model


def faults_of(model: ComposeModel) -> list[str]:
    """What Compose would refuse, as CODE PLACE, sorted."""
    return sorted(f"{problem.code} {problem.place}" for problem in model.problems)
