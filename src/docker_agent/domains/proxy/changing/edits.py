"""Changes of compose files for routes: labels of a service, and the network that it shares with the proxy."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from docker_agent.core.plan import Write
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Sequence as SequenceNode
from docker_agent.project.edit.items import append_item, remove_item
from docker_agent.project.edit.steps import write_source
from docker_agent.project.edit.values import Edit, Value, apply_edits, remove_service_key, set_service_value, set_value
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
        InputError: the labels are shared by an anchor, or cannot be edited without changing something else.
        """
        present = self.model.services[service].labels
        leaving = [key for key in present if key not in labels and _is_named(key, gone)]
        if leaving and len(leaving) == len(present):
            self._make(remove_service_key(self.model, service, ("labels",)))
            leaving = []
        for key in leaving:
            self._make(self._without(service, key))
        written = {key: value.replace("$", "$$") for key, value in labels.items()}
        if not self.model.services[service].labels:
            self._make(set_service_value(self.model, service, ("labels",), dict(written)) if written else [])
            return
        changed = {key: value for key, value in written.items() if present.get(key) != labels[key]}
        edits = [set_service_value(self.model, service, ("labels", key), value) for key, value in changed.items()]
        self._make([edit for each in edits for edit in each])

    def join(self, service: str, key: str) -> None:
        """Put a service on a network; one that the files do not declare becomes an external one."""
        if key not in self.model.networks:
            self._make(set_value(self.model, ("networks", key), {"external": True}))
        path = ("services", service, "networks")
        node = self.model.node(path)
        if node is None:
            both: Value = ["default", key]
            self._make(set_value(self.model, path, both))
        elif isinstance(node, SequenceNode):
            self._make(append_item(self.model, path, key))
        else:
            self._make(set_value(self.model, (*path, key), None))

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

    def _without(self, service: str, key: str) -> list[Edit]:
        path = ("services", service, "labels")
        node = self.model.node(path)
        if isinstance(node, SequenceNode):
            item = self.model.node((*path, key))
            return [remove_item(self.model, path, item)] if item is not None else []
        return remove_service_key(self.model, service, ("labels", key))

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
