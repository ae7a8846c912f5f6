"""A release from its start to its end, its failures and interruptions, on a fake machine behind Nginx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.domains.release.shops import COMPOSE, container, machine, proxy_files, root_of, session

from docker_agent.core.plan import Argv, Engine, Plan, Risk, Write
from docker_agent.dispatch import Outcome
from docker_agent.host.entry import StepOutcome
from docker_agent.host.fake import World
from docker_agent.host.models import Attachment, Image, Ran, Reach
from docker_agent.policy.permit import Mode

QUICK: dict[str, Any] = {"watch_s": 4, "drain_s": 2}
ANSWERING = ("shop-proxy-1", "http://shop-web-2:8080/")


def release(folder: Path, world: World, **more: Any) -> Outcome:
    return session(folder, world).call("release_start", {"service": "web", "image": "1.1", **QUICK, **more})


def image_of(world: World, root: Path) -> str:
    return world.files[root / "compose.yaml"].decode().split("image: ")[2].split("\n")[0]


def state(folder: Path, world: World) -> dict[str, Any]:
    return session(folder, world).call("release_status", {}).data["releases"][0]


def test_a_release_ends_with_the_new_version_alone_and_the_old_one_kept(tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx")
    before = proxy_files(world, root)

    outcome = release(tmp_path, world, migrate="bin/migrate 'up now'")

    assert outcome.error is None
    assert outcome.data["verified"]
    assert image_of(world, root) == "shop/web:1.1  # the version that serves"
    assert proxy_files(world, root) == before
    assert {name: each.status for name, each in world.containers.items() if "web" in name} == {
        "shop-web-1": "exited",
        "shop-web-2": "running",
    }
    told = [line for line in world.done if "proxy/.keep" not in line]
    order = ["run --rm --no-deps -T web bin/migrate up now", "--scale web=2 web", "reload", "container_stop shop-web-1"]
    places = [next(at for at, line in enumerate(told) if word in line) for word in order]
    assert places == sorted(places)
    assert sum("container_reload" in line for line in told) == 1, "each reload costs clients their idle connections"
    assert state(tmp_path, world)["state"] == "done"

    back = session(tmp_path, world).call("release_rollback", {"drain_s": 1})
    assert back.error is None
    assert image_of(world, root).startswith("shop/web:1.0")
    assert (world.containers["shop-web-1"].status, world.containers["shop-web-2"].status) == ("running", "exited")
    assert proxy_files(world, root) == before

    kept = session(tmp_path, world).call("release_finish", {})
    assert ("shop-web-2 is kept until" in str(kept.error), "shop-web-2" in world.containers) == (True, True)
    assert session(tmp_path, world).call("release_finish", {"now": True}).error is None
    assert "shop-web-2" not in world.containers


def test_a_canary_goes_up_by_its_stages_and_is_watched_at_each(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "caddy")
    shares: list[str] = []
    world.react("reload", reaction=lambda world, argv: _noted(world, argv, shares, root_of(tmp_path)))
    outcome = release(tmp_path, world, strategy="canary", stages="10, 50%")
    assert outcome.error is None
    assert shares == ["shop-web-1", "90 10", "50 50", "shop-web-2", "web"]
    assert sum(each.startswith("check: done. shop-web-2 served well") for each in outcome.data["done"]) == 3


def _noted(world: World, argv: tuple[str, ...], shares: list[str], root: Path) -> Ran:
    text = world.files[root / "proxy" / "Caddyfile"].decode()
    weights = text.partition("weighted_round_robin ")[2].split("\n")[0]
    shares.append(weights or text.partition("reverse_proxy ")[2].split(":")[0])
    return Ran(argv=argv, code=0)


@pytest.mark.parametrize("fault", ["unhealthy", "refuses", "fails", "slow", "restarts", "reload"])
def test_a_bad_version_goes_back_by_itself_and_leaves_nothing(fault: str, tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx", new="unhealthy" if fault == "unhealthy" else "healthy")
    before = {path: data for path, data in world.files.items() if path.name != ".keep"}
    line = 'docker_agent "10.0.0.4:8080" "{}" {}'
    if fault == "refuses":
        world.reached[ANSWERING] = Reach(way="in memory", status=500, seconds=0.1)
    elif fault in {"fails", "slow"}:
        said = line.format(502, 0.1) if fault == "fails" else line.format(200, 7.0)
        world.say("shop-proxy-1", *[said] * 30)
    elif fault == "restarts":
        world.react("reload", reaction=_restarts)
    elif fault == "reload":
        replies = iter((1, 0))
        world.react("reload", reaction=lambda _, argv: Ran(argv=argv, code=next(replies), err="[emerg] no"))

    outcome = release(tmp_path, world)

    assert outcome.exit_code == 1
    assert "rolled back" in str(outcome.error)
    assert outcome.data["rolled_back"]["status"] == "applied"
    assert {path: data for path, data in world.files.items() if path.name != ".keep"} == before
    assert "shop-web-2" not in world.containers
    assert world.containers["shop-web-1"].status == "running"
    said = state(tmp_path, world)
    assert (said["state"], said["share"]) == ("rolled back by entry 2", 0)
    assert session(tmp_path, world).call("release_abort", {}).exit_code == 2


def _restarts(world: World, argv: tuple[str, ...]) -> Ran:
    if "shop-web-2" in world.containers:
        world.later.append((world.clock + 1, lambda world: world.change("shop-web-2", restart_count=1)))
    return Ran(argv=argv, code=0)


@pytest.mark.parametrize("end", ["resume", "abort"])
def test_a_release_that_was_stopped_goes_on_or_goes_back(end: str, tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx")
    before = proxy_files(world, root)

    def stop(_world: World, _argv: tuple[str, ...]) -> Ran:
        raise KeyboardInterrupt

    world.react("reload", reaction=stop)
    with pytest.raises(KeyboardInterrupt, match="release resume"):
        release(tmp_path, world)
    world.react("reload")
    said = state(tmp_path, world)
    assert (said["state"], said["step"]) == ("stopped in the middle", "Nginx checks the shares and reads them.")
    assert "under way" in str(release(tmp_path, world).error)

    if end == "resume":
        for state_of in ({"status": "exited"}, {"status": "running", "health": "unhealthy"}):
            world.change("shop-web-2", **state_of)
            assert "shop-web-2 is not well any more" in str(session(tmp_path, world).call("release_resume", {}).error)
        world.change("shop-web-2", status="running", health="healthy")
    restart = session(tmp_path, world).call("stack_restart", {"services": ["web"]})
    assert (restart.exit_code, "release-under-way" in str(restart.error)) == (3, True)
    ups = sum("--scale" in line for line in world.done)
    outcome = session(tmp_path, world).call(f"release_{end}", {})

    assert outcome.error is None
    assert sum("--scale" in line for line in world.done) == ups, "what was done is not done again"
    assert proxy_files(world, root) == before
    serving = "shop-web-2" if end == "resume" else "shop-web-1"
    assert [name for name, each in world.containers.items() if "web" in name and each.running] == [serving]
    assert image_of(world, root).startswith("shop/web:1.1" if end == "resume" else "shop/web:1.0")
    assert session(tmp_path, world).call(f"release_{end}", {}).exit_code == 2


def test_a_way_back_that_was_stopped_is_gone_to_its_end_and_nothing_else(tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx")
    before = proxy_files(world, root)

    def stop(_world: World, _argv: tuple[str, ...]) -> Ran:
        raise KeyboardInterrupt

    world.react("reload", reaction=stop)
    with pytest.raises(KeyboardInterrupt):
        release(tmp_path, world)
    with pytest.raises(KeyboardInterrupt):
        session(tmp_path, world).call("release_abort", {})
    world.react("reload")
    said = state(tmp_path, world)
    assert (said["state"], said["next"]) == ("stopped on its way back", "docker-agent release abort")
    assert "on its way back already" in str(session(tmp_path, world).call("release_resume", {}).error)
    assert "under way" in str(release(tmp_path, world).error)

    assert session(tmp_path, world).call("release_abort", {}).error is None
    assert (proxy_files(world, root), world.containers.keys()) == (before, {"shop-proxy-1", "shop-web-1"})
    assert session(tmp_path, world).call("release_abort", {}).exit_code == 2


def test_only_the_newest_release_is_aborted_and_none_while_it_is_carried_out(tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx")

    def ask(world: World, argv: tuple[str, ...]) -> Ran:
        for tool in ("resume", "abort", "rollback", "finish"):
            assert "under way" in str(session(tmp_path, world).call(f"release_{tool}", {}).error)
        return Ran(argv=argv, code=0)

    world.react("reload", reaction=ask)
    assert release(tmp_path, world).error is None
    assert "no release that is interrupted or failed" in str(session(tmp_path, world).call("release_abort", {}).error)


def test_a_file_that_was_edited_meanwhile_stops_the_resume(tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx")

    def stop(_world: World, _argv: tuple[str, ...]) -> Ran:
        raise KeyboardInterrupt

    world.react("reload", reaction=stop)
    with pytest.raises(KeyboardInterrupt):
        release(tmp_path, world)
    world.react("reload")
    world.files[root / "proxy" / "shop.conf"] += b"# mine\n"
    for end in ("resume", "abort"):
        outcome = session(tmp_path, world).call(f"release_{end}", {})
        assert "proxy/shop.conf changed since" in str(outcome.error)
    assert world.files[root / "proxy" / "shop.conf"].endswith(b"# mine\n")


REFUSED = {
    "runs shop/web:1.0 already": {"image": "1.0"},
    "no service 'wbe'": {"service": "wbe"},
    "shares go up from 1 to 99": {"strategy": "canary", "stages": "50,10"},
    "is no list of shares": {"strategy": "canary", "stages": "ten"},
    "Stages are for a canary": {"stages": "10"},
    "is no header with a value": {"canary_header": "X-Canary"},
    "quotes, braces or dollars": {"canary_header": "X-Canary: $x"},
    "watch_s is 0": {"watch_s": 0},
    "no running reverse proxy 'edge'": {"proxy": "edge"},
    "passes anything to web:9999": {"port": 9999},
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_makes_no_sense_is_refused_before_anything_is_done(words: str, tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")
    outcome = release(tmp_path, world, **REFUSED[words])
    assert words in str(outcome.error)
    assert outcome.exit_code == 2
    assert world.done == []


STANDS_AGAINST = {
    "has container_name 'web'": ("web:\n", "web:\n    container_name: web\n"),
    "fixed host port 8080": ("web:\n", 'web:\n    ports: ["8080:8080"]\n'),
    "has network_mode 'host'": ("web:\n", "web:\n    network_mode: host\n"),
    "on which port web listens": ('    expose: ["8080"]\n', ""),
}


@pytest.mark.parametrize("words", STANDS_AGAINST)
def test_what_cannot_run_twice_is_refused_with_its_remedy(words: str, tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx", COMPOSE.replace(*STANDS_AGAINST[words]))
    assert words in str(release(tmp_path, world).error)
    assert world.done == []


def test_one_running_container_is_needed(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")
    world.change("shop-web-1", status="exited")
    assert "does not run" in str(release(tmp_path, world).error)
    world.change("shop-web-1", status="running")
    world.add(container("shop-web-2", "web", "shop/web:1.0", 2))
    assert "runs 2 times (shop-web-1, shop-web-2)" in str(release(tmp_path, world).error)


def test_the_tag_is_changed_where_the_compose_file_takes_it_from(tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx", COMPOSE.replace("shop/web:1.0", "shop/web:${WEB_VERSION:-0}"))
    world.files[root / ".env"] = b"# versions\nexport WEB_VERSION=1.0 # ours\nOTHER=1\n"
    assert release(tmp_path, world).error is None
    assert world.files[root / ".env"] == b"# versions\nexport WEB_VERSION=1.1 # ours\nOTHER=1\n"
    assert "${WEB_VERSION:-0}" in world.files[root / "compose.yaml"].decode()

    plan_only, digest = session(tmp_path, world, mode=Mode()), f"shop/web@sha256:{'a' * 64}"
    world.files[root / ".env"] = b"WEB_VERSION=\nOTHER=1\n"
    for image, text in {"2.0": "WEB_VERSION=2.0\nOTHER=1\n", digest: digest}.items():
        plan = plan_only.call("release_start", {"service": "web", "image": image}).plan
        assert plan is not None
        assert any(isinstance(step, Write) and text in step.content for step in plan.steps)


WRITTEN = {
    "${REGISTRY}/web:1.0": ("compose.yaml", 'image: "${REGISTRY}/web:1.1"  # the version'),
    "${REGISTRY:-x}/web:${WEB_VERSION}": (".env", "WEB_VERSION=1.1\n"),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_variables_in_the_name_before_the_tag_stay(written: str, tmp_path: Path) -> None:
    root, (file, text) = root_of(tmp_path), WRITTEN[written]
    world = machine(root, "nginx", COMPOSE.replace("shop/web:1.0", written))
    world.files[root / ".env"] = b"REGISTRY=shop\nWEB_VERSION=1.0\n"
    assert release(tmp_path, world).error is None
    assert text in world.files[root / file].decode()


def test_no_tag_is_written_behind_a_digest(tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx", COMPOSE.replace("shop/web:1.0", f"${{NAME}}@sha256:{'a' * 64}"))
    world.files[root / ".env"] = b"NAME=shop/web\n"
    assert "not clear which variable" in str(release(tmp_path, world).error)
    assert world.done == []


def test_a_plan_for_a_release_is_a_change_with_its_way_back(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")
    world.change("shop-web-1", restart_policy="always")
    outcome = session(tmp_path, world, mode=Mode()).call("release_start", {"service": "web", "image": "shop/web:2.0"})
    plan = outcome.plan
    assert isinstance(plan, Plan)
    assert (outcome.exit_code, plan.risk) == (3, Risk.CHANGE)
    assert any(isinstance(step, Argv) and "pull" in step.argv for step in plan.steps), "it is not here yet"
    updates = [step for step in (*plan.steps, *plan.rollback) if isinstance(step, Engine) and "restart" in step.args]
    assert [step.args["restart"] for step in updates] == ["no", "always"]
    assert world.done == []


def test_a_rollback_starts_what_ran_though_its_tag_was_moved_and_it_restarts_as_before(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "nginx")
    world.change("shop-web-1", restart_policy="always")
    assert release(tmp_path, world).error is None
    assert world.containers["shop-web-1"].restart_policy == "no"
    world.change("shop-web-2", restart_policy="always")
    world.images["1.0"] = world.images["1.0"].model_copy(update={"id": "sha256:built-anew"})

    assert session(tmp_path, world).call("release_rollback", {"drain_s": 1}).error is None
    policies = {name: world.containers[name].restart_policy for name in ("shop-web-1", "shop-web-2")}
    assert policies == {"shop-web-1": "always", "shop-web-2": "no"}


def test_a_release_that_would_undo_another_one_waits_for_it(tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx", COMPOSE + '  api:\n    image: shop/web:1.0\n    expose: ["8080"]\n')
    world.files[root / "proxy" / "shop.conf"] += b"server { location /api { proxy_pass http://api:8080; } }\n"
    world.add(container("shop-api-1", "api", "shop/web:1.0"))

    def stop(_world: World, _argv: tuple[str, ...]) -> Ran:
        raise KeyboardInterrupt

    world.react("reload", reaction=stop)
    with pytest.raises(KeyboardInterrupt):
        release(tmp_path, world)
    world.react("reload")
    said = str(release(tmp_path, world, service="api").error)
    assert "A release of web is under way (entry 1) and writes compose.yaml, proxy/shop.conf too" in said
    assert "release abort web" in str(release(tmp_path, world).error)
    assert session(tmp_path, world).call("release_abort", {}).error is None

    world.change("shop-proxy-1", network_mode="host", networks=(Attachment(network="host"),))
    assert "share no network on which containers have names" in str(release(tmp_path, world).error)


def test_an_image_that_was_built_anew_under_the_name_that_compose_gives_it_is_released(tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx", COMPOSE.replace("image: shop/web:1.0  # the version that serves", "build: ."))
    world.files[root / "Dockerfile"] = b"FROM busybox:1.36\n"
    world.images["built"] = Image(id="sha256:shop/web:1.1", tags=("shop-web",))
    before = world.files[root / "compose.yaml"]

    outcome = session(tmp_path, world).call("release_start", {"service": "web", **QUICK})

    assert outcome.error is None
    assert world.files[root / "compose.yaml"] == before
    assert state(tmp_path, world)["image"] == "shop-web"
    assert any("runs sha256:shop/web:1.1" in said for said in outcome.data["done"])


def test_an_edited_compose_file_does_not_keep_the_traffic_at_a_version_that_fails(tmp_path: Path) -> None:
    root = root_of(tmp_path)
    world = machine(root, "nginx")
    before = proxy_files(world, root)
    world.say("shop-proxy-1", *['docker_agent "10.0.0.4:8080" "502" 0.1'] * 30)

    def edit(world: World, argv: tuple[str, ...]) -> Ran:
        world.files[root / "compose.yaml"] = world.files[root / "compose.yaml"].removesuffix(b"# mine\n") + b"# mine\n"
        return Ran(argv=argv, code=0)

    world.react("reload", reaction=edit)
    outcome = release(tmp_path, world)

    assert "compose.yaml changed while the plan was carried out; it was left alone" in str(outcome.error)
    assert [name for name in world.containers if "web" in name] == ["shop-web-1"]
    assert proxy_files(world, root) == before
    assert world.files[root / "compose.yaml"].endswith(b"# mine\n")


def test_a_saved_plan_does_nothing_where_another_container_serves_by_now(tmp_path: Path) -> None:
    world = machine(root_of(tmp_path), "caddy")
    waiting = session(tmp_path, world, mode=Mode()).call("release_start", {"service": "web", "image": "1.1", **QUICK})
    assert waiting.plan is not None
    world.change("shop-web-1", status="exited")
    outcome = session(tmp_path, world).apply(waiting.plan)
    assert "shop-web-1 does not run" in str(outcome.error)
    assert "nothing that can be undone" in str(session(tmp_path, world).call("release_abort", {}).error)
    assert world.done == []

    world.change("shop-web-1", status="running")
    with session(tmp_path, world).door.journal.begin(waiting.plan, by="person", time=world.clock) as recorder:
        recorder.step(StepOutcome(index=0, kind="check", state="started"))
    assert "nothing that can be undone" in str(session(tmp_path, world).call("release_abort", {}).error)
    assert release(tmp_path, world).error is None, "a release that stopped before it changed anything is not in the way"
