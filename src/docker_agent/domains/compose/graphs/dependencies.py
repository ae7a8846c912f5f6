"""Which service needs which, and in what order they start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from docker_agent.core.record import record
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Service

GATES = {
    "service_healthy": "healthy",
    "service_completed_successfully": "completed",
    "service_started": "started",
}


@record
class Edge:
    """One service's need of another.

    Attributes
    ----------
    why: the key that says it: depends_on, links, volumes_from, network_mode, ipc, pid.
    gate: what the other has to be first: started, healthy or completed.
    """

    service: str
    needs: str
    why: str = "depends_on"
    gate: str = "started"
    required: bool = True
    restart: bool = False


@record
class Graph:
    """The services of a stack and how they hang together.

    Attributes
    ----------
    waves: services that start together, in order; those of a cycle stand where they would without its last need.
    cycles: each with its first service named again at the end; Compose refuses them.
    shared: networks and volumes that several services use, by `network NAME` or `volume NAME`.
    external: what has to be there before the stack starts.
    unknown: services that are needed and not there.
    """

    name: str
    services: Mapping[str, Service]
    edges: tuple[Edge, ...]
    waves: tuple[tuple[str, ...], ...]
    cycles: tuple[tuple[str, ...], ...]
    shared: Mapping[str, tuple[str, ...]]
    external: tuple[str, ...]
    unknown: tuple[str, ...]

    def needs(self, service: str) -> list[Edge]:
        """What one service needs."""
        return [edge for edge in self.edges if edge.service == service]


def graph_of(model: ComposeModel, name: str = "") -> Graph:
    """The graph of a model's services, all profiles included."""
    edges = tuple(edge for service in model.services.values() for edge in edges_of(model, service))
    waves, cycles = start_order(model.services, edges)
    declared = {**model.networks}.values(), {**model.volumes}.values(), model.secrets.values(), model.configs.values()
    return Graph(
        name=name or model.name,
        services=model.services,
        edges=edges,
        waves=waves,
        cycles=cycles,
        shared=_shared(model),
        external=tuple(f"{each.kind} {each.name or each.key}" for group in declared for each in group if each.external),
        unknown=tuple(dict.fromkeys(edge.needs for edge in edges if edge.needs not in model.services)),
    )


def edges_of(model: ComposeModel, service: Service) -> list[Edge]:
    """What a service needs, each other service once: depends_on first, then what other keys imply."""
    found: dict[str, Edge] = {}
    for each in service.depends_on:
        restart = model.value(("services", service.name, "depends_on", each.service, "restart")) is True
        gate = GATES.get(each.condition, each.condition)
        found[each.service] = Edge(service.name, each.service, "depends_on", gate, each.required, restart)
    for why, needs in _implied(service):
        found.setdefault(needs, Edge(service.name, needs, why, restart=why != "volumes_from"))
    return list(found.values())


def _implied(service: Service) -> Iterator[tuple[str, str]]:
    for why, text in (("network_mode", service.network_mode), ("ipc", service.ipc), ("pid", service.pid)):
        if text.startswith("service:"):
            yield why, text.removeprefix("service:")
    for link in service.links:
        yield "links", link.partition(":")[0]
    for source in service.volumes_from:
        if not source.startswith("container:"):
            yield "volumes_from", source.partition(":")[0]


def start_order(
    names: Mapping[str, object], edges: Sequence[Edge]
) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
    """Services in waves, and the cycles among them; each wave needs only what stands in the waves before."""
    needs: dict[str, list[str]] = {name: [] for name in names}
    for edge in edges:
        if edge.service in needs and edge.needs in needs:
            needs[edge.service].append(edge.needs)
    waves: list[tuple[str, ...]] = []
    cycles: list[tuple[str, ...]] = []
    while needs:
        ready = tuple(name for name, before in needs.items() if not any(each in needs for each in before))
        if ready:
            waves.append(ready)
            for name in ready:
                del needs[name]
        else:
            cycle = _cycle(needs)
            cycles.append(cycle)
            needs[cycle[-2]] = [each for each in needs[cycle[-2]] if each != cycle[-1]]
    return tuple(waves), tuple(cycles)


def _cycle(needs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """One cycle among services of which each needs another: walk on until one comes again."""
    path: list[str] = [next(iter(needs))]
    while path[-1] not in path[:-1]:
        path.append(next(each for each in needs[path[-1]] if each in needs))
    return tuple(path[path.index(path[-1]) :])


def _shared(model: ComposeModel) -> dict[str, tuple[str, ...]]:
    users: dict[str, list[str]] = {}
    for service in model.services.values():
        networks = service.networks or (() if service.network_mode else ("default",))
        volumes = {mount.source for mount in service.mounts if mount.kind == "volume" and mount.source}
        for key in (*(f"network {name}" for name in networks), *(f"volume {name}" for name in sorted(volumes))):
            users.setdefault(key, []).append(service.name)
    return {key: tuple(names) for key, names in users.items() if len(names) > 1}
