"""Routes traced on a machine in memory: which hop is named broken, with what words and code."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.trace import Traced, trace
from docker_agent.host.fake import World
from docker_agent.host.models import (
    Answer,
    Attachment,
    Certificate,
    Container,
    HealthResult,
    Listener,
    Port,
    Ran,
)
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

API = "http://172.18.0.2:8080/api"
URL = "https://app.test/"
VIA = "127.0.0.1:443"
SERVER = "http://172.18.0.3:8080"
GOOD = Certificate(names=("app.test",), issuer="lab", not_after=2_000_000_000.0)
DOWN = {"serverStatus": {SERVER: "DOWN"}}
LABELS = {
    "traefik.enable": "true",
    "traefik.http.routers.app.rule": "Host(`app.test`)",
    "traefik.http.routers.app.tls": "true",
}


@dataclass
class Scene:
    """A Traefik, a container behind it, and what they answer; cases change it before it is built."""

    proxy: dict[str, Any] = field(default_factory=dict[str, Any])
    web: dict[str, Any] = field(default_factory=dict[str, Any])
    router: dict[str, Any] = field(default_factory=dict[str, Any])
    service: dict[str, Any] = field(default_factory=dict[str, Any])
    routers: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    middlewares: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])
    came: Answer = field(default_factory=lambda: Answer(status=200, body="hello", seconds=0.012, certificate=GOOD))
    direct: Answer = field(default_factory=lambda: Answer(status=200, body="hello"))
    listeners: list[Listener] = field(default_factory=list[Listener])
    log: tuple[str, ...] = ()
    has_router: bool = True
    has_api: bool = True
    programs: dict[str, str] = field(default_factory=dict[str, str])

    def world(self) -> World:
        proxy: dict[str, Any] = {
            "id": "t",
            "name": "edge",
            "service": "edge",
            "project": "shop",
            "image": "traefik:v3.7",
            "status": "running",
            "networks": (Attachment(network="front", ip="172.18.0.2"),),
            "ports": (Port(container_port=80, host_port=80), Port(container_port=443, host_port=443)),
            "command": ("--entrypoints.web.address=:80", "--entrypoints.websecure.address=:443"),
        }
        web: dict[str, Any] = {
            "id": "w",
            "name": "shop-web-1",
            "service": "web",
            "project": "shop",
            "image": "app:1",
            "status": "running",
            "labels": LABELS,
            "networks": (Attachment(network="front", ip="172.18.0.3"),),
        }
        world = World().add(Container(**proxy | self.proxy), Container(**web | self.web))
        world.say("edge", *self.log)
        world.listeners["shop-web-1"] = self.listeners
        for name, out in self.programs.items():
            world.react(name, reaction=lambda _world, argv, out=out: Ran(argv=argv, code=0, out=out))
        world.answers = {f"{URL} via {VIA}": self.came, f"{SERVER}/": self.direct}
        world.answers |= {f"tcp://{VIA}": Answer(status=200), "tcp://127.0.0.1:80": Answer(status=200)}
        if not self.listeners:
            world.answers["tcp://172.18.0.3:8080"] = Answer(status=200)
        world.answers |= (self._api() if self.has_api else {}) | self.answers
        return world

    def _api(self) -> dict[str, Answer]:
        router = {"name": "app@docker", "rule": "Host(`app.test`)", "service": "app", "entryPoints": ["websecure"]}
        router |= {"tls": {}, "status": "enabled", "priority": 16, **self.router}
        service = {"name": "app@docker", "type": "loadbalancer", "status": "enabled"}
        service |= {"loadBalancer": {"servers": [{"url": SERVER}]}, **self.service}
        pages = {
            "version": {"Version": "3.7.15"},
            "http/routers": [*([router] if self.has_router else []), *self.routers],
            "http/services": [service],
            "http/middlewares": self.middlewares,
            "entrypoints": [{"name": "web", "address": ":80"}, {"name": "websecure", "address": ":443"}],
        }
        found = {f"{API}/{path}?per_page=100&page=1": page for path, page in pages.items()}
        found |= {f"{API}/version": pages["version"]}
        found |= {f"{API}/http/middlewares/{each['name']}": each for each in self.middlewares}
        return {url: Answer(status=200, body=json.dumps(page)) for url, page in found.items()}


def looked(scene: Scene, target: str = URL, **arguments: Any) -> Traced:
    ws = Workspace(scene.world().host.reads, Path("/srv/shop"), ProjectContext(), "shop")
    return trace.function(ws, target, **arguments)


def on(network: str, ip: str) -> tuple[Attachment, ...]:
    return (Attachment(network=network, ip=ip),)


def redirect(location: str) -> Answer:
    return Answer(status=302, headers={"location": location}, certificate=GOOD)


def wrong(**fields: Any) -> Answer:
    return Answer(status=200, certificate=GOOD.model_copy(update=fields))


GONE = Answer(status=404, body="404 page not found\n", certificate=GOOD)
UNWELL = {"health": "unhealthy", "health_log": (HealthResult(exit_code=1, output="no database"),)}
RULES: dict[str, Any] = {"rule": "Hots(`app.test`)", "status": "disabled", "error": ["unsupported function: Hots"]}
ENTRYPOINT: dict[str, Any] = {
    "entryPoints": ["webb"],
    "status": "disabled",
    "error": ['entryPoint "webb" doesn\'t exist'],
}
ONLY_HTTP = {"ports": (Port(container_port=80, host_port=80),)}
UNPUBLISHED = Scene(proxy=ONLY_HTTP)
UNPUBLISHED.answers = {f"{URL} via 172.18.0.2:443": UNPUBLISHED.came, "tcp://172.18.0.2:443": Answer(status=200)}
UNNAMED = Scene(came=GONE, has_router=False, web={"labels": {}})
UNNAMED.routers = [{"name": "b@file", "rule": "Host(`ap.test`)", "service": "app", "tls": {}}]
CASES: dict[str, tuple[Scene, str, str, str]] = {
    "works": (Scene(), "", "", "works: 200 in 12 ms, by edge -> app@docker -> web"),
    "no port published": (UNPUBLISHED, "entry", "", "publishes no port for https"),
    "neither published nor open": (Scene(proxy=ONLY_HTTP), "entry", "", "Nothing takes connections at 172.18.0.2:443"),
    "nothing listens": (Scene(answers={f"tcp://{VIA}": Answer(error="refused")}), "entry", "", "Nothing takes"),
    "no tls": (Scene(came=Answer(error="WRONG_VERSION_NUMBER")), "tls", "", "ends the TLS handshake"),
    "plain at 443": (
        Scene(came=Answer(error="x"), answers={f"http://app.test/ via {VIA}": Answer(status=200)}),
        "tls",
        "",
        "speaks plain HTTP",
    ),
    "expired": (Scene(came=wrong(verify_error="certificate has expired")), "tls", "", "has expired"),
    "other name": (Scene(came=wrong(names=("b.test",), verify_error="Hostname mismatch")), "tls", "", "for b.test"),
    "default": (
        Scene(came=wrong(issuer="TRAEFIK DEFAULT CERT", verify_error="self-signed"), log=("acme error app.test",)),
        "tls",
        "tr-acme",
        "default one",
    ),
    "bad rule": (Scene(came=GONE, router=RULES), "router", "tr-404-badrule", "cannot be read"),
    "entry point": (Scene(came=GONE, router=ENTRYPOINT), "router", "tr-404-entrypoint", "listens on webb"),
    "no tls on the router": (Scene(came=GONE, router={"tls": None}), "router", "tr-404-tls", "plain HTTP only"),
    "other entry point": (Scene(came=GONE, router={"entryPoints": ["web"]}), "router", "", "listens on web, and"),
    "other path": (
        Scene(came=GONE, router={"rule": "Host(`app.test`) && Path(`/x`)"}),
        "router",
        "",
        "takes the path /",
    ),
    "typo": (UNNAMED, "router", "", "No router of Traefik (edge) is for app.test"),
    "not enabled": (
        Scene(came=GONE, has_router=False, web={"labels": {**LABELS, "traefik.enable": "false"}}),
        "router",
        "tr-404-norouter",
        "no label traefik.enable",
    ),
    "no port label": (
        Scene(came=GONE, has_router=False, log=('service "web-shop" error: port is missing container=web-shop-1',)),
        "router",
        "tr-404-noport",
        "made no router",
    ),
    "no middleware": (
        Scene(came=GONE, router={"middlewares": ["auth"], "status": "disabled", "error": ["middleware auth"]}),
        "middleware",
        "tr-404-middleware",
        "auth@docker of the router does not exist",
    ),
    "bad middleware": (
        Scene(router={"middlewares": ["a@file"]}, middlewares=[{"name": "a@file", "error": ["bad CIDR"]}]),
        "middleware",
        "",
        "bad CIDR",
    ),
    "loop": (Scene(came=redirect(URL)), "middleware", "", "go round"),
    "no service": (Scene(came=GONE, router={"service": "ap"}), "service", "", "ap@docker of the router does not"),
    "no servers": (Scene(service={"loadBalancer": {"servers": []}}), "service", "tr-503", "no servers"),
    "weight 0": (
        Scene(service={"loadBalancer": None, "weighted": {"services": [{"name": "b@docker", "weight": 0}]}}),
        "service",
        "tr-503",
        "weight 0",
    ),
    "no child": (
        Scene(service={"loadBalancer": None, "weighted": {"services": [{"name": "b@docker", "weight": 1}]}}),
        "service",
        "tr-404-weighted-child",
        "b@docker does not exist",
    ),
    "down": (Scene(service=DOWN), "service", "tr-503", "calls all its servers down"),
    "network": (Scene(web={"networks": on("back", "172.18.0.3")}), "network", "tr-504-network", "share no network"),
    "network taken": (
        Scene(web={"networks": (*on("back", "172.18.0.3"), *on("front", "172.18.0.9"))}),
        "network",
        "tr-504-network",
        "a network that it is not on",
    ),
    "port": (Scene(listeners=[Listener(ip="::", port=3000)]), "port", "tr-502-refused", "listens on 3000, and"),
    "local": (Scene(listeners=[Listener(ip="127.0.0.1", port=8080)]), "port", "tr-502-refused", "8080 only"),
    "silent": (
        Scene(answers={"tcp://172.18.0.3:8080": Answer(error="timed out")}),
        "port",
        "tr-hang",
        "takes no connection",
    ),
    "stopped": (
        Scene(came=GONE, has_router=False, web={"status": "exited", "exit_code": 3}),
        "container",
        "",
        "exited with code 3",
    ),
    "paused": (
        Scene(came=Answer(error="timed out", certificate=GOOD), web={"status": "paused"}),
        "container",
        "tr-hang",
        "paused",
    ),
    "unhealthy": (Scene(came=GONE, has_router=False, web=UNWELL), "container", "tr-404-norouter", "unhealthy"),
    "fails": (
        Scene(came=Answer(status=500, certificate=GOOD), direct=Answer(status=500)),
        "application",
        "",
        "itself answers 500",
    ),
    "slow": (
        Scene(came=Answer(status=504, seconds=1.0, certificate=GOOD), direct=Answer(status=200, seconds=7.0)),
        "application",
        "tr-hang",
        "only after 7.0 s",
    ),
    "mute": (
        Scene(came=Answer(status=502, certificate=GOOD), direct=Answer(error="reset by peer")),
        "application",
        "tr-502-eof",
        "breaks it off",
    ),
    "no page": (
        Scene(came=Answer(status=404, certificate=GOOD), direct=Answer(status=404)),
        "application",
        "",
        "itself answers 404",
    ),
    "now and then": (Scene(came=Answer(status=502, certificate=GOOD)), "application", "tr-502-eof", "makes 502"),
    "by labels": (
        Scene(has_api=False, web={"networks": on("back", "172.18.0.3")}),
        "network",
        "tr-504-network",
        "share no network",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_exactly_the_broken_hop_is_named(name: str) -> None:
    scene, hop, code, words = CASES[name]

    found = looked(scene)

    broken = [each for each in found.hops if each.state == "broken"]
    assert [(each.hop, each.code) for each in broken] == ([(hop, code)] if hop else []), found.hops
    assert [each.code for each in found.findings] == [f"route-{each.hop}" for each in broken]
    assert words in found.verdict
    assert all(each.evidence and each.cause and each.fix for each in found.findings)
    assert [each.hop for each in found.hops][::9] == ["dns", "application"]


def test_what_labels_say_is_not_said_to_be_read_from_the_api() -> None:
    asked, closed = (
        {each.hop: " ".join(each.read) for each in looked(Scene(has_api=api)).hops} for api in (True, False)
    )

    for hop in ("router", "service"):
        assert "/api/http/" in asked[hop]
        assert "/api/" not in closed[hop]
        assert "labels and options" in closed[hop]


def test_a_redirect_to_https_is_followed_and_traced_there() -> None:
    scene = Scene(answers={"http://app.test/ via 127.0.0.1:80": redirect(URL)}, came=GONE, router=RULES)

    found = looked(scene, "http://app.test/")

    assert [each.code for each in found.findings] == ["route-router"]
    assert f"http://app.test/ redirects to {URL}" in found.hops[1].said


def test_a_name_is_looked_up_only_where_a_router_names_it() -> None:
    public = "https://app.shop.io/"
    scene = Scene(router={"rule": "Host(`app.shop.io`)"}, programs={"getent": "", "hostname": "10.0.0.1"})
    scene.answers = {f"{public} via {VIA}": scene.came}
    known = replace(scene, programs={"getent": "10.0.0.1 STREAM\n", "hostname": "10.0.0.1"})

    assert [each.code for each in looked(scene, public).findings] == ["route-dns"]
    assert "10.0.0.1: this machine" in looked(known, public).hops[0].said
    assert looked(Scene(), "https://other.shop.io/").hops[0].state == "not looked at"


def test_a_service_or_a_bare_name_is_enough() -> None:
    assert looked(Scene(), "web").url == URL
    assert looked(Scene(), "app.test/").url == URL
    assert looked(Scene(came=GONE, has_router=False, web=UNWELL), "web").service == "web"
    with pytest.raises(InputError, match="No route of edge"):
        looked(Scene(has_router=False, web={"labels": {}}), "web")
    for target in ("ftp://app.test", "https://", "a b.test", "https://a:port/"):
        with pytest.raises(InputError):
            looked(Scene(), target)


def test_without_a_running_proxy_the_entry_is_broken() -> None:
    found = looked(Scene(proxy={"status": "exited"}))

    assert [(each.code, each.object) for each in found.findings] == [("route-entry", "edge")]
    assert looked(Scene(proxy={"image": "app"})).findings[0].object == "shop"


def test_a_route_to_a_container_that_has_just_started_is_looked_at_again() -> None:
    scene = Scene(listeners=[Listener(ip="::", port=3000)], web={"started_at": "2027-01-15T08:00:00Z"})
    world = scene.world()
    assert world.clock == datetime.fromisoformat("2027-01-15T08:00:00Z").timestamp()
    world.later = [(world.clock + 5, lambda now: now.answers.update({"tcp://172.18.0.3:8080": Answer(status=200)}))]

    ws = Workspace(world.host.reads, Path("/srv/shop"), ProjectContext(), "shop")

    assert trace.function(ws, URL).findings == ()


def test_a_certificate_may_be_said_to_be_no_fault() -> None:
    scene = Scene(came=wrong(verify_error="self-signed certificate"))

    assert looked(scene, insecure=True).findings == ()


def test_an_application_that_a_prefix_is_not_taken_off_for_is_said_so() -> None:
    scene = Scene(router={"rule": "Host(`app.test`) && PathPrefix(`/api`)"})
    scene.answers = {
        "https://app.test/api/x via 127.0.0.1:443": Answer(status=404, certificate=GOOD),
        f"{SERVER}/api/x": Answer(status=404),
        f"{SERVER}/x": Answer(status=200),
    }
    found = looked(scene, "https://app.test/api/x")
    assert "it has /x" in found.verdict
    scene.router["middlewares"] = ["strip@file"]
    scene.middlewares = [{"name": "strip@file", "type": "stripprefix", "stripPrefix": {"prefixes": ["/api"]}}]
    assert "makes 404" in looked(scene, "https://app.test/api/x").verdict


def at(url: str) -> dict[str, Answer]:
    """A good answer for a URL, whichever way in."""
    good = Answer(status=200, body="hello", certificate=GOOD)
    path = url.removeprefix("https://").partition("/")[2]
    return {f"{url} via {VIA}": good, f"{SERVER}/{path}": good}


@pytest.mark.parametrize(
    ("rule", "url"),
    [
        ("HostRegexp(`^(?:www|app)\\.[a-z]{2,4}$`)", URL),
        ("HostRegexp(`{sub:[a-z]+}.test`)", URL),
        ("Host(`app.test`) && PathRegexp(`^/(?:v1|v2)/[0-9]{4}$`)", f"{URL}v1/2026"),
        ("Host(`app.test`) && PathRegexp(`^/[[:alnum:]]*$`)", URL),
        ("Host(`app.test`) && ClientIP(`172.16.0.0/12`)", URL),
        ("Host(`xn--mller-kva.test`)", "https://müller.test/"),
        ("Host(`app.test`) && PathPrefix(`/a b`)", f"{URL}a%20b"),
        ("Host(`app.test`) && Nova(`x`)", URL),
    ],
)
def test_a_site_that_answers_is_not_called_broken_for_a_rule_that_is_hard_to_judge(rule: str, url: str) -> None:
    found = looked(Scene(router={"rule": rule}, answers=at(url)), url)

    assert found.findings == ()
    assert (found.router, found.service) == ("app@docker", "web")


def test_an_answer_by_no_known_rule_is_not_said_to_have_no_router() -> None:
    found = looked(Scene(router={"rule": "Host(`other.test`)"}))

    assert found.findings == ()
    assert [each.state for each in found.hops[3:9]] == ["not looked at"] * 6
    assert "by a rule that is not understood" in found.hops[3].said


def test_a_rule_that_cannot_be_judged_before_one_that_fits_leaves_the_router_open() -> None:
    inner: dict[str, Any] = {"name": "inner@file", "rule": "ClientIP(`10.0.0.0/8`)", "service": "app@docker"}
    inner |= {"tls": {}, "priority": 99}

    found = looked(Scene(routers=[inner]))

    assert (found.findings, found.router) == ((), "")
    assert "inner@file" in found.hops[3].said


def test_a_router_for_the_host_that_wants_another_request_is_named() -> None:
    found = looked(Scene(came=GONE, router={"rule": "Host(`app.test`) && Method(`POST`)"}))

    assert "No router for app.test takes GET /" in found.verdict
    assert "POST" in found.findings[0].cause


def test_a_service_whose_rule_names_no_url_is_asked_for_with_one() -> None:
    with pytest.raises(InputError, match="names no URL") as caught:
        looked(Scene(router={"rule": "HostRegexp(`^.+\\.test$`)"}, web={"labels": {}}), "web")
    assert "Give the URL" in caught.value.next_step
    with pytest.raises(InputError, match="is no URL"):
        looked(Scene(), "[::1")


def test_a_route_that_is_closed_for_maintenance_is_said_so_and_how_to_open_it() -> None:
    closed = Scene(came=Answer(status=503, body="no available server", certificate=GOOD))
    closed.router = {"name": "app-test-api-maintenance-tls@file", "rule": "Host(`app.test`) && PathPrefix(`/api`)"}
    closed.router |= {"service": "app-test-api-maintenance", "priority": 100_000}
    closed.service = {"name": "app-test-api-maintenance@file", "loadBalancer": {"servers": []}}
    closed.answers = {f"{URL}api via {VIA}": closed.came}

    (finding,) = looked(closed, f"{URL}api").findings

    assert finding.code == "route-router"
    assert "app.test/api is closed for maintenance" in finding.message
    assert "docker-agent proxy maintenance app.test/api off" in finding.fix
    assert looked(closed, f"{URL}api").hops[3].code == ""
    labels = {**LABELS, "traefik.http.services.app.loadbalancer.server.port": "8080"}
    apart = Scene(has_api=False, came=closed.came, proxy={"project": "edge"}, web={"labels": labels})
    unseen = looked(apart).findings[0]
    assert "may be closed" in unseen.cause
    assert "docker-agent proxy maintenance HOST off" in unseen.fix


@pytest.mark.parametrize(("host", "near"), [("appp.test", True), ("app.tset", True), ("nope.test", False)])
def test_a_host_that_differs_by_a_slip_is_named_and_no_other_below_the_same_domain(host: str, near: bool) -> None:
    url = f"https://{host}/"
    missing = Answer(status=404, body="404 page not found\n", certificate=GOOD)
    traced = looked(Scene(answers={f"{url} via {VIA}": missing}), url)
    text = str(traced)
    assert ("spelt nearly so" in text) is near


def test_a_password_that_the_proxy_asks_for_is_not_said_of_the_application() -> None:
    asked = Answer(status=401, certificate=GOOD)
    said = next(hop.said for hop in looked(Scene(came=asked)).hops if hop.hop == "application")
    assert said == "Traefik (edge) answers 401 and asks for a password; the application itself answers 200."
    said = next(
        hop.said for hop in looked(Scene(came=asked, direct=Answer(status=401))).hops if hop.hop == "application"
    )
    assert said == "It answers 401 and asks for a password."
