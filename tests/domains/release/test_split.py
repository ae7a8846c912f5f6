"""How traffic is divided: what each proxy's files say while a release is under way, compared with reviewed ones."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.domains.release.shops import API, COMPOSE, PAGES, ROUTER, SERVICE, machine, root_of, session

from docker_agent.core.errors import CheckFailed, InputError
from docker_agent.core.plan import Check
from docker_agent.domains.proxy import Canary, Share, Splitter, all_drivers, find_proxy
from docker_agent.domains.proxy.splitting.traefik import traefik_shares
from docker_agent.domains.proxy.state import Kind
from docker_agent.host.fake import World
from docker_agent.host.models import Answer

GOLDEN = Path(__file__).parents[2] / "golden" / "splits"
KINDS: tuple[Kind, ...] = ("traefik", "nginx", "caddy")
OLD, NEW = "shop-web-1:8080", "shop-web-2:8080"
CASES: dict[str, tuple[list[Share], Canary]] = {
    "old-alone": ([Share(OLD, 100)], Canary()),
    "tenth": ([Share(OLD, 90), Share(NEW, 10)], Canary()),
    "new-alone": ([Share(OLD, 0), Share(NEW, 100)], Canary()),
    "header": ([Share(OLD, 90), Share(NEW, 10)], Canary(header="X-Canary", value="1")),
    "cookie": ([Share(OLD, 50), Share(NEW, 50)], Canary(cookie="version")),
}


def splitter(folder: Path, world: World) -> Splitter:
    ws = session(folder, world).workspace
    proxy = find_proxy(ws)
    return all_drivers()[proxy.state.kind].split(ws.host, proxy, ws.host.container("shop-web-1"), 8080)


def answer(world: World, page: str, found: list[dict[str, Any]]) -> None:
    world.answers[f"{API}/api/{page}?per_page=500"] = Answer(status=200, body=json.dumps(found))


def served(folder: Path, kind: Kind, text: str) -> World:
    """A shop whose proxy has one file with this text."""
    world = machine(root_of(folder), kind)
    [path] = [path for path in world.files if path.parent.name == "proxy" and path.name != ".keep"]
    world.files[path] = text.encode()
    return world


@pytest.mark.parametrize("kind", KINDS)
def test_each_share_is_written_as_it_was_reviewed(kind: Kind, tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), kind)
    dividing = splitter(tmp_path, world)
    for case, (shares, canary) in CASES.items():
        change = dividing.share(shares, canary)
        [(path, text)] = change.files.items()
        golden = GOLDEN / kind / f"{case}.{path.rpartition('/')[2]}"
        if os.environ.get("UPDATE_GOLDEN"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(text or "")
        assert text == golden.read_text(), case
        assert change.after, "nothing makes the proxy read it"
    end = dividing.end(NEW)
    was = {str(path.relative_to(root_of(tmp_path))): data.decode() for path, data in world.files.items()}
    assert end.files == {path: was.get(path) for path in end.files}


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_what_a_person_wrote_is_kept(kind: Kind, tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, kind)
    [path] = [path for path in world.files if path.parent.name == "proxy" and path.name != ".keep"]
    texts = {
        "nginx": "upstream shop {\n    least_conn;\n    server web:8080 max_fails=2 weight=4;  # ours\n"
        "    keepalive 8;\n}\n"
        "server {\n    access_log /dev/stdout;\n    location /a/ { proxy_pass http://shop/b/; }\n"
        "    location / { proxy_pass http://other:8080; }\n}\n",
        "caddy": "(common) {\n\tencode gzip\n}\nshop.test {\n\tlog\n\timport common\n\thandle /api/* {\n"
        "\t\treverse_proxy /api/* http://web:8080 {\n\t\t\tlb_policy first\n\t\t\theader_up X-Real {remote_host}\n"
        "\t\t}\n\t}\n}\n",
    }
    world.files[path] = texts[kind].encode()
    text = next(iter(splitter(tmp_path, world).share([Share(OLD, 90), Share(NEW, 10)], Canary()).files.values())) or ""
    kept = {
        "nginx": ["least_conn;", "# ours", "keepalive 8;", "http://shop/b/", "http://other:8080", "max_fails=2;"],
        "caddy": ["import common", "header_up X-Real", "/api/* http://shop-web-1:8080 http://shop-web-2:8080 {"],
    }
    gone = {"nginx": ["weight=4", "web:8080 "], "caddy": ["lb_policy first", "\tlog\n\tlog"]}
    assert [each for each in kept[kind] if each not in text] == []
    assert [each for each in gone[kind] if each in text] == []


def test_what_cannot_be_divided_says_why(tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx")
    world.files[root / "proxy" / "shop.conf"] = b"server { location / { proxy_pass http://web:8080/shop/; } }\n"
    dividing = splitter(tmp_path, world)
    with pytest.raises(InputError, match="has a path, with which Nginx cannot choose"):
        dividing.share(*CASES["header"])
    world.files[root / "proxy" / "shop.conf"] = b"server { location / { proxy_pass http://api:8080; } }\n"
    with pytest.raises(InputError, match="passes anything to web:8080"):
        splitter(tmp_path, world)
    world.change("shop-proxy-1", mounts=())
    with pytest.raises(InputError, match="has it in its image; mount a folder"):
        splitter(tmp_path, world)

    world = machine(root, "traefik", COMPOSE)
    world.answers[f"{API}/api/http/routers?per_page=500"] = Answer(status=200, body="[]")
    with pytest.raises(InputError, match="routes nothing to shop-web-1:8080"):
        splitter(tmp_path, world)
    answer(world, "http/routers", [ROUTER])
    answer(world, "tcp/routers", [{"name": "db@docker", "service": "db"}])
    answer(world, "tcp/services", [{"name": "db@docker", "loadBalancer": {"servers": [{"address": "10.0.0.3:5432"}]}}])
    with pytest.raises(InputError, match="leads to shop-web-1 by tcp db@docker too"):
        splitter(tmp_path, world)
    answer(world, "tcp/routers", [])
    urls = [{"url": f"http://{host}:8080"} for host in ("10.0.0.3", "10.0.0.99", "old.example.com")]
    answer(world, "http/services", [{"name": "shop@docker", "loadBalancer": {"servers": urls}}])
    with pytest.raises(InputError, match=r"has other servers too \(old.example.com:8080\)"):
        splitter(tmp_path, world)
    answer(world, "http/services", [{"name": "shop@docker", "loadBalancer": {"servers": [{"url": "http://web:8080"}]}}])
    [alone] = splitter(tmp_path, world).end(NEW).before
    assert isinstance(alone, Check)
    assert alone.args["shares"] == "web:8080=100", "a name that a file gives means the new version by then"
    answer(world, "http/services", [SERVICE, {**SERVICE, "name": "www@docker"}])
    answer(world, "http/routers", [ROUTER, {**ROUTER, "name": "www@docker", "service": "www"}])
    both = splitter(tmp_path, world)
    text = both.share(*CASES["header"]).files["proxy/docker-agent-web.yaml"] or ""
    assert [each in text for each in ("docker-agent-www-canary:", "    web-2:", "service: web-2-new")] == [True] * 3
    assert [step.args["service"] for step in both.end(NEW).before if isinstance(step, Check)] == [
        "shop@docker",
        "www@docker",
    ]
    other = {**ROUTER, "name": "api@docker", "service": "api", "rule": "Host(`shop.test`)||A", "priority": 18}
    world.answers[f"{API}/api/http/routers?per_page=500"] = Answer(status=200, body=json.dumps([ROUTER, other]))
    with pytest.raises(InputError, match="api@docker stands before shop@docker by a priority"):
        splitter(tmp_path, world)
    for page in PAGES:
        del world.answers[f"{API}/api/{page}"]
    with pytest.raises(InputError, match="API of shop-proxy-1 does not answer"):
        splitter(tmp_path, world)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("nginx", "upstream u { server other:8080; server web:8080 weight=5; } server { location / {} }"),
        ("caddy", "shop.test {\n\treverse_proxy /* other:8080 web:8080\n}\n"),
        ("caddy", "shop.test {\n\treverse_proxy web:8080 {\n\t\tto other:8080\n\t}\n}\n"),
    ],
)
def test_a_service_that_has_other_servers_beside_it_is_not_divided(kind: Kind, text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has other servers too \(other:8080\); a release divides the traffic of one"):
        splitter(tmp_path, served(tmp_path, kind, text))


def test_servers_for_an_emergency_do_not_keep_a_service_from_being_divided(tmp_path: Path) -> None:
    text = "upstream u { server web:8080; server b:80 backup; server c:80 down; } server { location / {} }"
    [written] = splitter(tmp_path, served(tmp_path, "nginx", text)).share(*CASES["tenth"]).files.values()
    assert "server b:80 backup; server c:80 down;" in (written or "")


@pytest.mark.parametrize(
    ("snippet", "refused"),
    [("header_up X-A b", False), ("lb_policy first", True), ("import more", True)],
)
def test_caddy_takes_what_is_imported_where_it_does_not_choose_the_server(
    snippet: str, refused: bool, tmp_path: Path
) -> None:
    site = "shop.test {\n\treverse_proxy web:8080 {\n\t\timport options\n\t}\n}\n"
    world = served(tmp_path, "caddy", f"(options) {{\n\t{snippet}\n}}\n{site}")
    if not refused:
        [written] = splitter(tmp_path, world).share(*CASES["header"]).files.values()
        assert (written or "").count("import options") == 2
        return
    with pytest.raises(InputError, match="imports options, which may choose the server itself"):
        splitter(tmp_path, world)


def test_a_header_leads_to_the_new_version_with_the_options_of_the_place(tmp_path: Path) -> None:
    text = (
        "shop.test {\n\treverse_proxy {\n\t\tto https://web:8080\n\t\tlb_policy cookie at {\n\t\t\tfallback first\n"
        "\t\t}\n\t\ttransport http {\n\t\t\ttls_insecure_skip_verify\n\t\t}\n\t}\n}\n"
    )
    shares, _ = CASES["header"]
    dividing = splitter(tmp_path, served(tmp_path, "caddy", text))
    [written] = dividing.share(shares, Canary(header="X-Canary", value="a b")).files.values()
    assert (
        "\t@docker_agent_web header X-Canary `a b`\n\treverse_proxy @docker_agent_web https://shop-web-2:8080 {\n"
        "\t\ttransport http {\n\t\t\ttls_insecure_skip_verify\n\t\t}\n\t}\n\treverse_proxy {\n"
    ) in (written or "")


def test_nginx_takes_every_value_of_a_header_as_text(tmp_path: Path) -> None:
    dividing = splitter(tmp_path, machine(root_of(tmp_path), "nginx"))
    for value in ("default", "~x"):
        [text] = dividing.share(CASES["header"][0], Canary(header="X-Canary", value=value)).files.values()
        assert f'{{ "\\\\{value}" web-release-new; default ' in (text or "")


@pytest.mark.parametrize(
    ("router", "version", "matcher"),
    [
        ({"ruleSyntax": "v2"}, "3.7.15", "Headers"),
        ({"ruleSyntax": "v3"}, "3.7.15", "Header"),
        ({}, "2.11.0", "Headers"),
    ],
)
def test_traefik_is_asked_for_a_header_in_the_syntax_of_the_router(
    router: dict[str, str], version: str, matcher: str, tmp_path: Path
) -> None:
    world = machine(root_of(tmp_path), "traefik")
    world.answers[f"{API}/api/version"] = Answer(status=200, body=json.dumps({"Version": version}))
    answer(world, "http/routers", [{**ROUTER, **router}])
    text = splitter(tmp_path, world).share(*CASES["header"]).files["proxy/docker-agent-web.yaml"] or ""
    assert f"(Host(`shop.test`)) && {matcher}(`X-Canary`, `1`)" in text


def test_shares_count_once_traefik_has_taken_every_router(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "traefik")
    [check] = splitter(tmp_path, world).share(*CASES["header"]).after
    assert isinstance(check, Check)
    assert check.args["routers"] == "docker-agent-shop@file,docker-agent-shop-canary@file"
    found: dict[str, Any] = {
        "web": {"weighted": {"services": [{"name": "web-old", "weight": 90}, {"name": "web-new", "weight": 10}]}},
        "web-old": {"loadBalancer": {"servers": [{"url": f"http://{OLD}"}]}},
        "web-new": {"loadBalancer": {"servers": [{"url": f"http://{NEW}"}]}},
    }
    for name, service in found.items():
        world.answers[f"{API}/api/http/services/{name}@file"] = Answer(status=200, body=json.dumps(service))
    taken = {"name": "docker-agent-shop@file", "status": "enabled"}
    refused = {"name": "docker-agent-shop-canary@file", "status": "disabled", "error": ["unsupported function: Header"]}
    answer(world, "http/routers", [taken, refused])
    with pytest.raises(CheckFailed, match="docker-agent-shop-canary@file is disabled: unsupported function: Header"):
        traefik_shares.look(world.host.reads, check.args, lambda _line: None)
    answer(world, "http/routers", [taken])
    with pytest.raises(CheckFailed, match="docker-agent-shop-canary@file is not there"):
        traefik_shares.look(world.host.reads, check.args, lambda _line: None)
    answer(world, "http/routers", [taken, {**refused, "status": "enabled"}])
    assert "has web@file at" in traefik_shares.look(world.host.reads, check.args, lambda _line: None)


def test_routes_that_were_added_can_be_divided_in_every_way(tmp_path: Path) -> None:
    root = root_of(tmp_path)
    routes = GOLDEN.parent / "routes"
    world = machine(root, "nginx")
    world.files[root / "proxy" / "shop.conf"] = (routes / "nginx" / "one-host.shop.example.com.conf").read_bytes()
    dividing = splitter(tmp_path, world)
    by_header = dividing.share(*CASES["header"]).files["proxy/shop.conf"] or ""
    assert ("proxy_pass http://$docker_agent_web;" in by_header, "server web:8080;" in by_header) == (True, True)
    by_weight = dividing.share(*CASES["tenth"]).files["proxy/shop.conf"] or ""
    assert ("proxy_pass http://shop;" in by_weight, "server shop-web-1:8080 weight=90;" in by_weight) == (True, True)

    world = machine(root, "caddy")
    world.files[root / "proxy" / "Caddyfile"] = (routes / "caddy" / "sticky.shop.example.com.caddy").read_bytes()
    text = splitter(tmp_path, world).share(*CASES["tenth"]).files["proxy/Caddyfile"] or ""
    assert "\t\t\tto shop-web-1:8080 shop-web-2:8080\n" in text
    assert "lb_policy cookie shop_server {\n\t\t\t\tfallback weighted_round_robin 90 10" in text
