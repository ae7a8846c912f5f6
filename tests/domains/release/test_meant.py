"""What a release and a rollback mean by an image whose tag was moved or is shared, and what a resume does once only."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.release.shops import COMPOSE, machine, root_of, session
from tests.domains.release.test_release import image_of, release
from tests.domains.release.test_removal import webs

from docker_agent.host.fake import World
from docker_agent.host.models import Image, Ran
from docker_agent.policy.permit import Mode

OLD = "sha256:shop/web:1.0"


def test_a_rollback_goes_to_the_image_that_ran_though_its_tag_was_moved(tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx")
    assert release(tmp_path, world).error is None
    assert session(tmp_path, world).call("release_finish", {"now": True}).error is None
    world.images["1.0"] = Image(id=OLD)
    world.images["anew"] = Image(id="sha256:anew", tags=("shop/web:1.0",))

    def up(world: World, argv: tuple[str, ...]) -> Ran:
        new = world.containers["shop-web-2"]
        image_id = world.host.reads.image("shop/web:1.0").id
        world.add(new.model_copy(update={"name": "shop-web-3", "image": "shop/web:1.0", "image_id": image_id}))
        return Ran(argv=argv, code=0)

    world.react("docker", "compose", "up", reaction=up)
    outcome = session(tmp_path, world).call("release_rollback", {"drain_s": 1})
    assert outcome.error is None
    assert "engine: shop/web:1.0 is sha256:shop/web:1.0 again." in outcome.data["steps"]
    assert (world.containers["shop-web-3"].image_id, image_of(world, root)[:12]) == (OLD, "shop/web:1.0")


def test_a_rollback_that_does_not_hold_leaves_the_tag_as_it_was(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")
    assert release(tmp_path, world).error is None
    world.images["1.0"] = Image(id=OLD)
    world.images["anew"] = Image(id="sha256:anew", tags=("shop/web:1.0",))

    def reload(world: World, argv: tuple[str, ...]) -> Ran:
        world.change("shop-web-1", restart_count=1 + world.containers["shop-web-1"].restart_count)
        world.later.append((world.clock + 1, lambda world: world.change("shop-web-1", restart_count=9)))
        return Ran(argv=argv, code=0)

    world.react("reload", reaction=reload)
    assert "rolled back" in str(session(tmp_path, world).call("release_rollback", {"drain_s": 1}).error)
    assert sum("image_tag" in line for line in world.done) == 2
    assert world.host.reads.image("shop/web:1.0").id == "sha256:anew"
    assert webs(world) == {"shop-web-1": "exited", "shop-web-2": "running"}


def test_a_rollback_to_an_image_that_is_gone_and_means_another_one_is_refused(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")
    assert release(tmp_path, world).error is None
    assert session(tmp_path, world).call("release_finish", {"now": True}).error is None
    world.images["1.0"] = Image(id="sha256:anew", tags=("shop/web:1.0",))
    said = str(session(tmp_path, world).call("release_rollback", {}).error)
    assert f"ran ({OLD}) is gone, and shop/web:1.0 is sha256:anew now" in said


@pytest.mark.parametrize("by", ["worker", "shell", ".env"])
def test_a_tag_that_is_not_the_services_own_is_not_changed(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = root_of(tmp_path)
    worker = "  worker:\n    image: shop/worker:${TAG}\n"
    compose = COMPOSE.replace("shop/web:1.0", "shop/web:${TAG:-1.0}") + (worker if by == "worker" else "")
    world = machine(root, "nginx", compose)
    world.files[root / ".env"] = b"TAG=1.0\n"
    if by == "shell":
        monkeypatch.setenv("TAG", "1.0")
    outcome = release(tmp_path, world)
    if by == ".env":
        assert outcome.error is None
        return
    expected = {"worker": "TAG gives the tag of worker too", "shell": "TAG is set by the shell"}
    assert expected[by] in str(outcome.error)
    assert world.done == []


def test_a_migration_that_was_stopped_is_run_again_only_where_that_is_asked_for(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")
    ran: list[str] = []

    def run(_world: World, argv: tuple[str, ...]) -> Ran:
        ran.append(argv[-1])
        if len(ran) == 1:
            raise KeyboardInterrupt
        return Ran(argv=argv, code=0)

    world.react("docker", "compose", "run", reaction=run)
    with pytest.raises(KeyboardInterrupt):
        release(tmp_path, world, migrate="bin/migrate up")
    refused = session(tmp_path, world).call("release_resume", {})
    assert "The migration of web was stopped in the middle, or came to its end unseen" in str(refused.error)
    assert session(tmp_path, world).call("release_resume", {"migrate_again": True}).error is None
    assert (ran, webs(world)["shop-web-2"]) == (["up", "up"], "running")


def test_a_resume_says_what_is_done_and_shows_no_change_of_it(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")

    def stop(_world: World, _argv: tuple[str, ...]) -> Ran:
        raise KeyboardInterrupt

    world.react("reload", reaction=stop)
    with pytest.raises(KeyboardInterrupt):
        release(tmp_path, world)
    world.react("reload")
    waiting = session(tmp_path, world, mode=Mode()).call("release_resume", {})
    number = next(at for at, step in enumerate(waiting.data["steps"], 1) if "checks the shares" in step)
    assert waiting.data["remarks"] == [
        f"Done already, and not done again: steps 1 to {number - 1}.",
        f"Stopped in the middle, and done from its start: step {number}.",
    ]
    assert ("image:" in waiting.data["diff"], "compose.yaml" in waiting.data["diff"]) == (False, False)
    assert session(tmp_path, world).call("release_resume", {}).error is None
