"""Compose files read into one mapping: parsing, variables, extends, include and merging, in the order of Compose."""

from __future__ import annotations

import os
from collections.abc import Mapping as Variables
from collections.abc import Sequence
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.core.record import field, mutable, replace
from docker_agent.project.compose.extends import Extending
from docker_agent.project.compose.fill import fill_variables
from docker_agent.project.compose.include import CODE, Including, Reach
from docker_agent.project.compose.nodes import Mapping, Place, Scalar, Source
from docker_agent.project.compose.notes import Document, Notes, Read
from docker_agent.project.compose.overlay import overlay, without_resets
from docker_agent.project.compose.parse import Unreadable, Wrong, parse_nodes, read_source
from docker_agent.project.compose.schema import check_schema
from docker_agent.project.compose.template import braces_in


@mutable
class Layers:
    """Reads files once and lays them over each other.

    Attributes
    ----------
    home: the folder that file names are shown relative to.
    strict: a file that gives no nodes is an error, not a problem.
    template: values in double braces are filled in by somebody else.
    """

    read: Read
    home: Path
    strict: bool = True
    template: bool = False
    notes: Notes = field(default_factory=Notes)
    parsed: dict[Path, list[Document]] = field(default_factory=dict[Path, list[Document]])

    def merged(self, files: Sequence[tuple[Path, Scalar | None]], reach: Reach) -> Mapping | None:
        """The files laid over each other, each with what it extends and includes; None where all are empty.

        Parameters
        ----------
        files: each with the value that names it, None for one that the user named.
        """
        base: Mapping | None = None
        for file, named in files:
            if base:
                # What a later file mends is refused all the same; the last one is looked at with the whole.
                check_schema(self._without_resets(base), self.notes.wrong)
            for document in self._documents(file, named, self.notes.documents):
                root = self._filled(document, reach.variables)
                root = self._extending(reach.variables).applied(root, file, reach.directory)
                if "include" in root.index:
                    including = Including(self.merged, self.read, self.home, self.notes)
                    root = including.applied(root, replace(reach, trail=(*reach.trail, file)))
                base = self._laid(base, root)
        return self._without_resets(base) if base else None

    def _without_resets(self, base: Mapping) -> Mapping:
        tagged = any("!reset" in document.source.text for document in (*self.notes.documents, *self.notes.borrowed))
        found = without_resets(base) if tagged else base
        return found if isinstance(found, Mapping) else base

    def _laid(self, base: Mapping | None, root: Mapping) -> Mapping:
        found = overlay(base, root, (), self.notes.wrong) if base else root
        return found if isinstance(found, Mapping) else root

    def _extending(self, variables: Variables[str, str]) -> Extending:
        lent: dict[Path, Mapping | None] = {}

        def borrow(path: Path, named: Scalar) -> Mapping | None:
            if path not in lent:
                documents = self._documents(path, named, self.notes.borrowed)
                base: Mapping | None = None
                for document in documents:
                    base = self._laid(base, self._filled(document, variables))
                lent[path] = base
            return lent[path]

        return Extending(borrow, self.notes)

    def _filled(self, document: Document, variables: Variables[str, str]) -> Mapping:
        def wrong(place: Place, message: str) -> None:
            self.notes.wrong("interpolation_syntax", place, message)

        found = fill_variables(document.root, variables, self.notes.unknown, wrong)
        return found if isinstance(found, Mapping) else document.root

    def _documents(self, file: Path, named: Scalar | None, kept: list[Document]) -> list[Document]:
        if file not in self.parsed:
            self.parsed[file] = self._read(file, named)
            kept += self.parsed[file]
        return self.parsed[file]

    def _read(self, file: Path, named: Scalar | None) -> list[Document]:
        name = os.path.relpath(file, self.home).replace(os.sep, "/")
        try:
            data = self.read(file)
        except InputError as error:
            if named is None:
                raise
            self.notes.further.append(file)
            gone = isinstance(error.__cause__, FileNotFoundError)
            self.notes.wrong(CODE, named.place, f"{named.value} {'is not there' if gone else 'cannot be read'}")
            return []
        try:
            source = read_source(file, name, data)
            if self.template:
                for match in braces_in(source.text):
                    self.notes.unknown(source.place(*match.span()), match.group(), required=False, words="")
            return _documents_of(source, self.notes.wrong, template=self.template)
        except Unreadable as error:
            if self.strict:
                raise
            if named is not None and name.startswith("../"):
                # Nothing of a file that is none of the project's is shown.
                self.notes.wrong(CODE, named.place, f"{named.value} is no compose file")
                return []
            self.notes.wrong(error.code, error.place, error.words)
            return [Document(error.source, _nothing(error.source))]


def _documents_of(source: Source, wrong: Wrong, *, template: bool) -> list[Document]:
    documents: list[Document] = []
    for node in parse_nodes(source, wrong, template=template):
        if not isinstance(node, Mapping):
            words = ("a compose file is a mapping at the top", 'Start it with "services:".')
            raise Unreadable("services_missing", source, node.start, words)
        documents.append(Document(source, node))
    return documents or [Document(source, _nothing(source))]


def _nothing(source: Source) -> Mapping:
    return Mapping(source, 0, 0, ())
