"""Deployments on a fake machine: the order, the record, the way back, and going back to a record."""

from __future__ import annotations

from pathlib import Path

from tests.domains.deploy.places import GOOD, composed, machine, session, shop_at

from docker_agent.core.plan import Engine, Plan
from docker_agent.domains.deploy.environment import setting_of
from docker_agent.domains.deploy.record import DeployRecord, KeptFile
from docker_agent.domains.deploy.way_back import Goal, texts_before
from docker_agent.host.entry import StepOutcome

NEW = GOOD.replace("image: web:1.4", "image: web:1.5")


def test_a_version_that_does_not_hold_is_taken_back_and_an_earlier_state_can_be_had_again(tmp_path: Path) -> None:
    root = shop_at(tmp_path)
    world = machine(root, ill=["web:1.5"])
    assert session(tmp_path, world).call("stack_deploy", {}).exit_code == 0

    world.files[root / "compose.yaml"] = NEW.encode()
    world.done.clear()
    failed = session(tmp_path, world).call("stack_deploy", {"services": ["web"]})
    assert failed.exit_code == 1
    assert failed.data["rolled_back"] == {"status": "applied", "verified": True, "entry": "3"}
    assert composed(world) == ["up -d --no-deps migrate", "up -d --no-deps web", "up -d --no-deps web"]
    assert world.files[root / "compose.yaml"] == GOOD.encode()
    assert world.containers["shop-web-1"].image == "web:1.4"

    rows = session(tmp_path, world).call("stack_deploys", {}).data["deployments"]
    assert [(row["record"], row["result"]) for row in rows] == [
        ("2", "failed, taken back by entry 3"),
        ("1", "deployed"),
    ]
    assert rows[1]["images"][0].startswith("db: postgres:17.2 (")


def test_going_back_takes_the_newest_deployment_back_and_a_gone_image_is_refused(tmp_path: Path) -> None:
    root = shop_at(tmp_path)
    world = machine(root)
    for text in (GOOD, NEW):
        world.files[root / "compose.yaml"] = text.encode()
        assert session(tmp_path, world).call("stack_deploy", {}).exit_code == 0

    old = world.images.pop("web:1.4")
    gone = session(tmp_path, world).call("stack_rollback", {})
    assert gone.exit_code == 2
    assert "web:1.4" in str(gone.error)
    assert "gone" in str(gone.error)

    world.images["web:1.4"] = old
    assert session(tmp_path, world).call("stack_rollback", {}).exit_code == 0
    assert world.files[root / "compose.yaml"] == GOOD.encode()
    assert world.containers["shop-web-1"].image == "web:1.4"
    assert session(tmp_path, world).call("stack_rollback", {"record": "2"}).exit_code == 0
    assert world.containers["shop-web-1"].image == "web:1.5"

    assert session(tmp_path, world).call("stack_rollback", {"record": "1"}).exit_code == 0
    last = session(tmp_path, world).call("stack_deploys", {}).data["deployments"][0]
    assert last["result"] == "went back to 1"
    assert session(tmp_path, world).call("stack_rollback", {"record": "77"}).exit_code == 2


def test_a_first_deployment_that_fails_leaves_nothing_and_jobs_run_where_their_turn_comes(tmp_path: Path) -> None:
    world = machine(shop_at(tmp_path), ill=["web:1.4"])
    failed = session(tmp_path, world).call("stack_deploy", {"migrate": ["migrate"]})
    assert failed.exit_code == 1
    assert world.containers == {}
    assert composed(world) == [
        "up -d --no-deps db",
        "run --rm --no-deps -T migrate",
        "up -d --no-deps web",
        "rm --stop --force web migrate db",
    ]
    plan = failed.plan
    assert plan is not None
    assert plan.record["variables"] == ["DB_PASSWORD"]
    assert "kT9v" not in str(plan.record)


