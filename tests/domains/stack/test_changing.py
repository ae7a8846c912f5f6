"""The tools that plan a change: the steps, what they touch, their undo, and what they refuse."""

from __future__ import annotations

import hashlib

import pytest
from tests.domains.stack.places import COMPOSE as FILE
from tests.domains.stack.places import ROOT, container, shop, workspace

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Argv, Engine, Plan, Risk, WaitHealthy
from docker_agent.core.tool import Tool
from docker_agent.domains.stack.down import down
from docker_agent.domains.stack.restart import restart
from docker_agent.domains.stack.up import up
from docker_agent.host.fake import World
from docker_agent.host.models import Mount, Volume

COMPOSE = ("docker", "compose", "--project-directory", str(ROOT), "-f", str(ROOT / "compose.yaml"), "-p", "shop")


def first_argv(plan: Plan) -> Argv:
    """The first step."""
    step = plan.steps[0]
    assert isinstance(step, Argv)
    return step


def test_up_starts_all_but_profiles_and_waits_for_each() -> None:
    world = shop()
    plan: Plan = up.function(workspace(world))
    assert first_argv(plan).argv == (*COMPOSE, "up", "-d")
    assert [(step.target, step.project) for step in plan.steps[1:] if isinstance(step, WaitHealthy)] == [
        ("web", "shop"),
        ("db", "shop"),
    ]
    assert plan.risk is Risk.CHANGE
    assert plan.foreign == ()
    assert world.done == []


def test_up_waits_as_long_as_the_health_check_may_take() -> None:
    plan: Plan = up.function(workspace(shop()))
    waits = {step.target: step.timeout_s for step in plan.steps if isinstance(step, WaitHealthy)}
    assert waits == {"web": 180.0, "db": 60.0}


def test_up_takes_services_and_flags_and_may_start_a_profile_by_name() -> None:
    plan: Plan = up.function(workspace(shop()), ["tools", "tools"], build=True, pull="never", wait_s=5.0)
    assert first_argv(plan).argv == (*COMPOSE, "up", "-d", "--build", "--pull", "never", "tools")
    assert first_argv(plan).timeout_s > 300
    undo = first_argv(plan).undo
    assert isinstance(undo, Argv)
    assert undo.argv == (*COMPOSE, "rm", "--stop", "--force", "tools")


def test_undo_of_up_puts_back_what_was() -> None:
    world = shop()
    undo = first_argv(up.function(workspace(world))).undo
    assert isinstance(undo, Argv)
    assert undo.argv == (*COMPOSE, "stop", "db")
    world.change("shop-db-1", status="running")
    assert first_argv(up.function(workspace(world))).undo is None


def test_down_keeps_data_and_names_what_goes() -> None:
    world = shop()
    plan: Plan = down.function(workspace(world))
    step = first_argv(plan)
    assert step.argv == (*COMPOSE, "down")
    assert step.touches == ("shop-db-1", "shop-web-1", "shop_default")
    assert plan.risk is Risk.CHANGE
    assert plan.data == ()
    assert "blog-web-1" in plan.reason
    assert isinstance(step.undo, Argv)
    assert step.undo.argv == (*COMPOSE, "up", "-d", "web")
    assert world.done == []


def test_down_with_volumes_destroys_and_lists_the_data_but_never_an_external_volume() -> None:
    plan: Plan = down.function(workspace(shop()), volumes=True, remove_orphans=True)
    assert first_argv(plan).argv == (*COMPOSE, "down", "--volumes", "--remove-orphans")
    assert plan.risk is Risk.DESTROY
    assert plan.data == ("shop_data",)
    assert first_argv(plan).undo is None


def test_down_of_volumes_alone_is_possible_and_of_nothing_is_refused() -> None:
    world = World(files=shop().files)
    with pytest.raises(InputError, match="Nothing of shop is there"):
        down.function(workspace(world))
    world.volumes["shop_data"] = Volume(name="shop_data")
    assert down.function(workspace(world), volumes=True).data == ("shop_data",)


def test_restart_goes_one_by_one_and_waits() -> None:
    plan: Plan = restart.function(workspace(shop()), ["web"], grace_s=3)
    step, wait = plan.steps
    assert isinstance(step, Engine)
    assert (step.action, step.target, step.args) == ("container_restart", "shop-web-1", {"timeout": 3})
    assert isinstance(wait, WaitHealthy)
    assert (wait.target, wait.project) == ("shop-web-1", "shop")
    assert plan.foreign == ()


