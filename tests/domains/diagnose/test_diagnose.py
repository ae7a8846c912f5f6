"""The tool and the look behind it: what is said, what is not, and how long it may take."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.domains.diagnose.cases import FAILURES, HEALTHY
from tests.domains.diagnose.places import ROOT, Case, container, ended, workspace, world_of

from docker_agent.core.errors import EngineUnreachable, InputError
from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.plan import Risk
from docker_agent.domains.diagnose.causes import Explained, explain
from docker_agent.domains.diagnose.collect import MAX_LOGS, collect
from docker_agent.domains.diagnose.diagnose import Diagnosis, diagnose
from docker_agent.domains.diagnose.fix import fix
from docker_agent.domains.diagnose.log_reading import LOG_LINES
from docker_agent.domains.diagnose.rank import examine
from docker_agent.domains.diagnose.snapshot import Snapshot, seconds_of
from docker_agent.host.fake import FakeReads, World
from docker_agent.host.models import Event, LogLine, Network
from docker_agent.project.workspace import Workspace


def ask(world: World, service: str = "") -> Diagnosis:
    """The answer of `diagnose`."""
    answer: Diagnosis = diagnose.function(workspace(world), service)
    return answer


def test_the_tools_are_declared_as_they_behave() -> None:
    assert (diagnose.name, diagnose.risk) == ("diagnose", Risk.READ)
    assert diagnose.untrusted
    assert fix.untrusted
    assert (fix.name, fix.risk) == ("diagnose_fix", Risk.CHANGE)


def test_a_healthy_stack_is_said_to_be_well_with_what_was_looked_at() -> None:
    answer = ask(world_of(HEALTHY["server"]))
    assert answer.summary == "nothing wrong found"
    assert answer.findings == ()
    assert answer.looked_at == "1 containers (1 well), 1 log lines, 0 events, the compose file"


def test_an_empty_project_is_not_said_to_be_well() -> None:
    world = World()
    with pytest.raises(InputError, match="no compose file in project and no container of project shop"):
        ask(world)
    world.files.update(world_of(HEALTHY["server"]).files)
    assert ask(world).summary == "no container of shop exists yet; start it with `docker-agent stack up`"


def test_a_container_of_others_is_named_in_full_and_said_to_be_theirs() -> None:
    world = World()
    world.add(container("web", **ended(1)).model_copy(update={"name": "blog-web-1", "project": "blog"}))
    answer: Diagnosis = diagnose.function(workspace(world), "blog-web-1")
    assert (answer.project, answer.findings[0].code) == ("blog", "exit-1-app")
    assert answer.whose == "blog-web-1 belongs to project blog, not to shop"
    with pytest.raises(InputError, match="no container of project shop"):
        fix.function(workspace(world), "exit-1-app", "blog-web-1")


def test_a_consequence_is_a_symptom_of_its_cause() -> None:
    answer = ask(world_of(FAILURES["waiting"]))
    assert [(finding.code, finding.object) for finding in answer.findings] == [("health-unhealthy", "db")]
    assert [(each.code, each.object, each.because) for each in answer.symptoms] == [
        ("cmp-dep-unhealthy", "web", "db health-unhealthy")
    ]
    assert answer.summary.endswith("(1 symptom of it elsewhere)")


def test_what_was_asked_about_is_answered_first() -> None:
    taken = "Bind for 0.0.0.0:80 failed: port is already allocated"
    world = world_of(Case("", ended(1), ["boom"]))
    known: Diagnosis = diagnose.function(workspace(world), message=taken)
    assert [finding.object for finding in known.findings] == ["message", "web"]
    assert "first message: Port 80" in known.summary
    unknown: Diagnosis = diagnose.function(workspace(world), message="quux")
    assert unknown.summary.startswith("the message is none that is known; the stack itself: 1 fault; first web: ")
    world.change("shop-web-1", status="created", error=f"failed to set up: {taken}", exit_code=128)
    same: Diagnosis = diagnose.function(workspace(world), message=f"Error: failed to set up: {taken}")
    assert (same.findings[0].code, same.findings[0].object) == ("port-allocated", "web")
    with pytest.raises(InputError, match="The message is empty"):
        diagnose.function(workspace(world), message=" ")


def test_the_cause_of_a_service_is_found_where_it_lies() -> None:
    answer = ask(world_of(FAILURES["waiting"]), "web")
    assert [(finding.code, finding.object) for finding in answer.findings] == [("health-unhealthy", "db")]
    assert [each.object for each in answer.symptoms] == ["web"]


def test_services_that_blame_each_other_keep_their_findings(tmp_path: Path) -> None:
    snapshot = Snapshot("shop", tmp_path, 0.0)
    one, two = (
        Finding(
            code="net-conn-refused",
            severity=Severity.ERROR,
            object=name,
            message="Refused.",
            evidence=(Evidence(source="log", where=f"{name}:1", quote=f"connect {other}:80: connection refused"),),
        )
        for name, other in (("a", "b"), ("b", "a"))
    )
    assert explain(snapshot, [one, two]).causes == (one, two)
    cause = replace(one, code="exit-137-oom", object="b")
    assert explain(snapshot, [one, cause]) == Explained((cause,), ((one, cause),))
    unrelated = replace(cause, object="c")
    assert explain(snapshot, [one, unrelated]).symptoms == ()
    assert explain(snapshot, [one, replace(cause, severity=Severity.WARN)]).symptoms == ()


@pytest.mark.parametrize(
    ("quote", "named"),
    [
        ("http://app:8080/health answers 500", True),
        ("dial tcp: lookup app.shop on 127.0.0.11", True),
        ('File "/app/main.py", line 3', False),
        ("at Object.<anonymous> (/srv/app/app.js:3:7)", False),
    ],
)
def test_a_path_names_no_service(tmp_path: Path, quote: str, named: bool) -> None:
    evidence = (Evidence(source="log", where="worker:1", quote=quote),)
    failed = Finding(code="exit-1-app", severity=Severity.ERROR, object="worker", message="Ended.", evidence=evidence)
    cause = replace(failed, code="exit-137-oom", object="app", evidence=())
    assert bool(explain(Snapshot("shop", tmp_path, 0.0), [failed, cause]).symptoms) is named


def test_the_answer_says_what_the_plan_would_do() -> None:
    answer = ask(world_of(FAILURES["oom"]))
    assert answer.findings[0].fixable
    assert len(answer.plan) == len(fix.function(workspace(world_of(FAILURES["oom"])), "exit-137-oom", "web").steps)
    assert ask(world_of(FAILURES["notfound"])).plan == ()


def test_a_typical_answer_fits_and_many_faults_are_listed_briefly() -> None:
    assert len(ask(world_of(FAILURES["oom"])).model_dump_json()) <= 4_000
    broken = [container(f"w{n}", **ended(1)).model_copy(update={"name": f"shop-w{n}-1"}) for n in range(30)]
    answer = ask(world_of(Case("", {}, others=broken)))
    assert len(answer.model_dump_json()) <= 4_000
    assert answer.summary.startswith("30 faults")
    assert 1 <= len(answer.findings) < 30
    assert len(answer.also) == 10


def test_one_service_is_looked_at_alone() -> None:
    world = world_of(Case("", {}, others=[container("db", **ended(1))]))
    assert ask(world, "web").summary == "nothing wrong found"
    assert [finding.object for finding in ask(world, "shop-db-1").findings] == ["db"]


def test_a_container_of_nobody_is_looked_at_by_name_but_never_mended() -> None:
    stranger = container("x", status="paused").model_copy(update={"name": "lonely", "project": "", "service": ""})
    world = world_of(Case("", {}, others=[stranger]))
    found = ask(world, "lonely").findings
    assert [(finding.code, finding.object) for finding in found] == [("paused", "lonely")]
    with pytest.raises(InputError, match="lonely does not show paused now"):
        fix.function(workspace(world), "paused", "lonely")


@pytest.mark.parametrize("word", ["nosuch", " ", "x" * 300, "../etc", "-rf"])
def test_an_unknown_service_is_an_error_that_names_the_nearest(word: str) -> None:
    with pytest.raises(InputError):
        ask(world_of(Case("", {})), word)


def test_no_engine_is_an_error_of_its_own() -> None:
    world = world_of(Case("", {}))
    world.down = EngineUnreachable("No engine.")
    with pytest.raises(EngineUnreachable):
        ask(world)


@pytest.mark.parametrize("text", [b"services: [", b"\xff\xfe", b"services:\n  web: 3\n", b"", b"a: &a [*a]", b"- 1\n"])
def test_a_broken_compose_file_does_not_stop_the_look(text: bytes) -> None:
    world = world_of(FAILURES["oom"])
    world.files[ROOT / "compose.yaml"] = text
    answer = ask(world)
    assert answer.findings[0].code == "exit-137-oom"
    assert answer.findings[0].fixable is False


class Partly(FakeReads):
    """An engine that cannot tell everything: events fail, networks never answer."""

    released = threading.Event()

    def events(self, *, since: float, until: float, filters: dict[str, str] | None = None) -> list[Event]:
        raise InputError(f"events: not today, from {since} to {until} with {filters}.")

    def networks(self) -> list[Network]:
        self.released.wait(30)
        return []

    def logs(self, name: str, *, tail: int = 200, since: float = 0.0, until: float = 0.0) -> list[LogLine]:
        del tail, since, until
        raise InputError(f"logs of {name}: configured logging driver does not support reading.")


def test_what_could_not_be_looked_at_is_said_in_time() -> None:
    world = world_of(FAILURES["oom"])
    ws = workspace(world)
    began = time.monotonic()
    try:
        taken = collect(Workspace(Partly(world), ws.root, ws.context, ws.project), limit_s=0.5)
    finally:
        Partly.released.set()
    assert time.monotonic() - began < 5
    assert examine(taken)[0].code == "exit-137-oom"
    said = " ".join(taken.not_looked_at)
    assert "events: events: not today" in said
    assert "networks: no answer within 0.5 s" in said
    assert "log of shop-web-1" in said


class Slow(FakeReads):
    """A machine that gives the end of a log at once and the whole of it late."""

    released = threading.Event()

    def logs(self, name: str, *, tail: int = 200, since: float = 0.0, until: float = 0.0) -> list[LogLine]:
        del name, since, until
        if tail > LOG_LINES:
            self.released.wait(30)
        return [LogLine(number, "", "stderr", "getaddrinfo ENOTFOUND dbb") for number in range(1, tail + 1)]


def test_the_end_of_a_log_counts_where_the_whole_is_late() -> None:
    world = world_of(Case("", ended(1)))
    ws = workspace(world)
    try:
        taken = collect(Workspace(Slow(world), ws.root, ws.context, ws.project), limit_s=0.5)
    finally:
        Slow.released.set()
    assert [finding.code for finding in examine(taken)] == ["dns-servfail"]
    assert "whole log of shop-web-1: no answer within 0.5 s" in taken.not_looked_at


def test_a_secret_in_the_environment_is_not_quoted() -> None:
    body = ["environment:", "  PASSWORD: hunter2-hunter2"]
    case = Case("", ended(1), ["getaddrinfo ENOTFOUND dbb"], body=body)
    assert "hunter2" not in ask(world_of(case)).model_dump_json()


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2027-01-15T08:00:00Z", 1_800_000_000.0),
        ("2027-01-15T08:00:00.123456789Z", 1_800_000_000.123456),
        ("2027-01-15T09:00:00.5+01:00", 1_800_000_000.5),
        ("", 0.0),
        ("yesterday", 0.0),
        ("0001-01-01T00:00:00Z", -62_135_596_800.0),
    ],
)
def test_times_of_the_engine_are_read(stamp: str, expected: float) -> None:
    assert seconds_of(stamp) == pytest.approx(expected)


def test_logs_of_many_containers_are_limited() -> None:
    others = [container(f"w{n}").model_copy(update={"name": f"shop-w{n}-1"}) for n in range(120)]
    taken = collect(workspace(world_of(Case("", {}, others=others))))
    assert len(taken.logs) == MAX_LOGS
    assert len(taken.not_looked_at) == 121 - MAX_LOGS


def hide(text: str) -> str:
    """Mask the one secret that these tests know."""
    return text.replace("hunter2hunter2", "<secret:P>")


@pytest.mark.parametrize("before", range(180, 200))
def test_a_quote_holds_no_half_secret(before: int) -> None:
    line = "x" * before + "hunter2hunter2" + "y" * 300
    world = world_of(Case("exit-1-app", ended(1), [line]))
    ws = replace(workspace(world), mask=hide)
    answer = diagnose.function(ws).model_dump_json()
    assert "xxxx" in answer
    assert "hunt" not in answer
