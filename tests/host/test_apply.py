"""Carrying out a plan over the fake host: in order, journalled, stopped at the first failure."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from docker_agent.core.errors import AgentError, EngineUnreachable, InputError
from docker_agent.core.plan import Argv, Check, Engine, Observe, Plan, Probe, Restore, Step, WaitHealthy, Write
from docker_agent.host.apply import Application, Applied
from docker_agent.host.fake import FakeReads, World
from docker_agent.host.files import read_file
from docker_agent.host.host import Host
from docker_agent.host.journal import Journal
from docker_agent.host.models import Answer, Container, Event, HealthResult, Ran, Reach
from docker_agent.host.plan_files import inside
from docker_agent.host.undo import undo_plan
from docker_agent.policy.redact import Redactor

OLD = b"old\n"
UP = Argv(argv=("docker", "compose", "up"), why="start")


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class RealFiles(FakeReads):
    """The fake looks, but for the files of this machine."""

    def read_file(self, path: Path) -> bytes:
        return read_file(path)


class Place:
    """A project over a fake host."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.world = World().react("docker").add(Container(id="c1", name="shop-web-1", image="x", service="web"))
        self.world.files[root / "a.yml"] = OLD
        self.journal = Journal(root / "state")
        self.told: list[str] = []
        self.redactor = Redactor({"DB_PASSWORD": "hunter-22"})

    def apply(self, *steps: Step, undoes: str = "", host: Host | None = None) -> Applied:
        application = Application(
            plan=Plan(title="t", steps=steps),
            host=host or self.world.host,
            journal=self.journal,
            root=self.root,
            resolve=self.redactor.resolve,
            tell=self.told.append,
        )
        return application.run(by="test", undoes=undoes)

    @property
    def states(self) -> list[str]:
        return [step.state for step in self.journal.entries()[-1].steps]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_steps_run_in_order_told_and_journalled(place: Place) -> None:
    applied = place.apply(
        Write(path="a.yml", content="new\n", before=sha(OLD), why="write it"),
        UP,
        Engine(action="container_start", target="shop-web-1", why="start it"),
    )

    assert (applied.status, applied.verified, applied.entry) == ("applied", None, "1")
    assert place.world.done == [
        f"write {place.root / 'a.yml'}",
        "docker compose up",
        "container_start shop-web-1",
    ]
    assert place.told == ["[1/3] write it", "[2/3] start", "[3/3] start it"]
    assert place.journal.entry("1").steps == applied.steps
    assert [step.state for step in applied.steps] == ["done"] * 3


@pytest.mark.parametrize("before", ["", sha(b"other"), "nonsense"])
def test_a_file_that_changed_stops_everything_before_it_starts(place: Place, before: str) -> None:
    with pytest.raises(InputError, match=r"a\.yml changed since the plan was made; nothing was done"):
        place.apply(UP, Write(path="a.yml", content="new", before=before, why="w"))

    assert place.world.done == []
    assert place.journal.entries() == []


def test_a_file_that_is_gone_stops_everything(place: Place) -> None:
    del place.world.files[place.root / "a.yml"]

    with pytest.raises(InputError, match="changed since"):
        place.apply(Write(path="a.yml", content="new", before=sha(OLD), why="w"))


def test_a_file_that_cannot_be_read_is_not_taken_for_a_missing_one(tmp_path: Path) -> None:
    huge = tmp_path / "huge.bin"
    with huge.open("wb") as file:
        file.truncate(17 << 20)
    place = Place(tmp_path)

    with pytest.raises(InputError, match="more than 16 MiB"):
        place.apply(
            Write(path="huge.bin", content="new", before="", why="w"),
            host=Host(reads=RealFiles(place.world), changes=place.world.host.changes),
        )
    assert place.world.done == []


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "link/x", "a\0b", "loop/x"])
def test_a_path_outside_the_project_stops_everything(place: Place, path: str) -> None:
    (place.root / "link").symlink_to("/tmp")
    (place.root / "loop").symlink_to("loop")

    for step in (Write(path=path, content="x", why="w"), Restore(path=path, kept="", why="w")):
        with pytest.raises(InputError):
            place.apply(UP, step)
    assert place.world.done == []
    assert place.journal.entries() == []


