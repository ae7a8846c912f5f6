"""Networks: what refuses and why, and the plans that put services on them."""

from __future__ import annotations

import pytest
from tests.domains.diagnose.cases.network import FRONT, NO_DB, db
from tests.domains.diagnose.places import ROOT, Case, container, ended, never_started, stamp, workspace, world_of

from docker_agent.core.plan import Argv, Plan, Probe, WaitHealthy, Write
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.fix import fix
from docker_agent.domains.diagnose.rank import examine
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.fake import START, World
from docker_agent.host.models import LogLine, Port

TAIL = """  db:
    image: db:1
    networks: [back]
networks:
  front: {}
  back: {}
"""


def plan_of(world: World, code: str) -> Plan:
    """The plan for the service `web`."""
    plan = fix.function(workspace(world), code, "web")
    assert isinstance(plan, Plan)
    return plan


@pytest.mark.parametrize(
    ("written", "edited"),
    [
        ("    networks: [front]\n", "    networks:\n      - front\n      - back\n"),
        ("    networks:\n      front:\n        aliases: [w]\n", "        aliases: [w]\n      back: {}\n"),
        ("    restart: always\n", "    networks:\n      - default\n      - back\n"),
    ],
)
def test_a_service_joins_the_network_of_the_one_it_looks_for(written: str, edited: str) -> None:
    world = world_of(Case("net-isolation", FRONT, [NO_DB], others=[db("back")]))
    head = "name: shop\nservices:\n  web:\n    image: busybox:1\n"
    world.files[ROOT / "compose.yaml"] = f"{head}{written}{TAIL}".encode()

    write, up, wait, asked = plan_of(world, "net-isolation").steps
    assert isinstance(write, Write)
    assert edited in write.content
    assert write.content.endswith(TAIL)
    assert isinstance(up, Argv)
    assert up.argv[-3:] == ("-d", "--no-deps", "web")
    assert isinstance(wait, WaitHealthy)
    assert isinstance(asked, Probe)
    assert (asked.url, asked.inside) == ("dns:db", "shop-web-1")


def test_a_port_of_the_host_is_told_from_the_containers_own() -> None:
    other = container("db", ports=(Port(container_port=5432, host_port=15432),), networks=FRONT["networks"])
    said = {}
    for number in (15432, 5432):
        world = world_of(Case("", FRONT, [f"dial tcp db:{number}: connect: connection refused"], others=[other]))
        found = examine(collect(workspace(world)))
        said[number] = next(finding.cause for finding in found if finding.code == "net-conn-refused")
    assert "15432 is the port on the host, 5432 the container's" in said[15432]
    assert "not up (yet)" in said[5432]


def test_the_host_gets_a_name() -> None:
    world = world_of(Case("net-host-gateway", FRONT, ["bad address 'host.docker.internal'"]))
    write = plan_of(world, "net-host-gateway").steps[0]
    assert isinstance(write, Write)
    assert "    extra_hosts:\n      - host.docker.internal:host-gateway\n" in write.content


def test_a_container_whose_network_is_gone_is_made_new() -> None:
    world = world_of(Case("net-missing", never_started("network 3f2a9c not found")))
    step, wait = plan_of(world, "net-missing").steps
    assert isinstance(step, Argv)
    assert step.argv[-4:] == ("-d", "--no-deps", "--force-recreate", "web")
    assert isinstance(wait, WaitHealthy)


def test_the_refusing_host_of_a_url_is_named_without_what_leads_to_it() -> None:
    line = "connect to postgres://shop:word@db:5432/shop failed: Connection refused"
    (found, *_) = examine(collect(workspace(world_of(Case("", ended(1), lines=[line])))))
    assert (found.code, found.message) == ("net-conn-refused", "A connection to db:5432 was refused.")


@pytest.mark.parametrize(
    ("up_s", "after", "codes"),
    [(900, "listening on 80", []), (900, "", ["net-conn-refused"]), (90, "listening on 80", ["net-conn-refused"])],
)
def test_a_start_that_had_to_wait_is_no_fault_later(up_s: float, after: str, codes: list[str]) -> None:
    refused = "dial tcp 172.18.0.2:5432: connect: connection refused"
    said = [LogLine(number, time=stamp(up_s - number), text=text) for number, text in enumerate((refused, after), 1)]
    web = container(started_at=stamp(up_s))
    logs = {web.name: tuple(line for line in said if line.text)}
    snapshot = Snapshot("shop", ROOT, START, containers=(web,), logs=logs)
    assert [each.code for each in examine(snapshot)] == codes
