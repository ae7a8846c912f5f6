"""The tools that list, add, remove and close routes, on a fake machine with a Traefik."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.doors import Watch

from docker_agent.app import Options, Session, open_session
from docker_agent.core.plan import Argv, Check, Plan, Probe, WaitHealthy, Write
from docker_agent.domains.proxy.changing.asked import route_name
from docker_agent.host.fake import World
from docker_agent.host.models import Answer, Attachment, Container, Image, Mount, Port
from docker_agent.policy.approve import NoApprover

COMPOSE = """\
name: shop
services:
  web:  # the shop
    image: shop:1
    expose: ["8080"]
  api:
    image: api:1
    labels:
      - com.example.owner=ann  # keep
      - traefik.enable=true
      - traefik.http.routers.old-test.rule=Host(`old.test`)
      - traefik.http.services.old-test.loadbalancer.server.port=3000
"""
API = "http://172.20.0.2:8080/api"
ROUTERS = [
    {"name": "old-test@docker", "rule": "Host(`old.test`)", "entryPoints": ["web"], "service": "old-test"},
    {"name": "api@internal", "rule": "PathPrefix(`/api`)", "entryPoints": ["traefik"]},
]
SERVICES = [{"name": "old-test@docker", "loadBalancer": {"servers": [{"url": "http://172.18.0.9:3000"}]}}]


def edge(root: Path, **fields: Any) -> Container:
    """A Traefik of another network, which reads labels and a folder of the project."""
    plain: dict[str, Any] = {
        "id": "e" * 12,
        "name": "edge",
        "image": "traefik:v3.7",
        "status": "running",
        "project": "shop",
        "service": "edge",
        "networks": (Attachment(network="edge", ip="172.20.0.2"),),
        "ports": (Port(container_port=80, host_port=80), Port(container_port=443, host_port=443)),
        "command": (
            "--providers.docker=true",
            "--providers.file.directory=/dyn",
            "--entrypoints.web.address=:80",
            "--entrypoints.websecure.address=:443",
            "--certificatesresolvers.le.acme.email=a@b.test",
        ),
        "mounts": (
            Mount(kind="bind", source=str(root / "edge"), target="/dyn"),
            Mount(kind="bind", source=str(root / "certs"), target="/certs"),
        ),
    }
    return Container(**{**plain, **fields})


def opened(folder: Path, compose: str = COMPOSE, *, proxy: Container | None = None) -> Session:
    """A session in a shop whose applications share no network with the proxy."""
    root = (folder / "shop").resolve()
    root.mkdir(exist_ok=True)
    world = World()
    for name, image in (("web", "shop:1"), ("api", "api:1")):
        places = (Attachment(network="shop_default", ip="172.18.0.9"),)
        labels = {"traefik.http.routers.x.entrypoint": "web"} if name == "web" else {}
        world.add(
            Container(
                id=name * 4,
                name=f"shop-{name}-1",
                image=image,
                project="shop",
                service=name,
                status="running",
                networks=places,
                labels=labels,
            )
        )
    world.add(proxy or edge(root))
    world.images["api:1"] = Image(id="sha256:1", tags=("api:1",), exposed=("3000/tcp",))
    for path, value in (
        ("/version", {"Version": "3.7.15"}),
        ("/http/routers?per_page=100&page=1", ROUTERS),
        ("/http/services?per_page=100&page=1", SERVICES),
        (
            "/entrypoints?per_page=100&page=1",
            [{"name": "web", "address": ":80"}, {"name": "websecure", "address": ":443"}],
        ),
    ):
        world.answers[f"{API}{path}"] = Answer(status=200, body=json.dumps(value))
    for path, text in {"compose.yaml": compose, ".env": "ADMIN='correct-horse-7'\nLONG=" + "x" * 73 + "\n"}.items():
        world.files[root / path] = text.encode()
    return open_session(
        Options(root=root),
        screen=Watch(),
        approver=NoApprover(),
        environment={"DOCKER_AGENT_STATE": str(folder / "state")},
        host=world.host,
    )


def planned(session: Session, tool: str, **arguments: Any) -> Plan:
    outcome = session.call(tool, arguments)
    assert outcome.plan is not None, outcome.text
    return outcome.plan


def service_after(plan: Plan, name: str) -> dict[str, Any]:
    (step,) = [step for step in plan.steps if isinstance(step, Write) and step.path == "compose.yaml"]
    return yaml.safe_load(step.content)["services"][name]


def test_a_route_is_planned_from_labels_to_proof_and_back(tmp_path: Path) -> None:
    plan = planned(
        opened(tmp_path), "proxy_add_route", service="web", hosts=["Shop.test"], auth_user="ann", auth_variable="ADMIN"
    )
    kinds = [type(step) for step in plan.steps]
    assert kinds == [Write, Argv, WaitHealthy, Check, Check, Probe]
    up, answers, reached = plan.steps[1], plan.steps[-2], plan.steps[-1]
    assert isinstance(reached, Probe)
    assert (reached.url, reached.inside) == ("tcp://web:8080", "edge")
    assert isinstance(up, Argv)
    assert up.argv[-4:] == ("up", "-d", "--no-deps", "web")
    assert isinstance(answers, Check)
    assert answers.args | {"url": "http://shop.test/", "via": "127.0.0.1:80", "status": 401} == answers.args
    web = service_after(plan, "web")
    assert web["networks"] == ["default", "edge"]
    assert web["labels"]["traefik.docker.network"] == "edge"
    assert web["labels"]["traefik.http.routers.shop-test.rule"] == "Host(`shop.test`)"
    assert web["labels"]["traefik.http.services.shop-test.loadbalancer.server.port"] == "8080"
    name, _, hashed = web["labels"]["traefik.http.middlewares.shop-test-auth.basicauth.users"].partition(":")
    assert (name, hashed[:6]) == ("ann", "$$2y$$")
    assert isinstance(plan.steps[0], Write)
    text = plan.steps[0].content
    assert "  web:  # the shop\n" in text
    assert text.endswith("networks:\n  edge:\n    external: true\n")
    back = plan.rollback[0]
    assert isinstance(back, Write)
    assert (back.content, back.or_before) == (COMPOSE, (plan.steps[0].before,))

    again = opened(tmp_path, text)
    same = planned(again, "proxy_add_route", service="web", hosts=["shop.test"], auth_user="ann", auth_variable="ADMIN")
    assert (same.changes, same.rollback) == ((), ())


def test_labels_in_a_list_are_replaced_and_removed_and_the_others_stay(tmp_path: Path) -> None:
    changed = planned(
        opened(tmp_path), "proxy_add_route", service="api", hosts=["old.test"], strip_path=True, path="/v1"
    )
    labels = service_after(changed, "api")["labels"]
    assert labels[:2] == ["com.example.owner=ann", "traefik.enable=true"]
    assert "traefik.http.services.old-test_v1.loadbalancer.server.port=3000" in labels
    assert "traefik.http.middlewares.old-test_v1-strip.stripprefix.prefixes=/v1" in labels

    removed = planned(opened(tmp_path), "proxy_remove_route", route="old.test")
    assert service_after(removed, "api")["labels"] == ["com.example.owner=ann", "traefik.enable=false"]
    assert "ann  # keep" in next(step.content for step in removed.steps if isinstance(step, Write))
    assert [type(step) for step in removed.steps] == [Write, Argv, WaitHealthy, Check]


def test_an_own_certificate_is_named_as_the_proxy_sees_it(tmp_path: Path) -> None:
    tls = {"https": "own", "certificate": "certs/shop.pem", "key": "/certs/shop.key", "ca": "certs/ca.pem"}
    plan = planned(opened(tmp_path), "proxy_add_route", service="web", hosts=["shop.test"], **tls)
    (file,) = [step for step in plan.steps if isinstance(step, Write) and step.path == "edge/shop-test.yaml"]
    assert yaml.safe_load(file.content)["tls"]["certificates"] == [
        {"certFile": "/certs/shop.pem", "keyFile": "/certs/shop.key"}
    ]
    answers = plan.steps[-1]
    assert isinstance(answers, Check)
    assert (answers.args["url"], answers.args["via"]) == ("https://shop.test/", "127.0.0.1:443")
    assert str(answers.args["ca"]).endswith("/shop/certs/ca.pem")
    acme = planned(opened(tmp_path), "proxy_add_route", service="web", hosts=["shop.test"], https="acme")
    assert service_after(acme, "web")["labels"]["traefik.http.routers.shop-test.tls.certresolver"] == "le"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"service": "wep", "hosts": ["a.test"]}, "Nearest: web"),
        ({"service": "web"}, "needs a host or a path"),
        ({"service": "web", "hosts": ["http://a.test"]}, "is no host name"),
        ({"service": "web", "hosts": ["a`b"]}, "is no host name"),
        ({"service": "web", "hosts": ["a.test"], "path": "api"}, "is no path"),
        ({"service": "web", "hosts": ["a.test"], "headers": ["X"]}, "is no header"),
        ({"service": "web", "hosts": ["a.test"], "allow": ["10.0.0.300"]}, "10.0.0.300"),
        ({"service": "web", "hosts": ["a.test"], "max_body": "many"}, "max_body"),
        ({"service": "web", "hosts": ["a.test"], "auth_user": "ann"}, "no password for ann"),
        ({"service": "web", "hosts": ["a.test"], "auth_user": "ann", "auth_variable": "LONG"}, "72 bytes"),
        ({"service": "web", "hosts": ["a.test"], "https": "own", "certificate": "c.pem"}, "needs its key"),
        (
            {"service": "web", "hosts": ["a.test"], "https": "own", "certificate": "c.pem", "key": "k"},
            "does not see c.pem",
        ),
        ({"service": "web", "hosts": ["a.test"], "https": "acme", "resolver": "x"}, "no certificate resolver x"),
        ({"service": "web", "tcp": "5432"}, "no entry point 5432"),
        ({"service": "web", "hosts": ["old.test"]}, "api has this route already"),
        ({"service": "web", "hosts": ["a.test"], "proxy": "nobody"}, "no running reverse proxy"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(tmp_path: Path, arguments: dict[str, Any], said: str) -> None:
    outcome = opened(tmp_path).call("proxy_add_route", arguments)
    assert outcome.is_error
    assert outcome.plan is None
    assert said in outcome.text


def test_a_route_is_closed_by_a_file_and_opened_again(tmp_path: Path) -> None:
    session = opened(tmp_path)
    closed = planned(session, "proxy_maintenance", route="old.test", state="on")
    (write,) = [step for step in closed.steps if isinstance(step, Write)]
    assert write.path == "edge/old-test-maintenance.yaml"
    assert yaml.safe_load(write.content)["http"]["routers"]["old-test-maintenance"]["rule"] == "Host(`old.test`)"
    answers = closed.steps[-1]
    assert isinstance(answers, Check)
    assert answers.args["status"] == 503
    assert "is not closed" in session.call("proxy_maintenance", {"route": "old.test", "state": "off"}).text


def test_the_list_tells_routes_servers_and_labels_that_are_refused(tmp_path: Path) -> None:
    told = opened(tmp_path).call("proxy_list", {}).data
    (proxy,) = told["proxies"]
    assert (proxy["name"], proxy["version"], proxy["configuration"]) == ("edge", "3.7.15", "edge")
    (route,) = told["routes"]
    assert (route["name"], route["servers"], route["enabled"]) == ("old-test@docker", ["http://172.18.0.9:3000"], True)
    (finding,) = proxy["findings"]
    assert "traefik.http.routers.x.entrypoint" in finding
    assert "Write traefik.http.routers.x.entrypoints." in finding


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"route": "web", "state": "on"}, "has no route for web. Name a host that it serves: old.test."),
        ({"route": "old.test", "state": "on", "page": "../secret.html"}, "is outside the project"),
        ({"route": "old.test", "state": "on", "page": "/etc/hostname"}, "is outside the project"),
    ],
)
def test_what_nobody_serves_is_not_closed_and_no_file_from_outside_is_shown(
    tmp_path: Path, arguments: dict[str, str], said: str
) -> None:
    outcome = opened(tmp_path).call("proxy_maintenance", arguments)
    assert outcome.plan is None
    assert said in outcome.text


@pytest.mark.parametrize(
    "arguments",
    [{"port": 99_999}, {"rate": -5}, {"timeout_s": -1}, {"health_path": "health check"}, {"headers": ["-X: no"]}],
)
def test_a_value_that_no_proxy_takes_is_refused(tmp_path: Path, arguments: dict[str, Any]) -> None:
    outcome = opened(tmp_path).call("proxy_add_route", {"service": "web", "hosts": ["shop.test"], **arguments})
    assert outcome.plan is None, outcome.text


def test_each_question_gets_a_name_of_its_own() -> None:
    asked = [
        "a-b.test",
        "a.b.test",
        "a.test/b",
        "a.test/b-c",
        "a.test/b/c",
        "a.test/maintenance",
        "a.test/http",
        "a_b.test",
    ]
    names = [route_name([each], "", "") for each in asked]
    assert len({*names, "a-test", "a-test-maintenance", "a-test-http"}) == len(asked) + 3
    assert all(re.fullmatch(r"[a-z0-9_-]+", name) for name in names)
    assert route_name(["a.test"], "/b/", "") == route_name(["a.test/b"], "", "") == "a-test_b"


def test_a_route_is_removed_by_its_name_too(tmp_path: Path) -> None:
    plan = planned(opened(tmp_path), "proxy_remove_route", route="old-test")
    assert service_after(plan, "api")["labels"] == ["com.example.owner=ann", "traefik.enable=false"]


def test_the_proxy_itself_and_one_that_stands_still_get_no_route(tmp_path: Path) -> None:
    own = opened(tmp_path, f"{COMPOSE}  edge:\n    image: traefik:v3.7\n")
    assert "is the proxy itself" in own.call("proxy_add_route", {"service": "edge", "hosts": ["a.test"]}).text
    still = opened(tmp_path, proxy=edge((tmp_path / "shop").resolve(), status="exited"))
    outcome = still.call("proxy_add_route", {"service": "web", "hosts": ["a.test"]})
    assert "The reverse proxy edge does not run." in outcome.text


def test_a_constraint_that_compose_meets_by_itself_is_no_finding(tmp_path: Path) -> None:
    root = (tmp_path / "shop").resolve()
    for project, warned in (("shop", False), ("other", True)):
        wish = f"--providers.docker.constraints=Label(`com.docker.compose.project`, `{project}`)"
        proxy = edge(root, command=(*edge(root).command, wish))
        plan = planned(opened(tmp_path, proxy=proxy), "proxy_add_route", service="web", hosts=["shop.test"])
        assert any("constraints" in remark for remark in plan.remarks) is warned
