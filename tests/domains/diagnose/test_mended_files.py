"""Plans that correct a mounted script, split a command, mend a check, and start what waited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.domains.diagnose.places import ROOT, Case, checked, container, ended, never_started, workspace, world_of

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Argv, Plan, WaitHealthy, Write
from docker_agent.domains.diagnose.diagnose import diagnose
from docker_agent.domains.diagnose.fix import fix
from docker_agent.host.fake import World
from docker_agent.host.models import Listener, Mount

DENIED = 'runc create failed: unable to start container process: exec: "/app/run.sh": permission denied: unknown'
UNHEALTHY = {"health": "unhealthy", "failing_streak": 3}


def plan_for(world: World, code: str, service: str = "web") -> Plan:
    """The plan of `diagnose_fix`."""
    plan: Plan = fix.function(workspace(world), code, service)
    return plan


def written(plan: Plan) -> Write:
    """The plan's file."""
    return next(step for step in plan.steps if isinstance(step, Write))


def ups(plan: Plan) -> list[tuple[str, ...]]:
    """What `up` is told after its own flags for the project."""
    calls = [step.argv for step in plan.steps if isinstance(step, Argv)]
    return [call[call.index("up") + 1 :] for call in calls]


def mounts(source: str) -> tuple[Mount, ...]:
    """A mount of a folder of the host on /app."""
    return (Mount(kind="bind", target="/app", source=source),)


def scripted(code: str, fields: dict[str, Any], text: bytes, lines: Sequence[str] = ()) -> World:
    """A machine whose service runs a script of the project."""
    source = str(ROOT / "app")
    case = Case(code, {**fields, "command": ("/app/run.sh", "-v"), "mounts": mounts(source)}, lines)
    world = world_of(case)
    world.files[ROOT / "app" / "run.sh"] = text
    return world


def test_a_mounted_script_gets_the_permission_to_be_executed() -> None:
    text = b"#!/bin/sh\nexec app\n"
    step = written(plan := plan_for(scripted("", never_started(DENIED, 126), text), "exit-126-notexec"))
    assert (step.path, step.content.encode()) == ("app/run.sh", text)
    assert step.mode is not None
    assert step.mode & 0o111 == 0o111
    assert ups(plan) == [("-d", "--no-deps", "--force-recreate", "web")]


def test_a_mounted_script_is_written_without_carriage_returns() -> None:
    said = ["exec /app/run.sh: no such file or directory"]
    world = scripted("", ended(255), b"#!/bin/sh\r\nexec app\r\n", said)
    step = written(plan_for(world, "exec-no-such-file"))
    assert (step.path, step.content) == ("app/run.sh", "#!/bin/sh\nexec app\n")


@pytest.mark.parametrize(
    ("code", "fields", "text", "source"),
    [
        ("exit-126-notexec", never_started(DENIED, 126), b"\x7fELF", "/project/app"),
        ("exit-126-notexec", never_started(DENIED, 126), b"#!/bin/sh\n", "/srv/elsewhere"),
        ("exec-no-such-file", ended(255), b"#!/bin/zsh\n", "/project/app"),
    ],
)
def test_what_is_no_script_of_the_project_is_left_to_a_person(
    code: str, fields: dict[str, Any], text: bytes, source: str
) -> None:
    world = scripted("", fields, text, ["exec /app/run.sh: no such file or directory"])
    found = world.containers["shop-web-1"]
    world.add(found.model_copy(update={"mounts": mounts(source)}))
    with pytest.raises(InputError, match="cannot be mended by a plan"):
        plan_for(world, code)


def test_a_command_line_in_one_word_is_split() -> None:
    error = "exec: \"run -p 'a b'\": executable file not found in $PATH: unknown"
    fields = never_started(error, 127, command=("run -p 'a b'", "-v"))
    world = world_of(Case("", fields, body=["command: [\"run -p 'a b'\", -v]"]))
    assert (
        '      - run\n      - "-p"\n      - "a b"\n      - "-v"\n'
        in written(plan_for(world, "exit-127-notfound")).content
    )
    alone = world_of(Case("", never_started(error, 127, command=("run",)), body=["command: [run]"]))
    with pytest.raises(InputError, match="cannot be mended by a plan"):
        plan_for(alone, "exit-127-notfound")


@pytest.mark.parametrize("ports", [(9090,), (9090, 9091)])
def test_a_check_asks_the_only_port_that_listens(ports: tuple[int, ...]) -> None:
    test = "nc 127.0.0.1 8080 || exit 1"
    fields = {**UNHEALTHY, "health_test": ("CMD-SHELL", test), "health_log": checked(1, "refused")}
    heard = {"shop-web-1": [Listener(ip="::", port=port) for port in ports]}
    world = world_of(Case("", fields, body=["healthcheck:", f"  test: {test}"], listeners=heard))
    if len(ports) == 1:
        assert 'test: "nc 127.0.0.1 9090 || exit 1"' in written(plan_for(world, "health-wrong-port")).content
    else:
        with pytest.raises(InputError, match="cannot be mended by a plan"):
            plan_for(world, "health-wrong-port")


def test_what_waited_is_started_after_its_dependency_is_well() -> None:
    log = checked(-1, "Health check exceeded timeout (1s)")
    body = ["depends_on: {db: {condition: service_healthy}}"]
    world = world_of(Case("", {"status": "created"}, body=body, others=[container("db", **UNHEALTHY, health_log=log)]))
    path = ROOT / "compose.yaml"
    world.files[path] += b"    healthcheck: {test: sleep 2, timeout: 1s}\n"
    plan = plan_for(world, "health-timeout", "db")
    assert ups(plan) == [("-d", "--no-deps", "db"), ("-d", "--no-recreate", "web")]
    waits = [step.target for step in plan.steps if isinstance(step, WaitHealthy)]
    assert waits == ["db", "web"]


def test_the_start_of_a_service_without_a_check_is_waited_for() -> None:
    body = ["depends_on: {db: {condition: service_healthy}}"]
    world = world_of(Case("", {"status": "created"}, body=body, others=[container("db")]))
    assert "depends_on: {db: {condition: service_started}}" in written(plan_for(world, "cmp-dep-nohealth")).content


def test_a_check_that_hangs_on_a_paused_service_is_its_symptom() -> None:
    log = checked(-1, "Health check exceeded timeout (2s)")
    body = ["healthcheck: {test: nc db 6379, timeout: 2s}"]
    others = [container("db", status="paused")]
    world = world_of(Case("", {**UNHEALTHY, "health_log": log}, body=body, others=others))
    found = diagnose.function(workspace(world))
    assert [(each.code, each.object) for each in found.findings] == [("paused", "db")]
    assert [(each.code, each.because) for each in found.symptoms] == [("health-timeout", "db paused")]
