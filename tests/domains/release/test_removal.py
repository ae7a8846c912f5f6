"""What a release removes: by name what it said, at its time, and never the version that serves."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.release.shops import COMPOSE, container, machine, proxy_files, root_of, session
from tests.domains.release.test_release import release

from docker_agent.core.plan import Check, Engine, Risk
from docker_agent.host.fake import World
from docker_agent.host.models import Ran, Reach
from docker_agent.policy.permit import Mode

FAILS = ['docker_agent "10.0.0.4:8080" "502" 0.1'] * 30


def webs(world: World) -> dict[str, str]:
    return {name: each.status for name, each in world.containers.items() if each.service == "web"}


def crashes(world: World, at: int) -> None:
    """Let the old version crash a second after this reload."""
    reloads = iter(range(1, 9))

    def reload(world: World, argv: tuple[str, ...]) -> Ran:
        if next(reloads) == at:
            world.later.append((world.clock + 1, lambda world: world.change("shop-web-1", status="exited")))
        return Ran(argv=argv, code=0)

    world.react("reload", reaction=reload)


def test_a_way_back_leaves_the_old_version_that_crashed_meanwhile_and_says_that_it_does_not_serve(
    tmp_path: Path,
) -> None:
    world = machine(root_of(tmp_path), "nginx")
    world.say("shop-proxy-1", *FAILS)
    crashes(world, at=2)
    outcome = release(tmp_path, world)
    assert webs(world) == {"shop-web-1": "exited"}
    assert "Rolling back failed too: shop-web-1 does not serve: it is exited" in str(outcome.error)

    world.react("reload")
    assert session(tmp_path, world).call("release_abort", {}).error is None
    assert webs(world) == {"shop-web-1": "running"}


def test_a_way_back_does_not_lead_the_traffic_to_a_version_that_does_not_serve(tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx")
    world.say("shop-proxy-1", *FAILS)

    def reload(world: World, argv: tuple[str, ...]) -> Ran:
        world.change("shop-web-1", health="unhealthy")
        world.reached["shop-proxy-1", "http://shop-web-1:8080/"] = Reach(way="in memory", status=503, seconds=0.01)
        return Ran(argv=argv, code=0)

    world.react("reload", reaction=reload)
    outcome = release(tmp_path, world, strategy="canary", stages="50")
    assert "Rolling back failed too: shop-web-1 does not serve: it is unhealthy" in str(outcome.error)
    assert (webs(world), "shop-web-2:8080" in proxy_files(world, root)["proxy/shop.conf"]) == (
        {"shop-web-1": "running", "shop-web-2": "running"},
        True,
    )


@pytest.mark.parametrize("fails", [False, True])
def test_who_gets_no_more_requests_has_its_time_to_answer_those_it_has(fails: bool, tmp_path: Path) -> None:
    compose = COMPOSE.replace("  web:\n", "  web:\n    stop_grace_period: 45s\n")
    world = machine(root_of(tmp_path), "nginx", compose)
    world.say("shop-proxy-1", *FAILS if fails else ())
    assert (release(tmp_path, world, drain_s=50).error is not None) == fails
    entry = session(tmp_path, world).door.journal.entries()[-1]
    goes = "shop-web-2" if fails else "shop-web-1"
    found: dict[str, int] = {}
    for index, step in enumerate(entry.plan.steps):
        if isinstance(step, Engine):
            found.setdefault(f"{step.action} {step.target}", index)
        elif isinstance(step, Check) and step.name == "release-drained":
            found[f"drained {step.args['container']}"] = index
    read, drained = found["container_reload shop-proxy-1"], found[f"drained {goes}"]
    stopped = found[f"container_stop {goes}"]
    assert read < drained < stopped
    assert entry.steps[drained].seconds == 50
    stop = entry.plan.steps[stopped]
    assert isinstance(stop, Engine)
    assert stop.args["timeout"] == 45


def test_what_earlier_releases_left_is_removed_by_its_name_and_nothing_else(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")
    world.add(container("shop-web-7", "web", "shop/web:0.9", 7, status="exited"))
    job = container("shop-web-run-1", "web", "shop/web:0.9", 8, status="exited")
    world.add(job.model_copy(update={"labels": {**job.labels, "com.docker.compose.oneoff": "True"}}))
    outcome = release(tmp_path, world, image="1.1")
    assert outcome.error is None
    assert "engine: Remove shop-web-7, which an earlier release left." in outcome.data["steps"]
    assert "shop-web-7" not in webs(world)
    assert "shop-web-run-1" in webs(world)

    world.add(container("shop-web-9", "web", "shop/web:0.9", 9, status="restarting"))
    assert "runs 2 times (shop-web-2, shop-web-9)" in str(release(tmp_path, world, image="1.0").error)


def test_finish_removes_what_it_named_and_never_the_last_one(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")
    assert release(tmp_path, world).error is None
    finish = session(tmp_path, world, mode=Mode()).call("release_finish", {"now": True})
    assert finish.plan is not None
    assert (finish.plan.risk, [step.why for step in finish.plan.changes]) == (
        Risk.CHANGE,
        ["Remove shop-web-1; volumes are kept."],
    )
    world.change("shop-web-2", status="exited")
    assert "shop-web-2 does not run" in str(session(tmp_path, world).apply(finish.plan).error)
    assert "Nothing of web runs, so what is stopped (shop-web-1, shop-web-2) stays" in str(
        session(tmp_path, world).call("release_finish", {"now": True}).error
    )
    assert webs(world) == {"shop-web-1": "exited", "shop-web-2": "exited"}


def test_the_old_version_is_kept_for_its_time_from_when_it_was_stopped(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")

    def stop(_world: World, _argv: tuple[str, ...]) -> Ran:
        raise KeyboardInterrupt

    world.react("reload", reaction=stop)
    with pytest.raises(KeyboardInterrupt):
        release(tmp_path, world, keep_min=30)
    world.react("reload")
    world.clock += 4 * 3600
    assert session(tmp_path, world).call("release_resume", {}).error is None
    world.clock += 29 * 60
    assert "shop-web-1 is kept until" in str(session(tmp_path, world).call("release_finish", {}).error)
    assert session(tmp_path, world).call("release_rollback", {}).error is None
    world.clock += 29 * 60
    assert "shop-web-2 is kept until" in str(session(tmp_path, world).call("release_finish", {}).error)
    world.clock += 2 * 60
    assert session(tmp_path, world).call("release_finish", {}).error is None
    assert webs(world) == {"shop-web-1": "running"}