def test_a_path_inside_is_resolved(tmp_path: Path) -> None:
    assert inside(tmp_path, "a/../b.yml") == tmp_path / "b.yml"
    assert inside(tmp_path, ".") == tmp_path


def test_a_failing_step_stops_the_rest(place: Place) -> None:
    place.world.react("docker", "compose", "up", code=1, err="no space\nport is taken")
    applied = place.apply(
        Write(path="b.yml", content="new", why="w"), UP, Engine(action="container_stop", target="shop-web-1", why="x")
    )

    assert applied.status == "failed"
    assert "port is taken" in applied.reason
    assert [step.state for step in applied.steps] == ["done", "failed", "not started"]
    assert place.states == ["done", "failed"]
    assert place.world.done[-1] == "docker compose up"


def test_a_command_that_fails_is_no_check_that_failed(place: Place) -> None:
    place.world.react("docker", "compose", "up", code=1)

    assert place.apply(UP, WaitHealthy(target="web", why="w")).verified is None


@pytest.mark.parametrize("words", ["No space left on device", "The engine is gone."])
def test_trouble_of_the_machine_is_a_failed_step(place: Place, words: str) -> None:
    place.world.full = "space" in words
    place.world.down = EngineUnreachable("The engine is gone.")
    applied = place.apply(
        Write(path="b.yml", content="new", why="w"), Engine(action="container_start", target="shop-web-1", why="x"), UP
    )

    assert (applied.status, applied.verified) == ("failed", None)
    assert words in applied.reason
    assert "docker compose up" not in place.world.done


def test_ctrl_c_is_journalled_and_passed_on(place: Place) -> None:
    def interrupted(_world: World, _argv: tuple[str, ...]) -> Ran:
        raise KeyboardInterrupt

    place.world.react("docker", "compose", "up", reaction=interrupted)

    with pytest.raises(KeyboardInterrupt):
        place.apply(Write(path="a.yml", content="new\n", before=sha(OLD), why="w"), UP, UP)

    entry = place.journal.entry("1")
    assert (entry.status, entry.reason, place.states) == ("interrupted", "Stopped by Ctrl-C.", ["done", "interrupted"])


def test_a_journal_that_cannot_be_written_stops_before_anything(place: Place) -> None:
    (place.root / "state").write_text("in the way")

    with pytest.raises(AgentError, match="cannot be written"):
        place.apply(UP)
    assert place.world.done == []


def test_masks_become_secrets_only_in_the_bytes_that_are_written(place: Place) -> None:
    place.apply(Write(path=".env", content="DB_PASSWORD=<secret:DB_PASSWORD>\n", why="set it"))

    assert place.world.files[place.root / ".env"] == b"DB_PASSWORD=hunter-22\n"
    assert b"hunter-22" not in (place.journal.folder / "entries" / "1.jsonl").read_bytes()
    assert "hunter-22" not in " ".join(place.told)


def test_an_unknown_mask_writes_nothing(place: Place) -> None:
    applied = place.apply(Write(path=".env", content="A=<secret:NOSUCH>\n", why="w"))

    assert applied.status == "failed"
    assert "No secret is known as <secret:NOSUCH>" in applied.reason
    assert place.root / ".env" not in place.world.files


def test_undo_puts_every_byte_back_and_removes_what_was_not_there(place: Place) -> None:
    place.apply(
        Write(path="a.yml", content="one\n", before=sha(OLD), why="w"),
        Write(path="a.yml", content="two\n", before=sha(b"one\n"), why="w"),
        Write(path="new.yml", content="new\n", why="w"),
    )
    assert place.world.files[place.root / "a.yml"] == b"two\n"

    undone = place.apply(*undo_plan(place.journal.entry("1")).steps, undoes="1")

    assert undone.status == "applied"
    assert place.world.files == {place.root / "a.yml": OLD}
    assert place.journal.entry("1").undone_by == "2"


def test_undo_does_not_overwrite_what_a_person_wrote_since(place: Place) -> None:
    place.apply(Write(path="a.yml", content="ours\n", before=sha(OLD), why="w"))
    place.world.files[place.root / "a.yml"] = b"theirs\n"

    with pytest.raises(InputError, match=r"changed since the plan wrote it; .*diff .*/kept/[0-9a-f]{64} a\.yml"):
        place.apply(*undo_plan(place.journal.entry("1")).steps, undoes="1")
    assert place.world.files[place.root / "a.yml"] == b"theirs\n"


