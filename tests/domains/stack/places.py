"""A fake machine with a small stack and a stranger, for the tests of the stack tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docker_agent.host.fake import World
from docker_agent.host.models import Container, Network, Port, Volume
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

ROOT = Path("/project")
COMPOSE = b"""\
name: shop
services:
  web:
    image: web:1
    depends_on: [db]
    healthcheck: {test: "true", interval: 20s, retries: 5, start_period: 60s}
  db:
    image: db:1
    volumes: ["data:/data", "shared:/shared"]
  tools:
    image: tools:1
    profiles: [debug]
volumes:
  data:
  shared: {external: true, name: shared}
"""


def container(name: str, service: str, project: str = "shop", **fields: Any) -> Container:
    """A running container."""
    plain: dict[str, Any] = {
        "id": f"{name.replace('-', '')}0123456789abcdef",
        "name": name,
        "image": f"{service}:1",
        "project": project,
        "service": service,
        "status": "running",
    }
    return Container(**{**plain, **fields})


def shop() -> World:
    """A web server with a port, a database that failed, and a container of another project."""
    world = World()
    world.add(
        container(
            "shop-web-1", "web", health="healthy", ports=(Port(container_port=80, host_ip="::", host_port=8080),)
        ),
        container("shop-db-1", "db", status="exited", exit_code=1, restart_count=2),
        container("blog-web-1", "web", "blog"),
        container("lonely", "", ""),
    )
    world.files[ROOT / "compose.yaml"] = COMPOSE
    labels = {"com.docker.compose.project": "shop"}
    world.networks["shop_default"] = Network(
        id="n", name="shop_default", labels=labels, containers=("shop-web-1", "blog-web-1")
    )
    world.volumes["shop_data"] = Volume(name="shop_data", labels=labels)
    world.volumes["shared"] = Volume(name="shared", labels=labels)
    world.volumes["blog_data"] = Volume(name="blog_data")
    return world


def workspace(world: World, context: ProjectContext | None = None) -> Workspace:
    """The workspace of the shop."""
    return Workspace(host=world.host.reads, root=ROOT, context=context or ProjectContext(), project="shop")
