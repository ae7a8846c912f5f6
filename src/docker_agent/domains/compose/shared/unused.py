"""Networks, volumes, secrets and configs that the file declares and nothing uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from docker_agent.core.finding import Finding
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping as MappingNode
from docker_agent.project.compose.nodes import Sequence as SequenceNode
from docker_agent.project.compose.texts import has_unset, sources
from docker_agent.project.compose.types import Resource, Service
from docker_agent.project.edit.spans import remove_entry
from docker_agent.project.edit.values import Edit

Kind = Literal["network", "volume", "secret", "config"]


def unused(model: ComposeModel, kind: Kind) -> Iterator[Finding]:
    """The declarations of one kind that no service uses; none where a part of the stack is not known."""
    declared = _declared(model, kind)
    if not declared or not model.services or model.not_looked_at:
        return
    if any(has_unset(service.raw.get(f"{kind}s")) for service in model.services.values()):
        return
    used = used_names(model, kind)
    for key, resource in declared.items():
        if key not in used:
            message = f"The {kind} {key} is declared, and no service uses it."
            yield fault(
                model, resource.place, key, message, "Take the declaration out, or name it where it is missing."
            )


def used_names(model: ComposeModel, kind: Kind) -> set[str]:
    """The declarations of one kind that services use, by key."""
    return {name for service in model.services.values() for name in _USES[kind](service)}


def remove_declaration(model: ComposeModel, kind: Kind, key: str) -> list[Edit]:
    """The edits that take a declaration out of every file, with the section that would be left empty."""
    edits: list[Edit] = []
    for document in model.documents:
        section = document.root.index.get(f"{kind}s")
        if section is None or section.alias or not isinstance(section.value, MappingNode):
            continue
        entry = section.value.index.get(key)
        if entry is None or entry.merged:
            continue
        alone = len(section.value.entries) == 1
        edits.append(remove_entry(document.root, section) if alone else remove_entry(section.value, entry))
    return edits


def _declared(model: ComposeModel, kind: Kind) -> Mapping[str, Resource]:
    match kind:
        case "network":
            return model.networks
        case "volume":
            return model.volumes
        case "secret":
            return model.secrets
        case "config":
            return model.configs


def _networks(service: Service) -> Iterator[str]:
    yield from service.networks or ("default",)
    yield service.network_mode


def _volumes(service: Service) -> Iterator[str]:
    return (mount.source for mount in service.mounts if mount.kind == "volume")


def _secrets(service: Service) -> Iterator[str]:
    yield from service.secrets
    build = service.raw.get("build")
    yield from sources(build.get("secrets") if isinstance(build, MappingNode) else None)


def _configs(service: Service) -> Iterator[str]:
    yield from service.configs
    spec = service.raw.get("credential_spec")
    config = spec.get("config") if isinstance(spec, MappingNode) else None
    if config is not None and not isinstance(config, MappingNode | SequenceNode):
        yield config.value


_USES: dict[Kind, Callable[[Service], Iterator[str]]] = {
    "network": _networks,
    "volume": _volumes,
    "secret": _secrets,
    "config": _configs,
}
