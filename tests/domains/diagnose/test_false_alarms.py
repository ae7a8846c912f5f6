"""What is not said, or said with care: old complaints, words that only look like names, and what failed to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.domains.diagnose.places import Case, container, ended, stamp, workspace, world_of

from docker_agent.agent.wording import say_diagnosis
from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.domains.diagnose.causes import explain
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.diagnose import Diagnosis, diagnose
from docker_agent.domains.diagnose.fix import fix
from docker_agent.domains.diagnose.rank import examine
from docker_agent.domains.diagnose.saying import said
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.fake import World
from docker_agent.host.models import LogLine, Mount, Volume

PING = "ping: permission denied (are you root?)"
CHOWN = "chown: /data: Operation not permitted"
FULL = "write /data/x: no space left on device"
DROPPED: dict[str, Any] = {"raw": {"HostConfig": {"CapDrop": ["ALL"], "CapAdd": ["CHOWN", "CAP_NET_RAW"]}}}


def ask(world: World) -> Diagnosis:
    answer: Diagnosis = diagnose.function(workspace(world))
    return answer


def codes(world: World) -> list[str]:
    return [each.code for each in examine(collect(workspace(world)))]


def test_a_signature_or_a_read_that_fails_is_named_and_the_others_go_on() -> None:
    world = world_of(Case("", ended(1, raw={"HostConfig": {"CapDrop": 7}}), [CHOWN]))
    world.add(container("db", **ended(137, oom_killed=True)))
    answer = ask(world)
    assert "exit-137-oom" in {each.code for each in answer.findings}
    assert [each for each in answer.not_looked_at if "cap-chown" in each] == [
        "signature cap-chown: it failed with TypeError"
    ]


@pytest.mark.parametrize(("line", "fields"), [(PING, {}), (PING, DROPPED), (CHOWN, {}), (CHOWN, DROPPED)])
def test_a_right_that_was_not_dropped_is_not_the_cause(line: str, fields: Mapping[str, Any]) -> None:
    assert codes(world_of(Case("", fields, [line]))) == []


@pytest.mark.parametrize(
    ("ago", "fields", "expected"),
    [
        ([2_000.0], {}, []),
        ([500.0], {}, ["disk-full-container"]),
        ([2_000.0], ended(1, finished_at=stamp(1_990)), ["disk-full-container"]),
        ([5_000.0, 3_500.0, 2_000.0], {}, ["disk-full-container"]),
        ([5_000.0, 4_990.0, 4_980.0], {}, []),
        ([9_990.0], {}, []),
    ],
    ids=["old", "fresh", "old of a broken one", "again and again", "a burst long ago", "at the start"],
)
def test_what_is_over_is_not_told_of_a_container_that_is_well(
    ago: Sequence[float], fields: Mapping[str, Any], expected: list[str]
) -> None:
    world = world_of(Case("", {"started_at": stamp(10_000), **fields}))
    lines = [LogLine(number, stamp(each), "stderr", FULL) for number, each in enumerate(ago, 1)]
    world.lines["shop-web-1"] = [*lines, LogLine(len(lines) + 1, stamp(1), "stdout", "served")]
    assert codes(world) == expected


def test_a_volume_that_is_left_over_is_no_renamed_one() -> None:
    project = "com.docker.compose.project"
    old, new = (
        Volume(name=f"shop_{key}", created_at=stamp(ago), labels={project: "shop", "com.docker.compose.volume": key})
        for key, ago in (("letters", 9_000), ("store", 300))
    )
    world = world_of(Case("", {"mounts": (Mount(kind="volume", target="/srv/cache", name=new.name),)}))
    world.volumes.update({old.name: old, new.name: new})
    assert codes(world) == []
    labels = {project: "shop", "com.docker.compose.volume": "stores"}
    world.volumes[old.name] = old.model_copy(update={"labels": labels})
    assert codes(world) == ["vol-renamed"]


@pytest.mark.parametrize(
    ("service", "quote", "named"),
    [
        ("error", "error: cannot open the list", False),
        ("error", '{"level":"error","app":"web"}', False),
        ("web", '{"level": "error", "app": "web"}', False),
        ("server", "could not connect to server: Connection refused", False),
        ("node", "at node:internal/main:12:3", False),
        ("app", "the app is not ready", False),
        ("db", "no db found in the folder", False),
        ("db", "bad address 'db'", True),
        ("db", 'could not translate host name "db" to address', True),
        ("db", "getaddrinfo ENOTFOUND db", True),
        ("db", "connect to host db port 5432: no route", True),
        ("db", "postgres://me@db/shop cannot be reached", True),
        ("db", "Could not resolve host: db", True),
        ("server", 'connection to server at "server" (10.0.0.2), port 5432 failed', True),
        ("server", "dial server:5432 refused", True),
        ("db", 'host not found in upstream "db:80"', True),
        ("db", "nc -z db 5432", True),
        ("db", "** server can't find db: NXDOMAIN", True),
    ],
)
def test_a_word_names_a_service_where_a_host_stands(tmp_path: Path, service: str, quote: str, named: bool) -> None:
    evidence = (Evidence(source="log", where="worker:1", quote=quote),)
    failed = Finding(code="exit-1-app", severity=Severity.ERROR, object="worker", message="Ended.", evidence=evidence)
    cause = replace(failed, code="exit-137-oom", object=service, evidence=())
    assert bool(explain(Snapshot("shop", tmp_path, 0.0), [failed, cause]).symptoms) is named


def test_a_broken_off_start_is_told_and_finished() -> None:
    world = world_of(Case("", {"status": "created"}, body=["depends_on: [db]"], others=[container("db")]))
    assert codes(world) == ["cmp-half-made"]
    plan = fix.function(workspace(world), "cmp-half-made", "web")
    assert plan.steps[0].argv[-4:] == ("up", "-d", "--no-deps", "web")
    assert plan.steps[1].kind == "wait_healthy"
    names = ("shop-web-1", "1f0c2b3a4d5e_shop-web-1")
    for old, new in (names, names[::-1]):
        pair = [
            container(**fields).model_copy(update={"name": name, "id": name})
            for name, fields in ((old, ended(0, health_test=("CMD", "true"))), (new, {"status": "created"}))
        ]
        world = world_of(Case("", {}, others=[*pair, container("db")]))
        world.containers = {each.name: each for each in (*pair, container("db"))}
        assert [(each.code, each.object) for each in ask(world).findings] == [("cmp-half-made", new)]
        world.change(new, status="running", started_at=stamp(300))
        del world.containers[old]
        assert codes(world) == []
    assert codes(world_of(Case("", {"status": "created", "created_at": stamp(2)}))) == []


def test_nothing_wrong_is_said_with_care_while_a_container_starts() -> None:
    world = world_of(Case("", {"health": "starting"}, others=[container("db", started_at=stamp(3))]))
    assert ask(world).summary == "nothing wrong found so far; db, web are still starting"
    world.change("shop-web-1", health="healthy")
    assert ask(world).summary == "nothing wrong found so far; db is still starting"
    told = say_diagnosis([ask(world).model_dump()], subject="db")
    assert told.startswith("Nothing wrong was found with db so far; db is still starting.\nNothing was changed.")
    assert diagnose.function(workspace(world), "web").summary == "nothing wrong found"


def test_a_long_name_from_outside_does_not_fill_the_answer(tmp_path: Path) -> None:
    text = f"bind source path does not exist: /{'x' * 5_000}"
    (finding,) = examine(Snapshot("shop", tmp_path, 0.0, messages=said(text)))
    assert (finding.code, len(finding.message)) == ("bind-missing", 300)
