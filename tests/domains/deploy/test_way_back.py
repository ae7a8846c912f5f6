"""The way back: what it may not write, what it does not run again, and whom it asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.domains.deploy.places import GOOD, composed, machine, session, shop_at

from docker_agent.app import Session
from docker_agent.dispatch import Outcome
from docker_agent.host.fake import World
from docker_agent.host.models import Container, Ran

SEED = """\
  seed:
    image: web:1.4
    command: ["web", "seed"]
    user: "10001:10001"
    mem_limit: 64m
    cpus: 0.5
    restart: "no"
    read_only: true
    healthcheck: {test: ["CMD", "web", "--check"]}
    logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}
volumes: {"""
SHARED = """\
services:
  extra:
    image: web:1.4
    user: "1:1"
    mem_limit: 64m
    cpus: 0.5
    restart: unless-stopped
    read_only: true
    healthcheck: {test: ["CMD", "x"]}
    logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}
"""


def test_a_file_outside_the_project_is_left_as_it_is_and_the_plan_says_so(tmp_path: Path) -> None:
    root = shop_at(tmp_path)
    world = machine(root, f"include: [../common/compose.yaml]\n{GOOD}", ill=["web:1.5"])
    shared = root.parent / "common" / "compose.yaml"

    def write_shared(text: str) -> None:
        world.files[shared] = world.files[root / "../common/compose.yaml"] = text.encode()

    up = world.reactions["docker", "compose", "up"]

    def start(world: World, argv: tuple[str, ...]) -> Ran | None:
        if argv[-1] != "extra":
            return up(world, argv)
        world.add(
            Container(
                id="extra",
                name="shop-extra-1",
                image="web:1.4",
                image_id="sha256:web:1.4",
                project="shop",
                service="extra",
                status="running",
                health="healthy",
            )
        )
        return None

    world.react("docker", "compose", "up", reaction=start)
    write_shared(SHARED)
    assert session(tmp_path, world).call("stack_deploy", {}).exit_code == 0
    write_shared(SHARED.replace("64m", "65m"))
    world.files[root / "compose.yaml"] = world.files[root / "compose.yaml"].replace(b"web:1.4", b"web:1.5")
    failed = session(tmp_path, world).call("stack_deploy", {})
    assert failed.data["rolled_back"]["status"] == "applied", failed.data
    assert b"web:1.4" in world.files[root / "compose.yaml"]
    assert b"65m" in world.files[shared]
    assert world.containers["shop-web-1"].image == "web:1.4"
    assert "../common/compose.yaml is outside the project: going back leaves it" in str(failed.data["remarks"])

    assert session(tmp_path, world).call("stack_deploy", {}).exit_code == 0
    plan = session(tmp_path, world).call("stack_rollback", {}).plan
    assert plan is not None
    assert [remark.partition(":")[0] for remark in plan.remarks] == ["../common/compose.yaml is outside the project"]


def test_a_service_that_was_stopped_is_made_as_it_was_but_not_run_again(tmp_path: Path) -> None:
    root = shop_at(tmp_path)
    world = machine(root, GOOD.replace("volumes: {", SEED), ill=["web:1.5"])
    assert session(tmp_path, world).call("stack_deploy", {}).exit_code == 0
    world.change("shop-seed-1", status="exited", exit_code=0)
    world.files[root / "compose.yaml"] = world.files[root / "compose.yaml"].replace(
        b"  web:\n    image: web:1.4", b"  web:\n    image: web:1.5"
    )
    world.done.clear()
    failed = session(tmp_path, world).call("stack_deploy", {})
    assert failed.data["rolled_back"]["status"] == "applied", failed.data
    back = composed(world)
    back = back[back.index("up -d --no-deps web") + 1 :]
    assert [line for line in back if line.endswith("seed")] == ["up --no-start --no-deps seed", "stop seed"]


def test_going_back_either_way_is_asked_for_the_policies_alone(tmp_path: Path) -> None:
    privileged = GOOD.replace("  web:\n", "  web:\n    privileged: true\n")
    new = GOOD.replace("web:1.4", "web:1.5")
    ways: dict[str, Callable[[Session], Outcome]] = {
        "before": lambda opened: opened.call("stack_rollback", {}),
        "record": lambda opened: opened.call("stack_rollback", {"record": "1"}),
        "undo": lambda opened: opened.undo("2"),
    }
    for name, go_back in ways.items():
        folder = tmp_path / name
        folder.mkdir()
        root = shop_at(folder)
        world = machine(root, privileged)
        assert session(folder, world, "privileged_mode").call("stack_deploy", {}).exit_code == 0
        world.files[root / "compose.yaml"] = new.encode()
        assert session(folder, world).call("stack_deploy", {}).exit_code == 0
        assert go_back(session(folder, world)).exit_code == 0, name
        assert world.files[root / "compose.yaml"] == privileged.encode()


def test_going_back_to_a_deployment_does_not_run_again_what_had_finished_then(tmp_path: Path) -> None:
    root = shop_at(tmp_path)
    world = machine(root, GOOD.replace("volumes: {", SEED))
    assert session(tmp_path, world).call("stack_deploy", {}).exit_code == 0
    world.change("shop-seed-1", status="exited", exit_code=0)
    world.change("shop-db-1", status="exited", exit_code=1)
    world.files[root / "compose.yaml"] = world.files[root / "compose.yaml"].replace(b"web:1.4", b"web:1.5")
    assert session(tmp_path, world).call("stack_deploy", {}).exit_code == 0
    world.done.clear()
    assert session(tmp_path, world).call("stack_rollback", {"record": "1"}).exit_code == 0
    assert composed(world) == [
        "up -d --no-deps db",
        "up --no-start --no-deps seed",
        "stop seed",
        "up -d --no-deps web",
    ]
    tags = [line for line in world.done if "image_tag" in line]
    assert len(tags) == len(set(tags)) == 2


def test_a_job_that_has_finished_gets_no_restart_in_a_new_environment(tmp_path: Path) -> None:
    root = shop_at(tmp_path)
    once = GOOD.replace("volumes: {", SEED).replace('    restart: "no"\n', "")
    world = machine(root, once)
    assert session(tmp_path, world, "restart_missing").call("stack_deploy", {}).exit_code == 0
    world.change("shop-seed-1", status="exited", exit_code=0)
    assert session(tmp_path, world).call("stack_add_environment", {"name": "staging"}).exit_code == 0
    assert b"seed: {}" in world.files[root / "compose.staging.yaml"]


def test_going_back_to_where_nothing_ran_says_so(tmp_path: Path) -> None:
    world = machine(shop_at(tmp_path))
    assert session(tmp_path, world).call("stack_deploy", {}).exit_code == 0
    back = session(tmp_path, world).call("stack_rollback", {})
    assert back.plan is not None
    assert back.plan.remarks == (
        "Nothing ran before that deployment, so nothing runs afterwards: its containers are stopped or removed.",
    )
    assert world.containers == {}
