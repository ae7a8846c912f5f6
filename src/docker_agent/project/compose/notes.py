"""What is noted while compose files are read: the files, what Compose would refuse, and what is not known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from docker_agent.core.record import field, mutable, record
from docker_agent.project.compose.nodes import Mapping, Place, Source
from docker_agent.project.compose.types import Problem, UnsetVariable

Read = Callable[[Path], bytes]


@record
class Document:
    """One YAML document of one file, as written: before interpolation and merging; edits are made from these."""

    source: Source
    root: Mapping


@mutable
class Notes:
    """What reading has met so far.

    Attributes
    ----------
    documents: the files of the stack and what they include, in the order of merging.
    borrowed: files that only lend services by `extends`.
    further: other files that were read or looked for on the way, such as the `.env` of an included file.
    """

    problems: list[Problem] = field(default_factory=list[Problem])
    unset: list[UnsetVariable] = field(default_factory=list[UnsetVariable])
    not_looked_at: list[str] = field(default_factory=list[str])
    documents: list[Document] = field(default_factory=list[Document])
    borrowed: list[Document] = field(default_factory=list[Document])
    further: list[Path] = field(default_factory=list[Path])

    def wrong(self, code: str, place: Place, message: str, near: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(code, place, message, near))

    def unknown(self, place: Place, name: str, required: bool, words: str) -> None:
        """Note a variable without a value."""
        self.unset.append(UnsetVariable(place, name, required, words))
        if required:
            said = f"the variable {name} is required and has no value"
            self.wrong("required_variable", place, f"{said}: {words}".rstrip(".") if words else said)
