"""Which containers are proxies, and what Traefik and Caddy say of themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from docker_agent.domains.proxy import ProxyState, kind_of, read_proxies
from docker_agent.host.fake import World
from docker_agent.host.models import Answer, Attachment, Container, Listener, Port

API = "http://172.18.0.2:8080/api"
PAGE = "?per_page=100&page=1"
TYPO = "http://172.18.0.3:99999"


def on(network: str, ip: str) -> tuple[Attachment, ...]:
    """A place on one network."""
    return (Attachment(network=network, ip=ip),)


def web(**fields: Any) -> Container:
    """A container of the project."""
    plain: dict[str, Any] = {"id": "w", "name": "web", "image": "app:1", "status": "running"}
    plain["networks"] = on("shop", "172.18.0.3")
    return Container(**{**plain, **fields})


def traefik(*arguments: str, **fields: Any) -> Container:
    """A Traefik."""
    plain: dict[str, Any] = {"id": "t", "name": "edge", "image": "traefik:v3.7", "status": "running"}
    plain |= {"networks": on("shop", "172.18.0.2"), "command": arguments}
    return Container(**{**plain, **fields})


def world_with(answers: dict[str, Any], *containers: Container) -> World:
    """A machine on which addresses answer with JSON, or with a text that is none."""
    world = World().add(*containers)
    for url, value in answers.items():
        world.answers[url] = Answer(status=200, body=value if isinstance(value, str) else json.dumps(value))
    return world


def look(world: World, *own: str) -> tuple[ProxyState, ...]:
    """The proxies that have to do with these containers."""
    return read_proxies(world.host.reads, world.host.reads.containers(), own or ("web",))


@pytest.mark.parametrize(
    ("image", "command", "kind"),
    [
        ("traefik:v3", (), "traefik"),
        ("registry.test:5000/edge/traefik@sha256:00", (), "traefik"),
        ("docker.io/library/caddy", (), "caddy"),
        ("lucaslorentz/caddy-docker-proxy:2", (), "caddy"),
        ("nginxinc/nginx-unprivileged", (), "nginx"),
        ("alpine", ("/usr/bin/caddy", "run"), "caddy"),
        ("traefikish:1", (), None),
        ("postgres:15", (), None),
    ],
)
def test_a_proxy_is_known_by_its_image_or_program(image: str, command: tuple[str, ...], kind: str | None) -> None:
    assert kind_of(Container(id="x", name="x", image=image, command=command)) == kind


def test_the_state_of_traefik_is_read_from_its_api_and_log() -> None:
    answers = {
        f"{API}/version": {"Version": "3.7.15"},
        f"{API}/http/routers{PAGE}": [
            {"name": "a@docker", "rule": "Host(`a`)", "entryPoints": ["web"], "status": "disabled", "error": ["no"]},
            {"name": "b@docker", "tls": {"options": "default"}, "middlewares": ["c@file"], "status": "enabled"},
        ],
        f"{API}/http/services{PAGE}": [
            {
                "name": "a@docker",
                "type": "loadbalancer",
                "loadBalancer": {"servers": [{"url": "http://172.18.0.3:9999"}, {}, {"url": TYPO}]},
                "serverStatus": {"http://172.18.0.3:9999": "UP"},
            },
            {"name": "w@file", "weighted": {"services": [{"name": "a@docker", "weight": 0}, {"name": "b@docker"}]}},
        ],
        f"{API}/http/middlewares{PAGE}": [{"name": "c@file"}],
        f"{API}/entrypoints{PAGE}": [{"name": "web", "address": ":80"}],
    }
    edge = traefik("--api.insecure", "--providers.docker.network", "edge", "--EntryPoints.web.address=:80")
    world = world_with(answers, edge, web())
    world.listeners["web"] = [
        Listener(ip=ip, port=port)
        for ip, port in (("172.18.0.3", 8080), ("127.0.0.11", 1), ("127.0.0.1", 90), ("::", 81))
    ]
    world.say("edge", "\x1b[90m2026\x1b[0m \x1b[31mERR\x1b[0m boom")
    (state,) = look(world)
    assert (state.kind, state.version, state.api) == ("traefik", "3.7.15", "http://172.18.0.2:8080")
    assert state.settings == {
        "api.insecure": "true",
        "providers.docker.network": "edge",
        "entrypoints.web.address": ":80",
    }
    first, second = state.routers
    assert (first.enabled, first.errors, first.entrypoints) == (False, ("no",), ("web",))
    assert (second.tls, second.middlewares) == (True, ("c@file",))
    service, weighted = state.services
    assert [(server.url, server.up, server.tried) for server in service.servers] == [
        ("http://172.18.0.3:9999", "UP", "refused"),
        ("", "", ""),
        (TYPO, "", ""),
    ]
    assert (service.servers[0].open_ports, service.servers[0].local_ports) == ((81, 8080), (90,))
    assert weighted.children == {"a@docker": 0, "b@docker": 1}
    assert state.entrypoints == {"web": ":80"}
    assert state.log[0].text == "2026 ERR boom"
    assert state.router("A@docker") is first


def test_the_api_is_found_where_it_listens_or_is_published() -> None:
    elsewhere = traefik("--entrypoints.traefik.address=:9090", env=("TRAEFIK_API_INSECURE=true",))
    (state,) = look(world_with({"http://172.18.0.2:9090/api/version": {"Version": "3"}}, elsewhere, web()))
    assert (state.api, state.settings["api.insecure"]) == ("http://172.18.0.2:9090", "true")
    published = traefik(ports=(Port(container_port=8080, host_port=18080),))
    (state,) = look(world_with({"http://127.0.0.1:18080/api/version": {"Version": "3"}}, published, web()))
    assert state.api == "http://127.0.0.1:18080"


@pytest.mark.parametrize("answer", ["<html>", "[]", '"x"', "{", '{"Version": 3}'])
def test_an_odd_answer_is_no_failure(answer: str) -> None:
    answers = {f"{API}/version": answer, f"{API}/http/routers{PAGE}": {"name": 1}, f"{API}/http/services{PAGE}": [7]}
    (state,) = look(world_with(answers, traefik(), web()))
    assert (state.routers, state.services) == ((), ())


def test_only_proxies_that_have_to_do_with_the_project_are_read() -> None:
    apart = traefik(networks=on("edge", "172.19.0.2"))
    assert look(world_with({}, apart, web())) == ()
    labelled = web(labels={"traefik.enable": "true"})
    assert [state.container for state in look(world_with({}, apart, labelled))] == ["edge"]
    assert look(world_with({}, traefik(status="exited"), labelled)) == ()
    assert [state.container for state in look(world_with({}, apart), "edge")] == ["edge"]


def test_the_routes_of_caddy_are_read_where_its_admin_api_can_be_reached() -> None:
    proxy = {"handler": "reverse_proxy", "upstreams": [{"dial": "app:8080"}]}
    inner: dict[str, Any] = {
        "handle": [{"handler": "subroute", "routes": [{"handle": [proxy]}]}],
        "match": [{"host": ["a.test"]}],
    }
    routes: list[dict[str, Any]] = [inner]
    config = {"apps": {"http": {"servers": {"srv0": {"listen": [":80"], "routes": routes}}}}}
    caddy = Container(id="c", name="c", image="caddy:2", status="running", networks=on("shop", "172.18.0.9"))
    (state,) = look(world_with({"http://172.18.0.9:2019/config/": config}, caddy, web()))
    assert [(router.rule, router.entrypoints) for router in state.routers] == [("a.test", (":80",))]
    assert [server.url for service in state.services for server in service.servers] == ["http://app:8080"]
    inner["match"] = [{"host": ["a.test"], "path": ["/api/*"], "header": {"X-A": ["b"]}}]
    closed = {"handle": [{"handler": "static_response", "status_code": 503}], "match": [{"host": ["a.test"]}]}
    routes.append(closed)
    (state,) = look(world_with({"http://172.18.0.9:2019/config/": config}, caddy, web()))
    first, second = state.routers
    assert first.rule.startswith("Host(`a.test`) && PathPrefix(`/api/`) && Condition(`header ")
    assert (second.rule, second.own, second.service) == ("a.test", "respond 503", "")
    assert first.priority > second.priority
    (silent,) = look(world_with({}, caddy, web()))
    assert (silent.api, silent.routers) == ("", ())
