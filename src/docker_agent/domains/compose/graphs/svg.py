"""The graph of a stack as an SVG that reads well on light and dark ground."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from textwrap import wrap

from docker_agent.domains.compose.graphs.dependencies import Edge, Graph
from docker_agent.domains.compose.graphs.layout import Box, Layout, Point, lay_out
from docker_agent.project.compose.types import Service

CHAR, LINE, PAD, MARGIN, HEAD = 7.3, 17.0, 12.0, 24.0, 22.0
LONGEST = 34
NARROWEST = 430.0

STYLE = """
text{font:12px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2937}
.name{font-weight:bold}.soft{fill:#5b6472}.ground{fill:#fff}
.box{fill:#f3f5f8;stroke:#8a94a3}.profile{stroke-dasharray:5 3}.bad{stroke:#c62828;stroke-width:2}
.line{fill:none;stroke:#7a8494;stroke-width:1.5}.started{stroke-dasharray:5 4}
.healthy{stroke:#1f8a4c;stroke-width:2}.completed{stroke:#2563c9;stroke-width:2}.cycle{stroke:#c62828;stroke-width:2}
@media(prefers-color-scheme:dark){text{fill:#e6e9ee}.soft{fill:#a7b0bd}.ground{fill:#14181f}
.box{fill:#222933;stroke:#6b7686}.line{stroke:#8f99a8}.healthy{stroke:#4cc27f}.completed{stroke:#6ea0ff}
.cycle,.bad{stroke:#ff6b6b}}
"""
LEGEND = (
    ("healthy", "waits until healthy"),
    ("completed", "waits until completed"),
    ("started", "waits until started"),
    ("cycle", "closes a cycle"),
)


def as_svg(graph: Graph) -> str:
    """Draw the graph: a column for each wave, an arrow from what is needed to what needs it."""
    columns = [*graph.waves]
    column_of = {name: number for number, wave in enumerate(columns) for name in wave}
    edges = [edge for edge in graph.edges if edge.needs in column_of and edge.needs != edge.service]
    pairs = [(edge.needs, edge.service) for edge in edges]
    drawn = [(one, other) if column_of[one] < column_of[other] else (other, one) for one, other in pairs]
    rows = {name: _rows(service) for name, service in graph.services.items()}
    sizes = {
        name: (max(7, *map(len, said)) * CHAR + 2 * PAD, len(said) * LINE + 2 * PAD * 0.7)
        for name, said in rows.items()
    }
    layout = lay_out(columns, sizes, drawn)
    width = max(layout.width + 2 * MARGIN, NARROWEST)
    notes = list(_notes(graph, int((width - 2 * MARGIN) / CHAR)))
    kinds = [_kind(edge, turned=pair != line) for edge, pair, line in zip(edges, pairs, drawn, strict=True)]
    legend = [entry for entry in LEGEND if entry[0] in kinds]
    top = MARGIN + HEAD
    height = top + layout.height + MARGIN + LINE * (len(legend) + len(notes)) + MARGIN / 2
    size = f'width="{width:.0f}" height="{height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
        f"<title>{escape(graph.name or 'stack')}: services in the order of their start</title>",
        f"<style>{STYLE}</style>",
        f"<defs>{''.join(_arrow(kind) for kind, _ in LEGEND)}</defs>",
        f'<rect class="ground" {size}/>',
        *_heads(layout, columns),
    ]
    for points, kind, pair, line in zip(layout.lines, kinds, pairs, drawn, strict=True):
        parts.append(_curve(points if pair == line else points[::-1], kind, top))
    bad = {name for cycle in graph.cycles for name in cycle}
    parts += [_box(box, rows[name], graph.services[name], top, name in bad) for name, box in layout.boxes.items()]
    parts += _footer(legend, notes, top + layout.height + MARGIN)
    return "\n".join([*parts, "</svg>"])


def _kind(edge: Edge, *, turned: bool) -> str:
    return "cycle" if turned else edge.gate if edge.gate in {"healthy", "completed"} else "started"


def _rows(service: Service) -> list[str]:
    copies = f" x{service.replicas}" if service.replicas != 1 else ""
    rows = [f"{service.name}{copies}", service.image or ("built here" if service.build else "")]
    rows += [f"profile {', '.join(service.profiles)}"] if service.profiles else []
    rows += [service.network_mode] if service.network_mode else []
    return [_cut(row) for row in rows if row]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _notes(graph: Graph, chars: int) -> Iterator[str]:
    said = [f"cycle, which Compose refuses: {' > '.join(cycle)}" for cycle in graph.cycles]
    said += [f"needed and not there: {name}" for name in graph.unknown]
    said += [f"shared {key}: {', '.join(names)}" for key, names in graph.shared.items()]
    said += [f"has to be there before: {', '.join(graph.external)}"] if graph.external else []
    for words in said:
        yield from wrap(words, max(chars, 20), subsequent_indent="  ")


def _heads(layout: Layout, columns: Sequence[Sequence[str]]) -> Iterator[str]:
    for number, column in enumerate(columns, 1):
        box = layout.boxes[column[0]]
        yield f'<text class="soft" x="{MARGIN + box.x:.1f}" y="{MARGIN + 6:.1f}">wave {number}</text>'


def _box(box: Box, rows: Sequence[str], service: Service, top: float, bad: bool) -> str:
    x, y = MARGIN + box.x, top + box.y
    classes = f"box{' profile' if service.profiles else ''}{' bad' if bad else ''}"
    texts = "".join(
        f'<text class="{"soft" if at else "name"}" x="{x + PAD:.1f}" y="{y + PAD * 0.7 + LINE * (at + 0.75):.1f}">'
        f"{escape(row)}</text>"
        for at, row in enumerate(rows)
    )
    corner = f'x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="6"'
    return f'<rect class="{classes}" {corner}/>{texts}'


def _curve(points: Sequence[Point], kind: str, top: float) -> str:
    """A smooth line that leaves and meets every point level."""
    moved = [(MARGIN + x, top + y) for x, y in points]
    path = f"M{moved[0][0]:.1f},{moved[0][1]:.1f}"
    for (x1, y1), (x2, y2) in pairwise(moved):
        middle = (x1 + x2) / 2
        path += f" C{middle:.1f},{y1:.1f} {middle:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
    return f'<path class="line {kind}" d="{path}" marker-end="url(#{kind})"/>'


def _arrow(kind: str) -> str:
    return (
        f'<marker id="{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto" '
        f'markerUnits="userSpaceOnUse"><path class="line {kind}" style="stroke-dasharray:none" d="M1,1 L9,5 L1,9"/>'
        "</marker>"
    )


def _footer(legend: Sequence[tuple[str, str]], notes: Sequence[str], y: float) -> Iterator[str]:
    for at, (kind, words) in enumerate(legend):
        line = y + LINE * (at + 0.5)
        ends = f"M{MARGIN:.1f},{line - 4:.1f} H{MARGIN + 40:.1f}"
        yield f'<path class="line {kind}" d="{ends}" marker-end="url(#{kind})"/>'
        yield f'<text class="soft" x="{MARGIN + 50:.1f}" y="{line:.1f}">{words}</text>'
    for at, words in enumerate(notes, len(legend)):
        yield f'<text class="soft" x="{MARGIN:.1f}" y="{y + LINE * (at + 0.5):.1f}">{escape(words)}</text>'
