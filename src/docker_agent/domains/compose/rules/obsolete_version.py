"""The version that nobody reads any more."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.spans import remove_entry
from docker_agent.project.edit.values import Edit


@rule(severity=Severity.INFO, area="practice")
def obsolete_version(model: ComposeModel) -> Iterator[Finding]:
    """The file says a version, which Compose has ignored since 2020.

    Why
    ---
    Compose 2 warns about it on every command and reads every file by the one Compose specification. The number makes
    readers believe that features are missing or that the file needs an old Compose.

    Flagged
    -------
        version: "3.8"
        services:
          web:
            image: nginx:1.29

    Fine
    ----
        services:
          web:
            image: nginx:1.29

    Instead
    -------
    Take the line out. Keep it, and silence this, only where Compose 1 or `docker stack deploy` still reads the file.
    """
    for document in model.documents:
        entry = document.root.index.get("version")
        if entry and not entry.merged:
            yield fault(
                model,
                entry.key.place,
                document.source.name,
                "The key version is obsolete, and Compose warns about it.",
                "Take the line out.",
            )


@obsolete_version.fix("safe")
def remove_version(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take the line out, and the empty lines below it where it is the file's first."""
    for document in model.documents:
        entry = document.root.index.get("version")
        if entry is None or str(entry.key.place) != finding.evidence[0].where or len(document.root.entries) < 2:
            continue
        edit, text = remove_entry(document.root, entry), document.source.text
        rest = text[edit.end :]
        blank = len(rest) - len(rest.lstrip("\r\n")) if not text[: edit.start].strip() else 0
        return [replace(edit, end=edit.end + blank)]
    return []