def test_files_of_a_deployment_that_something_else_replaced_since_only_get_the_old_images(tmp_path: Path) -> None:
    root = shop_at(tmp_path)
    world = machine(root)
    assert session(tmp_path, world).call("stack_deploy", {}).exit_code == 0
    world.change("shop-web-1", image="web:1.5", image_id="sha256:web:1.5")
    world.files[root / "compose.yaml"] = GOOD.replace("web:1.4", "web:latest").replace("cpus: 1", "cpus: 2").encode()

    codes = ("unpinned_image",)
    assert session(tmp_path, world, *codes).call("stack_deploy", {}).exit_code == 0
    assert session(tmp_path, world).call("stack_rollback", {}).exit_code == 0
    assert world.containers["shop-web-1"].image == "web:1.5"
    text = world.files[root / "compose.yaml"].decode()
    assert "image: web:1.5\n" in text
    assert "cpus: 2" in text


def test_a_service_in_the_network_of_another_is_made_anew_with_it(tmp_path: Path) -> None:
    side = "  side:\n    image: web:1.4\n    network_mode: service:web\nvolumes: {"
    text = GOOD.replace("volumes: {", side)
    world = machine(shop_at(tmp_path), text)
    assert session(tmp_path, world).call("stack_deploy", {"environment": "dev"}).exit_code == 0
    assert composed(world)[-1] == "up -d --no-deps --force-recreate side"


def test_an_environment_has_its_own_files_and_two_are_compared_without_their_secrets(tmp_path: Path) -> None:
    root = shop_at(tmp_path)
    world = machine(root)
    assert session(tmp_path, world).call("stack_add_environment", {"name": "dev"}).exit_code == 0
    assert b'restart: "no"' in world.files[root / "compose.dev.yaml"]
    assert session(tmp_path, world).call("stack_add_environment", {"name": "dev"}).exit_code == 2
    world.files[root / ".env.dev"] = b"DB_PASSWORD=only-for-dev-1\n"

    plan = session(tmp_path, world).call("stack_deploy", {"environment": "dev"}).plan
    assert plan is not None
    words = plan.record["options"]
    assert words[:2] == ["--env-file", str(root / ".env.dev")]
    assert [words[at + 1] for at, word in enumerate(words) if word == "-f"] == [
        str(root / "compose.yaml"),
        str(root / "compose.dev.yaml"),
    ]

    found = session(tmp_path, world).call("stack_environments", {"names": ["dev", "production"]}).data
    rows = {(row["object"], row["key"]): (row["first"], row["second"]) for row in found["differences"]}
    assert rows["web", "restart"] == ("no", "unless-stopped")
    assert rows["db", "environment.POSTGRES_PASSWORD"] == ("<secret>", "<another secret>")


def test_a_service_in_the_middle_of_a_release_is_neither_deployed_nor_taken_back(tmp_path: Path) -> None:
    root = shop_at(tmp_path)
    world = machine(root)
    assert session(tmp_path, world).call("stack_deploy", {}).exit_code == 0
    stop = Engine(action="container_stop", target="shop-web-1", why="stop")
    release = Plan(title="Release web", steps=(stop,), record={"kind": "release", "service": "web"})
    with session(tmp_path, world).door.journal.begin(release, by="person", time=2.0) as recorder:
        recorder.step(StepOutcome(index=0, kind="engine", state="started"))
    world.done.clear()
    for tool, arguments in (("stack_deploy", {"services": ["web"]}), ("stack_rollback", {})):
        refused = session(tmp_path, world).call(tool, arguments)
        assert "A release of web is under way (entry 2, interrupted)" in str(refused.error)
    assert composed(world) == []
    assert session(tmp_path, world).call("stack_deploy", {"services": ["db"]}).exit_code == 0


def test_a_quoted_value_of_an_env_file_gets_the_old_one_within_its_quotes(tmp_path: Path) -> None:
    root = shop_at(tmp_path)
    world = machine(root)
    world.files[root / ".env"] = b"WEB=\"1.5\" # ours\nOTHER='1.5'\nDB_PASSWORD=kT9v!xQ2mZ\n"
    ws = session(tmp_path, world).workspace
    kept = (KeptFile(path=".env", sha256=""),)
    record = DeployRecord(
        environment="dev", project="shop", services=(), files=kept, image_variables={"WEB": "1.4", "OTHER": "1.3"}
    )
    texts = texts_before(ws, setting_of(ws, "dev"), Goal({}, record))
    assert texts == {".env": "WEB=\"1.4\" # ours\nOTHER='1.3'\nDB_PASSWORD=kT9v!xQ2mZ\n"}
