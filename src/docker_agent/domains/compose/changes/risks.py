"""What a change of compose files does to data, ports, networks, volumes, secrets and configs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from docker_agent.domains.compose.changes.stack_changes import Action, Side
from docker_agent.domains.compose.facts.databases import database_risk
from docker_agent.project.compose.types import Mount, PublishedPort, Service

Changes = Mapping[str, tuple[Action, str]]


def network_changes(before: Side, after: Side) -> Iterator[str]:
    """Networks that are created, made anew or left behind."""
    old, new = before.settings("network"), after.settings("network")
    yield from (f"{name} is created" for name in new if name not in old)
    for name in new:
        if name in old and old[name] != new[name]:
            yield f"{name} has other settings: it is removed and made anew, and its containers are restarted"
    yield from (f"{name} is left until `down`" for name in old if name not in new)


def volume_changes(before: Side, after: Side) -> Iterator[str]:
    """Volumes that are created, keep other settings than the file says, or are left behind."""
    old, new = before.settings("volume"), after.settings("volume")
    yield from (f"{name} is created, empty, unless it is there already" for name in new if name not in old)
    for name in new:
        if name in old and old[name] != new[name]:
            yield f"{name} has other settings: Compose keeps it as it is, or makes it anew and empty if told yes"
    yield from (f"{name} is left with its data, and nothing mounts it" for name in old if name not in new)


def data_at_risk(before: Side, after: Side, changes: Changes) -> Iterator[str]:
    """Data that a service no longer sees, or may not be able to read."""
    old, new = before.services(), after.services()
    for name, service in old.items():
        if name not in new:
            anonymous = any(mount.kind == "volume" and not mount.source for mount in service.mounts)
            if anonymous and changes[name][0] == "orphan":
                yield f"{name} has an anonymous volume: `--remove-orphans` leaves it without a name to find it by"
            continue
        yield from _mount_changes(before, after, service, new[name])
        words = database_risk(service.image, new[name].image)
        if words:
            yield f"{name}: {words}"


def _mount_changes(before: Side, after: Side, old: Service, new: Service) -> Iterator[str]:
    was = {mount.target.rstrip("/"): mount for mount in old.mounts if mount.kind in {"volume", "bind"}}
    becomes = {mount.target.rstrip("/"): mount for mount in new.mounts}
    for target, mount in was.items():
        source = _shown(before, mount)
        other = becomes.get(target)
        if other is None:
            moved = [path for path, each in becomes.items() if _shown(after, each) == source and mount.source]
            if moved:
                yield f"{new.name} finds {source} at {moved[0]} and no longer at {target}"
            elif mount.source:
                yield f"{new.name} no longer mounts {source} at {target}; its data stays where it is"
            else:
                yield f"{new.name} no longer declares a volume at {target}; the old one is left without a name"
        elif not other.source and other.kind == "volume":
            if mount.source and mount.kind == "volume":
                yield f"{new.name} keeps {source} at {target} until the container is removed, then begins empty"
        elif _shown(after, other) != source:
            words = f"{_shown(after, other)} at {target} in place of {source}"
            yield f"{new.name} gets {words}, whose data stays where it is"
    for target, mount in becomes.items():
        if target not in was and mount.kind in {"volume", "bind"}:
            yield f"{new.name} gets {_shown(after, mount)} at {target}: what it wrote there so far is not in it"


def _shown(side: Side, mount: Mount) -> str:
    if mount.kind == "volume":
        return f"the volume {side.full_name('volume', mount.source)}" if mount.source else "an anonymous volume"
    return f"the {mount.kind} {side.model.resolve(mount.source) if mount.source else ''}".rstrip()


def downtime(before: Side, after: Side, changes: Changes) -> Iterator[str]:
    """Published ports that go away or are away for a moment, and services that stop for one."""
    old, new = before.services(), after.services()
    still = {_port(port) for service in new.values() for port in service.ports}
    for name, service in old.items():
        gone = [_port(port) for port in service.ports if port.first and _port(port) not in still]
        if gone and changes.get(name, ("none", ""))[0] not in {"orphan", "left"}:
            yield f"{name} no longer publishes {', '.join(gone)}"
        elif gone:
            yield f"{name} no longer publishes {', '.join(gone)} once it is removed"
    for name, (action, _) in changes.items():
        if action in {"recreate", "restart"} and name in new and name in old:
            ports = [_port(port) for port in new[name].ports if port.first and _port(port) in still]
            grace = new[name].stop_grace_period_s
            wait = 10.0 if grace is None else grace
            there = f", with {', '.join(ports)}" if ports else ""
            words = "made anew" if action == "recreate" else "restarted"
            yield f"{name} is away while it is {words}{there} (at most {wait:g} s to stop)"


def _port(port: PublishedPort) -> str:
    ports = f"{port.first}" if port.first == port.last else f"{port.first}-{port.last}"
    host = f"[{port.host_ip}]:" if ":" in port.host_ip else f"{port.host_ip}:" if port.host_ip else ""
    return f"{host}{ports}/{port.protocol}"


def stale_files(before: Side, after: Side, changes: Changes) -> Iterator[str]:
    """Secrets and configs that changed, while services that have them keep the old ones."""
    for kind in ("secret", "config"):
        for key in getattr(after.model, f"{kind}s"):
            path = (f"{kind}s", key)
            if before.model.node(path) is None or before.model.value(path) == after.model.value(path):
                continue
            users = [each.name for each in after.services().values() if key in getattr(each, f"{kind}s")]
            kept = [name for name in users if changes[name][0] not in {"recreate", "start"}]
            hint = f", which {', '.join(kept)} sees only after `up --force-recreate {' '.join(kept)}`" if kept else ""
            yield f"{kind} {key} has another source{hint}"
