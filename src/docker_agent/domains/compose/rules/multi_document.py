"""Files of several documents."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.INFO, area="practice")
def multi_document(model: ComposeModel) -> Iterator[Finding]:
    """A file has several YAML documents, which Compose lays over each other.

    Why
    ---
    Compose merges what stands between two `---` as if it were two files. Most editors, linters and libraries read only
    the first document, or none.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
        ---
        services:
          web:
            restart: always

    Fine
    ----
        ---
        services:
          web:
            image: nginx:1.29
            restart: always

    Instead
    -------
    Write the second one into `compose.override.yaml`, or merge the two.
    """
    before = None
    for document in model.documents:
        if before is document.source:
            place = document.root.place
            yield fault(
                model,
                place,
                document.source.name,
                f"{document.source.name} has another document from line {place.line} on.",
                "Merge it with the first, or put it into a file of its own.",
            )
        before = document.source
