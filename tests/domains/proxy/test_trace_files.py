"""Routes of Nginx and Caddy traced by their files: who gets a request, and what the proxy answers itself."""

from __future__ import annotations

from pathlib import Path

from docker_agent.domains.proxy.state import Kind
from docker_agent.domains.proxy.trace import Traced, trace
from docker_agent.host.fake import World
from docker_agent.host.models import Answer, Attachment, Container, Mount, Port, Reach
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

FILES: dict[Kind, str] = {"nginx": "/etc/nginx/conf.d/a.conf", "caddy": "/etc/caddy/Caddyfile"}
HELLO = Answer(status=200, body="hello")
NOTHING = Answer(status=200, headers={"server": "Caddy"})


def looked(kind: Kind, text: str, url: str, came: Answer = HELLO, direct: Answer = HELLO) -> Traced:
    """What is said of a URL by a proxy with one file; `web` runs behind it and `other` has ended."""
    inside = Path(FILES[kind])
    proxy = Container(
        id="p",
        name="edge",
        service="edge",
        project="shop",
        image=f"{kind}:1",
        status="running",
        networks=(Attachment(network="front", ip="172.18.0.2"),),
        ports=(Port(container_port=80, host_port=80),),
        mounts=(Mount(kind="bind", source="/srv/shop/edge", target=str(inside.parent)),),
        env=("UP=web:8080",),
    )
    web, other = (
        Container(
            id=name,
            name=f"shop-{name}-1",
            service=name,
            project="shop",
            image="app:1",
            status=status,
            networks=(Attachment(network="front", ip=ip, aliases=(name,)),),
        )
        for name, status, ip in (("web", "running", "172.18.0.3"), ("other", "exited", ""))
    )
    world = World().add(proxy, web, other)
    world.files[Path("/srv/shop/edge") / inside.name] = text.encode()
    world.reached = {("edge", "tcp://web:8080"): Reach(way="in memory")}
    path = url.removeprefix("http://").partition("/")[2]
    world.answers = {
        "tcp://127.0.0.1:80": Answer(status=200),
        f"{url} via 127.0.0.1:80": came,
        f"http://172.18.0.3:8080/{path}": direct,
    }
    ws = Workspace(world.host.reads, Path("/srv/shop"), ProjectContext(), "shop")
    return trace.function(ws, url)


def test_a_password_of_nginx_is_named_and_nothing_is_asked_of_an_api_that_it_has_not() -> None:
    text = "server { listen 80; server_name a.test; location / { auth_basic Shop; proxy_pass http://web:8080; } }"

    found = looked("nginx", text, "http://a.test/", Answer(status=401))

    assert found.findings == ()
    assert "auth_basic Shop" in found.hops[4].said
