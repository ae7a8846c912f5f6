"""The files that a plan writes or relies on: inside the project, and still what the plan was made from."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Restore, Write
from docker_agent.host.host import Reads
from docker_agent.host.journal import Journal


def check_files(plan: Plan, root: Path, reads: Reads, journal: Journal, *, only_first: bool = False) -> None:
    """Make sure that every file is as the plan expects it, before anything is done.

    Of a plan that is gone on with, a file may also be as the done part has left it. With
    `only_first`, for a way back that a failure takes, only the first file that it writes is looked at; `apply` looks at
    the others when their turn comes, so that an edit of a compose file does not keep the traffic at a version that
    fails.

    Raises
    ------
    InputError: one is outside the project, or changed since.
    """
    for name, expected in plan.inputs.items():
        _check_file(name, root / name, {expected}, plan, reads)
    written = written_before(plan, journal)
    seen: set[Path] = set()
    for step in plan.steps:
        if isinstance(step, Write | Restore):
            path = inside(root, step.path)
            if path in seen or (only_first and seen):
                continue
            if isinstance(step, Write):
                _check_file(step.path, path, {step.before, *step.or_before, *written.get(step.path, ())}, plan, reads)
            elif sha256_of(read_or_none(reads, path)) not in states_of(plan, root, path):
                raise _edited(plan, step.path, journal)
            seen.add(path)


def states_of(plan: Plan, root: Path, path: Path) -> set[str]:
    """SHA-256 of all that a file may hold while the plan puts it back step by step; "" stands for no file."""
    steps = [step for step in plan.steps if isinstance(step, Restore)]
    return {state for step in steps if inside(root, step.path) == path for state in (step.after, step.kept)}


def read_or_none(reads: Reads, path: Path) -> bytes | None:
    """The bytes of a file, none where it is not there; one that is there and cannot be read is no blank page."""
    try:
        return reads.read_file(path)
    except InputError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise


def sha256_of(data: bytes | None) -> str:
    """SHA-256 of a file's bytes, "" for no file."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


def inside(root: Path, path: str) -> Path:
    """A path of the project, with links followed.

    Raises
    ------
    InputError: it leads outside the project's folder.
    """
    try:
        target = (root / path).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{path!r} is no name for a file.", "Name a file inside the project.") from error
    if not target.is_relative_to(root.resolve()):
        raise InputError(f"{path} is outside the project {root}; it is left alone.", "Name a file inside the project.")
    return target


def written_before(plan: Plan, journal: Journal) -> dict[str, set[str]]:
    """SHA-256 of all that the part of the plan which was done already may have written, by file."""
    found: dict[str, set[str]] = {}
    if plan.continues:
        intended = journal.entry(plan.continues).intended
        for index, step in enumerate(plan.steps):
            if isinstance(step, Write) and index in intended:
                found.setdefault(step.path, set()).add(intended[index].removeprefix("none"))
    return found


def _check_file(name: str, path: Path, expected: set[str], plan: Plan, reads: Reads) -> None:
    if sha256_of(read_or_none(reads, path)) in expected:
        return
    planned_anew = not (plan.undoes or plan.continues)
    raise InputError(
        f"{name} changed since the plan was made; nothing was done.",
        "Ask for the plan again." if planned_anew else "Put that edit aside, run this again, and then make it anew.",
    )


def _edited(plan: Plan, name: str, journal: Journal) -> InputError:
    """The refusal to put back a file that somebody edited since: where the copy of it lies."""
    oldest = [step.kept for step in plan.steps if isinstance(step, Restore) and step.path == name][-1]
    copy = journal.folder / "kept" / oldest
    by_hand = f"Compare: diff {shlex.quote(str(copy))} {shlex.quote(name)}; where the copy is wanted, copy it back."
    return InputError(
        f"{name} changed since the plan wrote it; nothing was done.",
        by_hand if oldest else f"{name} was not there before; remove it by hand where it is not wanted.",
    )
