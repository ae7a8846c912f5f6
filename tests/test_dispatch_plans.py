"""The door for calls that change something: shown, approved by digest, applied, verified, journalled, recorded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tests.doors import URL, Place, Says, place

from docker_agent.core.errors import CheckFailed, Denied, EngineUnreachable, NeedsApproval
from docker_agent.core.plan import Argv, Engine, Plan, Probe, Step, Write
from docker_agent.host.models import Answer, Network, Volume
from docker_agent.host.undo import undo_plan
from docker_agent.policy.approve import DigestApprover, NoApprover, YesApprover
from docker_agent.policy.permit import Mode
from docker_agent.surfaces.render import plan_text

YES = Mode(yes=True)
YES_DESTROY = Mode(yes=True, yes_destroy=True)
TERMINAL = Mode("terminal")
REMOTE = Mode("remote")


def status(here: Place, name: str = "web") -> str:
    return here.world.containers[name].status


def test_a_change_with_nobody_there_is_saved_and_not_made(tmp_path: Path) -> None:
    here = place(tmp_path)

    outcome = here.take("begin", name="web")

    assert isinstance(outcome.error, NeedsApproval)
    assert (outcome.exit_code, status(here), here.world.done) == (3, "exited", [])
    assert outcome.plan is not None
    assert [plan.digest for plan in here.door.journal.waiting()] == [outcome.plan.digest]
    assert f"docker-agent apply {outcome.plan.digest[:12]}" in outcome.error.next_step
    assert (outcome.data["status"], outcome.data["digest"]) == ("saved", outcome.plan.digest[:12])
    assert json.loads(outcome.text) == outcome.data
    assert [digest for _, digest in here.screen.plans] == [outcome.plan.digest]


def test_a_saved_plan_is_applied_after_a_yes_and_waits_no_longer(tmp_path: Path) -> None:
    here = place(tmp_path)
    saved = here.take("begin", name="web").plan
    assert saved is not None

    plan = here.door.journal.load_plan(saved.digest[:12])
    outcome = here.door.apply_plan(plan, by="person", approver=NoApprover())
    assert isinstance(outcome.error, NeedsApproval)
    here.door.mode = YES
    outcome = here.door.apply_plan(plan, by="person", approver=YesApprover())

    assert (outcome.error, status(here)) == (None, "running")
    assert here.door.journal.waiting() == []


def test_a_change_with_yes_is_applied_journalled_and_recorded(tmp_path: Path) -> None:
    here = place(tmp_path, YES)

    outcome = here.take("begin", name="web", url=URL)

    assert (outcome.is_error, outcome.exit_code, status(here)) == (False, 0, "running")
    assert outcome.applied is not None
    assert (outcome.applied.status, outcome.applied.verified) == ("applied", True)
    assert (outcome.data["status"], outcome.data["verified"], outcome.data["entry"]) == ("applied", True, "1")
    assert [(entry.id, entry.by, entry.status) for entry in here.door.journal.entries()] == [("1", "model", "applied")]
    assert outcome.plan is not None
    assert {key: here.records[0][key] for key in ("tool", "risk", "verdict", "digest", "entry", "outcome")} == {
        "tool": "test_begin",
        "risk": "change",
        "verdict": "run",
        "digest": outcome.plan.digest,
        "entry": "1",
        "outcome": "applied",
    }


def test_without_a_check_nothing_is_called_verified(tmp_path: Path) -> None:
    assert place(tmp_path, YES).take("begin", name="web").data["verified"] is None


def test_an_applied_change_is_undone_by_its_entry(tmp_path: Path) -> None:
    here = place(tmp_path, YES)
    here.take("begin", name="web")

    entry = here.door.journal.entry()
    outcome = here.door.apply_plan(undo_plan(entry), by="person", approver=YesApprover(), undoes=entry.id)

    assert (outcome.exit_code, status(here)) == (0, "exited")
    assert here.door.journal.entries()[0].undone_by == "2"


def test_a_failed_check_is_a_failed_call_with_its_entry_and_undo(tmp_path: Path) -> None:
    here = place(tmp_path, YES)
    here.world.answers[URL] = Answer(status=502)

    outcome = here.take("begin", name="web", url=URL)

    assert isinstance(outcome.error, CheckFailed)
    assert (outcome.exit_code, status(here)) == (1, "running")
    assert "502" in outcome.error.message
    assert "`docker-agent undo 1`" in outcome.error.next_step
    assert (outcome.data["status"], outcome.data["verified"]) == ("failed", False)
    assert here.door.journal.entry("1").status == "failed"
    assert [(record["outcome"], record["entry"]) for record in here.records] == [("failed", "1")]


def test_an_engine_that_goes_away_in_the_middle_fails_the_call(tmp_path: Path) -> None:
    here = place(tmp_path, TERMINAL)

    def unplug() -> None:
        here.world.down = EngineUnreachable("No engine answers.")

    outcome = here.take("begin", Says(yes=True, meanwhile=unplug), name="web")

    assert "No engine answers." in str(outcome.error)
    assert [(entry.status, entry.verified) for entry in here.door.journal.entries()] == [("failed", None)]


@pytest.mark.parametrize("mode", [YES, Mode(), YES_DESTROY, TERMINAL, REMOTE])
def test_a_plan_without_steps_is_nothing_to_do(tmp_path: Path, mode: Mode) -> None:
    here = place(tmp_path, mode)

    outcome = here.take("idle")

    assert (outcome.exit_code, outcome.data["status"]) == (0, "nothing to do")
    assert (here.screen.plans, here.door.journal.entries()) == ([], [])


def test_yes_does_not_destroy(tmp_path: Path) -> None:
    here = place(tmp_path, YES)

    outcome = here.take("wipe", YesApprover(), name="data")

    assert isinstance(outcome.error, NeedsApproval)
    assert "it destroys something" in outcome.error.message
    assert "data" in here.world.volumes
    assert len(here.door.journal.waiting()) == 1


def test_yes_destroy_destroys(tmp_path: Path) -> None:
    here = place(tmp_path, YES_DESTROY)

    assert here.take("wipe", name="data").exit_code == 0
    assert "data" not in here.world.volumes


def test_yes_destroy_does_not_count_after_untrusted_text_but_yes_does(tmp_path: Path) -> None:
    here = place(tmp_path, YES_DESTROY)
    here.take("hear", name="web")

    outcome = here.take("wipe", name="data")

    assert isinstance(outcome.error, NeedsApproval)
    assert "Untrusted text" in outcome.error.message
    assert "data" in here.world.volumes
    assert here.take("begin", name="web").exit_code == 0
    assert here.take("begin", name="blog").exit_code == 3


def test_a_stranger_s_container_is_foreign_whatever_the_plan_says(tmp_path: Path) -> None:
    here = place(tmp_path, YES)

    outcome = here.take("begin", name="blog")

    assert isinstance(outcome.error, NeedsApproval)
    assert "outside the project" in outcome.error.message
    assert status(here, "blog") == "exited"


def test_a_container_that_is_not_there_fails_and_changes_nothing(tmp_path: Path) -> None:
    here = place(tmp_path, YES)

    outcome = here.take("begin", name="nosuch")

    assert outcome.exit_code == 1
    assert "No such container: nosuch" in str(outcome.error)
    assert here.world.done == []


BLOG = {"com.docker.compose.project": "blog"}


@pytest.mark.parametrize(
    "step",
    [
        Engine(action="network_disconnect", target="web", args={"container": "blog"}, why="x"),
        Engine(action="network_remove", target="blog_default", why="x"),
        Engine(action="volume_remove", target="blog_data", why="x"),
        Argv(argv=("docker", "compose", "-p", "blog", "restart"), why="x"),
        Argv(argv=("docker", "compose", "--project-name", "blog", "restart"), why="x"),
        Argv(argv=("docker", "compose", "--project-name=blog", "restart"), why="x"),
        Argv(argv=("docker", "compose", "-pblog", "restart"), why="x"),
        Argv(argv=("docker", "compose", "-f", "/blog/compose.yaml", "restart"), why="x"),
        Argv(argv=("docker", "compose", "--project-directory=../blog", "restart"), why="x"),
        Argv(argv=("docker", "compose", "down", "--volumes=true"), why="x"),
        Argv(argv=("docker", "compose", "rm", "-fsv"), why="x"),
        Argv(argv=("docker", "buildx", "prune", "-af"), why="x"),
        Argv(argv=("rm", "-rf", "/"), why="x"),
        Argv(argv=(), why="x"),
    ],
)
def test_a_plan_that_reaches_out_of_the_project_is_found_out(tmp_path: Path, step: Step) -> None:
    here = place(tmp_path, YES)
    here.world.networks["blog_default"] = Network(id="n", name="blog_default", labels=BLOG)
    here.world.volumes["blog_data"] = Volume(name="blog_data", labels=BLOG)

    outcome = here.door.apply_plan(Plan(title="Sly", steps=(step,)), by="person", approver=YesApprover())

    assert isinstance(outcome.error, NeedsApproval)
    assert "outside the project" in outcome.error.message or "destroys" in outcome.error.message
    assert here.world.done == []


def test_a_secret_is_not_placed_in_a_file_after_untrusted_text_was_read(tmp_path: Path) -> None:
    here = place(tmp_path, YES)
    here.take("hear", name="web")

    assert here.take("note", path="index.html", content="<secret:DB_PASSWORD>").exit_code == 3
    assert here.world.done == []
    assert here.take("note", path=".env", content="DB_PASSWORD=<secret:DB_PASSWORD>").exit_code == 0


@pytest.mark.parametrize("tool", ["begin", "wipe", "note", "idle"])
@pytest.mark.parametrize("mode", [Mode(read_only=True), Mode("terminal", yes=True, yes_destroy=True, read_only=True)])
def test_read_only_plans_nothing(tmp_path: Path, mode: Mode, tool: str) -> None:
    here = place(tmp_path, mode)
    arguments = {"begin": {"name": "web"}, "wipe": {"name": "data"}, "note": {"path": "a", "content": "b"}}

    outcome = here.take(tool, Says(yes=True), **arguments.get(tool, {}))

    assert isinstance(outcome.error, Denied)
    assert outcome.data["status"] == "refused"
    assert (here.screen.plans, here.world.done, here.door.journal.waiting()) == ([], [], [])
    assert [(record["verdict"], record["risk"] != "read") for record in here.records] == [("refuse", True)]


def test_read_only_refuses_a_saved_plan_as_well(tmp_path: Path) -> None:
    plan = place(tmp_path).take("begin", name="web").plan
    assert plan is not None
    here = place(tmp_path, Mode("terminal", yes=True, read_only=True))

    outcome = here.door.apply_plan(plan, by="person", approver=Says(yes=True))

    assert isinstance(outcome.error, Denied)
    assert status(here) == "exited"


@pytest.mark.parametrize(
    ("tool", "name", "kind"), [("begin", "web", "ask"), ("begin", "blog", "ask"), ("wipe", "data", "ask_typed")]
)
def test_at_a_terminal_the_person_is_asked(tmp_path: Path, tool: str, name: str, kind: str) -> None:
    here = place(tmp_path, TERMINAL)

    no = Says(yes=False)
    assert isinstance(here.take(tool, no, name=name).error, Denied)
    assert here.world.done == []
    yes = Says(yes=True)
    assert here.take(tool, yes, name=name).exit_code == 0
    assert len(here.world.done) == 1
    assert [verdict.kind for verdict in (*no.asked, *yes.asked)] == [kind, kind]
    assert [record["verdict"] for record in here.records] == [kind, kind]


def test_a_denied_plan_is_saved_for_a_second_thought(tmp_path: Path) -> None:
    here = place(tmp_path, TERMINAL)

    outcome = here.take("begin", Says(yes=False), name="web")

    assert outcome.data["status"] == "denied"
    assert outcome.error is not None
    assert "Nothing was changed" in outcome.error.next_step
    assert len(here.door.journal.waiting()) == 1


@pytest.mark.parametrize("digest", ["0" * 64, "x"])
def test_a_yes_for_another_digest_is_a_no(tmp_path: Path, digest: str) -> None:
    here = place(tmp_path, TERMINAL)

    assert here.take("begin", Says(yes=True, digest=digest), name="web").exit_code == 3
    assert here.world.done == []


def test_another_agent_brings_the_digest_back_and_it_counts_for_this_plan_only(tmp_path: Path) -> None:
    here = place(tmp_path, REMOTE)
    first = here.take("begin", name="web")
    assert (first.exit_code, first.plan is not None) == (3, True)
    assert first.plan is not None
    brought = DigestApprover([first.plan.digest])

    assert here.take("wipe", brought, name="data").exit_code == 3
    assert here.take("begin", brought, name="web", url=URL).exit_code == 3
    assert here.world.done == []
    assert here.take("begin", brought, name="web").exit_code == 0
    assert here.world.done == ["container_start web"]


def test_a_way_back_is_shown_by_what_it_does_and_by_what_it_leaves_in_a_file(tmp_path: Path) -> None:
    here = place(tmp_path)
    here.world.files[here.door.workspace.root / "a.yml"] = b"as it is\n"
    said = "All as before."
    kept = Write(path="a.yml", content="as it is\n", before="1", or_before=("2",), why=said)
    other = kept.model_copy(update={"content": "privileged: true\n"})
    up = Argv(argv=("docker", "compose", "up", "-d"), why=said)
    for step, line in ((kept, ""), (other, "     | +privileged: true")):
        plan = Plan(title="t", steps=(up,), rollback=(step, up))
        here.screen.diffs.clear()
        outcome = here.door.apply_plan(plan, by="person", approver=NoApprover())
        assert line.removeprefix("     | ") in here.screen.diffs[0]
        text = plan_text(plan, plan.digest, {1: here.screen.diffs[0]})
        assert "- All as before. ($ docker compose up -d)" in text
        assert line in text
        assert bool(here.screen.diffs[0]) == bool(line)
        assert outcome.data["diff"] == ""


def test_what_a_way_back_writes_in_between_is_shown_as_well_where_it_was_not_yet(tmp_path: Path) -> None:
    here = place(tmp_path)
    evil, good = (
        Write(path="a.txt", content=text, before="1", or_before=("2",), why="b") for text in ("evil\n", "one\ntwo\n")
    )
    shown = Write(path="a.txt", content="shown\n", before=hashlib.sha256(b"one\ntwo\n").hexdigest(), why="w")
    plan = Plan(title="t", steps=(shown,), rollback=(evil, shown, good))
    here.door.apply_plan(plan, by="person", approver=NoApprover())
    assert ["+evil" in diff for diff in here.screen.diffs] == [False, True, False]


def test_what_only_looked_or_cannot_be_taken_back_offers_no_undo(tmp_path: Path) -> None:
    here = place(tmp_path, YES)
    look = Plan(title="Look", steps=(Probe(url=URL, why="It answers."),))
    assert here.door.apply_plan(look, by="person", approver=YesApprover()).data["undo"] == ""
    here.world.answers[URL] = Answer(status=502)
    failed = here.door.apply_plan(look, by="person", approver=YesApprover())
    assert failed.error is not None
    assert "docker-agent undo" not in failed.error.next_step
    assert here.take("begin", name="web").data["undo"] == "docker-agent undo 3"
    undone = here.door.apply_plan(undo_plan(here.door.journal.entry("3")), by="person", approver=YesApprover())
    assert (undone.exit_code, undone.data["undo"]) == (0, "")


def test_a_plan_says_which_entry_it_is_about(tmp_path: Path) -> None:
    here = place(tmp_path, YES)
    here.take("begin", name="web")
    plan = undo_plan(here.door.journal.entry("1"))
    assert "(takes back entry 1)" in plan_text(plan, plan.digest, {})
    plan = plan.model_copy(update={"undoes": "", "continues": "1"})
    assert "(goes on with entry 1)" in plan_text(plan, plan.digest, {})
