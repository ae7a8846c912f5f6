"""What happened first is seen first, and a crash loop does not flood the view."""

from __future__ import annotations

import pytest
from tests.domains.diagnose.places import Case, container, ended, stamp, workspace, world_of

from docker_agent.core.errors import InputError
from docker_agent.domains.diagnose.timeline import Timeline, timeline

DIED = {"exitCode": "1", "execDuration": "1"}
NOTHING: dict[str, str] = {}
LOOP = [moment for ago in range(600, 0, -60) for moment in (("start", float(ago), NOTHING), ("die", ago - 1.0, DIED))]


def told(case: Case, service: str = "", limit: int = 40) -> list[tuple[str, str, int]]:
    answer: Timeline = timeline.function(workspace(world_of(case)), service, limit)
    return [(moment.object, moment.what, moment.times) for moment in answer.moments]


def test_a_crash_loop_is_counted() -> None:
    state = {"restart_count": 9, "status": "restarting", "started_at": stamp(60), "finished_at": stamp(59)}
    rows = told(Case("", state, events=LOOP))
    assert [row for row in rows if row[2] > 1] == [("web", "started", 7), ("web", "ended with 1 after 1 s", 7)]
    assert rows[0] == ("web", "started", 1)
    assert len(rows) == 8


def test_logs_and_health_checks_and_failed_starts_are_part_of_it() -> None:
    case = Case(
        "",
        ended(1),
        lines=["all is well", "FATAL no such table"],
        others=[container("db", status="created", error="no such device")],
    )
    rows = told(case)
    assert ("web", "log line 2: FATAL no such table", 1) in rows
    assert ("db", "could not start: no such device", 1) in rows
    assert told(case, "db") == [("db", "could not start: no such device", 1)]


def test_what_the_engine_has_forgotten_is_read_from_the_container() -> None:
    assert told(Case("", ended(3))) == [("web", "started", 1), ("web", "ended with 3", 1)]


def test_only_the_last_moments_are_shown_and_the_rest_counted() -> None:
    world = world_of(Case("", {"started_at": stamp(60)}, events=LOOP))
    answer: Timeline = timeline.function(workspace(world), limit=2)
    assert (len(answer.moments), answer.left_out) == (2, 6)
    with pytest.raises(InputError, match="limit is 0"):
        timeline.function(workspace(world), limit=0)


def test_it_says_how_far_back_the_events_go_and_what_the_containers_know_beyond() -> None:
    case = Case("", ended(137, restart_count=20, oom_killed=True), events=LOOP, others=[container("db")])
    answer: Timeline = timeline.function(workspace(world_of(case)))
    assert answer.events == f"only since {stamp(600)[11:19]}Z, the engine remembers no older ones"
    assert answer.totals == ("web: restarted 20 times in all, killed for memory, says State.OOMKilled",)
    whole = Case("", {}, events=[("start", 3_601.0, NOTHING), *LOOP])
    told_whole: Timeline = timeline.function(workspace(world_of(whole)), "web")
    assert (told_whole.events, told_whole.totals) == ("", ())
