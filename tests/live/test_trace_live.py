"""Routes broken on purpose behind real proxies: exactly the broken hop is named, and nothing where a route works."""

from __future__ import annotations

import datetime as dt
import functools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme
from tests.lab import apps, fixtures, images
from tests.lab.authority import Authority
from tests.live.failures import Broken, broken_project, docker

from docker_agent.core.plan import Check
from docker_agent.domains.proxy.changing.answers import route_answers
from docker_agent.domains.proxy.entry import find_entry
from docker_agent.domains.proxy.trace import Traced, trace
from docker_agent.host.check import run_check
from docker_agent.host.engine import connect
from docker_agent.project.workspace import Workspace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

PROJECT = "dalab-trace"
WEB, SECURE, NGINX, CADDY = 28890, 28891, 28892, 28893
APP = "image: docker-agent-lab/app:1, init: true, healthcheck: {disable: true}"


def behind(name: str, *labels: str, body: str = APP, rule: str = "", port: int = 8080, more: str = "") -> Broken:
    """A service with a router and a service of this name."""
    written = [
        "traefik.enable=true",
        f"traefik.http.routers.{name}.rule={rule or f'Host(`{name}.test`)'}",
        f"traefik.http.services.{name}.loadbalancer.server.port={port}",
        *labels,
    ]
    quoted = ", ".join(f"'{label}'" for label in written)
    return Broken("", f"{body}, labels: [{quoted}]{', ' if more else ''}{more}")


def option(name: str, text: str) -> str:
    """A label of a router."""
    return f"traefik.http.routers.{name}.{text}"


def proxies() -> dict[str, Broken]:
    """The three proxies."""
    socket = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    words = (
        "--providers.docker.exposedbydefault=false",
        f"--providers.docker.constraints=Label(`com.docker.compose.project`,`{PROJECT}`)",
        "--providers.file.directory=/dyn",
        *("--entrypoints.web.address=:80", "--entrypoints.websecure.address=:443", "--api.insecure=true"),
    )
    command = ", ".join(f'"{word}"' for word in words)
    return {
        "traefik": Broken(
            "",
            f'image: "docker-agent-lab/traefik:3.7.15", command: [{command}], '
            f'ports: ["127.0.0.1:{WEB}:80", "127.0.0.1:{SECURE}:443"], '
            f'volumes: ["{socket}:/var/run/docker.sock", "./dyn:/dyn:ro", "./tls:/tls:ro"]',
        ),
        "nginx": Broken(
            "",
            f'image: "docker-agent-lab/nginx:1.22", ports: ["127.0.0.1:{NGINX}:80"], '
            'volumes: ["./conf.d:/etc/nginx/conf.d:ro"]',
        ),
        "caddy": Broken(
            "",
            f'image: "docker-agent-lab/caddy:2.11.7", ports: ["127.0.0.1:{CADDY}:80"], '
            'volumes: ["./caddy:/etc/caddy:ro"]',
        ),
    }


