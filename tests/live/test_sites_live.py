"""What the drivers of Nginx and Caddy write, read by the real programs, and how they then answer."""

from __future__ import annotations

import http.client
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from email.message import Message
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from tests.domains.proxy.subjects import CASES
from tests.lab import apps, fixtures, images
from tests.lab.authority import Authority
from tests.live.failures import Broken, broken_project, docker

from docker_agent.core.finding import Severity, worst
from docker_agent.core.plan import Engine
from docker_agent.domains.proxy.driver import Configured, Proxy, all_drivers
from docker_agent.domains.proxy.find import find_proxy
from docker_agent.domains.proxy.route import HealthCheck, Route, Tls
from docker_agent.domains.proxy.state import Kind
from docker_agent.host.engine import connect
from docker_agent.project.workspace import Workspace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

PROJECT = "dalab-sites"
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "routes"
PORTS: dict[Kind, tuple[int, int]] = {"nginx": (28860, 28861), "caddy": (28862, 28863)}
FOLDERS: dict[Kind, str] = {"nginx": "/etc/nginx/conf.d", "caddy": "/etc/caddy"}
CHECKS: dict[Kind, str] = {
    "nginx": "nginx -t -q",
    "caddy": "caddy validate --config /etc/caddy/Caddyfile",
}
SHOP = Route("shop", "web", 8080, hosts=("shop.test", "www.shop.test"))


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_the_programs_take_every_golden_file(kind: Kind, tmp_path: Path) -> None:
    image = images.ensure_image(kind)
    signed = Authority(tmp_path / "certs").certify("shop.example.com", "www.example.com")
    signed.chain.rename(tmp_path / "certs" / "shop.pem")
    signed.key.rename(tmp_path / "certs" / "shop.key")
    tried: list[str] = []
    for case in CASES:
        files = [path for path in (GOLDEN / kind).glob(f"{case}.*") if path.suffix != ".findings"]
        for path in files:
            target = tmp_path / "cases" / case / path.name.removeprefix(f"{case}.")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        tried += [case] if files else []
    folder = FOLDERS[kind]
    each = f'rm -rf {folder}/*; cp /tried/cases/$case/* {folder}; echo "== $case"; {CHECKS[kind]} 2>&1 || echo FAILED'
    script = f"for case in {' '.join(tried)}; do {each}; done"
    names = [f"--add-host={name}:127.0.0.1" for name in ("web", "api", "chat", "blog")]
    mounts = ["-v", f"{tmp_path}:/tried:ro", "-v", f"{tmp_path}/certs:/certs:ro", "--entrypoint", "sh"]
    said = docker("run", "--rm", *names, *mounts, image, "-c", script).stdout
    assert said.count("== ") == len(tried) >= 10, said
    assert "FAILED" not in said, said
    assert kind == "caddy" or "[" not in said, said


@dataclass(frozen=True)
class Answered:
    """What a proxy answered."""

    status: int
    headers: Message
    body: str


class Edge:
    """One proxy of the project, told what to serve and asked as a browser would."""

    def __init__(self, kind: Kind, workspace: Workspace, authority: Authority) -> None:
        self.kind: Kind = kind
        self.workspace, self.authority = workspace, authority
        self.driver = all_drivers()[kind]
        self.changes = connect({**os.environ, **fixtures.engine_environment()}).changes

    @property
    def proxy(self) -> Proxy:
        """The proxy as it is now."""
        return find_proxy(self.workspace, f"{PROJECT}-{self.kind}-1")

    def serve(self, *routes: Route) -> None:
        """Configure routes, one after the other, and have them read."""
        for route in routes:
            done = self.driver.configure(route, self.proxy)
            assert worst(done.findings) is not Severity.ERROR, done.findings
            self.take(done)

    def take(self, done: Configured) -> None:
        """Write what was configured, and have it read."""
        for path, text in done.files.items():
            target = self.workspace.root / path
            target.unlink(missing_ok=True)
            if text is not None:
                target.write_text(text)
        for step in self.driver.reload(self.proxy, "route", "Files changed."):
            assert isinstance(step, Engine)
            self.changes.call(step)

    def ask(
        self,
        path: str = "/",
        host: str = "shop.test",
        headers: Mapping[str, str] | None = None,
        *,
        tls: bool = False,
        method: str = "GET",
    ) -> Answered:
        """One answer, read to its end."""
        client = http.client.HTTPConnection("127.0.0.1", PORTS[self.kind][tls], timeout=10)
        if tls:
            client.connect()
            client.sock = self.authority.client_context().wrap_socket(client.sock, server_hostname=host)
        with closing(client) as connection:
            body = b"x" * 5_000 if method == "POST" else None
            connection.request(method, path, body, {"Host": host, **(headers or {})})
            answer = connection.getresponse()
            return Answered(answer.status, answer.headers, answer.read().decode("utf-8", "replace"))


