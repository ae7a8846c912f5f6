"""What becomes of each service of a running stack when other files take the place of its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from docker_agent.domains.compose.changes.compared import compared
from docker_agent.domains.compose.graphs.dependencies import edges_of
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import plain_value
from docker_agent.project.compose.types import Resource, Service

Action = Literal["none", "start", "recreate", "restart", "scale", "rebuild", "orphan", "left"]


@dataclass(frozen=True)
class Side:
    """One of the two states: a model and the name of its project."""

    model: ComposeModel
    project: str

    def services(self) -> dict[str, Service]:
        """The services that `up` starts: those without a profile, or with one that is on."""
        return {name: each for name, each in self.model.services.items() if self.model.is_active(each)}

    def full_name(self, kind: str, key: str) -> str:
        """The name of a network or volume on the engine."""
        resources: Mapping[str, Resource] = getattr(self.model, f"{kind}s")
        resource = resources.get(key)
        if resource and (resource.name or resource.external):
            return resource.name or key
        return f"{self.project}_{key}"

    def networks_of(self, service: Service) -> dict[str, str]:
        """The networks of a service by key, with their names on the engine."""
        keys = service.networks or (() if service.network_mode else ("default",))
        return {key: self.full_name("network", key) for key in keys}

    def volumes_of(self, service: Service) -> dict[str, str]:
        """The named volumes of a service by target, with their names on the engine."""
        named = (mount for mount in service.mounts if mount.kind == "volume" and mount.source)
        return {mount.target: self.full_name("volume", mount.source) for mount in named}

    def settings(self, kind: str) -> dict[str, Any]:
        """What the file says of each network or volume in use that is not external, by its name on the engine."""
        used = self.used(kind)
        resources: Mapping[str, Resource] = getattr(self.model, f"{kind}s")
        found: dict[str, Any] = dict.fromkeys(used.values())
        for key, resource in resources.items():
            if resource.external:
                found.pop(self.full_name(kind, key), None)
            elif key in used:
                said = cast("dict[str, Any]", plain_value(self.model.node((f"{kind}s", key))) or {})
                found[used[key]] = {word: value for word, value in said.items() if word != "name"} or None
        return found

    def used(self, kind: str) -> dict[str, str]:
        """The networks or volumes that the services use, by key."""
        keys: dict[str, str] = {}
        for service in self.services().values():
            if kind == "network":
                keys |= self.networks_of(service)
            else:
                named = (mount.source for mount in service.mounts if mount.kind == "volume" and mount.source)
                keys |= {key: self.full_name("volume", key) for key in named}
        return keys


def service_changes(before: Side, after: Side) -> dict[str, tuple[Action, str]]:
    """What happens to each service on `up`, and why, in the order of the new file."""
    old, new = before.services(), after.services()
    if before.project != after.project:
        found: dict[str, tuple[Action, str]] = dict.fromkeys(new, ("start", f"in the new project {after.project}"))
        gone = {name: ("left", f"keeps running in the project {before.project}") for name in old if name not in new}
        return found | cast("dict[str, tuple[Action, str]]", gone)
    renewed = {
        name
        for name, said in after.settings("network").items()
        if name in before.settings("network") and said != before.settings("network")[name]
    }
    found = {}
    for name, service in new.items():
        found[name] = _one(before, after, old.get(name), service, renewed)
    _follow(after, found)
    for name in old:
        if name in after.model.services and name not in new:
            profiles = ", ".join(after.model.services[name].profiles)
            found[name] = ("left", f"is behind the profile {profiles} now; a running container is left alone")
        elif name not in new:
            found[name] = ("orphan", "keeps running until `up --remove-orphans` stops and removes it")
    return found


def _one(before: Side, after: Side, old: Service | None, new: Service, renewed: set[str]) -> tuple[Action, str]:
    if old is None:
        return "start", "is new"
    reasons = _differences(before, after, old, new)
    if reasons:
        return "recreate", "; ".join(reasons)
    again = sorted(renewed & set(after.networks_of(new).values()))
    if again:
        return "restart", f"network {', '.join(again)} is made anew"
    if old.replicas != new.replicas:
        return "scale", f"{old.replicas} > {new.replicas} containers"
    build = ("services", new.name, "build")
    if before.model.value(build) != after.model.value(build):
        return (
            "rebuild",
            "build has changed: takes effect with `up --build`, which recreates it where the image differs",
        )
    return "none", ""


def _differences(before: Side, after: Side, old: Service, new: Service) -> list[str]:
    was, becomes = compared(before.model, old), compared(after.model, new)
    reasons: list[str] = []
    for key in dict.fromkeys([*was, *becomes]):
        one, other = was.get(key), becomes.get(key)
        if one == other:
            continue
        if key == "image":
            reasons.append(f"image {one or 'none'} > {other or 'none'}")
        elif isinstance(one, dict) and isinstance(other, dict):
            reasons.append(f"{key} ({', '.join(_unequal(cast('dict[str, Any]', one), cast('dict[str, Any]', other)))})")
        else:
            reasons.append(key)
    if "volumes" not in {reason.partition(" ")[0] for reason in reasons}:
        reasons += _renamed("volume", before.volumes_of(old), after.volumes_of(new))
    if "networks" not in {reason.partition(" ")[0] for reason in reasons}:
        reasons += _renamed("network", before.networks_of(old), after.networks_of(new))
    return reasons


def _unequal(was: dict[str, Any], becomes: dict[str, Any]) -> list[str]:
    return sorted(
        name for name in {*was, *becomes} if (name in was, was.get(name)) != (name in becomes, becomes.get(name))
    )


def _renamed(kind: str, was: Mapping[str, str], becomes: Mapping[str, str]) -> list[str]:
    both = [key for key in was if key in becomes and was[key] != becomes[key]]
    return [f"{kind} {was[key]} > {becomes[key]}" for key in both]


def _follow(after: Side, found: dict[str, tuple[Action, str]]) -> None:
    """Services that follow another one: made anew with whose namespace or volumes they share, restarted by links."""
    services = after.services()
    edges = [edge for service in services.values() for edge in edges_of(after.model, service)]
    moved = True
    while moved:
        moved = False
        for edge in edges:
            action = found.get(edge.service, ("none", ""))[0]
            if found.get(edge.needs, ("none", ""))[0] != "recreate" or action not in {
                "none",
                "scale",
                "restart",
                "rebuild",
            }:
                continue
            shared = _shares(services[edge.service], edge.needs)
            if shared:
                found[edge.service] = ("recreate", f"{shared} is {edge.needs}, which is made anew")
                moved = True
            elif edge.restart and action == "none":
                found[edge.service] = ("restart", f"{edge.why} names {edge.needs}, which is made anew")
                moved = True


def _shares(service: Service, other: str) -> str:
    for key in ("network_mode", "ipc", "pid"):
        if getattr(service, key) == f"service:{other}":
            return key
    return "volumes_from" if any(source.partition(":")[0] == other for source in service.volumes_from) else ""
