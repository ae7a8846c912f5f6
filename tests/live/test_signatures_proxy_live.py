"""What goes wrong behind Traefik, Nginx and Caddy, made on the real proxies, each recognised by its own signature."""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.lab import fixtures, images
from tests.live.failures import Broken, broken_project, check

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import catalogue, examine
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.apply import Application, Applied
from docker_agent.host.engine import connect
from docker_agent.host.journal import Journal
from docker_agent.project.workspace import Workspace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

PROJECT = "dalab-proxy"
WEB = 'command: ["httpd", "-f", "-p", "8080"], init: true'
PORT = "traefik.http.services.{0}.loadbalancer.server.port=8080"
TRAEFIK_PORT, NGINX_PORT, CADDY_PORT, OLD_PORT = 28790, 28791, 28792, 28793


def app(
    code: str,
    name: str,
    *labels: str,
    web: str = WEB,
    rule: str = "",
    port: str = PORT,
    body: str = "",
    after: tuple[tuple[str, ...], ...] = (),
) -> Broken:
    """A service behind Traefik with a router and a service of this name, and further labels."""
    rules = [f"traefik.http.routers.{name}.rule={rule or f'Host(`{name}`)'}"]
    ports = [port.format(name)] if port else []
    written = ", ".join(f"'{label}'" for label in ["traefik.enable=true", *rules, *ports, *labels])
    return Broken(code, f"{web}, labels: [{written}]{body and ', '}{body}", after=after)


def balancer(name: str, option: str) -> str:
    """A label of a service's load balancer."""
    return f"traefik.http.services.{name}.loadbalancer.{option}"


def traefik_body(version: str, project: str, port: int, *more: str) -> str:
    """A Traefik that reads this project's containers only."""
    socket = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    options = (
        "--providers.docker.exposedbydefault=false",
        f"--providers.docker.constraints=Label(`com.docker.compose.project`,`{project}`)",
        *("--entrypoints.web.address=:80", "--entrypoints.websecure.address=:443"),
        *("--api.insecure=true", "--log.level=DEBUG", *more),
    )
    words = ", ".join(f'"{word}"' for word in options)
    return (
        f'image: "docker-agent-lab/traefik:{version}", command: [{words}], ports: ["127.0.0.1:{port}:80"], '
        f'volumes: ["{socket}:/var/run/docker.sock", "./dyn:/dyn:ro"]'
    )


