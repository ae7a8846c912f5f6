"""The effective compose file as text, with a comment behind each value that says where it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from docker_agent.core.pattern import lazy
from docker_agent.domains.compose.hidden import Hidden
from docker_agent.project.compose.model import ComposeModel, node_at
from docker_agent.project.compose.nodes import Mapping as MappingNode
from docker_agent.project.compose.nodes import Node, Scalar
from docker_agent.project.compose.nodes import Sequence as SequenceNode
from docker_agent.project.edit.render import render_scalar

Path = tuple[str | int, ...]

_NAME = lazy(r"\$(?:\{([A-Za-z_]\w*)|([A-Za-z_]\w*))")
COLUMN = 48


@dataclass(frozen=True)
class Variables:
    """Who sets a variable: the shell wins over the `.env` files."""

    shell: Mapping[str, str]
    dotenv: Mapping[str, str]

    def origin(self, name: str, *, unset: bool) -> str:
        """Where the value of a variable comes from, in words."""
        if name in self.shell:
            return f"{name} from the shell"
        if name in self.dotenv:
            return f"{name} from .env"
        return f"{name} is not set" if unset else f"{name} by default"


def effective_text(model: ComposeModel, variables: Variables, service: str = "") -> str:
    """The merged and interpolated file as YAML, with masks for secrets.

    Parameters
    ----------
    service: only this one and what it uses; everything by default.
    """
    writer = _Writer(model, variables, Hidden(model))
    root = _only(model, service) if service else model.root
    return "\n".join(writer.lines(root, (), 0)) + "\n"


@dataclass(frozen=True)
class _Writer:
    model: ComposeModel
    variables: Variables
    hidden: Hidden

    def lines(self, node: Node, path: Path, indent: int) -> Iterator[str]:
        lead = " " * indent
        match node:
            case MappingNode():
                for entry in node.entries:
                    here = (*path, entry.key.value)
                    yield from self.entry(f"{lead}{render_scalar(entry.key.value)}:", entry.value, here, indent)
            case SequenceNode():
                for number, item in enumerate(node.items):
                    yield from self.item(item, (*path, number), indent)
            case Scalar():
                yield from self.scalar(lead.rstrip(), node, path, indent)
            case _:
                assert_never(node)

    def entry(self, head: str, value: Node, path: Path, indent: int) -> Iterator[str]:
        match value:
            case Scalar():
                yield from self.scalar(head, value, path, indent)
            case MappingNode() if not value.entries:
                yield self.remarked(f"{head} {{}}", value, path)
            case SequenceNode() if not value.items:
                yield self.remarked(f"{head} []", value, path)
            case _:
                yield head
                yield from self.lines(value, path, indent + 2)

    def item(self, item: Node, path: Path, indent: int) -> Iterator[str]:
        lead = " " * indent
        if isinstance(item, Scalar):
            yield from self.scalar(f"{lead}-", item, path, indent)
            return
        inner = list(self.lines(item, path, indent + 2))
        if inner:
            yield f"{lead}- {inner[0].lstrip()}"
            yield from inner[1:]
        else:
            yield self.remarked(f"{lead}- {'{}' if isinstance(item, MappingNode) else '[]'}", item, path)

    def scalar(self, head: str, node: Scalar, path: Path, indent: int) -> Iterator[str]:
        node = self.hidden(node, path)
        value = node.plain
        text = node.value
        if isinstance(value, str) and "\n" in text.rstrip("\n") and not text.startswith((" ", "\n")):
            end = "" if text.endswith("\n") and not text.endswith("\n\n") else "+" if text.endswith("\n") else "-"
            yield self.remarked(f"{head} |{end}", node, path)
            yield from (f"{' ' * (indent + 2)}{line}".rstrip() for line in text.removesuffix("\n").split("\n"))
        else:
            written = "" if value is None else f" {render_scalar(value if isinstance(value, str) else node.value)}"
            if not isinstance(value, str) and value is not None:
                written = f" {node.value}"
            yield self.remarked(f"{head}{written}", node, path)

    def remarked(self, text: str, node: Node, path: Path) -> str:
        place = node.place
        words = [f"{place.file}:{place.line}"]
        words += [f"over {each}" for each in self.below(node, path)]
        if isinstance(node, Scalar) and "$" in node.written:
            plain = node.written.replace("$$", "")
            names = dict.fromkeys(first or second for first, second in _NAME.findall(plain))
            words += [self.variables.origin(name, unset=name in node.unset) for name in names]
        return f"{text:<{COLUMN}}  # {', '.join(words)}"

    def below(self, node: Node, path: Path) -> Iterator[str]:
        """Where the files under the one that won say something else at the same path."""
        if any(isinstance(step, int) for step in path):
            return
        for document in self.model.documents:
            found = node_at(document.root, path)
            if found is not None and (found.source.name, found.start) == (node.source.name, node.start):
                return
            if isinstance(found, Scalar):
                yield f"{found.place.file}:{found.place.line}"


def _only(model: ComposeModel, service: str) -> MappingNode:
    """The root with one service and the networks, volumes, secrets and configs that it uses."""
    wanted = model.services[service]
    used = {
        "services": {service},
        "networks": set(wanted.networks),
        "volumes": {mount.source for mount in wanted.mounts if mount.kind == "volume"},
        "secrets": set(wanted.secrets),
        "configs": set(wanted.configs),
    }
    entries = [
        type(entry)(entry.key, _kept(entry.value, used[entry.key.value]))
        for entry in model.root.entries
        if entry.key.value in used
    ]
    root = model.root
    full = tuple(entry for entry in entries if not (isinstance(entry.value, MappingNode) and not entry.value.entries))
    return MappingNode(root.source, root.start, root.end, full)


def _kept(node: Node, names: set[str]) -> Node:
    if not isinstance(node, MappingNode):
        return node
    entries = tuple(entry for entry in node.entries if entry.key.value in names)
    return MappingNode(node.source, node.start, node.end, entries)
