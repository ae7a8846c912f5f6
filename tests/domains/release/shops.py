"""A shop behind each kind of proxy on a fake machine, on which releases are tried."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.sessions import open_shop

from docker_agent.app import Session
from docker_agent.domains.proxy.state import Kind
from docker_agent.host.fake import World
from docker_agent.host.models import Answer, Attachment, Container, Image, Mount, Ran, Reach
from docker_agent.policy.permit import Mode

API = "http://10.0.0.2:8080"
COMPOSE = """\
name: shop
services:
  proxy:
    image: proxy:1
    volumes: [./proxy:{inside}]
  web:
    image: shop/web:1.0  # the version that serves
    expose: ["8080"]
"""
INSIDE: dict[Kind, str] = {"traefik": "/etc/traefik/dynamic", "nginx": "/etc/nginx/conf.d", "caddy": "/etc/caddy"}
FILES: dict[Kind, dict[str, str]] = {
    "traefik": {},
    "nginx": {
        "proxy/shop.conf": "server {\n    listen 80;\n    server_name shop.test;\n    location / {\n"
        "        proxy_pass http://web:8080;\n    }\n}\n"
    },
    "caddy": {"proxy/Caddyfile": "http://shop.test {\n\tencode gzip\n\treverse_proxy web:8080\n}\n"},
}
COMMANDS: dict[Kind, tuple[str, ...]] = {
    "traefik": ("traefik", "--providers.docker=true", "--providers.file.directory=/etc/traefik/dynamic"),
    "nginx": ("nginx", "-g", "daemon off;"),
    "caddy": ("caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"),
}
ROUTER = {
    "name": "shop@docker",
    "provider": "docker",
    "rule": "Host(`shop.test`)",
    "service": "shop",
    "entryPoints": ["websecure"],
    "middlewares": ["auth@docker", "limit"],
    "tls": {"certResolver": "le"},
    "status": "enabled",
}
SERVICE = {
    "name": "shop@docker",
    "type": "loadbalancer",
    "loadBalancer": {
        "servers": [{"url": "http://10.0.0.3:8080"}],
        "passHostHeader": True,
        "sticky": {"cookie": {"name": "kept"}},
    },
    "status": "enabled",
}
PAGES: dict[str, Any] = {
    "version": {"Version": "3.7.15"},
    "http/services?per_page=500": [SERVICE],
    "http/routers?per_page=500": [ROUTER],
}


def container(name: str, service: str, image: str, number: int = 1, **more: Any) -> Container:
    """A running container of the shop."""
    labels = {"com.docker.compose.container-number": str(number)}
    place = Attachment(network="shop_default", ip=f"10.0.0.{2 + number if service == 'web' else 2}", aliases=(service,))
    facts: dict[str, Any] = {"status": "running", "health": "healthy" if service == "web" else "", **more}
    return Container(
        id=(name * 12)[:12],
        name=name,
        image=image,
        image_id=f"sha256:{image}",
        project="shop",
        service=service,
        networks=(place,),
        labels=labels,
        **facts,
    )


def machine(root: Path, kind: Kind, compose: str = COMPOSE, *, new: str = "healthy") -> World:
    """A shop that runs version 1.0, with 1.1 as a local image; `new` is the health that its container will have."""
    world = World()
    inside = INSIDE[kind]
    mount = Mount(kind="bind", source=str(root / "proxy"), target=inside)
    world.add(
        container("shop-proxy-1", "proxy", f"{kind}:1", command=COMMANDS[kind], mounts=(mount,)),
        container("shop-web-1", "web", "shop/web:1.0"),
    )
    for version in ("1.0", "1.1"):
        world.images[version] = Image(id=f"sha256:shop/web:{version}", tags=(f"shop/web:{version}",))
    files = {"compose.yaml": compose.replace("{inside}", inside), **FILES[kind], "proxy/.keep": ""}
    world.files |= {root / name: text.encode() for name, text in files.items()}
    for page, answer in PAGES.items() if kind == "traefik" else ():
        world.answers[f"{API}/api/{page}"] = Answer(status=200, body=json.dumps(answer))
    world.react("docker", "compose", "up", reaction=lambda world, _argv: _start_beside(world, new))
    world.react("docker", "compose", "run")
    world.react("reload")
    for number in (1, 2, 3):
        url = f"http://shop-web-{number}:8080/"
        world.reached["shop-proxy-1", url] = Reach(way="in memory", status=200, seconds=0.01)
    return world


def session(folder: Path, world: World, *, mode: Mode | None = None) -> Session:
    """A session of the shop in which changes are applied."""
    return open_shop(folder, world=world, mode=mode or Mode(yes=True))


def root_of(folder: Path) -> Path:
    """The folder of the shop."""
    return (folder / "shop").resolve()


def proxy_files(world: World, root: Path) -> dict[str, str]:
    """What the proxy reads from the project now."""
    found = {str(path.relative_to(root)): data.decode() for path, data in world.files.items()}
    return {name: text for name, text in found.items() if name.startswith("proxy/") and not name.endswith(".keep")}


def _start_beside(world: World, health: str) -> Ran:
    number = 1 + max(int(name.rpartition("-")[2]) for name in world.containers if "-web-" in name)
    world.add(container(f"shop-web-{number}", "web", "shop/web:1.1", number, health=health, failing_streak=0))
    if health == "unhealthy":
        world.later.append(
            (world.clock + 1, lambda world: world.change(f"shop-web-{number}", health="unhealthy", failing_streak=5))
        )
    return Ran(argv=(), code=0)
