"""What comes between a release and its end: other plans, other releases, edited files, plans from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.domains.release.shops import COMPOSE, container, machine, proxy_files, root_of, session
from tests.domains.release.test_release import QUICK, image_of, release, state
from tests.doors import Says

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Argv, Check, Engine, Plan, Step, Write
from docker_agent.domains.proxy.state import Kind
from docker_agent.host.fake import World
from docker_agent.host.models import Answer, Image, Ran, Reach
from docker_agent.policy.permit import Mode
from docker_agent.surfaces.choices import Choices
from docker_agent.surfaces.start import finish

UP = Argv(why="u", argv=("docker", "compose", "-p", "shop", "up", "-d", "web"), touches=("web",))
TERMINAL = Mode(surface="terminal")


def stop_at(world: World, number: int) -> None:
    """Let Ctrl-C come at one of the proxy's reloads."""
    reloads = iter(range(1, 100))

    def reload(_world: World, argv: tuple[str, ...]) -> Ran:
        if next(reloads) == number:
            raise KeyboardInterrupt
        return Ran(argv=argv, code=0)

    world.react("reload", reaction=reload)


def stopped(folder: Path, kind: Kind = "nginx", compose: str = COMPOSE, at: int = 2) -> World:
    """A shop whose canary was stopped in the middle."""
    world = machine(root_of(folder), kind, compose)
    stop_at(world, at)
    with pytest.raises(KeyboardInterrupt):
        release(folder, world, strategy="canary", stages="50")
    world.react("reload")
    world.react("docker", "compose", "restart")
    return world


REACHES: dict[str, tuple[Step, ...]] = {
    "service": (UP,),
    "service that is not named": (UP.model_copy(update={"touches": ()}),),
    "whole stack": (UP.model_copy(update={"argv": UP.argv[:-1], "touches": ()}),),
    "container": (Engine(why="r", action="container_restart", target="shop-web-1"),),
    "proxy": (Engine(why="r", action="container_restart", target="shop-proxy-1"),),
    "proxy's service": (UP.model_copy(update={"argv": (*UP.argv[:-1], "proxy"), "touches": ()}),),
    "file": (Write(why="w", path="./proxy/shop.conf", content=""),),
}


@pytest.mark.parametrize("what", REACHES)
@pytest.mark.parametrize("back", [False, True])
def test_what_a_release_under_way_relies_on_is_left_alone(tmp_path: Path, what: str, back: bool) -> None:
    world = stopped(tmp_path)
    done = len(world.done)
    fails = (Engine(why="t", action="container_unpause", target="other"), Check(why="c", name="nope"))
    plan = Plan(title="p", steps=fails, rollback=REACHES[what]) if back else Plan(title="p", steps=REACHES[what])
    outcome = session(tmp_path, world).door.apply_plan(plan, by="person", approver=Says(yes=True))
    said = str(outcome.error)
    assert outcome.exit_code == 3
    assert said.startswith("A release of web is under way")
    assert "release resume web" in said
    assert "release abort web" in said
    assert "policies" not in said
    assert len(world.done) == done


def test_what_has_nothing_to_do_with_a_release_may_go_on(tmp_path: Path) -> None:
    world = stopped(tmp_path)
    steps = (
        Engine(why="r", action="container_reload", target="shop-proxy-1", touches=("shop-proxy-1",)),
        Write(why="w", path="NOTE", content="x"),
        UP.model_copy(update={"argv": (*UP.argv[:-1], "worker"), "touches": ("worker",)}),
    )
    done = session(tmp_path, world).door.apply_plan(Plan(title="p", steps=steps), by="person", approver=Says(yes=True))
    assert done.error is None


def test_a_route_is_not_added_to_a_file_that_a_release_writes(tmp_path: Path) -> None:
    compose = COMPOSE + '  api:\n    image: shop/web:1.0\n    expose: ["8080"]\n'
    world = stopped(tmp_path, "caddy", compose)
    world.add(container("shop-api-1", "api", "shop/web:1.0"))
    world.answers["http://api.test/"] = Answer(status=200)
    before = proxy_files(world, root_of(tmp_path))
    outcome = session(tmp_path, world).call("proxy_add_route", {"service": "api", "hosts": ["api.test"]})
    assert "A release of web is under way" in str(outcome.error)
    assert proxy_files(world, root_of(tmp_path)) == before
    assert session(tmp_path, world).call("release_abort", {}).error is None