ROUTED = {
    "good": app("", "good"),
    "unwell": app("tr-404-norouter", "unwell", body='healthcheck: {test: "false", interval: 1s, retries: 1}'),
    "forgotten": Broken("tr-404-norouter", f"{WEB}, labels: ['traefik.http.routers.forgotten.rule=Host(`forgotten`)']"),
    "csa": app("tr-404-conflict-service", "cs"),
    "csb": app("tr-404-conflict-service", "cs", balancer("cs", "healthcheck.path=/x")),
    "cra": app("tr-404-conflict-router", "cr"),
    "crb": app("tr-404-conflict-router", "cr", rule="Host(`other`)"),
    "badrule": app("tr-404-badrule", "badrule", rule="Hots(`badrule`)"),
    "badlabel": app("tr-404-badlabel", "badlabel", balancer("badlabel", "weighted.x=1")),
    "wlabel": app(
        "tr-404-weighted-label", "wlabel", "traefik.http.services.wlabel.weighted.services[0].name=good", port=""
    ),
    "middleware": app("tr-404-middleware", "mid", "traefik.http.routers.mid.middlewares=limit"),
    "entrypoint": app("tr-404-entrypoint", "entry", "traefik.http.routers.entry.entrypoints=webb"),
    "tls": app("tr-404-tls", "tls", "traefik.http.routers.tls.entrypoints=web", "traefik.http.routers.tls.tls=true"),
    "multi": app("tr-404-multi", "multi", balancer("multi2", "server.port=8081")),
    "noport": app("tr-404-noport", "noport", port=""),
    "stopped": app(
        "tr-500-scheme", "stopped", "traefik.docker.allownonrunning=true", after=(("stop", "-t", "0", "{}"),)
    ),
    "refused": app("tr-502-refused", "refused", port=balancer("{0}", "server.port=9999")),
    "local": app("tr-502-refused", "local", web='command: ["httpd", "-f", "-p", "127.0.0.1:8080"], init: true'),
    "down": app(
        "tr-503", "down", balancer("down", "healthcheck.path=/no"), balancer("down", "healthcheck.interval=1s")
    ),
    "apart": app("tr-504-network", "apart", body="networks: [back]"),
    "unnamed": app("tr-504-network", "unnamed", "traefik.docker.network=defaul", body="networks: [back, default]"),
    "https": app("tr-504-tls", "https", balancer("https", "server.scheme=https")),
    "paused": app("tr-hang", "paused", after=(("pause", "{}"),)),
    "cut": app("tr-hang", "cut", after=(("network", "disconnect", f"{PROJECT}_default", "{}"),)),
    "slow": Broken("", 'command: ["sleep", "600"], init: true'),
}
BESIDE = {
    "nginxstale": Broken(
        "ngx-502",
        f'image: "docker-agent-lab/nginx:1.22", ports: ["127.0.0.1:{NGINX_PORT}:80"], '
        """entrypoint: ["sh", "-c", "sleep 2; exec nginx -g 'daemon off;'"], """
        'volumes: ["./refused.conf:/etc/nginx/conf.d/default.conf:ro"]',
    ),
    "nginxname": Broken(
        "ngx-host-not-found",
        'image: "docker-agent-lab/nginx:1.22", volumes: ["./noname.conf:/etc/nginx/conf.d/default.conf:ro"]',
    ),
    "caddy": Broken(
        "caddy-502-lookup",
        f'image: "docker-agent-lab/caddy:2.11.7", ports: ["127.0.0.1:{CADDY_PORT}:80"], '
        'volumes: ["./Caddyfile:/etc/caddy/Caddyfile:ro"]',
    ),
    "caddybad": Broken(
        "caddy-config",
        'image: "docker-agent-lab/caddy:2.11.7", volumes: ["./Badfile:/etc/caddy/Caddyfile:ro"]',
    ),
    "eof": app("", "eof", web='command: ["sh", "-c", "while :; do nc -l -p 8080 </dev/null; done"], init: true'),
}
FIXABLE = {
    *("forgotten", "badrule", "middleware", "entrypoint", "multi", "refused", "unnamed", "https", "paused", "cut"),
    *("stopped", "apart"),
}
FILES = {
    "dyn/dyn.yaml": (
        "http:\n"
        "  routers:\n"
        "    weighted: {rule: Host(`weighted`), service: weighted}\n"
        "    zero: {rule: Host(`zero`), service: zero}\n"
        "  middlewares:\n"
        "    limit: {rateLimit: {average: 100}}\n"
        "  services:\n"
        "    weighted: {weighted: {services: [{name: blue@docker, weight: 0}, {name: good@docker, weight: 100}]}}\n"
        "    zero: {weighted: {services: [{name: good@docker, weight: 0}]}}\n"
    ),
    "refused.conf": "server { listen 80; location / { proxy_pass http://slow:8080; } }\n",
    "noname.conf": "server { listen 80; location / { proxy_pass http://nosuch:8080; } }\n",
    "Caddyfile": (
        "{\n\tadmin 0.0.0.0:2019\n}\n"
        "http://refused {\n\treverse_proxy slow:8080\n}\n"
        "http://lookup {\n\treverse_proxy nosuch:8080\n}\n"
        "http://eof {\n\treverse_proxy eof:8080\n}\n"
        "http://none {\n\treverse_proxy slow:8080 {\n\t\thealth_uri /x\n\t\thealth_interval 1s\n\t}\n}\n"
    ),
    "Badfile": ":80 {\n\trevers_proxy slow:8080\n}\n",
}


def ask(port: int, host: str) -> int:
    """The status that a proxy answers for a host, 0 for none."""
    return _answer(port, host)[0]


def said(port: int, host: str) -> str:
    """What a proxy, or the application behind it, says for a host."""
    return _answer(port, host)[1]