SERVICES = {
    "good": behind("good", option("good", "middlewares=limit@file")),
    "prefixed": behind("prefixed", rule="Host(`good.test`) && PathPrefix(`/health`)"),
    "wrongnet": behind("wrongnet", more="networks: [back]"),
    "wrongport": behind("wrongport", port=9999),
    "typo": behind("typo", rule="Hots(`typo.test`)"),
    "misspelt": behind("misspelt", rule="Host(`mispelt.test`)"),
    "nomiddle": behind("nomiddle", option("nomiddle", "middlewares=nosuch")),
    "noentry": behind("noentry", option("noentry", "entrypoints=webb")),
    "sick": behind(
        "sick",
        body="image: docker-agent-lab/app:1, init: true",
        more='healthcheck: {test: ["CMD", "false"], interval: 1s, retries: 1}',
    ),
    "local": behind("local", body='command: ["httpd", "-f", "-p", "127.0.0.1:8080"], init: true', port=8080),
    "stopped": Broken("", behind("stopped").body, after=(("stop", "-t", "0", "{}"),)),
    "paused": behind("paused"),
    "tlsonweb": behind("tlsonweb", option("tlsonweb", "entrypoints=web"), option("tlsonweb", "tls=true")),
    "plain": behind("plain", option("plain", "entrypoints=web,websecure")),
    "loop": behind("loop", option("loop", "middlewares=round@file")),
    "failing": behind("failing", body=f'{APP}, environment: {{APP_FAIL: "100"}}'),
    "secure": behind("secure", option("secure", "tls=true"), option("secure", "entrypoints=websecure")),
    "expired": behind("expired", option("expired", "tls=true"), option("expired", "entrypoints=websecure")),
    "other": behind("other", option("other", "tls=true"), option("other", "entrypoints=websecure")),
    "unchecked": behind(
        "unchecked",
        "traefik.http.services.unchecked.loadbalancer.healthcheck.path=/health",
        "traefik.http.services.unchecked.loadbalancer.healthcheck.interval=1s",
        body=f"{APP}, environment: {{APP_HEALTH: bad}}",
    ),
    "pageless": behind("pageless", body='command: ["httpd", "-f", "-p", "8080"], init: true'),
    "forgotten": Broken("", f"{APP}, labels: ['traefik.http.routers.forgotten.rule=Host(`forgotten.test`)']"),
    "mute": Broken("", 'command: ["sleep", "600"], init: true'),
    "slow": Broken("", f'{APP}, environment: {{APP_DELAY_MS: "2500"}}'),
    "away": Broken("", f"{APP}, networks: [back]"),
}
FILES = {
    "dyn/dyn.yaml": (
        "http:\n"
        "  middlewares:\n"
        "    limit: {rateLimit: {average: 100}}\n"
        "    round: {redirectRegex: {regex: '^http://([^/]+)/(.*)$', replacement: 'http://${1}/x${2}'}}\n"
        "  routers:\n"
        "    zero: {rule: Host(`zero.test`), service: zero}\n"
        "    noservice: {rule: Host(`noservice.test`), service: nosuch}\n"
        "  services:\n"
        "    zero: {weighted: {services: [{name: good@docker, weight: 0}]}}\n"
        "tls:\n"
        "  certificates:\n"
        "    - {certFile: /tls/secure.test.pem, keyFile: /tls/secure.test-key.pem}\n"
        "    - {certFile: /tls/expired.test.pem, keyFile: /tls/expired.test-key.pem}\n"
        "  stores:\n"
        "    default:\n"
        "      defaultCertificate: {certFile: /tls/elsewhere.test.pem, keyFile: /tls/elsewhere.test-key.pem}\n"
    ),
    "conf.d/sites.conf": (
        "server { listen 80; server_name good.test; location / { proxy_pass http://good:8080; } }\n"
        "server { listen 80; server_name refused.test; location / { proxy_pass http://mute:8080; } }\n"
        "server { listen 80; server_name slow.test;\n"
        "  location / { proxy_pass http://slow:8080; proxy_read_timeout 1s; } }\n"
        "server { listen 80; server_name away.test; resolver 127.0.0.11;\n"
        "  location / { set $up http://away:8080; proxy_pass $up; } }\n"
    ),
    "caddy/Caddyfile": (
        "http://good.test {\n\treverse_proxy good:8080\n}\n"
        "http://refused.test {\n\treverse_proxy good:8081\n}\n"
        "http://slow.test {\n\treverse_proxy slow:8080 {\n"
        "\t\ttransport http {\n\t\t\tresponse_header_timeout 1s\n\t\t}\n\t}\n}\n"
        "http://away.test {\n\treverse_proxy away:8080\n}\n"
    ),
}
# URL, the one broken hop ("" for none) and words of the verdict.
WANTED: tuple[tuple[str, str, str], ...] = (
    (f"http://good.test:{WEB}/", "", "works: 200"),
    (f"http://good.test:{WEB}/health", "", "prefixed"),
    (f"https://secure.test:{SECURE}/", "", "works: 200"),
    (f"http://wrongnet.test:{WEB}/", "network", "share no network"),
    (f"http://wrongport.test:{WEB}/", "port", "listens on 8080, and Traefik"),
    (f"http://typo.test:{WEB}/", "router", "cannot be read"),
    (f"http://misspelt.test:{WEB}/", "router", "No router"),
    (f"http://nomiddle.test:{WEB}/", "middleware", "nosuch@docker"),
    (f"http://noentry.test:{WEB}/", "router", "webb"),
    (f"http://sick.test:{WEB}/", "container", "unhealthy"),
    (f"http://local.test:{WEB}/", "port", "127.0.0.1:8080 only"),
    (f"http://stopped.test:{WEB}/", "container", "exited"),
    (f"http://paused.test:{WEB}/", "container", "paused"),
    (f"http://tlsonweb.test:{WEB}/", "router", "takes TLS only"),
    (f"https://plain.test:{SECURE}/", "router", "takes plain HTTP only"),
    (f"http://loop.test:{WEB}/", "middleware", "go round"),
    (f"http://failing.test:{WEB}/", "application", "itself answers 500"),
    (f"https://expired.test:{SECURE}/", "tls", "expired"),
    (f"https://other.test:{SECURE}/", "tls", "is for elsewhere.test"),
    (f"http://unchecked.test:{WEB}/", "service", "health check"),
    (f"http://forgotten.test:{WEB}/", "router", "traefik.enable"),
    (f"http://zero.test:{WEB}/", "service", "weight 0"),
    (f"http://noservice.test:{WEB}/", "service", "nosuch"),
    (f"http://nobody.test:{WEB}/", "router", "No router"),
    (f"http://pageless.test:{WEB}/nothing", "application", "itself answers 404"),
    (f"http://good.test:{NGINX}/", "", "works: 200"),
    (f"http://refused.test:{NGINX}/", "port", "mute"),
    (f"http://slow.test:{NGINX}/", "application", "only after"),
    (f"http://nobody.test:{NGINX}/", "", "good.test:80/"),
    (f"http://good.test:{CADDY}/", "", "works: 200"),
    (f"http://refused.test:{CADDY}/", "port", "listens on 8080, and Caddy"),
    (f"http://slow.test:{CADDY}/", "application", "only after"),
    (f"http://nobody.test:{CADDY}/", "router", "No router"),
    (f"http://away.test:{CADDY}/", "network", "share no network"),
)


