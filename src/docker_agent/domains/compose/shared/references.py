"""What services name elsewhere in the files: networks, volumes, secrets, other services; each with its place."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.nearest import nearest
from docker_agent.core.record import replace
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping, Node, Place, Scalar, Sequence
from docker_agent.project.compose.texts import because_unset
from docker_agent.project.compose.types import Service

_EXTENDED = {"network", "model"}
_NAMESPACES = ("network_mode", "ipc", "pid", "uts")
_MANY, _LONG = 500, 200  # names and characters that are compared for a hint


class Reference(NamedTuple):
    """A name that a service uses; `why` is the key that it stands under, `unset` what in it has no value."""

    name: str
    place: Place
    why: str
    unset: tuple[str, ...] = ()


def names_under(node: Node | None, why: str) -> Iterator[Reference]:
    """The names in a list, in the `source` of its entries, or in the keys of a mapping."""
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield Reference(entry.key.value, entry.key.place, why)
    elif isinstance(node, Sequence):
        for item in node.items:
            said = item.get("source") if isinstance(item, Mapping) else item
            if said is None:
                yield Reference("", item.place, why)
            elif isinstance(said, Scalar):
                yield Reference(said.value, said.place, why, said.unset)


def namespaces(service: Service) -> Iterator[Reference]:
    """The services whose network, processes, memory or host name a service shares."""
    for key in _NAMESPACES:
        node = service.raw.get(key)
        if isinstance(node, Scalar) and node.value.startswith("service:"):
            yield Reference(node.value.removeprefix("service:"), node.place, key, node.unset)


def needed(service: Service) -> Iterator[Reference]:
    """The services that a service names in `depends_on`, `links` and `volumes_from`."""
    yield from names_under(service.raw.get("depends_on"), "depends_on")
    for link in names_under(service.raw.get("links"), "links"):
        yield link._replace(name=link.name.partition(":")[0])
    for source in names_under(service.raw.get("volumes_from"), "volumes_from"):
        if not source.name.startswith("container:"):
            yield source._replace(name=source.name.partition(":")[0])


def undeclared(
    model: ComposeModel, service: Service, kind: str, used: Iterator[Reference], declared: Collection[str]
) -> Iterator[Finding]:
    """A finding for each name that is not declared."""
    for each in used:
        if model.template and each.unset:
            continue  # the platform knows
        if each.name.startswith("x-") and kind in _EXTENDED:
            message = (
                f"{service.name} uses the {kind} {each.name}; Compose takes names that start with x- for extensions."
            )
            yield as_active(model, service, fault(model, each.place, service.name, message, "Give it another name."))
        elif each.name not in declared and is_whole(model):
            message = (
                f"{service.name} uses the {kind} {_named(each)}, which is not declared{because_unset(each.unset)}."
            )
            hint = _set(each) or near(each.name, declared) or f"Declare it under {kind}s:."
            yield as_active(model, service, fault(model, each.place, service.name, message, hint))


def missing_services(model: ComposeModel, service: Service, used: Iterator[Reference]) -> Iterator[Finding]:
    """A finding for each service that another one needs and that is not there, or whose profiles are off."""
    optional = {each.service for each in service.depends_on if not each.required}
    for each in used:
        other = model.services.get(each.name)
        if model.template and each.unset:
            continue
        if other is None and is_whole(model) and not service.extends:
            message = (
                f"{service.name} needs {each.name or 'a service without a name'} ({each.why}), which is no service."
            )
            hint = near(each.name, model.services) or "Correct the name, or add the service."
        elif (
            other is not None and not model.is_active(other) and model.is_active(service) and each.name not in optional
        ):
            profiles = ", ".join(other.profiles)
            message = f"{service.name} needs {each.name} ({each.why}), which only the profile {profiles} starts."
            hint = f"Give {service.name} the profile too, or take it from {each.name}."
        else:
            continue
        yield as_active(model, service, fault(model, each.place, service.name, message, hint))


def is_whole(model: ComposeModel) -> bool:
    """Whether every included file has been read, so that what is not declared is not there."""
    return not any("include" in missing for missing in model.not_looked_at)


def as_active(model: ComposeModel, service: Service, found: Finding) -> Finding:
    """The finding, only a warning for a service whose profiles are off: Compose looks at it when they are on."""
    if model.is_active(service):
        return found
    return replace(found, severity=Severity.WARN, cause=f"Compose refuses this once a profile of {service.name} is on.")


def near(name: str, known: Collection[str]) -> str:
    """The question whether the nearest known name was meant, "" where none is near or looking takes too long."""
    if len(known) > _MANY or len(name) > _LONG:
        return ""
    found = nearest(name, known)
    return f'Did you mean "{found}"?' if found else ""


def _named(each: Reference) -> str:
    return each.name or "without a name"


def _set(each: Reference) -> str:
    return f"Set {each.unset[0]} in .env." if each.unset else ""
