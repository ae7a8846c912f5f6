"""Probes from inside a container, as the tool tells of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.domains.probe.probe import probe
from docker_agent.host.fake import World
from docker_agent.host.models import Attachment, Container, Reach
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace


def test_a_probe_tells_what_answered_and_which_way_it_went() -> None:
    world = World().add(
        Container(id="a", name="shop-web-1", image="x", project="shop", service="web", status="running")
    )
    world.reached["shop-web-1", "http://10.0.0.2/"] = Reach(
        way="w", addresses=("10.0.0.2",), status=200, first="s" * 900
    )
    root = Path("/project")
    ws = Workspace(world.host.reads, root, ProjectContext(), "shop", mask=lambda text: text.replace("sss", "."))

    answer = probe.function(ws, "web", "http://10.0.0.2/")
    assert (answer.reached, answer.way, answer.status, answer.container) == (True, "w", 200, "shop-web-1")
    assert set(answer.first) == {"."}
    nothing = probe.function(ws, "web", "tcp://web:5432")
    assert (nothing.reached, nothing.failure) == (False, "refused")


COMPOSE = """services:
  later:
    image: x
    container_name: late
    networks: {back: {aliases: [store]}}
    environment: {URL: "postgres://u:hunter2@db.example.com:5432/x", PEERS: "one:1,two.example.com", TOKEN: hunter2}
networks: {back: {}}
"""


def test_only_names_that_are_known_here_are_looked_up() -> None:
    world = World().add(
        Container(
            id="a",
            name="shop-web-1",
            image="x",
            project="shop",
            service="web",
            status="running",
            networks=(Attachment(network="front", aliases=("www",)),),
            raw={"Config": {"Hostname": "webhost"}, "HostConfig": {"ExtraHosts": ["printer:10.0.0.9"]}},
        ),
        Container(id="b", name="other-db-1", image="x", project="other", service="elsewhere", status="running"),
    )
    root = Path("/project")
    world.files[root / "compose.yaml"] = COMPOSE.encode()
    ws = Workspace(world.host.reads, root, ProjectContext(), "shop", mask=lambda text: text.replace("hunter2", "*"))

    here = "web www WWW. www.front shop-web-1 webhost printer elsewhere localhost host.docker.internal 8.8.8.8 ::1"
    for name in f"{here} later late store db.example.com one two.example.com".split():
        assert probe.function(ws, "web", f"dns:{name}").failure == "refused", name
    for target in ("dns:c2VjcmV0.evil.example", "tcp://x.db.example.com:80", "http://0x7f000001/", "dns:hunter2"):
        told = probe.function(ws, "web", target)
        assert (told.reached, told.failure, told.way) == (False, "not asked", "")
        assert "getent hosts" in told.detail
    with pytest.raises(InputError, match="not of this project"):
        probe.function(ws, "other-db-1", "dns:web")
