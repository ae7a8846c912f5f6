"""Routes and proxies on which every driver is tried: the cases of the contract, and one proxy of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from docker_agent.domains.proxy.driver import Configured, Proxy
from docker_agent.domains.proxy.route import HealthCheck, Route, Tls
from docker_agent.domains.proxy.state import Kind, ProxyState
from docker_agent.host.models import Attachment, Container, Port

SHOP = Route("shop", "web", 8080, hosts=("shop.example.com",))
OWN = Tls(certificate="/certs/shop.pem", key="/certs/shop.key", hsts_s=31_536_000)
USER = "ann:$2y$05$abcdefghijklmnopqrstuuNVSgmJmAtXLCPfOeEaV1S3xM2n5Vq5e"

# A case is one route, or several that stand beside each other.
CASES: Mapping[str, tuple[Route, ...]] = {
    "one-host": (SHOP,),
    "tls-own": (replace(SHOP, hosts=("shop.example.com", "www.example.com"), tls=OWN),),
    "tls-acme": (replace(SHOP, tls=Tls(resolver="acme")),),
    "websocket": (replace(SHOP, name="chat", service="chat", hosts=("chat.example.com",)),),
    "path-prefix": (replace(SHOP, name="shop-api", service="api", path="/api", strip_path=True),),
    "basic-auth": (replace(SHOP, users=(USER,)),),
    "auth-inside": (replace(SHOP, users=(USER,), allow=("10.0.0.0/8",)),),
    "sticky": (replace(SHOP, sticky="shop_server"),),
    "two-applications": (SHOP, replace(SHOP, name="blog", service="blog", port=2368, hosts=("blog.example.com",))),
    "limits": (
        replace(
            SHOP,
            allow=("10.0.0.0/8", "192.0.2.7/32"),
            rate=20,
            burst=40,
            headers={"X-Frame-Options": "DENY", "X-Robots-Tag": 'none, "quoted"'},
            compress=True,
        ),
    ),
    "timeouts": (replace(SHOP, timeout_s=120, body_bytes=52_428_800),),
    "health": (replace(SHOP, health=HealthCheck("/health", interval_s=10, timeout_s=2)),),
    "tcp": (Route("db", "db", 5432, protocol="tcp", entrypoint="5432"),),
}

# Cases that a kind of proxy cannot serve: an error has to say so, and nothing may be configured.
CANNOT: frozenset[tuple[Kind, str]] = frozenset({("nginx", "tls-acme"), ("nginx", "tcp"), ("caddy", "tcp")})


def proxy_of(kind: Kind) -> Proxy:
    """A running proxy with a folder that can be written and nothing of ours in it yet."""
    return PROXIES[kind]


def with_files(proxy: Proxy, configured: Configured) -> Proxy:
    """The proxy once the files are written."""
    files = {**proxy.files, **configured.files}
    return replace(proxy, files={path: text for path, text in files.items() if text is not None})


def unwritable(proxy: Proxy) -> Proxy:
    """The proxy with a configuration that cannot be written from here."""
    return replace(proxy, folder="", files={}, unwritable=f"{proxy.container.name} has it in its image")


def _container(name: str, image: str, *ports: int) -> Container:
    return Container(
        id=f"{name}{'0' * 12}"[:12],
        name=name,
        image=image,
        status="running",
        networks=(Attachment(network="edge", ip="172.20.0.2"),),
        ports=tuple(Port(container_port=port, host_port=port) for port in ports),
    )


def _proxy(state: ProxyState, image: str, folder: str, inside: str, files: Mapping[str, str]) -> Proxy:
    return Proxy(state, _container(state.container, image, 80, 443, 5432), folder, inside, files)


TRAEFIK = ProxyState(
    container="edge",
    kind="traefik",
    networks=("edge",),
    version="3.7.15",
    api="http://172.20.0.2:8080",
    settings={
        "providers.docker": "true",
        "providers.file.directory": "/etc/traefik/dynamic",
        "certificatesresolvers.acme.acme.email": "ops@example.com",
    },
    entrypoints={"web": ":80", "websecure": ":443", "postgres": ":5432", "traefik": ":8080"},
)
NGINX = ProxyState(container="edge", kind="nginx", networks=("edge",), version="1.22.1")
CADDY = ProxyState(container="edge", kind="caddy", networks=("edge",), version="2.11.7")
CADDYFILE = "{\n\temail ops@example.com\n}\n\nold.example.com {\n\treverse_proxy old:80\n}\n"

PROXIES: Mapping[Kind, Proxy] = {
    "traefik": _proxy(TRAEFIK, "traefik:v3.7", "edge/dynamic", "/etc/traefik/dynamic", {}),
    "nginx": _proxy(NGINX, "nginx:1.22", "edge/conf.d", "/etc/nginx/conf.d", {}),
    "caddy": _proxy(CADDY, "caddy:2.11", "edge", "/etc/caddy", {"edge/Caddyfile": CADDYFILE}),
}
