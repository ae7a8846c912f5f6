from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.domains.compose.graph import Format, graph
from docker_agent.domains.compose.graphs.dependencies import Graph, graph_of
from docker_agent.domains.compose.graphs.svg import as_svg
from docker_agent.domains.compose.graphs.text import as_tree
from docker_agent.host.fake import World
from docker_agent.project.compose.model import load
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

ROOT = Path("/shop")
SHOP = """
services:
  db: {image: "postgres:17.2", networks: [back], volumes: ["data:/var/lib/postgresql/data"]}
  cache: {image: "redis:7.4", networks: [back]}
  migrate: {image: "api:1", networks: [back], depends_on: {db: {condition: service_healthy}}}
  api:
    build: .
    networks: [front, back]
    depends_on:
      migrate: {condition: service_completed_successfully}
      db: {condition: service_healthy}
      cache: {condition: service_started, required: false}
  web: {image: "nginx:1.29", links: ["api:backend"], networks: [front, proxy]}
  exporter: {image: "exporter:2", network_mode: "service:web", profiles: [metrics]}
  backup: {image: "restic:0.17", volumes: ["data:/data:ro"], volumes_from: ["db:ro", "container:old"]}
networks: {front: , back: , proxy: {external: true, name: edge}}
volumes: {data: }
"""
CYCLE = """
services:
  a: {image: x, depends_on: [b]}
  b: {image: x, depends_on: [c]}
  c: {image: x, depends_on: [a, gone]}
  d: {image: x, depends_on: [c]}
"""


def of(text: str) -> Graph:
    return graph_of(load([ROOT / "compose.yml"], read=lambda _: text.encode(), variables={}))


def drawn(text: str, form: Format) -> str:
    world = World()
    world.files[ROOT / "compose.yml"] = text.encode()
    ws = Workspace(host=world.host.reads, root=ROOT, context=ProjectContext())
    return graph.function(ws, [], form).text


def test_waves_hold_what_starts_together() -> None:
    assert of(SHOP).waves == (
        ("db", "cache"),
        ("migrate", "backup"),
        ("api",),
        ("web",),
        ("exporter",),
    )


def test_every_kind_of_need_is_an_edge() -> None:
    found = {(edge.service, edge.needs, edge.why, edge.gate, edge.required) for edge in of(SHOP).edges}
    assert found == {
        ("migrate", "db", "depends_on", "healthy", True),
        ("api", "migrate", "depends_on", "completed", True),
        ("api", "db", "depends_on", "healthy", True),
        ("api", "cache", "depends_on", "started", False),
        ("web", "api", "links", "started", True),
        ("exporter", "web", "network_mode", "started", True),
        ("backup", "db", "volumes_from", "started", True),
    }


def test_what_is_shared_and_what_has_to_be_there() -> None:
    found = of(SHOP)
    assert found.shared["network back"] == ("db", "cache", "migrate", "api")
    assert found.shared["volume data"] == ("db", "backup")
    assert "network proxy" not in found.shared
    assert found.external == ("network edge",)


def test_a_cycle_is_named_and_the_rest_still_ordered() -> None:
    found = of(CYCLE)
    assert found.cycles == (("a", "b", "c", "a"),)
    assert sorted(name for wave in found.waves for name in wave) == ["a", "b", "c", "d"]
    assert found.unknown == ("gone",)
    assert "a > b > c > a" in as_tree(found)


@pytest.mark.parametrize("text", ["services: {a: {image: x, depends_on: [a]}}", "services: {}"])
def test_odd_stacks_are_drawn_in_every_form(text: str) -> None:
    forms: tuple[Format, ...] = ("tree", "mermaid", "svg", "json")
    assert all(drawn(text, form) for form in forms)


def test_the_tree_says_what_is_waited_for() -> None:
    lines = drawn(SHOP, "tree").splitlines()
    (api,) = [line for line in lines if line.startswith("└─ api")]
    assert api.split("  ", 1)[1].strip() == (
        "after migrate has completed; after db is healthy; after cache has started (if it is there)"
    )
    assert any("exporter" in line and "only with profile metrics" in line for line in lines)


def test_mermaid_has_a_node_for_each_service_and_an_arrow_for_each_need() -> None:
    text = drawn(SHOP, "mermaid")
    assert text.startswith("flowchart LR\n")
    assert len(re.findall(r'^    s\d+\["', text, re.MULTILINE)) == 7
    assert len(re.findall(r"(?:==>|-\.->)\|", text)) == 7
    assert '|"healthy"|' in text


def test_names_cannot_break_out_of_a_drawing() -> None:
    text = """services: {'a"]<script>&': {image: '<b>'}}"""
    assert "<script>" not in drawn(text, "mermaid")
    assert not any(element.tag.endswith("script") for element in elements(drawn(text, "svg")))


def test_json_holds_the_whole_graph() -> None:
    data = json.loads(drawn(SHOP, "json"))
    assert data["services"]["exporter"] == {
        "wave": 5,
        "image": "exporter:2",
        "build": False,
        "profiles": ["metrics"],
        "networks": [],
        "replicas": 1,
    }
    assert len(data["edges"]) == 7


def elements(svg: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter())  # noqa: S314 - our own drawing


def boxes(svg: str) -> list[tuple[float, float, float, float]]:
    found = [element for element in elements(svg) if str(element.get("class", "")).startswith("box")]
    return [tuple(float(element.get(key, "")) for key in ("x", "y", "width", "height")) for element in found]  # pyright: ignore[reportReturnType]


def crossings(svg: str) -> Iterator[tuple[float, float]]:
    """Points on the level parts of lines, which are where a line passes a column."""
    for element in elements(svg):
        if str(element.get("class", "")).startswith("line") and "C" in str(element.get("d")):
            numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", str(element.get("d")))]
            points = list(zip(numbers[::2], numbers[1::2], strict=True))
            ends = [points[0], *points[3::3]]
            yield from (((x1 + x2) / 2, y1) for (x1, y1), (x2, y2) in pairwise(ends) if y1 == y2)


@pytest.mark.parametrize("text", [SHOP, CYCLE])
def test_boxes_do_not_overlap_and_no_line_runs_through_one(text: str) -> None:
    svg = as_svg(of(text))
    found = boxes(svg)
    assert len(found) == len(of(text).services)
    for (x1, y1, w1, h1), (x2, y2, w2, h2) in combinations(found, 2):
        assert x1 + w1 <= x2 or x2 + w2 <= x1 or y1 + h1 <= y2 or y2 + h2 <= y1
    for x, y in crossings(svg):
        assert not any(left < x < left + width and top < y < top + height for left, top, width, height in found)


def test_texts_fit_into_their_boxes() -> None:
    svg = as_svg(of(f"services: {{{'n' * 60}: {{image: '{'i' * 90}'}}}}"))
    ((_, _, width, _),) = boxes(svg)
    texts = [element.text or "" for element in elements(svg) if element.tag.endswith("text")]
    assert all(len(text) * 7.3 < width for text in texts if text[0] in "ni")


def test_without_a_compose_file_the_next_step_is_said() -> None:
    ws = Workspace(host=World().host.reads, root=ROOT, context=ProjectContext())
    with pytest.raises(InputError, match="no compose file"):
        graph.function(ws)
    assert (graph.name, graph.risk) == ("compose_graph", Risk.READ)
