"""Plans that start, connect and give owners, what the newer edits write, and where no plan is made of a finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.domains.diagnose.cases import FAILURES
from tests.domains.diagnose.places import ROOT, Case, container, ended, never_started, workspace, world_of

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Argv, Engine, Plan, Write
from docker_agent.domains.diagnose.diagnose import diagnose
from docker_agent.domains.diagnose.fix import fix
from docker_agent.host.fake import World
from docker_agent.host.models import Attachment, Mount

HEAD = "name: shop\nservices:\n  web:\n    image: busybox:1\n"
DB = "  db:\n    image: db:1\n"
BACK = (Attachment(network="back"),)


def plan_for(world: World, code: str, service: str = "web") -> Plan:
    """The plan of `diagnose_fix`."""
    plan: Plan = fix.function(workspace(world), code, service)
    return plan


def steps_of(plan: Plan) -> list[str]:
    """The steps in a word or two each: what the engine or Compose is asked for, and the kind of the checks."""
    return [
        f"{step.action} {step.target}"
        if isinstance(step, Engine)
        else " ".join(step.argv[8:])
        if isinstance(step, Argv)
        else step.kind
        for step in plan.steps
    ]


def known(name: str, **fields: Any) -> World:
    """The machine of a known failure, with other fields of the container."""
    case = FAILURES[name]
    return world_of(replace(case, container={**case.container, **fields}))


WRITTEN = {
    "chown, all dropped": "    cap_drop: [ALL]\n    cap_add:\n      - KILL\n      - CHOWN\n",
    "node, with a limit": '    environment:\n      - "NODE_OPTIONS=--trace-warnings --max-old-space-size=384"\n',
    "size of logs": "    logging: {driver: json-file, options: {max-size: 10m}}\n",
    "fluentd is away": '    logging: {driver: fluentd, options: {fluentd-async: "true"}}\n',
    "low port, forbidden in the file": "    sysctls: [net.ipv4.ip_unprivileged_port_start=0]\n",
    "ports on the host's network, in the file": "    network_mode: host\n",
    "address taken": "    networks:\n      default: {}\n",
    "alone on the bridge": "    init: true\n" + DB,
}
STARTS = {
    "port that is free again": ["container_start shop-web-1", "wait_healthy", "observe"],
    "killed by a person": ["container_start shop-web-1", "wait_healthy", "observe"],
    "interrupted from inside": ["container_start shop-web-1", "wait_healthy", "observe"],
    "terminated from inside": ["container_start shop-web-1", "wait_healthy", "observe"],
    "started before its upstream": ["container_start shop-web-1", "wait_healthy", "observe"],
    "stale upstream": ["container_restart shop-web-1", "wait_healthy", "observe"],
    "looks for one that was stopped": [
        "container_start shop-db-1",
        "wait_healthy",
        "observe",
        "container_start shop-web-1",
        "wait_healthy",
        "observe",
    ],
    "volume of root": [
        "run --rm --no-deps -T --user 0:0 --cap-add CHOWN --entrypoint chown web 1000:1000 /d",
        "container_restart shop-web-1",
        "wait_healthy",
        "observe",
    ],
}


def test_only_what_is_wrong_changes_in_the_file() -> None:
    found = {}
    for name in WRITTEN:
        step = plan_for(world_of(FAILURES[name]), FAILURES[name].code).steps[0]
        found[name] = step.content.removeprefix(HEAD) if isinstance(step, Write) else ""
    assert found == WRITTEN


def test_what_only_has_to_run_is_started_and_watched() -> None:
    assert {name: steps_of(plan_for(world_of(FAILURES[name]), FAILURES[name].code)) for name in STARTS} == STARTS


REFUSED: list[tuple[str, Mapping[str, Any]]] = [
    ("chown, all dropped", {"user": "1000"}),
    ("node, with a limit", {"memory_limit": 0}),
    ("node, with a limit", {"memory_limit": 80 * 2**20}),
    ("low port, forbidden in the file", {"network_mode": "host"}),
    ("volume of root", {"user": "1000;reboot"}),
    ("volume of root", {"user": "-R"}),
    ("volume of root", {"mounts": (Mount(kind="volume", target="/d", name="other_data"),)}),
    ("volume of root", {"mounts": (Mount(kind="volume", target="/d", name="shop_data", read_only=True),)}),
]


@pytest.mark.parametrize(("name", "fields"), REFUSED, ids=[f"{n}-{each[0]}" for n, each in enumerate(REFUSED)])
def test_what_would_not_help_is_left_to_a_person(name: str, fields: Mapping[str, Any]) -> None:
    with pytest.raises(InputError, match="What a person can do"):
        plan_for(known(name, **fields), FAILURES[name].code)


def test_a_volume_gets_an_owner_only_at_its_top_and_only_if_nobody_else_has_it() -> None:
    case = FAILURES["volume of root"]
    deeper = replace(case, lines=["touch: /d/sub/x: Permission denied"])
    external = replace(
        case, body=[*case.body[:2], "init: true\nvolumes:\n  data: {external: true, name: shop_data}\nx:"]
    )
    foreign = container("x", project="blog", mounts=(Mount(kind="volume", target="/v", name="shop_data"),))
    abroad = world_of(replace(case, others=[foreign]))
    with_other = world_of(case)
    with_other.files[ROOT / "compose.yaml"] = (
        b"name: shop\nservices:\n  web: {image: b, user: '1000:1000', volumes: ['data:/d']}\n"
        b"  db: {image: b, user: '70', volumes: ['data:/v']}\nvolumes: {data: {}}\n"
    )
    for world in (world_of(deeper), world_of(external), with_other, abroad):
        with pytest.raises(InputError, match="What a person can do"):
            plan_for(world, "perm-named-volume")


def test_an_external_network_is_left_to_whom_it_belongs() -> None:
    case = Case("net-missing", never_started("network 3f2a9c not found"), body=["networks: [edge]"])
    own, foreign = world_of(case), world_of(case)
    own.files[ROOT / "compose.yaml"] += b"networks: {edge: {}}\n"
    foreign.files[ROOT / "compose.yaml"] += b"networks: {edge: {external: true}}\n"
    assert steps_of(plan_for(own, "net-missing"))[-1] == "wait_healthy"
    with pytest.raises(InputError, match="What a person can do"):
        plan_for(foreign, "net-missing")


def test_an_address_that_others_know_stays() -> None:
    case = FAILURES["address taken"]
    world = world_of(replace(case, body=[*case.body, "environment: {SELF: 10.9.0.5}"]))
    with pytest.raises(InputError, match="What a person can do"):
        plan_for(world, "net-ip-used")


def test_a_start_waits_for_the_path_that_was_missing() -> None:
    for error, code in (
        ('invalid mount config for type "bind": bind source path does not exist: /project/data', "bind-missing"),
        (
            "failed to mount local volume: mount /project/data:/v/_data, flags: 0x1: no such file or directory",
            "vol-bind-opt",
        ),
    ):
        world = world_of(Case(code, never_started(error)))
        with pytest.raises(InputError, match="What a person can do"):
            plan_for(world, code)
        world.files[ROOT / "data/x"] = b""
        assert steps_of(plan_for(world, code)) == ["container_start shop-web-1", "wait_healthy", "observe"]


def test_without_a_compose_file_the_engine_connects_what_looks_for_each_other() -> None:
    front = ended(1, networks=(Attachment(network="front"),))
    world = world_of(Case("", front, ["nc: bad address 'db'"], others=[container("db", networks=BACK)]))
    del world.files[ROOT / "compose.yaml"]
    plan = plan_for(world, "net-isolation")
    assert steps_of(plan) == ["network_connect back", "container_start shop-web-1", "observe", "probe"]
    step = plan.steps[0]
    assert isinstance(step, Engine)
    assert step.args == {"container": "shop-web-1", "alias": "web"}
    assert isinstance(step.undo, Engine)
    assert (step.undo.action, step.undo.target, step.undo.args) == (
        "network_disconnect",
        "back",
        {"container": "shop-web-1"},
    )


def test_a_service_without_a_container_is_made() -> None:
    world = world_of(Case("", {}))
    world.files[ROOT / "compose.yaml"] += DB.encode()
    assert steps_of(plan_for(world, "cmp-not-created", "db")) == ["up -d --no-recreate db", "wait_healthy"]


def test_words_alone_and_symptoms_get_no_plan_but_are_told_what_to_do() -> None:
    with pytest.raises(InputError) as said:
        plan_for(World(), "zombies", "message")
    assert said.value.message == "zombies was read from a message, and no plan is made of words alone."
    assert "Do what its `fix` says" in said.value.next_step
    assert "process 1 of the container does not collect them" in said.value.next_step

    waiting = {"status": "created"}
    broken = container("db", **ended(137, oom_killed=True, memory_limit=2**24))
    body = ["depends_on: [db]", "init: true\n  db:\n    image: db:1\n    mem_limit: 16m\nx-rest:"]
    world = world_of(Case("", waiting, body=body))
    world.add(broken)
    with pytest.raises(InputError) as said:
        plan_for(world, "cmp-dep-exited")
    assert said.value.message == "cmp-dep-exited of web is a symptom of exit-137-oom of db."
    assert said.value.next_step == "Mend that first: diagnose_fix with code exit-137-oom and service db."
    world.change("shop-db-1", oom_killed=False, exit_code=1)
    with pytest.raises(InputError) as said:
        plan_for(world, "cmp-dep-exited")
    assert said.value.next_step.startswith("Mend that first; what a person can do: ")


def test_who_killed_it_is_said_only_while_the_engine_remembers_its_end() -> None:
    said = {}
    for name, case in (("known", FAILURES["killed by the host"]), ("forgotten", Case("exit-137-kill", ended(137)))):
        said[name] = diagnose.function(workspace(world_of(case))).findings[0].message
    assert said == {
        "known": "Killed, and not through the engine.",
        "forgotten": "Killed; the engine does not remember any more by whom.",
    }


def test_an_address_that_two_services_have_is_left_to_the_engine() -> None:
    world = world_of(FAILURES["address taken"])
    world.files[ROOT / "compose.yaml"] += b"  db:\n    image: db:1\n    networks: {default: {ipv4_address: 10.9.0.5}}\n"
    step = plan_for(world, "net-ip-used").steps[0]
    assert isinstance(step, Write)
    assert step.content.count("10.9.0.5") == 1
