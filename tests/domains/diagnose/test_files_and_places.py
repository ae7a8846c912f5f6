"""What only the compose file, the disk or other objects of the engine tell of a failure; and the plans that follow."""

from __future__ import annotations

import pytest
from tests.domains.diagnose.places import PROJECT, ROOT, Case, container, ended, stamp, workspace, world_of

from docker_agent.core.plan import Argv, Plan, Probe, WaitHealthy, Write
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.fix import fix
from docker_agent.domains.diagnose.rank import examine
from docker_agent.host.fake import World
from docker_agent.host.models import Attachment, Image, Listener, Mount, Network, Port, Stats, Volume

LOOPING = {"status": "restarting", "exit_code": 1, "restart_count": 4}
CONF = Mount(kind="bind", target="/etc/nginx", name="", source=str(ROOT / "nginx"))
NO_CONF = '[emerg] open() "/etc/nginx/nginx.conf" failed (2: No such file or directory)'
LABELS = {"com.docker.compose.project": PROJECT, "com.docker.compose.volume": "data"}


def codes(world: World) -> list[str]:
    """What is found, first things first."""
    return [finding.code for finding in examine(collect(workspace(world)))]


def write_compose(world: World, body: str) -> None:
    """The project's compose file."""
    world.files[ROOT / "compose.yaml"] = f"name: {PROJECT}\n{body}".encode()


def planned(world: World, code: str, service: str = "web") -> Plan:
    """The plan of `diagnose_fix`."""
    plan = fix.function(workspace(world), code, service)
    assert isinstance(plan, Plan)
    return plan


def text_of(plan: Plan) -> str:
    """What a plan writes."""
    return next(step.content for step in plan.steps if isinstance(step, Write))


def test_a_mount_that_hides_a_file_of_the_image() -> None:
    world = world_of(Case("", {**LOOPING, "mounts": (CONF,)}, [NO_CONF]))
    world.files[ROOT / "nginx/conf.d/shop.conf"] = b""
    assert codes(world)[0] == "mount-hides"
    world.files[ROOT / "nginx/nginx.conf"] = b""
    assert "mount-hides" not in codes(world)


def test_a_volume_that_was_renamed() -> None:
    old, new = (
        Volume(name=f"shop_{key}", created_at=stamp(ago), labels={**LABELS, "com.docker.compose.volume": key})
        for key, ago in (("data", 9_000), ("store", 300))
    )
    world = world_of(Case("", {"mounts": (Mount(kind="volume", target="/data", name=new.name),)}))
    world.volumes.update({old.name: old, new.name: new})
    assert codes(world) == ["vol-renamed"]
    world.volumes[old.name] = old.model_copy(update={"created_at": stamp(10)})
    assert codes(world) == []
    world.volumes[old.name] = old
    world.add(container("db", mounts=(Mount(kind="volume", target="/data", name=old.name),)))
    assert codes(world) == []


@pytest.mark.parametrize(
    ("subnet", "wanted"), [("10.8.3.0/24", ["net-overlap"]), ("10.9.0.0/24", []), ("${NET:-nothing}", [])]
)
def test_a_subnet_that_is_taken(subnet: str, wanted: list[str]) -> None:
    world = World()
    write_compose(
        world, f"services: {{web: {{image: a:1}}}}\nnetworks: {{x: {{ipam: {{config: [subnet: '{subnet}']}}}}}}\n"
    )
    world.networks["vpn"] = Network(id="1", name="vpn", subnets=("10.8.0.0/16", "fd00::/64"))
    assert [code for code in codes(world) if code == "net-overlap"] == wanted
    world.networks["shop_x"] = Network(id="2", name="shop_x", subnets=("10.8.3.0/24",))
    assert "net-overlap" not in codes(world)


def test_a_variable_without_a_value_explains_a_broken_service_only() -> None:
    world = world_of(Case("", ended(1), ["no token given"], body=["environment: [TOKEN=$NOBODY_SETS_THIS]"]))
    assert codes(world) == ["cmp-unset-var"]
    world.change("shop-web-1", status="running", exit_code=0)
    assert codes(world) == []


def test_an_image_that_is_not_here_and_may_not_be_pulled() -> None:
    world = World()
    write_compose(world, "services: {web: {image: 'shop:2', pull_policy: never}, db: {image: 'db:1'}}\n")
    assert codes(world) == ["img-pull-never"]
    world.images["shop"] = Image(id="sha256:1", tags=("shop:2",))
    assert codes(world) == []


def test_a_folder_to_be_mounted_that_is_not_there() -> None:
    world = World()
    mount = "{type: bind, source: ./site, target: /site, bind: {create_host_path: false}}"
    write_compose(world, f"services: {{web: {{image: 'a:1', volumes: [{mount}]}}}}\n")
    assert codes(world) == ["bind-missing"]
    world.files[ROOT / "site/index.html"] = b""
    assert codes(world) == []


def test_a_name_server_of_its_own_is_blamed_for_names_outside() -> None:
    fields = ended(1, networks=(Attachment(network="front"),), raw={"HostConfig": {"Dns": ["192.0.2.53"]}})
    assert codes(world_of(Case("", fields, ["nc: bad address 'api.example.org'"]))) == ["dns-timeout"]
    assert codes(world_of(Case("", fields, ["nc: bad address 'bd'"]))) == ["dns-servfail"]


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [('"8080:80"', '"8080:8000"'), ('"127.0.0.1:8080:80/tcp"', '"127.0.0.1:8080:8000/tcp"')],
)
def test_the_published_port_leads_to_what_listens(entry: str, wanted: str) -> None:
    fields = {"ports": (Port(container_port=80, host_port=8080),)}
    heard = {"shop-web-1": [Listener(ip="::", port=8000), Listener(ip="127.0.0.11", port=40_000)]}
    world = world_of(Case("", fields, body=[f"ports: [{entry}]"], listeners=heard))
    plan = planned(world, "port-nolisten")
    assert f"ports: [{wanted}]" in text_of(plan)
    assert [step.url for step in plan.steps[-1:] if isinstance(step, Probe)] == ["tcp://127.0.0.1:8080"]
    world.listeners["shop-web-1"].append(Listener(ip="::", port=9000))
    assert [finding.fixable for finding in examine(collect(workspace(world)))] == [False]


def test_a_file_that_compose_refuses_is_mended_and_started() -> None:
    world = World()
    write_compose(world, "services:\n  web: {image: 'a:1', networks: [back]}\n  db: {image: 'b:1', networks: [back]}\n")
    plan = planned(world, "cmp-undef")
    assert "networks:\n  back:" in text_of(plan)
    assert next(step.argv[-2:] for step in plan.steps if isinstance(step, Argv)) == ("up", "-d")
    assert [step.target for step in plan.steps if isinstance(step, WaitHealthy)] == ["web", "db"]
    write_compose(world, "services: {web: {image: 'a:1', networks: [bakc]}}\nnetworks: {back: {}}\n")
    assert [finding.fixable for finding in examine(collect(workspace(world)))] == [False]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [("cpus: 0.1", "cpus: 0.5"), ("deploy: {resources: {limits: {cpus: '0.1'}}}", "cpus: '0.5'")],
)
def test_a_limit_of_cpus_is_raised(body: str, wanted: str) -> None:
    world = world_of(Case("", {"cpus": 0.1}, body=[body]))
    world.readings["shop-web-1"] = Stats(name="shop-web-1", periods=100, throttled_periods=60)
    assert wanted in text_of(planned(world, "cpu-throttle"))
