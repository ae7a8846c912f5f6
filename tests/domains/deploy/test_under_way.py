"""While a deployment is under way, or stopped in the middle, nothing else gets into it, and it can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.deploy.places import GOOD, composed, machine, session, shop_at

from docker_agent.app import Session
from docker_agent.core.plan import Engine, Plan, Write
from docker_agent.dispatch import Outcome
from docker_agent.domains.deploy.under_way import under_way_findings
from docker_agent.host.fake import World
from docker_agent.host.models import Ran

NEW = GOOD.replace("image: web:1.4", "image: web:1.5")


def deployed(folder: Path) -> tuple[Path, World]:
    root = shop_at(folder)
    world = machine(root)
    assert session(folder, world).call("stack_deploy", {}).exit_code == 0
    world.files[root / "compose.yaml"] = NEW.encode()
    return root, world


def stopped(folder: Path) -> tuple[Path, World]:
    """A second deployment, stopped by Ctrl-C when it has made the job new."""
    root, world = deployed(folder)
    up = world.reactions["docker", "compose", "up"]

    def interrupt(world: World, argv: tuple[str, ...]) -> Ran | None:
        if argv[-1] == "web":
            raise KeyboardInterrupt
        return up(world, argv)

    world.react("docker", "compose", "up", reaction=interrupt)
    with pytest.raises(KeyboardInterrupt):
        session(folder, world).call("stack_deploy", {})
    world.react("docker", "compose", "up", reaction=up)
    world.done.clear()
    return root, world


def said(outcome: Outcome) -> str:
    assert outcome.exit_code, outcome.data
    return f"{outcome.error} {outcome.data.get('stops')}"


def test_nothing_gets_into_a_deployment_that_is_carried_out(tmp_path: Path) -> None:
    _, world = deployed(tmp_path)
    up = world.reactions["docker", "compose", "up"]
    answers: dict[str, str] = {}

    def in_the_middle(world: World, argv: tuple[str, ...]) -> Ran | None:
        if argv[-1] == "web":
            world.react("docker", "compose", "up", reaction=up)
            for tool, arguments in (
                ("stack_deploy", {"services": ["db"]}),
                ("stack_rollback", {}),
                ("stack_rollback", {"record": "1"}),
                ("stack_up", {"services": ["web"]}),
                ("stack_restart", {"services": ["web"]}),
            ):
                answers[f"{tool} {arguments}"] = said(session(tmp_path, world).call(tool, arguments))
        return up(world, argv)

    world.react("docker", "compose", "up", reaction=in_the_middle)
    assert session(tmp_path, world).call("stack_deploy", {}).exit_code == 0
    assert len(answers) == 5
    assert all("2" in answer and "is being carried out" in answer for answer in answers.values()), answers
    assert world.containers["shop-web-1"].image == "web:1.5"


def test_after_one_that_stopped_in_the_middle_nothing_is_changed_until_it_is_taken_back(tmp_path: Path) -> None:
    root, world = stopped(tmp_path)
    for tool, arguments in (
        ("stack_deploy", {}),
        ("stack_rollback", {"record": "1"}),
        ("stack_up", {"services": ["web"]}),
        ("stack_restart", {"services": ["web"]}),
    ):
        answer = said(session(tmp_path, world).call(tool, arguments))
        assert "stopped in the middle" in answer, answer
        assert "docker-agent undo 2" in answer, answer
    assert composed(world) == []
    rows = session(tmp_path, world).call("stack_deploys", {}).data["deployments"]
    assert rows[0]["result"] == "stopped in the middle"

    assert session(tmp_path, world).call("stack_rollback", {}).exit_code == 0
    assert world.files[root / "compose.yaml"] == GOOD.encode()
    world.files[root / "compose.yaml"] = NEW.encode()
    assert session(tmp_path, world).call("stack_deploy", {}).exit_code == 0


def test_what_a_plan_gets_into_is_seen_by_its_steps_too(tmp_path: Path) -> None:
    _, world = stopped(tmp_path)
    workspace = session(tmp_path, world).workspace
    stop = Engine(action="container_stop", target="shop-web-1", why="stop")
    write = Write(path="compose.yaml", content="", why="write")
    other = Engine(action="container_stop", target="blog", why="stop")
    plans = {
        "stop": Plan(title="x", steps=(stop,)),
        "way back": Plan(title="x", steps=(other,), rollback=(stop,)),
        "write": Plan(title="x", steps=(write,)),
        "other": Plan(title="x", steps=(other,)),
        "itself": Plan(title="x", steps=(stop,), undoes="2"),
    }
    found = {name: [each.code for each in under_way_findings(plan, workspace)] for name, plan in plans.items()}
    stops = ["deployment-under-way"]
    assert found == {"stop": stops, "way back": stops, "write": stops, "other": [], "itself": []}


def test_a_deployment_that_has_no_way_back_is_not_in_the_way_once_it_stopped(tmp_path: Path) -> None:
    root, world = deployed(tmp_path)
    world.files[root / "compose.yaml"] = GOOD.encode()
    up = world.reactions["docker", "compose", "up"]

    def interrupt(_world: World, _argv: tuple[str, ...]) -> Ran | None:
        raise KeyboardInterrupt

    world.react("docker", "compose", "up", reaction=interrupt)
    with pytest.raises(KeyboardInterrupt):
        session(tmp_path, world).call("stack_deploy", {"services": ["migrate"]})
    world.react("docker", "compose", "up", reaction=up)
    assert _last(session(tmp_path, world)).rollback == ()
    assert session(tmp_path, world).call("stack_deploy", {}).exit_code == 0


def _last(opened: Session) -> Plan:
    return opened.door.journal.entries()[-1].plan