def write(root: Path) -> Path:
    """Write what the proxies mount; answers the authority's certificate."""
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    authority = Authority(root / "tls")
    authority.certify("secure.test")
    authority.certify("elsewhere.test")
    old = trustme.CA()
    past = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    signed = old.issue_cert("expired.test", not_after=past)
    (root / "tls" / "expired.test.pem").write_bytes(b"".join(part.bytes() for part in signed.cert_chain_pems))
    (root / "tls" / "expired.test-key.pem").write_bytes(signed.private_key_pem.bytes())
    with authority.certificate.open("ab") as trusted:
        trusted.write(old.cert_pem.bytes())
    return authority.certificate


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, Path]]:
    """All routes behind the three proxies."""
    for name in ("traefik", "nginx", "caddy"):
        images.ensure_image(name)
    apps.ensure_app("1")
    root = tmp_path_factory.mktemp("traced")
    ca = write(root)
    services = {**SERVICES, **proxies()}
    networks = "networks: {back: {}}\n"
    with broken_project(root, PROJECT, services, more=networks, settled=is_settled, settle_s=40.0) as workspace:
        paused = docker("pause", f"{PROJECT}-paused-1")
        assert paused.returncode == 0, paused.stderr
        yield workspace, ca


def is_settled() -> bool:
    """Whether Traefik knows every container that it will, and every health check has said something."""
    reads = connect({**os.environ, **fixtures.engine_environment()}).reads
    if any(each.health == "starting" for each in reads.containers(PROJECT)):
        return False
    proxy = reads.container(f"{PROJECT}-traefik-1")
    api = reads.probe(f"http://{proxy.networks[0].ip}:8080/api/http/routers?per_page=100", timeout_s=2).body
    known = {name for name in SERVICES if f'"{name}@docker"' in api}
    return known >= {name for name, case in SERVICES.items() if "traefik.enable" in case.body} - {"sick", "stopped"}


def traced(place: tuple[Workspace, Path], target: str) -> Traced:
    """What the tool says."""
    workspace, ca = place
    return trace.function(workspace, target, ca=str(ca), timeout_s=4.0)


def test_exactly_the_broken_hop_is_named(place: tuple[Workspace, Path]) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(functools.partial(traced, place), [url for url, _, _ in WANTED]))
    wrong: list[str] = []
    for (url, hop, words), found in zip(WANTED, answers, strict=True):
        broken = [each.hop for each in found.hops if each.state == "broken"]
        codes = [finding.code for finding in found.findings]
        wanted = [hop] if hop else []
        if broken != wanted or codes != [f"route-{each}" for each in wanted] or words not in found.verdict:
            wrong.append(f"{url}: expected {hop or 'nothing'} ({words}), found {broken}: {found.verdict}")
        if any(not (each.evidence and each.cause and each.fix) for each in found.findings):
            wrong.append(f"{url}: evidence, cause or fix is missing: {found.findings}")
    assert not wrong, "\n".join(wrong)


def test_a_service_is_enough_and_names_its_url(place: tuple[Workspace, Path]) -> None:
    assert traced(place, "wrongport").url == f"http://wrongport.test:{WEB}/"
    assert [each.code for each in traced(place, "sick").findings] == ["route-container"]


def test_the_check_that_ends_a_plan_holds(place: tuple[Workspace, Path]) -> None:
    workspace, ca = place
    proxy = workspace.host.container(f"{PROJECT}-traefik-1")
    url = "https://secure.test/"
    via = find_entry(proxy, {"web": ":80", "websecure": ":443"}, url).address
    step = Check(name="route-answers", args={"url": url, "via": via, "ca": str(ca), "timeout_s": 5.0}, why="w")
    assert "answers 200" in run_check(step, {"route-answers": route_answers}, workspace.host, lambda _line: None)