def seen(answer: Answered) -> dict[str, Any]:
    """What the application saw of a request."""
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Kind, Edge]]:
    """Two replicas of an application behind an Nginx and a Caddy."""
    for name in ("nginx", "caddy"):
        images.ensure_image(name)
    app = apps.ensure_app("1")
    root = tmp_path_factory.mktemp("sites")
    authority = Authority(root / "certs")
    authority.certify("shop.test", "www.shop.test")
    for folder in ("nginx", "caddy"):
        (root / folder).mkdir()
    (root / "caddy" / "Caddyfile").write_text("http://other.test {\n\trespond other\n}\n")
    services = {
        "web": Broken("", f"image: {app}, scale: 2"),
        "api": Broken("", f"image: {app}"),
    }
    for kind, (plain, secure) in PORTS.items():
        places = f"./{kind}:{FOLDERS[kind]}:ro"
        ports = f'"127.0.0.1:{plain}:80", "127.0.0.1:{secure}:443"'
        body = f'image: "{images.tag(kind)}", ports: [{ports}], volumes: ["{places}", "./certs:/certs:ro"]'
        services[kind] = Broken("", body)
    with broken_project(root, PROJECT, services, settle_s=1.0) as workspace:
        docker("start", f"{PROJECT}-web-2")
        yield {kind: Edge(kind, workspace, authority) for kind in PORTS}


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_routes_answer_as_they_say(kind: Kind, both: dict[Kind, Edge]) -> None:
    edge = both[kind]
    word = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$")
    odd = 'a "b" \\ $host {c};'
    before = dict(edge.proxy.files)
    edge.serve(SHOP, replace(SHOP, name="shop-api", service="api", path="/api", strip_path=True))
    first = seen(edge.ask("/deep/x?y=1", headers={"Connection": "close"}))
    assert (first["path"], first["query"], first["headers"]["host"]) == ("/deep/x", "y=1", "shop.test")
    assert first["headers"]["x-forwarded-proto"] == "http"
    assert "path" not in edge.ask(host="nobody.test").body
    assert seen(edge.ask("/api/x"))["path"] == "/x"
    assert seen(edge.ask("/api/x", "www.shop.test"))["host"] != first["host"]
    upgrade = {"Upgrade": "websocket", "Sec-WebSocket-Key": "eA==", "Sec-WebSocket-Version": "13"}
    assert edge.ask(headers={"Connection": "Upgrade", **upgrade}).status == 101

    routers = {router.rule for router in edge.proxy.state.routers}
    assert {rule.rstrip("*/") for rule in routers} >= {"shop.test, www.shop.test", "shop.test, www.shop.test /api"}
    servers = {server.url for service in edge.proxy.state.services for server in service.servers}
    assert servers == {"http://web:8080", "http://api:8080"}

    edge.take(edge.driver.maintenance(SHOP, edge.proxy, '<h1>It costs $5 {soon} "so"</h1>'))
    closed = edge.ask("/deep", method="POST")
    assert (closed.status, closed.headers["Retry-After"]) == (503, "300")
    assert '<h1>It costs $5 {soon} "so"</h1>' in closed.body
    assert seen(edge.ask("/api/x"))["path"] == "/x"
    edge.take(edge.driver.remove("shop-maintenance", edge.proxy))
    assert edge.ask("/deep").status == 200

    edge.serve(replace(SHOP, users=(f"ann:{word}",), headers={"X-Odd": odd, "X-App-Version": "none"}))
    assert edge.ask().status == 401
    answer = edge.ask(headers={"Authorization": "Basic YW5uOnNlY3JldA=="})
    assert (answer.status, answer.headers.get_all("X-Odd")) == (200, [odd])
    assert answer.headers.get_all("X-App-Version") == ["none"]
    edge.serve(replace(SHOP, allow=("192.0.2.0/24",)))
    assert edge.ask().status == 403
    edge.serve(replace(SHOP, body_bytes=1_000, timeout_s=1, health=HealthCheck("/health"), compress=True))
    assert edge.ask(method="POST").status == 413
    assert edge.ask("/slow?ms=2500").status == 504
    assert edge.ask("/" + "x" * 3_000, headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"

    edge.take(edge.driver.remove("shop-api", edge.proxy))
    edge.take(edge.driver.remove("shop", edge.proxy))
    assert edge.proxy.files == before
    assert not [path for path in (edge.workspace.root / kind).iterdir() if path.name != "Caddyfile"]


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_tls_and_what_keeps_a_client(kind: Kind, both: dict[Kind, Edge]) -> None:
    edge = both[kind]
    own = Tls(certificate="/certs/shop.test.pem", key="/certs/shop.test-key.pem", hsts_s=3600)
    edge.serve(replace(SHOP, tls=own, sticky="at"))
    away = edge.ask("/x?y")
    assert away.status in {301, 308}
    assert away.headers["Location"] == "https://shop.test/x?y"
    met = edge.ask(tls=True)
    assert (seen(met)["headers"]["x-forwarded-proto"], met.headers["Strict-Transport-Security"]) == (
        "https",
        "max-age=3600",
    )
    cookie = met.headers["Set-Cookie"].partition(";")[0]
    assert len({seen(edge.ask(headers={"Cookie": cookie}, tls=True))["host"] for _ in range(12)}) == 1
    assert len({seen(edge.ask(tls=True))["host"] for _ in range(24)}) == 2
    edge.serve(replace(SHOP, tls=replace(own, redirect=False)))
    assert edge.ask().status == edge.ask(tls=True).status == 200
    assert {router.tls for router in edge.proxy.state.routers} >= {True}
    edge.take(edge.driver.remove("shop", edge.proxy))


def test_nginx_limits_rates_of_each_client(both: dict[Kind, Edge]) -> None:
    edge = both["nginx"]
    edge.serve(replace(SHOP, rate=1, burst=3))
    statuses = [edge.ask().status for _ in range(8)]
    assert statuses[:4] == [200] * 4
    assert set(statuses[5:]) == {429}
    edge.take(edge.driver.remove("shop", edge.proxy))


def test_a_site_for_every_name(both: dict[Kind, Edge]) -> None:
    for edge in both.values():
        edge.serve(replace(SHOP, hosts=()))
        assert seen(edge.ask(host="any.test"))["path"] == "/"
        edge.take(edge.driver.remove("shop", edge.proxy))
