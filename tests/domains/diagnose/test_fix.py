"""The plans that mend: what they change in the file, how they prove it, and where they refuse."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import pytest
from tests.domains.diagnose.cases import FAILURES
from tests.domains.diagnose.places import ROOT, Case, checked, container, ended, never_started, workspace, world_of

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Argv, Engine, Observe, Plan, Risk, WaitHealthy, Write
from docker_agent.domains.diagnose.diagnose import diagnose
from docker_agent.domains.diagnose.fix import fix
from docker_agent.host.fake import World
from docker_agent.host.models import EngineInfo, LogLine, Port

M = 2**20
HEAD = "name: shop\nservices:\n  web:\n    image: busybox:1\n"


def plan_for(world: World, code: str, service: str = "web") -> Plan:
    """The plan of `diagnose_fix`."""
    plan: Plan = fix.function(workspace(world), code, service)
    return plan


def written(plan: Plan) -> str:
    """What the plan writes below the image of `web`."""
    step = next(step for step in plan.steps if isinstance(step, Write))
    assert step.content.startswith(HEAD)
    return step.content.removeprefix(HEAD)


def case_of(code: str, body: Sequence[str], **fields: Any) -> World:
    """The machine of a known failure with another compose file and other fields."""
    known = next(case for case in FAILURES.values() if case.code == code)
    lines = known.lines
    return world_of(Case(code, {**known.container, **fields}, lines, known.events, body, known.others))


CHANGES: list[tuple[str, World, str]] = [
    ("exit-137-oom", case_of("exit-137-oom", ["mem_limit: 24m"], memory_limit=24 * M), "    mem_limit: 96m\n"),
    ("exit-137-oom", case_of("exit-137-oom", ["mem_limit: 6m"], memory_limit=6 * M), "    mem_limit: 64m\n"),
    (
        "exit-137-oom",
        case_of("exit-137-oom", ["mem_limit: 24m", "memswap_limit: 24m"], memory_limit=24 * M, memory_swap=24 * M),
        "    mem_limit: 96m\n    memswap_limit: 96m\n",
    ),
    (
        "exit-137-oom",
        case_of("exit-137-oom", ["deploy: {resources: {limits: {memory: 1g}}}"], memory_limit=1024 * M),
        "    deploy: {resources: {limits: {memory: 4g}}}\n",
    ),
    (
        "restart-loop-exit0",
        case_of("restart-loop-exit0", ["restart: always  # keep"]),
        "    restart: on-failure  # keep\n",
    ),
    (
        "health-timeout",
        case_of("health-timeout", ["healthcheck:", "  test: sleep 5", "  timeout: 2s"]),
        "    healthcheck:\n      test: sleep 5\n      timeout: 10s\n",
    ),
    (
        "health-localhost-ipv6",
        case_of("health-localhost-ipv6", ["healthcheck:", '  test: "curl http://localhost:80"']),
        '    healthcheck:\n      test: "curl http://127.0.0.1:80"\n',
    ),
    ("pids-limit", case_of("pids-limit", ["pids_limit: 50"], pids_limit=50), "    pids_limit: 200\n"),
    ("shm-full", case_of("shm-full", ["init: true"]), "    init: true\n    shm_size: 256m\n"),
    (
        "tmpfs-full",
        case_of("tmpfs-full", ['tmpfs: ["/e:size=9m", "/d:size=32m,mode=700"]']),
        '    tmpfs: ["/e:size=9m", "/d:size=128m,mode=700"]\n',
    ),
    ("tmpfs-full", case_of("tmpfs-full", ["tmpfs: /d:size=1m"]), "    tmpfs: /d:size=64m\n"),
    (
        "exit-137-stop-timeout",
        case_of("exit-137-stop-timeout", ["command: sleep 9"]),
        "    command: sleep 9\n    init: true\n",
    ),
    ("port-inuse-host", case_of("port-inuse-host", ["ports:", '  - "8080:80"']), '    ports:\n      - "8081:80"\n'),
    (
        "ping-denied",
        case_of("ping-denied", ["cap_drop: [NET_RAW]"]),
        '    cap_drop: [NET_RAW]\n    sysctls:\n      net.ipv4.ping_group_range: "0 2147483647"\n',
    ),
    ("memlock", case_of("memlock", ["init: true"]), "    init: true\n    ulimits:\n      memlock: -1\n"),
    ("nofile", case_of("nofile", ["ulimits: {nofile: 64}"]), "    ulimits: {nofile: 4096}\n"),
    ("nofile", case_of("nofile", ["init: true"]), "    init: true\n    ulimits:\n      nofile: 65536\n"),
    ("nofile-runc", case_of("nofile-runc", ["ulimits: {nofile: 6}"]), "    ulimits: {nofile: 4096}\n"),
    ("exit-255-crash", case_of("exit-255-crash", ["init: true"]), "    init: true\n    restart: unless-stopped\n"),
    (
        "log-journald",
        world_of(Case("", never_started("journald is not enabled on this host"), body=["logging: {driver: journald}"])),
        "    logging: {driver: local}\n",
    ),
]


@pytest.mark.parametrize(("code", "world", "expected"), CHANGES, ids=[f"{n}-{c[0]}" for n, c in enumerate(CHANGES)])
def test_only_the_value_changes(code: str, world: World, expected: str) -> None:
    plan = plan_for(world, code)
    assert written(plan) == expected
    assert plan.risk is Risk.CHANGE
    assert plan.data == ()
    assert plan.foreign == ()
    up = next(step for step in plan.steps if isinstance(step, Argv))
    assert up.argv[:2] == ("docker", "compose")
    assert up.argv[-4:] == ("up", "-d", "--no-deps", "web")
    assert isinstance(up.undo, Argv)
    assert up.undo.argv == up.argv
    assert any(isinstance(step, WaitHealthy) and step.target == "web" for step in plan.steps)
    assert all(step.why for step in plan.steps)
    assert world.done == []


def test_a_crash_loop_is_watched_afterwards() -> None:
    plan = plan_for(case_of("exit-137-oom", ["mem_limit: 24m"], memory_limit=24 * M), "exit-137-oom")
    assert isinstance(plan.steps[-1], Observe)
    assert "24m" in plan.steps[0].why
    assert "96m" in plan.steps[0].why


def test_the_limit_stays_below_half_of_the_host() -> None:
    world = case_of("exit-137-oom", ["mem_limit: 512m"], memory_limit=512 * M)
    world.engine = EngineInfo(version="28", api_version="1.51", memory=1800 * M)
    assert written(plan_for(world, "exit-137-oom")) == "    mem_limit: 900m\n"
    world.engine = EngineInfo(version="28", api_version="1.51", memory=900 * M)
    with pytest.raises(InputError, match="cannot be mended by a plan"):
        plan_for(world, "exit-137-oom")


def test_the_next_free_port_is_free_everywhere() -> None:
    world = case_of("port-allocated", ["ports:", '  - "127.0.0.1:8080:80"  # shop', '  - "8082:82"'])
    world.add(
        container("x").model_copy(update={"project": "other", "ports": (Port(container_port=1, host_port=8081),)})
    )
    expected = '    ports:\n      - "127.0.0.1:8083:80"  # shop\n      - "8082:82"\n'
    assert expected in written(plan_for(world, "port-allocated"))


def test_a_port_from_a_variable_is_left_to_a_person() -> None:
    world = case_of("port-allocated", ["ports:", '  - "${PORT:-8080}:80"'])
    with pytest.raises(InputError, match="What a person can do: Publish another port"):
        plan_for(world, "port-allocated")


def test_a_check_is_replaced_only_where_nc_is_proved() -> None:
    body = ["healthcheck:", "  test: curl -f http://localhost:8080/ready"]
    test = ("CMD-SHELL", "curl -f http://localhost:8080/ready")
    plan = plan_for(case_of("health-tool-missing-shell", body, health_test=test), "health-tool-missing-shell")
    assert "nc -w 3 127.0.0.1 8080" in written(plan)
    assert "GET /ready HTTP/1.0" in written(plan)
    dash = checked(127, "/bin/sh: 1: curl: not found")
    with pytest.raises(InputError, match="cannot be mended"):
        plan_for(
            case_of("health-tool-missing-shell", body, health_test=test, health_log=dash), "health-tool-missing-shell"
        )
    several = ("CMD-SHELL", "curl http://localhost:1 && curl http://localhost:2")
    with pytest.raises(InputError, match="cannot be mended"):
        plan_for(case_of("health-tool-missing-shell", body, health_test=several), "health-tool-missing-shell")


def test_a_writable_folder_is_added_but_never_over_the_system() -> None:
    plan = plan_for(case_of("ro-rootfs", ["read_only: true"]), "ro-rootfs")
    assert written(plan) == "    read_only: true\n    tmpfs:\n      - /tmp\n"
    for path in ("/etc/x", "/x", "/usr/lib/x", "/tmpfoo/x"):
        case = Case("ro-rootfs", ended(1, read_only=True), [f"can't create {path}: Read-only file system"])
        with pytest.raises(InputError, match="cannot be mended"):
            plan_for(world_of(case), "ro-rootfs")


def test_log_rotation_is_added_but_not_over_a_wish() -> None:
    for body, fits in ((["init: true"], True), (["logging: {driver: local}"], False)):
        world = world_of(Case("log-disk", {"log_driver": "json-file"}, body=body))
        world.lines["shop-web-1"] = [
            LogLine(number=n, time=f"2027-01-15T07:59:5{n // 20}.{n % 20:03d}Z", text="x" * 9_999) for n in range(190)
        ]
        if fits:
            assert "max-size: 10m" in written(plan_for(world, "log-disk"))
        else:
            with pytest.raises(InputError, match="cannot be mended"):
                plan_for(world, "log-disk")


def test_a_paused_container_is_unpaused_by_the_engine() -> None:
    plan = plan_for(case_of("paused", []), "paused")
    assert [type(step) for step in plan.steps] == [Engine, Observe]
    assert plan.touches == ("shop-web-1",)
    assert [(step.target, step.project) for step in plan.steps if isinstance(step, Observe)] == [("shop-web-1", "shop")]
    assert plan.inputs == {}


def test_no_compose_file_means_no_plan() -> None:
    world = case_of("exit-137-oom", ["mem_limit: 24m"], memory_limit=24 * M)
    del world.files[ROOT / "compose.yaml"]
    assert diagnose.function(workspace(world)).findings[0].fixable is False
    with pytest.raises(InputError, match="cannot be mended"):
        plan_for(world, "exit-137-oom")


def test_a_value_shared_by_an_anchor_is_not_touched() -> None:
    world = case_of("exit-137-oom", [], memory_limit=24 * M)
    world.files[ROOT / "compose.yaml"] = (
        b"name: shop\nx-small: &small\n  mem_limit: 24m\nservices:\n  web:\n    image: b:1\n    <<: *small\n"
    )
    plan = plan_for(world, "exit-137-oom")
    step = plan.steps[0]
    assert isinstance(step, Write)
    assert "  mem_limit: 24m\nservices" in step.content
    assert "96m" in step.content


@pytest.mark.parametrize(
    ("code", "service", "said"),
    [
        ("nosuch", "web", "no signature 'nosuch'"),
        ("", "web", "no signature"),
        ("exit-139", "web", "web does not show exit-139 now"),
        ("exit-1-app", "db", "db does not show exit-1-app now"),
        ("exit-1-app", "", "does not show"),
        ("exit-1-app", "web", "cannot be mended by a plan. What a person can do"),
    ],
)
def test_bad_words_are_answered_with_the_next_step(code: str, service: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        plan_for(world_of(Case("exit-1-app", ended(1))), code, service)


def test_a_port_that_is_free_again_needs_only_a_start() -> None:
    error = "Bind for 0.0.0.0:8080 failed: port is already allocated"
    found = diagnose.function(workspace(world_of(Case("", never_started(error))))).findings
    assert [(finding.code, finding.fixable) for finding in found] == [("port-allocated", True)]
    assert "was taken by another container, and is free now" in found[0].message


def test_a_long_port_entry_is_changed_where_it_is_published() -> None:
    world = case_of("port-allocated", ["ports:", "  - target: 80", '    published: "8080"', "  - {target: 81}"])
    assert '      - target: 80\n        published: "8081"\n      - {target: 81}' in written(
        plan_for(world, "port-allocated")
    )


def test_a_plan_is_bound_to_the_files_that_it_does_not_write() -> None:
    world = case_of("exit-137-oom", ["mem_limit: 24m", "env_file: web.env"], memory_limit=24 * M)
    world.files[ROOT / "web.env"] = b"A=1"
    assert plan_for(world, "exit-137-oom").inputs == {
        "web.env": hashlib.sha256(b"A=1").hexdigest(),
        ".env": "",
    }


def test_a_replica_of_another_folder_is_foreign() -> None:
    world = case_of("exit-137-oom", ["mem_limit: 24m"], memory_limit=24 * M)
    elsewhere = {"com.docker.compose.project.working_dir": "/elsewhere"}
    world.add(container("web", labels=elsewhere).model_copy(update={"name": "shop-web-2"}))
    assert plan_for(world, "exit-137-oom").foreign == ("shop-web-2",)


def test_a_container_of_another_folder_is_not_mended() -> None:
    elsewhere = {"com.docker.compose.project.working_dir": "/elsewhere"}
    world = case_of("exit-137-oom", ["mem_limit: 24m"], memory_limit=24 * M, labels=elsewhere)
    found = diagnose.function(workspace(world), "shop-web-1").findings
    assert [(finding.code, finding.fixable) for finding in found] == [("exit-137-oom", False)]
    with pytest.raises(InputError, match="does not show"):
        plan_for(world, "exit-137-oom")
