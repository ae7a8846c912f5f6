"""What can be done after Ctrl-C in a release, in its way back and in an undo, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.release.shops import machine, proxy_files, root_of, session
from tests.domains.release.test_release import image_of, release, state
from tests.domains.release.test_removal import FAILS, webs

from docker_agent.host.fake import World
from docker_agent.host.models import Image, Ran


def stops(world: World, at: int = 1) -> None:
    """Press Ctrl-C at this reload and at all that follow."""
    reloads = iter(range(1, 99))

    def reload(_world: World, argv: tuple[str, ...]) -> Ran:
        if next(reloads) >= at:
            raise KeyboardInterrupt
        return Ran(argv=argv, code=0)

    world.react("reload", reaction=reload)


def test_an_undo_of_a_finished_release_that_was_stopped_is_gone_to_its_end_by_abort(tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx")
    before = proxy_files(world, root)
    assert release(tmp_path, world).error is None
    stops(world)
    with pytest.raises(KeyboardInterrupt, match=r"stopped on its way back\. Go to its end with `docker-agent rel"):
        session(tmp_path, world).undo("1")
    world.react("reload")
    said = state(tmp_path, world)
    assert (said["state"], said["next"]) == ("stopped on its way back", "docker-agent release abort")
    for refused in (
        release(tmp_path, world, image="1.0"),
        session(tmp_path, world).call("release_rollback", {}),
        session(tmp_path, world).call("release_finish", {"now": True}),
    ):
        assert "is under way (entry 1, interrupted). Take it back with" in str(refused.error).replace("\n", " ")
    assert session(tmp_path, world).call("release_abort", {}).error is None
    assert (webs(world), proxy_files(world, root)) == ({"shop-web-1": "running"}, before)
    assert image_of(world, root).startswith("shop/web:1.0")
    assert state(tmp_path, world)["next"] == ""


def test_ctrl_c_names_what_can_be_done_then_and_nothing_else(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")
    stops(world)
    with pytest.raises(KeyboardInterrupt, match="release resume"):
        release(tmp_path, world)
    with pytest.raises(KeyboardInterrupt, match="release resume"):
        session(tmp_path, world).call("release_resume", {})
    with pytest.raises(KeyboardInterrupt) as aborting:
        session(tmp_path, world).call("release_abort", {})
    assert ("release abort" in str(aborting.value), "resume" in str(aborting.value)) == (True, False)
    world.react("reload")
    assert session(tmp_path, world).call("release_abort", {}).error is None

    world.say("shop-proxy-1", *FAILS)
    stops(world, at=2)
    with pytest.raises(KeyboardInterrupt) as itself:
        release(tmp_path, world)
    assert ("release abort" in str(itself.value), "resume" in str(itself.value)) == (True, False)
    assert state(tmp_path, world)["next"] == "docker-agent release abort"


def test_only_the_newest_releases_can_be_gone_back_from(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")
    world.images["1.2"] = Image(id="sha256:shop/web:1.2", tags=("shop/web:1.2",))
    assert release(tmp_path, world).error is None
    assert session(tmp_path, world).call("release_rollback", {"drain_s": 1}).error is None

    def following() -> dict[str, str]:
        found = session(tmp_path, world).call("release_status", {}).data["releases"]
        return {each["entry"]: each["next"] for each in found}

    back = "docker-agent release rollback, or release finish"
    assert following() == {"1": "", "2": back}
    stops(world)
    with pytest.raises(KeyboardInterrupt):
        release(tmp_path, world)
    assert following() == {"1": "", "2": "", "3": "docker-agent release resume, or release abort"}
    world.react("reload")
    assert session(tmp_path, world).call("release_abort", {}).error is None
    assert following() == {"1": "", "2": back, "3": ""}