def web(**fields: Any) -> Container:
    return Container(id="c1", name="shop-web-1", image="x", service="web", project="shop").model_copy(update=fields)


WAIT = WaitHealthy(target="web", project="shop", why="w", timeout_s=10, settle_s=3)
WATCH = Observe(target="web", project="shop", why="w", seconds=10)
Later = list[tuple[float, dict[str, Any]]]


@pytest.mark.parametrize(
    ("check", "begins", "later", "verified", "words"),
    [
        (WAIT, {"status": "running", "health": "healthy"}, [], True, "web is healthy"),
        (WAIT, {"status": "running", "health": "starting"}, [(4, {"health": "healthy"})], True, "web is healthy"),
        (WAIT, {"status": "running"}, [], True, "runs steadily (it has no health check)"),
        (WAIT, {"status": "exited", "exit_code": 0}, [], True, "finished with code 0"),
        (WAIT, {"status": "running", "health": "starting"}, [], False, "not healthy after 10 s"),
        (WAIT, {"status": "running", "health": "unhealthy"}, [], False, "(unhealthy)"),
        (WAIT, {"status": "exited", "exit_code": 1}, [], False, "exited, exit code 1"),
        (WAIT, {"status": "exited", "exit_code": 137, "oom_killed": True}, [], False, "out of memory"),
        (WAIT, {"status": "created", "error": "no such file"}, [], False, "does not run"),
        (WAIT, {"status": "restarting", "restart_policy": "always"}, [], False, "not healthy after"),
        (
            WAIT,
            {"status": "running", "restart_policy": "always"},
            [(second, {"restart_count": second}) for second in range(1, 12)],
            False,
            "restarted 3 times",
        ),
        (
            WAIT,
            {"status": "running", "restart_policy": "always"},
            [(2, {"restart_count": 1}), (4, {"restart_count": 2})],
            True,
            "runs steadily",
        ),
        (WATCH, {"status": "running"}, [], True, "stayed up for 10 s"),
        (WATCH, {"status": "running"}, [(5, {"restart_count": 1})], False, "did not stay up"),
        (WATCH, {"status": "running"}, [(5, {"status": "exited", "exit_code": 2})], False, "exit code 2"),
        (WATCH, {"status": "running", "health": "healthy"}, [(5, {"health": "unhealthy"})], False, "unhealthy"),
        (WATCH, {"status": "exited", "exit_code": 2}, [], False, "exit code 2"),
        (Observe(target="shop-web-1", why="w", seconds=0), {"status": "exited"}, [], False, "did not stay up"),
        (Observe(target="shop-web-1", why="w", seconds=0), {"status": "running"}, [], True, "stayed up"),
        (Observe(target="ghost", why="w"), {"status": "running"}, [], False, "no container to watch"),
        (WaitHealthy(target="ghost", why="w", timeout_s=2), {"status": "running"}, [], False, "it has no container"),
    ],
)
def test_a_check_holds_or_not(
    place: Place, check: Step, begins: dict[str, Any], later: Later, verified: bool, words: str
) -> None:
    place.world.add(web(**begins))
    for seconds, fields in later:
        place.world.later.append(
            (place.world.clock + seconds, lambda world, fields=fields: world.change("shop-web-1", **fields))
        )
    applied = place.apply(check)

    assert (applied.verified, applied.status) == (verified, "applied" if verified else "failed"), applied
    assert words in applied.steps[0].detail


@pytest.mark.parametrize("check", [WaitHealthy(target="web", why="w", timeout_s=2), Observe(target="web", why="w")])
def test_without_a_project_no_service_of_somebody_else_is_taken(place: Place, check: Step) -> None:
    place.world.add(web(status="running", health="healthy", project="theirs"))

    assert (place.apply(check).status, place.apply(check).verified) == ("failed", False)


@pytest.mark.parametrize("target", ["shop-web-1", "c1"])
def test_without_a_project_a_container_is_found_by_name_or_id(place: Place, target: str) -> None:
    place.world.add(web(status="running", health="healthy", project="theirs"))
    place.world.add(web(status="exited", exit_code=1, id="c2", name="other", service=target))

    assert place.apply(WaitHealthy(target=target, why="w")).verified is True


