"""The look that waits until a Traefik has read its labels and files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from docker_agent.core.errors import CheckFailed
from docker_agent.domains.proxy.changing.checks import THROTTLE_S, WITHIN_S, proxy_loaded
from docker_agent.host.fake import World
from docker_agent.host.models import Answer, Attachment, Container, Mount

API = "http://172.20.0.2:8080/api"
SHOP = {"name": "shop@docker", "status": "enabled"}
BROKEN = {"name": "Shop@docker", "status": "disabled", "error": ["no such service"]}
FILE = {"name": "closed@file", "status": "enabled"}


def world_with(routers: list[dict[str, Any]], *, file: str = "", health: str = "healthy") -> World:
    """A Traefik that reads labels and a folder, and a shop that asks it for a router."""
    networks = (Attachment(network="edge", ip="172.20.0.2"),)
    labels = {"traefik.enable": "true", "Traefik.http.routers.shop.rule": "Host(`shop.test`)"}
    world = World().add(
        Container(
            id="e",
            name="edge",
            image="traefik",
            status="running",
            networks=networks,
            command=("--providers.file.directory=/dyn",),
            mounts=(Mount(kind="bind", source="/shop/edge", target="/dyn"),),
        ),
        Container(id="s", name="s", image="s", status="running", health=health, networks=networks, labels=labels),
    )
    if file:
        world.files[Path("/shop/edge/closed.yaml")] = file.encode()
    show(world, routers)
    return world


def show(world: World, routers: list[dict[str, Any]]) -> None:
    """Have the API show routers of HTTP."""
    world.answers[f"{API}/version"] = Answer(status=200, body=json.dumps({"Version": "3.7.15"}))
    world.answers[f"{API}/http/routers?per_page=1000"] = Answer(status=200, body=json.dumps(routers))


def look(world: World, routers: str = "shop,closed,gone") -> str:
    return proxy_loaded.look(world.host.reads, {"proxy": "edge", "routers": routers}, lambda _line: None)


ROUTER_IN_FILE = "http: {routers: {closed: {rule: Host(`a`), service: a}}}"


@pytest.mark.parametrize(
    ("routers", "file", "said"),
    [
        ([SHOP], "", ""),
        ([SHOP, FILE], ROUTER_IN_FILE, ""),
        ([SHOP, {"name": "other-shop@internal"}], "", ""),
        ([], "", "shop@docker is not there"),
        ([BROKEN], "", "shop@docker is disabled (no such service)"),
        ([SHOP], ROUTER_IN_FILE, "closed@file is not there"),
        ([SHOP, FILE], "", "closed@file is still there"),
        ([SHOP, {"name": "gone@docker"}], "", "gone@docker is still there"),
    ],
)
def test_all_that_is_written_is_waited_for(routers: list[dict[str, Any]], file: str, said: str) -> None:
    world = world_with(routers, file=file)
    if not said:
        assert "has read" in look(world)
        return
    with pytest.raises(CheckFailed) as failure:
        look(world)
    assert said in str(failure.value)
    assert world.clock >= World().clock + WITHIN_S


def test_it_goes_on_as_soon_as_it_is_so() -> None:
    world = world_with([])
    world.later.append((world.clock + 2, lambda world: show(world, [SHOP])))
    assert "has read" in look(world)
    assert world.clock < World().clock + 3
    assert "has read" in look(world_with([], health="starting"))


def test_routes_of_others_that_do_not_serve_are_not_waited_for() -> None:
    world = world_with([BROKEN, {"name": "gone@docker"}], file=ROUTER_IN_FILE)
    assert "has read" in look(world, "other")
    assert world.clock == World().clock


def test_a_file_in_a_folder_below_is_read_too() -> None:
    world = world_with([SHOP, FILE])
    world.files[Path("/shop/edge/more/closed.yaml")] = ROUTER_IN_FILE.encode()
    assert "has read" in look(world)


def test_a_proxy_without_an_api_is_said_to_be_unseen() -> None:
    world = world_with([])
    world.answers.clear()
    assert "not looked at" in look(world)
    assert world.clock == World().clock + THROTTLE_S
