"""Routes of Nginx and Caddy traced by their files: who gets a request, and what the proxy answers itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.domains.proxy.subjects import SHOP, proxy_of, with_files

from docker_agent.domains.proxy.driver import all_drivers
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


NGINX = """
server { listen 80; server_name a.test .b.test;
  location ^~ /api/ { proxy_pass http://web:8080; }
  location /api/deep/ { proxy_pass http://web:8080; }
  location ~ \\.php$ { proxy_pass http://other:8080; }
  location /static/ { root /srv; }
  location /old { return 301 /new; }
  location /fast/ { fastcgi_pass php:9000; }
  location /spa/ { try_files $uri @app; }
  location @app { proxy_pass http://web:8080; }
  location / { proxy_pass http://web:8080; } }
server { listen 80; server_name c.test; return 410; }
server { listen 80; server_name d.test; if ($host = d.test) { return 301 https://d.test/; } return 404; }
server { listen 80; server_name deep.b.test; location / { proxy_pass http://web:8080; } }
"""
PAGE = Answer(status=404, body="nginx")


@pytest.mark.parametrize(
    ("url", "came", "router", "hop", "words"),
    [
        ("http://a.test/", HELLO, "a.test:80/", "", "works: 200"),
        ("http://a.test/api/x.php", HELLO, "a.test:80/api/", "", "works: 200"),
        ("http://a.test/api/deep/x.php", PAGE, "a.test:80\\.php$", "container", "shop-other-1 is exited"),
        ("http://x.b.test/", HELLO, "*.b.test:80/", "", "works: 200"),
        ("http://deep.b.test/", HELLO, "deep.b.test:80/", "", "works: 200"),
        ("http://a.test/static/x.css", PAGE, "a.test:80/static/", "router", "answers 404 itself: root /srv"),
        (
            "http://a.test/old",
            Answer(status=301, headers={"location": "http://z.test/"}),
            "a.test:80/old",
            "",
            "works: 301",
        ),
        ("http://a.test/fast/", HELLO, "a.test:80/fast/", "", "works: 200"),
        ("http://a.test/spa/", HELLO, "a.test:80/spa/", "", "-> web"),
        ("http://c.test/", Answer(status=410), "c.test:80/", "router", "answers 410 itself: return 410"),
        ("http://d.test/", HELLO, "", "", "works: 200"),
        ("http://nobody.test/", HELLO, "a.test:80/", "", "works: 200"),
        ("http://nobody.test/", PAGE, "a.test:80/", "router", "No server of Nginx (edge) is for nobody.test"),
    ],
)
def test_nginx_takes_the_location_that_it_would(url: str, came: Answer, router: str, hop: str, words: str) -> None:
    found = looked("nginx", NGINX, url, came)

    assert (found.router, [each.hop for each in found.hops if each.state == "broken"]) == (router, [hop] if hop else [])
    assert words in found.verdict


CADDY = """
http:// {
	reverse_proxy other:8080
}
http://*.test {
	reverse_proxy other:8080
}
http://a.test {
	@api {
		path /api/* /V2/*
	}
	@inside remote_ip 10.0.0.0/8
	reverse_proxy web:8080
	handle /exact {
		reverse_proxy other:8080
	}
	reverse_proxy @api other:8080
	reverse_proxy @inside other:8080
	respond /gone 410
}
http://b.test {
	reverse_proxy {$UP}
}
http://c.test {
	handle /x/* {
		reverse_proxy web:8080
	}
}
http://d.test {
	@outside not remote_ip 10.0.0.0/8
	respond @outside 403
	reverse_proxy {up}
}
"""


@pytest.mark.parametrize(
    ("url", "came", "router", "hop", "words"),
    [
        ("http://a.test/", HELLO, "", "", "works: 200"),
        ("http://a.test/v2/x", PAGE, "http://a.test", "container", "shop-other-1 is exited"),
        ("http://a.test/exact", PAGE, "http://a.test/exact", "container", "shop-other-1 is exited"),
        ("http://a.test/exactly", HELLO, "", "", "works: 200"),
        ("http://a.test/gone", Answer(status=410), "http://a.test/gone", "router", "answers 410 itself: respond 410"),
        ("http://b.test/", HELLO, "http://b.test", "", "-> web"),
        ("http://c.test/X/y", HELLO, "http://c.test/x", "", "-> web"),
        ("http://c.test/", NOTHING, "http://c.test", "router", "itself: an empty answer"),
        ("http://d.test/", HELLO, "http://d.test", "", "works: 200"),
        ("http://d.test/", Answer(status=403), "", "", "works: 403"),
    ],
)
def test_caddy_takes_the_site_and_directive_that_it_would(
    url: str, came: Answer, router: str, hop: str, words: str
) -> None:
    found = looked("caddy", CADDY, url, came)

    assert (found.router, [each.hop for each in found.hops if each.state == "broken"]) == (router, [hop] if hop else [])
    assert words in found.verdict


@pytest.mark.parametrize("kind", FILES)
def test_a_site_that_maintenance_has_closed_is_said_so(kind: Kind) -> None:
    driver = all_drivers()[kind]
    route = replace(SHOP, name="a-test", hosts=("a.test",))
    proxy = proxy_of(kind)
    for made in (driver.configure(route, proxy), driver.maintenance(route, proxy, "<h1>soon</h1>")):
        proxy = with_files(proxy, made)
        closed = driver.maintenance(route, proxy, "<h1>soon</h1>")
        (text,) = (text for path, text in with_files(proxy, closed).files.items() if "a.test" in path)

        (finding,) = looked(kind, text, "http://a.test/", Answer(status=503, body="<h1>soon</h1>")).findings

        assert "a.test is closed for maintenance" in finding.message
        assert "docker-agent proxy maintenance a.test off" in finding.fix