def test_a_container_that_is_removed_while_it_is_watched_did_not_stay_up(place: Place) -> None:
    place.world.add(web(status="running"))
    place.world.later.append((place.world.clock + 3, lambda world: world.containers.clear()))

    applied = place.apply(WATCH)

    assert (applied.status, applied.verified) == ("failed", False)


def test_a_wait_ends_as_soon_as_nothing_is_to_be_hoped_for_and_says_what_it_dies_of(place: Place) -> None:
    place.world.add(web(status="running", health="unhealthy", failing_streak=4))
    refused = (HealthResult(exit_code=1, output="connection\nrefused"),)
    for second, streak in ((1, 5), (2, 0), (3, 2), (4, 3)):
        fields = {"failing_streak": streak, "health_log": refused}
        place.world.later.append((place.world.clock + second, lambda world, f=fields: world.change("shop-web-1", **f)))
    began = place.world.clock
    patient = WAIT.model_copy(update={"timeout_s": 60})
    reason = place.apply(patient).reason
    assert reason.startswith("web is unhealthy: ")
    assert reason.endswith("its check ended with 1: connection refused.")
    assert place.world.clock - began < 6
    place.world.change("shop-web-1", status="exited", exit_code=137, health="", restart_policy="unless-stopped")
    assert "exit code 137" in place.apply(patient).reason
    assert place.world.clock - began < 8


def test_a_container_that_was_started_again_is_said_to_have_died_and_with_what(place: Place) -> None:
    place.world.add(web(status="running", restart_policy="always"))
    event = {
        "kind": "container",
        "action": "die",
        "actor": "1",
        "name": "shop-web-1",
        "attributes": {"exitCode": "137"},
    }
    died = Event.model_validate({**event, "time": place.world.clock + 2})
    place.world.happened.append(died)
    place.world.later.append((place.world.clock + 2, lambda world: world.change("shop-web-1", restart_count=1)))
    assert place.apply(WATCH).reason.startswith(
        "web did not stay up for 10 s: shop-web-1 running, after it died with code 137."
    )


def test_settling_starts_again_after_each_restart(place: Place) -> None:
    place.world.add(web(status="running", restart_policy="always"))
    place.world.later.append((place.world.clock + 2, lambda world: world.change("shop-web-1", restart_count=1)))
    began = place.world.clock
    place.apply(WAIT)

    assert place.world.clock - began >= 5


@pytest.mark.parametrize(
    ("answers", "verified"),
    [
        ([Answer(status=200)], True),
        ([Answer(status=502), Answer(status=200)], True),
        ([Answer(status=502)], False),
        ([Answer(error="connection refused")], False),
    ],
)
def test_a_probe_is_asked_until_it_answers_or_time_is_up(place: Place, answers: list[Answer], verified: bool) -> None:
    url = "http://localhost/"
    place.world.answers[url] = answers[0]
    if len(answers) > 1:
        place.world.later.append((place.world.clock + 2, lambda world: world.answers.update({url: answers[1]})))

    applied = place.apply(Probe(url=url, why="w", timeout_s=5))

    assert applied.verified is verified
    assert url in applied.steps[0].detail


def test_a_probe_from_inside_a_container_is_verified_where_it_answers_there(place: Place) -> None:
    place.world.add(web(status="running"))
    ask = Probe(url="dns:db", inside="shop-web-1", why="w", timeout_s=2)
    assert place.apply(ask).reason.startswith("dns:db inside shop-web-1 does not answer: connection refused.")
    place.world.reached["shop-web-1", "dns:db"] = Reach(way="in memory", addresses=("172.30.0.2",))
    applied = place.apply(ask)
    assert (applied.verified, applied.steps[0].detail) == (True, "dns:db inside shop-web-1 answers")


def test_the_end_of_a_plan_without_checks_is_not_verified(place: Place) -> None:
    assert place.apply(UP).verified is None
    assert place.apply().verified is None


def test_a_check_that_nobody_brings_does_not_hold(place: Place) -> None:
    applied = place.apply(Check(why="It should be so.", name="no-such-check"))
    assert (applied.status, applied.verified) == ("failed", False)
    assert "no check 'no-such-check'" in applied.reason