def _answer(port: int, host: str) -> tuple[int, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=3)) as connection:
        try:
            connection.request("GET", "/", headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""


def write(root: Path) -> None:
    """Write what the proxies mount."""
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """All cases behind one Traefik, with an Nginx and a Caddy beside, looked at once."""
    for name in ("traefik", "nginx", "caddy"):
        images.ensure_image(name)
    root = tmp_path_factory.mktemp("proxies")
    write(root)
    body = traefik_body("3.7.15", PROJECT, TRAEFIK_PORT, "--providers.file.directory=/dyn")
    services = {"traefik": Broken("tr-404-weighted-child", body), **ROUTED, **BESIDE}
    with broken_project(root, PROJECT, services, more="networks: {back: {}}\n", settle_s=7.0) as workspace:
        for host in ("lookup", "eof", "none", "refused"):
            ask(CADDY_PORT, host)
        for host in ("eof", "good"):
            ask(TRAEFIK_PORT, host)
        ask(NGINX_PORT, "shop")
        yield collect(workspace)


@pytest.fixture(scope="module")
def findings(snapshot: Snapshot) -> list[Finding]:
    """What all signatures say of that look."""
    return examine(snapshot)


def test_each_failure_is_recognised(snapshot: Snapshot, findings: list[Finding]) -> None:
    assert snapshot.not_looked_at == ()
    check({"traefik": Broken("tr-404-weighted-child", ""), **ROUTED, **BESIDE}, findings)
    codes = {name: {finding.code for finding in findings if finding.object == name} for name in ("traefik", "caddy")}
    assert codes["traefik"] >= {"tr-404-weighted-child", "tr-503", "tr-502-eof"}
    assert codes["caddy"] == {"caddy-502-lookup", "caddy-502-refused", "caddy-502-eof", "caddy-503"}


def test_the_state_of_the_proxies_is_read(snapshot: Snapshot) -> None:
    proxies = {proxy.container: proxy for proxy in snapshot.proxies}
    traefik, caddy = proxies[f"{PROJECT}-traefik-1"], proxies[f"{PROJECT}-caddy-1"]
    assert (traefik.version, traefik.entrypoints["web"]) == ("3.7.15", ":80")
    good = traefik.service("good@docker")
    assert good is not None
    assert [server.tried for server in good.servers] == ["open"]
    dialled = {server.url for service in caddy.services for server in service.servers}
    assert dialled == {"http://slow:8080", "http://nosuch:8080", "http://eof:8080"}


def test_what_can_be_mended_is_said_so(findings: list[Finding]) -> None:
    first = {finding.object: finding for finding in reversed(findings)}
    assert {name for name in ROUTED if name in first and first[name].fixable} == FIXABLE
    assert "listens on 8080" in first["refused"].cause
    assert "127.0.0.1:8080 only" in first["local"].cause
    places = {each.source: each for each in first["refused"].evidence}
    assert places["compose"].where.startswith("compose.yaml:")


OLD = f"{PROJECT}-old"
OWN = f"{PROJECT}-own"
BEHIND = {
    "well": app("", "well", body="networks: [edge]"),
    "badrule": app("tr-404-badrule", "badrule", rule="Hots(`badrule`)", body="networks: [edge]"),
    "badlabel": app("tr-404-badlabel", "badlabel", "traefik.http.routers.badlabel.rul=x", body="networks: [edge]"),
    "noport": app("tr-404-noport", "noport", port="", body="networks: [edge]"),
    "refused": app("tr-502-refused", "refused", port=balancer("{0}", "server.port=9999"), body="networks: [edge]"),
    "apart": app("tr-504-network", "apart"),
}


def carry_out(workspace: Workspace, plan: Plan, journal: Path) -> Applied:
    """Apply a plan as the door would after a yes."""
    host = connect({**os.environ, **fixtures.engine_environment()})
    application = Application(
        plan=plan,
        host=host,
        journal=Journal(journal),
        root=workspace.root,
        resolve=lambda text: text,
        tell=lambda _line: None,
    )
    return application.run(by="test")


def until(question: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Ask until it is so, or time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if question():
            return True
        time.sleep(0.3)
    return False


def test_a_traefik_of_another_project_is_read_and_its_routing_mended(tmp_path: Path) -> None:
    images.ensure_image("traefik-3.2")
    edge, root = tmp_path / "edge", tmp_path / "own"
    for folder in (edge, root):
        folder.mkdir()
    write(edge)
    more = f"networks: {{edge: {{name: {OLD}_default, external: true}}}}\n"
    with (
        broken_project(edge, OLD, {"traefik": Broken("", traefik_body("3.2.3", OWN, OLD_PORT))}, settle_s=0.1),
        broken_project(root, OWN, BEHIND, more=more, settle_s=5.0) as workspace,
    ):
        snapshot = collect(workspace)
        assert (f"{OLD}-traefik-1", "3.2.3") in {(proxy.container, proxy.version) for proxy in snapshot.proxies}
        check(BEHIND, examine(snapshot))
        assert ask(OLD_PORT, "refused") == 502
        for name in ("refused", "apart"):
            snapshot = collect(workspace)
            finding = next(each for each in examine(snapshot) if each.object == name)
            mend = catalogue()[finding.code].mend
            plan = mend(snapshot, finding) if mend else None
            assert plan is not None, finding
            applied = carry_out(workspace, plan, tmp_path / "journal")
            assert (applied.status, applied.verified) == ("applied", True), applied
        # The application knows no page, but it is the application that says so.
        for name in ("refused", "apart"):
            assert until(lambda name=name: said(OLD_PORT, name).startswith("<HTML>")), said(OLD_PORT, name)
        left = {finding.object for finding in examine(collect(workspace))}
        assert not left & {"refused", "apart"}
