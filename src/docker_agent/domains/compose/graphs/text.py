"""The graph of a stack as text: a tree for terminals, Mermaid for documents, JSON for programs."""

from __future__ import annotations

import json

from docker_agent.domains.compose.graphs.dependencies import Edge, Graph
from docker_agent.project.compose.types import Service

GATE_WORDS = {"started": "has started", "healthy": "is healthy", "completed": "has completed"}


def as_tree(graph: Graph) -> str:
    """Start-up order as a tree: one branch for each wave, with what each service waits for."""
    count, waves = len(graph.services), len(graph.waves)
    lines = [
        f"{graph.name or 'stack'}: {count} service{'s' * (count != 1)}, started in {waves} wave{'s' * (waves != 1)}"
    ]
    width = max(map(len, graph.services), default=0)
    for number, wave in enumerate(graph.waves, 1):
        lines.append(f"wave {number}")
        for name in wave:
            mark = "└─" if name == wave[-1] else "├─"
            lines.append(f"{mark} {name:<{width}}  {_remarks(graph, graph.services[name])}".rstrip())
    lines += [f"cycle, which Compose refuses: {' > '.join(cycle)}" for cycle in graph.cycles]
    lines += [f"needed and not there: {name}" for name in graph.unknown]
    lines += [f"shared {key}: {', '.join(names)}" for key, names in graph.shared.items()]
    lines += [f"has to be there before: {', '.join(graph.external)}"] if graph.external else []
    return "\n".join(lines)


def _remarks(graph: Graph, service: Service) -> str:
    words = [after(edge) for edge in graph.needs(service.name)]
    if service.profiles:
        words.append(f"only with profile {' or '.join(service.profiles)}")
    return "; ".join(words)


def after(edge: Edge) -> str:
    """What a service waits for, in words."""
    said = f"after {edge.needs} {GATE_WORDS.get(edge.gate, edge.gate)}"
    if edge.why != "depends_on":
        said += f" ({edge.why})"
    return said if edge.required else f"{said} (if it is there)"


def as_mermaid(graph: Graph) -> str:
    """The graph for Mermaid: arrows point to what starts later, dashed where only the start is waited for."""
    ids = {name: f"s{number}" for number, name in enumerate([*graph.services, *graph.unknown])}
    lines = ["flowchart LR"]
    for number, wave in enumerate(graph.waves, 1):
        lines.append(f'  subgraph wave{number}["wave {number}"]')
        for name in wave:
            profiles = graph.services[name].profiles
            more = f"<br/>profile {_quoted(', '.join(profiles))}" if profiles else ""
            lines.append(f'    {ids[name]}["{_quoted(name)}{more}"]')
        lines.append("  end")
    lines += [f'  {ids[name]}["{_quoted(name)} is not there"]' for name in graph.unknown]
    for edge in graph.edges:
        label = edge.gate if edge.why == "depends_on" else edge.why
        arrow = "-.->" if edge.gate == "started" else "==>"
        lines.append(f'  {ids[edge.needs]} {arrow}|"{_quoted(label)}"| {ids[edge.service]}')
    lines += [
        f"  classDef cycle stroke:#c33,stroke-width:3px;\n  class {','.join(ids[name] for name in cycle[:-1])} cycle"
        for cycle in graph.cycles
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


def as_json(graph: Graph) -> str:
    """The graph as one JSON object."""
    edges = [
        {
            "service": edge.service,
            "needs": edge.needs,
            "why": edge.why,
            "gate": edge.gate,
            "required": edge.required,
        }
        for edge in graph.edges
    ]
    services = {
        name: {
            "wave": number,
            "image": service.image,
            "build": service.build is not None,
            "profiles": service.profiles,
            "networks": service.networks,
            "replicas": service.replicas,
        }
        for number, wave in enumerate(graph.waves, 1)
        for name in wave
        if (service := graph.services[name])
    }
    whole = {
        "name": graph.name,
        "services": services,
        "edges": edges,
        "waves": graph.waves,
        "cycles": graph.cycles,
        "shared": graph.shared,
        "external": graph.external,
        "unknown": graph.unknown,
    }
    return json.dumps(whole, indent=2)
