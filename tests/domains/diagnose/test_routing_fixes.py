"""What the plans for routing write into the compose file, and where each fault is said to stand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.domains.diagnose.cases.proxy import on, traefik
from tests.domains.diagnose.places import Case, container, workspace, world_of

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Engine, Plan, Write
from docker_agent.domains.diagnose.diagnose import diagnose
from docker_agent.domains.diagnose.fix import fix
from docker_agent.host.fake import World
from docker_agent.host.models import Answer, Listener, LogLine, Network

API = "http://172.18.0.4:8080/api"
PAGE = "?per_page=100&page=1"
ROUTER = "traefik.http.routers.web"
BALANCER = "traefik.http.services.web.loadbalancer"
WELL = {"traefik.enable": "true", f"{ROUTER}.rule": "Host(`web`)", f"{BALANCER}.server.port": "8080"}
SERVER = "http://172.18.0.4:8080"


def behind(
    labels: Mapping[str, str],
    *,
    error: str = "",
    server: str = "",
    open_ports: Sequence[int] = (8080,),
    networks: Sequence[str] = ("edge",),
    body: Sequence[str] = (),
    **fields: Any,
) -> World:
    """A machine with `web` behind a Traefik whose API knows its router, perhaps with an error, and its server."""
    written = ["labels:", *(f'  {key}: "{value}"' for key, value in labels.items()), *body]
    plain = {"labels": dict(labels), "networks": on(*networks), "network_mode": networks[0], **fields}
    world = world_of(Case("", plain, body=written, others=[traefik()]))
    router = {"name": "web@docker", "status": "disabled" if error else "enabled", "error": [error] if error else []}
    service = {"name": "web@docker", "loadBalancer": {"servers": [{"url": server or SERVER}]}}
    rows: dict[str, Any] = {
        "http/routers": [router],
        "http/services": [service],
        "http/middlewares": [{"name": "auth@file"}, {"name": "limit@docker"}],
        "entrypoints": [{"name": "web", "address": ":80"}, {"name": "websecure", "address": ":443"}],
    }
    world.answers[f"{API}/version"] = Answer(status=200, body='{"Version": "3.7.15"}')
    for path, value in rows.items():
        world.answers[f"{API}/{path}{PAGE}"] = Answer(status=200, body=json.dumps(value))
    for port in open_ports:
        world.answers[f"tcp://172.18.0.4:{port}"] = Answer(status=200)
    world.listeners["shop-web-1"] = [Listener(ip="::", port=port) for port in open_ports]
    return world


def plan_for(world: World, code: str) -> Plan:
    """The plan of `diagnose_fix`."""
    plan: Plan = fix.function(workspace(world), code, "web")
    return plan


RULE, USES, ON = f"{ROUTER}.rule", f"{ROUTER}.middlewares", f"{ROUTER}.entrypoints"
CHANGES: dict[str, tuple[World, str, str]] = {
    "tr-404-badrule": (
        behind({**WELL, RULE: "Hots(`web`)"}, error="error while parsing rule Hots(`web`): unsupported function: Hots"),
        f'{RULE}: "Hots(`web`)"',
        f'{RULE}: "Host(`web`)"',
    ),
    "tr-404-middleware": (
        behind({**WELL, USES: "auth,limit"}, error='middleware "auth@docker" does not exist'),
        f'{USES}: "auth,limit"',
        f'{USES}: "auth@file,limit"',
    ),
    "tr-404-entrypoint": (
        behind({**WELL, ON: "websecur"}, error='entryPoint "websecur" doesn\'t exist'),
        f'{ON}: "websecur"',
        f'{ON}: "websecure"',
    ),
    "tr-502-refused": (
        behind(
            {**WELL, f"{BALANCER}.server.port": "99"},
            server="http://172.18.0.4:99",
            open_ports=[8080],
            command=("serve", "8080"),
        ),
        f'{BALANCER}.server.port: "99"',
        f'{BALANCER}.server.port: "8080"',
    ),
    "tr-504-network": (
        behind({**WELL, "traefik.docker.network": "edg"}, networks=("back", "edge")),
        'traefik.docker.network: "edg"',
        'traefik.docker.network: "edge"',
    ),
}


@pytest.mark.parametrize("code", CHANGES)
def test_a_fix_changes_the_one_label(code: str) -> None:
    world, before, after = CHANGES[code]
    source = next(iter(world.files.values())).decode()
    answer = diagnose.function(workspace(world))
    assert (answer.findings[0].code, answer.findings[0].fixable) == (code, True), answer.findings
    line = next(number for number, text in enumerate(source.splitlines(), 1) if before in text)
    column = source.splitlines()[line - 1].index('"') + 1
    places = [evidence.where for evidence in answer.findings[0].evidence if evidence.source == "compose"]
    assert places[:1] == [f"compose.yaml:{line}:{column}"]
    step = next(step for step in plan_for(world, code).steps if isinstance(step, Write))
    assert step.content == source.replace(before, after)


def test_a_missing_label_is_added_and_a_missing_network_joined() -> None:
    unenabled = {key: value for key, value in WELL.items() if key != "traefik.enable"}
    world = world_of(
        Case(
            "",
            {"labels": unenabled, "networks": on("edge")},
            body=["labels:", *(f'  - "{k}={v}"' for k, v in unenabled.items())],
            others=[traefik()],
        )
    )
    step = next(step for step in plan_for(world, "tr-404-norouter").steps if isinstance(step, Write))
    assert 'server.port=8080"\n      - traefik.enable=true' in step.content
    world = behind(WELL, networks=("shop_back",), body=["networks: [back]"])
    path = next(iter(world.files))
    world.files[path] += b"networks:\n  back: {}\n  edge: {external: true}\n"
    step = next(step for step in plan_for(world, "tr-504-network").steps if isinstance(step, Write))
    assert "networks:\n      - back\n      - edge\n" in step.content
    assert "traefik.docker.network: edge" in step.content


def test_the_projects_own_default_network_is_joined_undeclared() -> None:
    world = behind(WELL, networks=("shop_back",), body=["networks: [back]"])
    world.change("shop-traefik-1", networks=on("shop_default"), project="shop")
    path = next(iter(world.files))
    world.files[path] += b"networks:\n  back: {}\n"
    step = next(step for step in plan_for(world, "tr-504-network").steps if isinstance(step, Write))
    assert "networks:\n      - back\n      - default\n" in step.content
    assert "external" not in step.content


def test_a_container_that_was_cut_off_is_connected_again() -> None:
    world = behind(WELL, networks=("edge",))
    world.change("shop-web-1", networks=())
    with pytest.raises(InputError):
        plan_for(world, "tr-hang")
    world.networks["edge"] = Network(id="n", name="edge")
    step = plan_for(world, "tr-hang").steps[0]
    assert isinstance(step, Engine)
    assert (step.action, step.target, step.args) == ("network_connect", "edge", {"container": "shop-web-1"})


def test_a_label_with_a_variable_is_left_to_a_person() -> None:
    world = behind(
        {**WELL, RULE: "Hots(`web`)"}, error="error while parsing rule Hots(`web`): unsupported function: Hots"
    )
    path = next(iter(world.files))
    world.files[path] = world.files[path].replace(b"Hots(`web`)", b"Hots(`${HOST-web}`)")
    first = diagnose.function(workspace(world)).findings[0]
    assert (first.code, first.fixable) == ("tr-404-badrule", False)


def test_the_log_tells_where_the_api_does_not_answer() -> None:
    labels = {**WELL, RULE: "Hots(`web`)", USES: "nosuch"}
    world = world_of(
        Case("", {"labels": labels, "networks": on("edge"), "id": "id-web-0123456789ab"}, others=[traefik()])
    )
    said = (
        'error="error while parsing rule Hots(`web`): unsupported function: Hots" routerName=web@docker',
        'error="field not found, node: rul" container=web-shop-id-web-0123456789ab providerName=docker',
        'error="middleware \\"nosuch@docker\\" does not exist" entryPointName=web routerName=other@docker',
    )
    world.lines["shop-traefik-1"] = [
        LogLine(number=1, time="2027-01-15T08:00:00Z", text=f"ERR {text}") for text in said
    ]
    codes = [finding.code for finding in diagnose.function(workspace(world)).findings]
    assert codes == ["tr-404-badlabel", "tr-404-badrule"]
    remade = container("web", id="remade", labels=labels, networks=on("edge"), created_at="2027-01-15T08:01:00Z")
    world.containers["shop-web-1"] = remade
    assert diagnose.function(workspace(world)).findings == ()
