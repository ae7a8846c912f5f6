"""Edits of compose files as steps of a plan."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Write
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Source
from docker_agent.project.disk import Disk
from docker_agent.project.edit.files import FileEdit, text_after
from docker_agent.project.edit.values import Edit, apply_edits


def write_step(root: Path, model: ComposeModel, edits: Sequence[Edit], why: str) -> Write:
    """The plan's step that makes edits of one file.

    Raises
    ------
    InputError: no edits, edits of several files, or edits that overlap.
    """
    names = {edit.file for edit in edits}
    if len(names) != 1:
        raise InputError("One step writes one file.", "Make a step for each file that is edited.")
    source = model.sources[names.pop()]
    return write_source(root, source, apply_edits(source.text, edits), why)


def write_source(root: Path, source: Source, text: str, why: str) -> Write:
    """The plan's step that gives a file that was read a new text; a byte order mark stays."""
    path = os.path.relpath(source.path, root).replace(os.sep, "/")
    mark = "\ufeff" if source.data.startswith(b"\xef\xbb\xbf") else ""
    before = hashlib.sha256(source.data).hexdigest()
    return Write(path=path, content=mark + text, before=before, why=why, touches=(f"file:{path}",))


def file_steps(root: Path, edits: Sequence[FileEdit], disk: Disk) -> list[Write]:
    """The plan's steps that make edits of files beside the compose files, one for each file."""
    steps: list[Write] = []
    for path, text in text_after(edits, disk).items():
        mine = [edit for edit in edits if edit.path == path]
        name = os.path.relpath(path, root).replace(os.sep, "/")
        before = hashlib.sha256(disk.read(path)).hexdigest() if disk.kind(path) else ""
        mode = next((edit.mode for edit in mine if edit.mode is not None), None)
        why = " ".join(dict.fromkeys(edit.why for edit in mine))
        steps.append(Write(path=name, content=text, before=before, mode=mode, why=why, touches=(f"file:{name}",)))
    return steps
