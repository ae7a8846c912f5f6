"""The door for calls that change something: shown, approved by digest, applied, verified, journalled, recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.doors import ROOT, SECRET, URL, Place, Says, machine, place

from docker_agent.core.errors import CheckFailed, Denied, EngineUnreachable, InputError, NeedsApproval
from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.plan import Engine, Plan, Probe, Risk
from docker_agent.host.host import Host
from docker_agent.host.journal import undo_plan
from docker_agent.host.models import Answer
from docker_agent.policy.approve import DigestApprover, NoApprover, YesApprover
from docker_agent.policy.permit import Mode

YES = Mode(yes=True)
YES_DESTROY = Mode(yes=True, yes_destroy=True)
TERMINAL = Mode("terminal")
REMOTE = Mode("remote")


def finding(severity: Severity = Severity.ERROR) -> Finding:
    evidence = (Evidence(source="compose", where="compose.yml:3:5"),)
    return Finding(
        code="root_user", severity=severity, object="service:web", message="Runs as root.", evidence=evidence
    )


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


def test_a_container_that_is_not_there_ends_the_call_before_any_change(tmp_path: Path) -> None:
    here = place(tmp_path, YES)

    outcome = here.take("begin", name="nosuch")

    assert outcome.exit_code == 2
    assert (here.world.done, here.door.journal.entries()) == ([], [])


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


def test_a_file_that_changed_while_the_person_thought_stops_the_plan(tmp_path: Path) -> None:
    here = place(tmp_path, TERMINAL)

    def edit() -> None:
        here.world.files[ROOT / "a.txt"] = b"somebody else's\n"

    outcome = here.take("note", Says(yes=True, meanwhile=edit), path="a.txt", content="mine\n")

    assert isinstance(outcome.error, InputError)
    assert "changed since the plan was made" in outcome.error.message
    assert here.world.files[ROOT / "a.txt"] == b"somebody else's\n"


def test_a_saved_plan_that_was_altered_is_refused(tmp_path: Path) -> None:
    here = place(tmp_path)
    plan = here.take("begin", name="web").plan
    assert plan is not None
    file = tmp_path / "plans" / f"{plan.digest[:12]}.json"
    file.write_text(file.read_text().replace('"web"', '"blog"'))

    with pytest.raises(InputError, match="altered"):
        here.door.journal.load_plan(plan.digest[:12])


def test_a_policy_stops_a_plan_even_after_yes(tmp_path: Path) -> None:
    here = place(tmp_path, YES_DESTROY, gate=lambda _plan: [finding()])

    outcome = here.take("begin", YesApprover(), name="web")

    assert isinstance(outcome.error, Denied)
    assert "root_user at compose.yml:3:5" in outcome.error.message
    assert "--override root_user" in outcome.error.next_step
    assert outcome.data["status"] == "refused"
    assert here.world.done == []
    assert [(record["verdict"], record["overrides"]) for record in here.records] == [("refuse", [])]


def test_an_override_lets_it_pass_and_is_recorded(tmp_path: Path) -> None:
    here = place(tmp_path, YES, gate=lambda _plan: [finding()], overrides={"root_user"})

    assert here.take("begin", name="web").exit_code == 0
    assert [record["overrides"] for record in here.records] == [["root_user"]]


def test_an_override_of_something_else_does_not_help(tmp_path: Path) -> None:
    here = place(tmp_path, YES, gate=lambda _plan: [finding()], overrides={"latest_tag"})

    assert here.take("begin", name="web").exit_code == 3
    assert here.world.done == []


@pytest.mark.parametrize("severity", [Severity.WARN, Severity.INFO, Severity.OFF])
def test_a_lesser_finding_does_not_stop_a_plan(tmp_path: Path, severity: Severity) -> None:
    assert place(tmp_path, YES, gate=lambda _plan: [finding(severity)]).take("begin", name="web").exit_code == 0


def test_the_policies_hold_for_a_saved_plan(tmp_path: Path) -> None:
    plan = place(tmp_path).take("begin", name="web").plan
    assert plan is not None
    here = place(tmp_path, YES_DESTROY, gate=lambda _plan: [finding()])

    assert isinstance(here.door.apply_plan(plan, by="person", approver=YesApprover()).error, Denied)


def test_a_mask_becomes_its_value_in_the_file_and_nowhere_else(tmp_path: Path) -> None:
    here = place(tmp_path, YES)

    outcome = here.take("note", path=".env", content="DB_PASSWORD=<secret:DB_PASSWORD>\n")

    assert here.world.files[ROOT / ".env"] == f"DB_PASSWORD={SECRET}\n".encode()
    assert outcome.exit_code == 0
    assert SECRET not in repr((outcome, here.screen))
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or SECRET.encode() not in file.read_bytes()


def test_an_unknown_mask_writes_nothing(tmp_path: Path) -> None:
    here = place(tmp_path, YES)

    outcome = here.take("note", path="a.txt", content="<secret:NOSUCH>")

    assert (outcome.exit_code, here.world.files[ROOT / "a.txt"]) == (1, b"one\ntwo\n")
    assert "<secret:NOSUCH>" in str(outcome.error)


def test_a_plan_is_shown_masked_with_what_it_changes(tmp_path: Path) -> None:
    here = place(tmp_path)

    outcome = here.take("note", path="a.txt", content=f"one\npassword: {SECRET}\n")

    shown = repr((here.screen.plans, here.screen.diffs))
    assert SECRET not in shown + outcome.text
    assert "+password: <secret:DB_PASSWORD>" in here.screen.diffs[0]
    assert "-two" in here.screen.diffs[0]
    assert outcome.data["diff"] == here.screen.diffs[0]
    assert outcome.plan is not None
    assert here.screen.plans[0][1] == outcome.plan.digest


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "x/../../y"])
def test_a_file_outside_the_project_is_left_alone(tmp_path: Path, path: str) -> None:
    here = place(tmp_path, YES_DESTROY)

    outcome = here.take("note", path=path, content="x")

    assert isinstance(outcome.error, InputError)
    assert "outside the project" in outcome.error.message
    assert here.world.done == []


def test_a_full_disk_fails_the_call_and_keeps_the_file(tmp_path: Path) -> None:
    here = place(tmp_path, YES)
    here.world.full = True

    outcome = here.take("note", path="a.txt", content="x")

    assert outcome.exit_code == 1
    assert "No space left" in str(outcome.error)
    assert here.world.files[ROOT / "a.txt"] == b"one\ntwo\n"


class Stopping:
    """The changing half of a host at which the person presses Ctrl-C."""

    def call(self, step: Engine) -> str:
        raise KeyboardInterrupt

    run: Any = None
    write_file: Any = None
    remove_file: Any = None


def test_ctrl_c_while_applying_is_journalled_recorded_and_passed_on(tmp_path: Path) -> None:
    here = place(tmp_path, YES, host=Host(machine().host.reads, Stopping()))

    with pytest.raises(KeyboardInterrupt):
        here.take("begin", name="web", url=URL)

    entry = here.door.journal.entry("1")
    assert (entry.status, [outcome.state for outcome in entry.steps]) == ("interrupted", ["interrupted"])
    assert [(record["tool"], record["outcome"]) for record in here.records] == [("test_begin", "error")]


def test_ctrl_c_at_the_question_changes_nothing(tmp_path: Path) -> None:
    here = place(tmp_path, TERMINAL)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        here.take("begin", Says(yes=True, meanwhile=stop), name="web")

    assert here.world.done == []
    assert len(here.records) == 1


def test_a_plan_that_only_looks_needs_no_yes(tmp_path: Path) -> None:
    here = place(tmp_path)
    plan = Plan(title="Look again", steps=(Probe(url=URL, why="It answers."),))

    outcome = here.door.apply_plan(plan, by="person", approver=NoApprover())

    assert (outcome.exit_code, outcome.data["risk"]) == (0, Risk.READ.value)
