"""Probes from inside a container, as the tool tells of them."""

from __future__ import annotations

from pathlib import Path

from docker_agent.domains.probe.probe import probe
from docker_agent.host.fake import World
from docker_agent.host.models import Container, Reach
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace


def test_a_probe_tells_what_answered_and_which_way_it_went() -> None:
    world = World().add(
        Container(id="a", name="shop-web-1", image="x", project="shop", service="web", status="running")
    )
    world.reached["shop-web-1", "http://api/"] = Reach(way="w", addresses=("10.0.0.2",), status=200, first="s" * 900)
    root = Path("/project")
    ws = Workspace(world.host.reads, root, ProjectContext(), "shop", mask=lambda text: text.replace("sss", "."))

    answer = probe.function(ws, "web", "http://api/")
    assert (answer.reached, answer.way, answer.status, answer.container) == (True, "w", 200, "shop-web-1")
    assert set(answer.first) == {"."}
    nothing = probe.function(ws, "web", "tcp://db:5432")
    assert (nothing.reached, nothing.failure) == (False, "refused")
