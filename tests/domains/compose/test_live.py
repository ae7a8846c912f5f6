from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.errors import EngineUnreachable
from docker_agent.domains.compose.check import CheckReport, check
from docker_agent.host.fake import World
from docker_agent.host.models import Container, Network, Port, Volume
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

ROOT = Path("/shop")
WEB = "services:\n  web:\n    image: nginx:1.29\n    ports: ['{}']\n"
EXTERNAL = """services:
  web:
    image: nginx:1.29
    networks: [proxy]
    volumes: [data:/data]
networks:
  proxy: {external: true, name: edge}
  other: {external: true}
volumes:
  data: {external: true}
"""
# Port 5432 listens on 127.0.0.1, 8080 on every address; the third row is a connection, no listener.
TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   108        0 1148 1 0 100 0 0 10 0
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1149 1 0 100 0 0 10 0
   2: 0100007F:1539 0100007F:1538 01 00000000:00000000 00:00000000 00000000     0        0 1150 1 0 100 0 0 10 0
"""
TCP6 = """  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
"""


def container(name: str, port: int, *, project: str = "", service: str = "", status: str = "running") -> Container:
    ports = (Port(container_port=80, host_ip="0.0.0.0", host_port=port),)  # noqa: S104 - a picture of one that listens
    return Container(id=name, name=name, image="x:1", project=project, service=service, status=status, ports=ports)


def report_of(text: str, world: World) -> CheckReport:
    world.react("docker", "compose", "config")
    world.files[ROOT / "compose.yml"] = text.encode()
    return check.function(Workspace(host=world.host.reads, root=ROOT, context=ProjectContext()), [])


def messages(code: str, text: str, world: World) -> list[str]:
    return [finding.message for finding in report_of(text, world).findings if finding.code == code]


def test_a_port_of_another_container_is_taken() -> None:
    world = World().add(container("proxy", 8080, project="edge"))
    (message,) = messages("port_in_use", WEB.format("8080:80"), world)
    assert message == "web publishes port 8080, which the container proxy of the project edge has."


@pytest.mark.parametrize("port", ["8081:80", "8080:80/udp", "80", "8080-8090:80"])
def test_other_ports_are_free(port: str) -> None:
    assert messages("port_in_use", WEB.format(port), World().add(container("proxy", 8080))) == []


@pytest.mark.parametrize("port", ["8080:80", "127.0.0.1:8080:80", "8079-8081:1-3"])
def test_every_way_to_meet_a_taken_port(port: str) -> None:
    assert len(messages("port_in_use", WEB.format(port), World().add(container("proxy", 8080)))) == 1


def test_what_is_replaced_or_stopped_takes_no_port() -> None:
    own = container("shop-web-1", 8080, project="shop", service="web")
    assert messages("port_in_use", WEB.format("8080:80"), World().add(own)) == []
    stopped = container("old", 8080, status="exited")
    assert messages("port_in_use", WEB.format("8080:80"), World().add(stopped)) == []


def test_a_container_of_a_service_that_is_gone_keeps_its_port() -> None:
    orphan = container("shop-old-1", 8080, project="shop", service="old")
    assert len(messages("port_in_use", WEB.format("8080:80"), World().add(orphan))) == 1


def test_services_whose_profile_is_off_are_not_started() -> None:
    text = WEB.format("8080:80") + "    profiles: [debug]\n"
    assert messages("port_in_use", text, World().add(container("proxy", 8080))) == []


@pytest.mark.parametrize(
    ("port", "taken"),
    [
        ("5432:5432", True),
        ("127.0.0.1:5432:5432", True),
        ("127.0.0.2:5432:5432", False),
        ("8080:80", True),
        ("5433:5432", False),
        ("[::1]:80:80", True),
        ("127.0.0.1:80:80", False),
    ],
)
def test_programs_of_the_host_take_ports(port: str, taken: bool) -> None:
    world = World()
    world.files |= {Path("/proc/net/tcp"): TCP.encode(), Path("/proc/net/tcp6"): TCP6.encode()}
    assert taken == bool(messages("port_in_use", WEB.format(port), world))


def test_the_ports_of_an_engine_elsewhere_are_not_those_of_this_machine() -> None:
    world = World()
    world.files[Path("/proc/net/tcp")] = TCP.encode()
    world.engine = world.engine.model_copy(update={"endpoint": "ssh://far"})
    assert messages("port_in_use", WEB.format("5432:5432"), world) == []


def test_the_engines_own_listener_for_a_container_counts_once() -> None:
    world = World().add(container("shop-web-1", 8080, project="shop", service="web"))
    world.files[Path("/proc/net/tcp")] = TCP.encode()
    assert messages("port_in_use", WEB.format("8080:80"), world) == []


def test_external_networks_and_volumes_that_a_service_uses() -> None:
    assert messages("external_missing", EXTERNAL, World()) == [
        "The network edge is external, and the engine has none of that name.",
        "The volume data is external, and the engine has none of that name.",
    ]
    world = World(networks={"edge": Network(id="1", name="edge")}, volumes={"data": Volume(name="data")})
    assert messages("external_missing", EXTERNAL, world) == []


def test_a_name_that_is_not_known_is_not_missing() -> None:
    assert len(messages("external_missing", EXTERNAL.replace("edge", "'${EDGE}'"), World())) == 1


def test_without_an_engine_nothing_is_said_but_that_it_was_not_asked() -> None:
    world = World(down=EngineUnreachable("No engine answers.", "Start it."))
    report = report_of(EXTERNAL, world)
    assert not {"port_in_use", "external_missing"} & {finding.code for finding in report.findings}
    assert any("No engine answers" in words for words in report.not_looked_at)
