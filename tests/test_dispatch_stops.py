"""What stops a plan at the door: a changed file, a policy, an unknown mask, a full disk, Ctrl-C; masks on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.doors import ROOT, SECRET, URL, Says, machine, place

from docker_agent.core.errors import Denied, InputError
from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.plan import Engine, Plan, Probe, Risk
from docker_agent.host.host import Host
from docker_agent.policy.approve import NoApprover, YesApprover
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
        del step
        raise KeyboardInterrupt

    run: Any = None
    write_file: Any = None
    remove_file: Any = None


def test_ctrl_c_while_applying_is_journalled_recorded_and_passed_on(tmp_path: Path) -> None:
    here = place(tmp_path, YES, host=Host(machine().host.reads, Stopping()))

    with pytest.raises(KeyboardInterrupt, match=r"web may be down: .*`docker-agent diagnose`.*`docker-agent undo 1`"):
        here.take("begin", name="web", url=URL)

    entry = here.door.journal.entry("1")
    assert (entry.status, [outcome.state for outcome in entry.steps]) == ("interrupted", ["interrupted"])
    assert [(record["tool"], record["outcome"]) for record in here.records] == [("test_begin", "error")]


def test_ctrl_c_at_the_question_changes_nothing(tmp_path: Path) -> None:
    here = place(tmp_path, TERMINAL)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="Nothing of the plan was done"):
        here.take("begin", Says(yes=True, meanwhile=stop), name="web")

    assert here.world.done == []
    assert len(here.records) == 1


def test_a_plan_that_only_looks_needs_no_yes(tmp_path: Path) -> None:
    here = place(tmp_path)
    plan = Plan(title="Look again", steps=(Probe(url=URL, why="It answers."),))

    outcome = here.door.apply_plan(plan, by="person", approver=NoApprover())

    assert (outcome.exit_code, outcome.data["risk"]) == (0, Risk.READ.value)