def test_a_release_that_could_not_go_back_is_still_in_the_way(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")

    def fail(world: World, argv: tuple[str, ...]) -> Ran:
        world.say("shop-proxy-1", *['docker_agent "10.0.0.4:8080" "502" 0.1'] * 30)
        world.reached["shop-proxy-1", "http://shop-web-1:8080/"] = Reach(way="in memory", status=503, seconds=0.1)
        world.change("shop-web-1", health="unhealthy")
        return Ran(argv=argv, code=0)

    world.react("reload", reaction=fail)
    assert "Rolling back failed too" in str(release(tmp_path, world, strategy="canary", stages="50").error)
    assert "weight=50" in proxy_files(world, root_of(tmp_path))["proxy/shop.conf"]
    for tool in ("stack_up", "stack_restart", "stack_deploy"):
        outcome = session(tmp_path, world).call(tool, {"services": ["web"]})
        assert outcome.exit_code, tool
        assert "release abort web" in str(outcome.error), tool
        assert "resume" not in str(outcome.error), tool


def asked(folder: Path, world: World, meanwhile: Callable[[], object], tool: str, **arguments: Any) -> str:
    """What becomes of a call while whose question something else happens."""
    here = session(folder, world, mode=TERMINAL)
    here.approver = Says(yes=True, meanwhile=meanwhile)
    return str(here.call(tool, arguments).error)


def test_a_release_that_began_while_a_person_thought_stops_the_plan(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx", COMPOSE.replace("shop/web:1.0", "shop/web:1.1"))

    def begin() -> None:
        stop_at(world, 1)
        with pytest.raises(KeyboardInterrupt):
            session(tmp_path, world).call("release_start", {"service": "web", **QUICK})

    assert "A release of web is under way" in asked(tmp_path, world, begin, "stack_restart", services=["web"])
    assert not any("restart" in line for line in world.done)
    world.react("reload")
    assert session(tmp_path, world).call("release_abort", {}).error is None
    said = asked(tmp_path, world, begin, "release_start", service="web", **QUICK)
    assert "A release of web is under way" in said, "one release does not begin beside another one"


def test_what_was_taken_back_is_not_taken_back_again_over_a_newer_release(tmp_path: Path) -> None:
    world = stopped(tmp_path)
    saved = session(tmp_path, world, mode=Mode()).call("release_abort", {}).plan
    assert saved is not None
    assert session(tmp_path, world).call("release_abort", {}).error is None
    world.images["1.2"] = Image(id="sha256:shop/web:1.2", tags=("shop/web:1.2",))

    def up(world: World, argv: tuple[str, ...]) -> Ran:
        world.add(container("shop-web-2", "web", "shop/web:1.2", 2, failing_streak=0))
        return Ran(argv=argv, code=0)

    world.react("docker", "compose", "up", reaction=up)
    assert release(tmp_path, world, image="1.2").error is None
    assert "web was released again after entry 1" in str(session(tmp_path, world).apply(saved).error)
    assert (world.containers["shop-web-2"].status, image_of(world, root_of(tmp_path))[:12]) == (
        "running",
        "shop/web:1.2",
    )


def test_an_older_release_is_not_taken_back_below_a_newer_one(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")
    assert release(tmp_path, world).error is None
    assert session(tmp_path, world).call("release_rollback", {"drain_s": 1}).error is None
    done = len(world.done)
    outcome = session(tmp_path, world).undo("1")
    assert "web was released again after entry 1" in str(outcome.error)
    assert (outcome.exit_code, len(world.done)) == (3, done)
    assert session(tmp_path, world).undo("2").error is None


@pytest.mark.parametrize("says", [{"undoes": "1"}, {"continues": "1"}, {"record": {"kind": "release"}}])
def test_what_a_plan_from_elsewhere_says_of_the_journal_is_not_believed(tmp_path: Path, says: dict[str, Any]) -> None:
    world = stopped(tmp_path)
    here = session(tmp_path, world, mode=TERMINAL)
    here.approver = Says(yes=True)
    plan = Plan.model_validate({"title": "Note", "steps": (Write(why="n", path="N", content="x"),), **says})
    with pytest.raises(InputError, match="was not made here"):
        here.apply(plan)
    assert here.door.journal.waiting() == []
    assert (state(tmp_path, world)["state"], len(here.door.journal.entries())) == ("stopped in the middle", 1)


def test_an_undo_whose_files_changed_is_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")
    assert release(tmp_path, world).error is None
    world.files[root_of(tmp_path) / "compose.yaml"] += b"# mine\n"
    done = len(world.done)
    here, yes = session(tmp_path, world, mode=TERMINAL), Says(yes=True)
    here.approver = yes
    assert "compose.yaml changed since the plan was made; nothing was done" in str(here.undo("1").error)
    assert (yes.asked, len(world.done)) == ([], done)


def test_after_a_release_that_went_back_the_last_word_is_what_is_there_now(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = machine(root_of(tmp_path), "nginx", new="unhealthy")
    assert finish(Choices(), release(tmp_path, world)) == 1
    said = capsys.readouterr().err
    assert "It was rolled back, and that holds" in said
    assert said.endswith("\nVerified: what was there before is there again.\n")