def test_restart_of_all_means_what_runs_and_scaled_services_once_each() -> None:
    world = shop()
    world.add(container("shop-web-2", "web"))
    assert restart.function(workspace(world)).touches == ("shop-web-1", "shop-web-2")
    assert restart.function(workspace(world), ["web", "shop-web-1"]).touches == ("shop-web-1", "shop-web-2")


def test_restart_of_a_stranger_is_marked_foreign() -> None:
    plan: Plan = restart.function(workspace(shop()), ["blog-web-1", "web"])
    assert plan.foreign == ("blog-web-1",)


@pytest.mark.parametrize("services", [["nosuch"], ["web", ""], ["--volumes"], ["blog-web-1"], ["web "]])
def test_up_refuses_what_the_file_does_not_have(services: list[str]) -> None:
    with pytest.raises(InputError, match="has no service"):
        up.function(workspace(shop()), services)


@pytest.mark.parametrize("grace", [-1, 601])
def test_restart_refuses_a_silly_grace(grace: int) -> None:
    with pytest.raises(InputError, match="grace_s"):
        restart.function(workspace(shop()), ["web"], grace_s=grace)


def test_changes_need_something_to_change() -> None:
    world = World()
    with pytest.raises(InputError, match="no compose file"):
        up.function(workspace(world))
    with pytest.raises(InputError, match="no compose file"):
        down.function(workspace(world))
    with pytest.raises(InputError, match="No container of this project runs"):
        restart.function(workspace(world))


@pytest.mark.parametrize(
    "arguments", [{"services": "web"}, {"services": [1]}, {"build": "perhaps"}, {"pull": "often"}, {"nosuch": 1}]
)
def test_arguments_of_the_wrong_kind_are_refused_at_the_door(arguments: dict[str, object]) -> None:
    with pytest.raises(InputError, match="stack_up"):
        up.validate(arguments)


ELSEWHERE = {"com.docker.compose.project.working_dir": "/elsewhere"}


@pytest.mark.parametrize("tool", [up, down], ids=["up", "down"])
def test_a_plan_is_bound_to_the_files_that_it_deploys(tool: Tool) -> None:
    world = shop()
    world.files[ROOT / ".env"] = b"A=1"
    assert tool.function(workspace(world)).inputs == {
        "compose.yaml": hashlib.sha256(FILE).hexdigest(),
        ".env": hashlib.sha256(b"A=1").hexdigest(),
    }


@pytest.mark.parametrize("tool", [up, down], ids=["up", "down"])
def test_containers_of_another_folder_with_the_same_name_are_foreign(tool: Tool) -> None:
    world = shop()
    world.change("shop-db-1", labels=ELSEWHERE)
    world.change("shop-web-1", labels={"com.docker.compose.project.working_dir": str(ROOT)})
    assert tool.function(workspace(world)).foreign == ("shop-db-1",)


def test_restart_leaves_another_folder_out_and_marks_it_where_it_is_named() -> None:
    world = shop()
    world.add(container("shop-cache-1", "cache", labels=ELSEWHERE))
    assert restart.function(workspace(world)).touches == ("shop-web-1",)
    assert restart.function(workspace(world), ["shop-cache-1"]).foreign == ("shop-cache-1",)


def test_down_says_what_becomes_of_volumes_without_a_name() -> None:
    world = shop()
    mounts = (
        Mount(kind="volume", target="/a", name="a" * 64),
        Mount(kind="volume", target="/b", name="shop_data"),
        Mount(kind="bind", target="/c", name="b" * 64),
    )
    world.change("shop-db-1", mounts=mounts)
    world.add(container("shop-old-1", "old", mounts=(Mount(kind="volume", target="/o", name="0" * 64),)))
    plain: Plan = down.function(workspace(world))
    assert plain.risk is Risk.CHANGE
    assert f"{'a' * 64} (no name of their own) stays in volumes that nothing uses any more" in plain.reason
    assert "0" * 64 not in plain.reason
    assert "shop-old-1" not in plain.touches
    grave: Plan = down.function(workspace(world), volumes=True)
    assert (grave.risk, grave.data) == (Risk.DESTROY, ("shop_data", "a" * 64))
    assert "no name" not in grave.reason
    orphans: Plan = down.function(workspace(world), volumes=True, remove_orphans=True)
    assert set(orphans.data) == {"shop_data", "a" * 64, "0" * 64}
