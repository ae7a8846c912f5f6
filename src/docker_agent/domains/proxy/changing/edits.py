"""Changes of compose files for routes: labels of a service, and the network that it shares with the proxy."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Write
from docker_agent.core.record import replace
from docker_agent.project.compose.model import ComposeModel, Document, node_at
from docker_agent.project.compose.nodes import Sequence as SequenceNode
from docker_agent.project.compose.nodes import plain_value
from docker_agent.project.edit.items import append_item, remove_item
from docker_agent.project.edit.steps import write_source
from docker_agent.project.edit.values import Edit, Value, apply_edits, remove_key, set_value
from docker_agent.project.stack import Stack, open_stack
from docker_agent.project.workspace import Workspace

MARK = "\ufeff"


@dataclass
class ComposeEdits:
    """The compose files of a stack, changed one after the other in memory until they become steps of a plan."""

    ws: Workspace
    stack: Stack
    texts: dict[Path, str] = field(default_factory=dict[Path, str])
    model: ComposeModel = field(init=False)

    def __post_init__(self) -> None:
        self.model = self.stack.model

    def labels(self, service: str, labels: Mapping[str, str], gone: Sequence[str] = ()) -> None:
        """Take labels away and set others.

        Parameters
        ----------
        gone: keys; one that ends with a dot means all below it.

        Raises
        ------
        InputError: the labels are shared by an anchor, cannot be edited without changing something else, or one that
            has to go is not written there.
        """
        present = self.model.services[service].labels
        leaving = [key for key in present if key not in labels and _is_named(key, gone)]
        changed = {key: value for key, value in labels.items() if present.get(key) != value}
        written = {key: value.replace("$", "$$") for key, value in changed.items()}
        path = ("services", service, "labels")
        if written and not self._own(service, "labels"):
            self._make(set_value(self.model, path, dict(written)))
        else:
            for key, value in written.items():
                edited = replace(self.model, documents=self._own(service, "labels"))
                self._make(set_value(edited, (*path, key), value))
        for key in leaving:
            self._make(self._without(service, key))
        stayed = [key for key in leaving if key in self.model.services[service].labels]
        if stayed:
            raise InputError(
                f"{service} has the label {stayed[0]} from another service or by a variable, so it cannot be taken "
                "out here.",
                "Take it out by hand.",
            )

    def join(self, service: str, key: str, network: str) -> None:
        """Put a service on a network of the engine, which is an external one where the files do not declare the key.

        The default network need not be declared.
        """
        if key not in {"default", *self.model.networks}:
            named = {} if key == network else {"name": network}
            self._make(set_value(self.model, ("networks", key), {**named, "external": True}))
        path = ("services", service, "networks")
        own = self._own(service, "networks")
        if not own:
            joined: Value = [key] if self.model.value(path) else ["default", key]
            self._make(set_value(self.model, path, joined))
            return
        edited = replace(self.model, documents=own[-1:])
        if isinstance(node_at(own[-1].root, path), SequenceNode):
            self._make(append_item(edited, path, key))
        else:
            self._make(set_value(edited, (*path, key), None))

    def writes(self, why: str) -> list[Write]:
        """The steps that write what changed."""
        sources = [source for source in self.stack.model.sources.values() if source.path in self.texts]
        return [
            write_source(self.ws.root, source, self.texts[source.path], why)
            for source in sources
            if self.texts[source.path] != source.text
        ]

    def way_back(self, why: str) -> list[Write]:
        """The steps that put back what was there, from either state."""
        steps: list[Write] = []
        for source in self.stack.model.sources.values():
            if self.texts.get(source.path, source.text) != source.text:
                back = write_source(self.ws.root, source, source.text, why)
                states = {"before": _sha(self._data(source.path)), "or_before": (back.before,)}
                steps.append(back.model_copy(update=states))
        return steps

    def _own(self, service: str, key: str) -> tuple[Document, ...]:
        """The documents that say something of a service under a key; what it extends does not count."""
        path = ("services", service, key)
        return tuple(each for each in self.model.documents if plain_value(node_at(each.root, path)))

    def _without(self, service: str, key: str) -> list[Edit]:
        """The edits that take a label out of every document that has it, in a mapping or a list."""
        path = ("services", service, "labels")
        edits: list[Edit] = []
        for document in self._own(service, "labels"):
            edited = replace(self.model, documents=(document,))
            labels, item = node_at(document.root, path), node_at(document.root, (*path, key))
            if item is None or not isinstance(labels, SequenceNode):
                edits += remove_key(edited, (*path, key))
            elif len(labels.items) > 1:
                edits.append(remove_item(edited, path, item))
            else:
                edits += remove_key(edited, path)
        return edits

    def _make(self, edits: Sequence[Edit]) -> None:
        if not edits:
            return
        for name in {edit.file for edit in edits}:
            source = self.model.sources[name]
            self.texts[source.path] = apply_edits(source.text, [edit for edit in edits if edit.file == name])
        self.model = open_stack(self.ws.root, self.stack.files, read=self._read, disk=self.stack.model.disk).model

    def _read(self, path: Path) -> bytes:
        return self._data(path) if path in self.texts else self.ws.host.read_file(path)

    def _data(self, path: Path) -> bytes:
        mark = next((each.data[:3] for each in self.stack.model.sources.values() if each.path == path), b"")
        return (MARK if mark == MARK.encode() else "").encode() + self.texts[path].encode()


def _is_named(key: str, gone: Sequence[str]) -> bool:
    return any(key == each or (each.endswith(".") and key.startswith(each)) for each in gone)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
