"""Each signature by the facts that a machine shows, and silence where nothing is wrong."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.domains.diagnose.cases import FAILURES, HEALTHY
from tests.domains.diagnose.places import Case, container, ended, stamp, workspace, world_of

from docker_agent.core.finding import Finding, Severity
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import GENERAL, catalogue, examine
from docker_agent.domains.diagnose.saying import said
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import LogLine, Stats

Events = list[tuple[str, float, dict[str, str]]]

AREAS = {"process", "storage", "health", "resource", "network", "image", "build", "compose", "engine", "proxy", "gpu"}
MEASURED = {"cpu-throttle", "log-disk", "cmp-not-created", "mount-hides", "vol-renamed", "cmp-half-made"}


def looked_at(case: Case) -> list[Finding]:
    """What is found on the machine of a case."""
    fields: dict[str, Any] = dict(case.container)
    if "started_from" in fields:
        fields["started_at"] = stamp(fields.pop("started_from"))
    return examine(collect(workspace(world_of(replace(case, container=fields)))))


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_named_first(name: str) -> None:
    case = FAILURES[name]
    of_web = [finding for finding in looked_at(case) if finding.object == "web"]
    assert [finding.code for finding in of_web][:1] == [case.code], of_web
    first = of_web[0]
    assert first.severity in {Severity.ERROR, Severity.WARN}
    assert first.message
    assert first.cause
    assert first.fix
    assert first.evidence
    assert all(evidence.where and len(evidence.quote) <= 200 for evidence in first.evidence)


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_said_where_nothing_is_wrong(name: str) -> None:
    assert looked_at(HEALTHY[name]) == []


def test_every_signature_has_a_case() -> None:
    told = {code for code, signature in catalogue().items() if signature.seen}
    covered = {case.code for case in FAILURES.values()} | MEASURED | told
    assert set(catalogue()) == covered
    assert set(GENERAL) <= covered


def test_a_message_is_recognised_by_its_own_signature_alone(tmp_path: Path) -> None:
    for code, signature in catalogue().items():
        for text in signature.seen:
            found = examine(Snapshot("shop", tmp_path, 0.0, messages=said(text)))
            assert [finding.code for finding in found] == [code], text
            assert found[0].evidence[0].quote


def test_codes_and_functions_agree_with_their_manuals() -> None:
    for code, signature in catalogue().items():
        assert signature.area in AREAS, code
        assert signature.summary.endswith("."), code
        assert len(signature.manual.splitlines()) > 1, code


def test_signatures_named_in_manuals_exist() -> None:
    known = set(catalogue())
    for code, signature in catalogue().items():
        named = {word.strip("`.,:;()") for word in signature.manual.split() if word.startswith(("`", "(`"))}
        wrong = {
            word for word in named if "-" in word and word.startswith(("exit-", "health-", "port-", "perm-", "ro-"))
        }
        assert wrong <= known, code


def test_a_fast_log_without_rotation_is_said() -> None:
    case = Case("", {"log_driver": "json-file"})
    world = world_of(case)
    web = container()
    world.lines[web.name] = [LogLine(number=n, time=stamp(2 - n / 100), text="x" * 500) for n in range(200)]
    assert [finding.code for finding in examine(collect(workspace(world)))] == ["log-disk"]
    world.change(web.name, started_at=stamp(2.5))
    assert examine(collect(workspace(world))) == []
    world.change(web.name, started_at=stamp(300))
    ended_burst = [LogLine(number=n, time=stamp(2.5 if n < 197 else 0.1), text="x" * 500) for n in range(200)]
    world.lines[web.name], steady = ended_burst, world.lines[web.name]
    assert examine(collect(workspace(world))) == []
    world.lines[web.name] = steady
    world.change(web.name, log_options={"max-size": "10m"})
    assert examine(collect(workspace(world))) == []


def test_throttling_is_said_where_a_limit_is_used_up() -> None:
    world = world_of(Case("", {"cpus": 0.5}))
    world.readings["shop-web-1"] = Stats(name="shop-web-1", periods=100, throttled_periods=60)
    assert [finding.code for finding in examine(collect(workspace(world)))] == ["cpu-throttle"]
    world.readings["shop-web-1"] = Stats(name="shop-web-1", periods=100, throttled_periods=20)
    assert examine(collect(workspace(world))) == []
    world.readings["shop-web-1"] = Stats(name="shop-web-1", periods=100, throttled_periods=60)
    world.change("shop-web-1", cpus=0.0)
    assert examine(collect(workspace(world))) == []


def test_a_service_without_a_container_is_said_for_the_whole_stack_only() -> None:
    world = world_of(Case("", {}, others=[container("db")]))
    del world.containers["shop-db-1"]
    found = examine(collect(workspace(world)))
    assert [(finding.code, finding.object) for finding in found] == [("cmp-not-created", "db")]
    assert found[0].evidence[0].where == "compose.yaml:5:3"
    assert examine(collect(workspace(world), ["shop-web-1"])) == []


def test_a_restart_long_ago_is_a_warning_and_a_fresh_one_an_error() -> None:
    events: Events = [
        ("oom", 400.0, {}),
        ("die", 400.0, {"exitCode": "137", "execDuration": "9"}),
        ("start", 300.0, {}),
    ]
    long_ago = Case("exit-137-oom", {"restart_count": 1, "memory_limit": 2**24}, events=events)
    assert [(finding.code, finding.severity) for finding in looked_at(long_ago)] == [("exit-137-oom", Severity.WARN)]
    slow: Events = [("die", 330.0, {"exitCode": "1", "execDuration": "200"}), ("start", 300.0, {})]
    looping = Case("restart-loop", {"restart_count": 5}, events=slow)
    assert [(finding.code, finding.severity) for finding in looked_at(looping)] == [("restart-loop", Severity.ERROR)]


def test_events_of_a_replaced_container_do_not_count() -> None:
    case = Case("", {}, events=[("oom", 100, {}), ("die", 100, {"exitCode": "137"})])
    world = world_of(case)
    world.happened = [event.model_copy(update={"actor": "id-of-the-old-one"}) for event in world.happened]
    world.change("shop-web-1", restart_count=1)
    assert [finding.code for finding in examine(collect(workspace(world)))] == []


def test_a_scaled_service_is_named_by_container() -> None:
    second = container(**ended(1)).model_copy(update={"name": "shop-web-2", "id": "id-web-2"})
    found = looked_at(Case("", {}, others=[second]))
    assert [finding.object for finding in found] == ["shop-web-2"]


def test_containers_of_other_projects_are_left_alone() -> None:
    stranger = container(**ended(1)).model_copy(update={"name": "x", "id": "x", "project": "other"})
    assert looked_at(Case("", {}, others=[stranger])) == []


HOSTILE = (
    "/",
    "/a",
    "a",
    "connect ",
    "127.0.0.1 ",
    "permission denied /",
    "fork: ",
    "[::1",
    ": not found",
    "\x1b[31m",
    "\u202e",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_logs_are_read_quickly_and_quoted_briefly(piece: str) -> None:
    lines = [piece * (10_000 // len(piece)) + "permission denied"] * 100
    began = time.monotonic()
    found = looked_at(Case("", ended(1, user="1000"), lines))
    assert time.monotonic() - began < 2.5
    assert found
    assert all(len(evidence.quote) <= 200 for finding in found for evidence in finding.evidence)
