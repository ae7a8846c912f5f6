"""How traffic is divided: what each proxy's files say while a release is under way, compared with reviewed ones."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.domains.release.shops import API, COMPOSE, PAGES, ROUTER, SERVICE, machine, root_of, session

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Check
from docker_agent.domains.proxy import Canary, Share, Splitter, all_drivers, find_proxy
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
