"""Releases behind real proxies under load: nothing is lost, bad versions go back, nothing is left over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from evals.load import Load, Pace, run
from tests.lab import fixtures
from tests.live.releasing import ABRUPT, ERRORS, GOOD, NEXT, SICK, SLOW, SUBJECTS, Ended, Place, make_versions

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

LEAN = ("--drain-s", "2")
SHORT = (*LEAN, "--watch-s", "2", "--max-p95-ms", "60000")
WATCHED = (*LEAN, "--watch-s", "5", "--max-p95-ms", "60000")
CANARY = ("--strategy", "canary", "--stages", "50")
PROXIES = ("traefik", "nginx", "caddy")


@pytest.fixture(scope="module", params=PROXIES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from started(request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The oldest Traefik whose configuration is known in full."""
    yield from started("traefik-3-2", tmp_path_factory)


def started(kind: str, paths: pytest.TempPathFactory) -> Iterator[Place]:
    make_versions()
    root = paths.mktemp("release") / kind
    root.mkdir()
    root.parent.chmod(0o755)
    found = Place(SUBJECTS[kind], root.resolve(), "release")
    try:
        found.up(GOOD)
        yield found
    finally:
        found.down()


def loaded(place: Place, case: str, *words: str) -> tuple[Ended, Load, dict[str, int]]:
    """Run a command under load: how it ended, all requests, and those that were lost."""
    running = place.load()
    with running:
        ended = place.agent("release", *words)
    load = running.stop()
    return ended, load, place.lost(load, case)


def settled(place: Place, version: str) -> list[str]:
    """What is not as it should be after a release to a version, or back to it."""
    said = [] if place.image == version else [f"the compose file has {place.image}"]
    said += [] if place.asked() == version else [f"{place.asked()} serves"]
    return said + place.left_over() + place.up_recreates()


def other(place: Place) -> str:
    """A good version that does not serve now."""
    return NEXT if place.image == GOOD else GOOD


def test_a_new_version_and_the_way_back_to_the_one_before_lose_nothing(place: Place) -> None:
    before = place.image
    ended, load, lost = loaded(place, "blue-green", "start", "web", ABRUPT, *SHORT)
    assert (ended.code, lost) == (0, {}), ended.said
    assert load.versions.keys() == {before, ABRUPT}
    assert (place.image, place.asked(), place.left_over()) == (ABRUPT, ABRUPT, [])
    assert said_of(place.status()) == ("done", "finish", 100, f"docker-agent-lab/app:{ABRUPT}")

    kept = [name for name, state in place.containers().items() if state == "exited"]
    ended, load, lost = loaded(place, "rollback", "rollback", "web", "--drain-s", "2")
    assert (ended.code, lost) == (0, {}), ended.said
    assert load.versions.keys() == {before, ABRUPT}
    assert [name for name, state in place.containers().items() if state == "running"] == kept
    assert settled(place, before) == []
    assert said_of(place.status()) == ("done", "finish", 100, f"docker-agent-lab/app:{before}")


def test_a_canary_gets_its_share_clients_with_its_header_and_those_that_it_has_served(place: Place) -> None:
    before, new = place.image, other(place)
    chosen = ("--canary-header", "X-Canary: 1", "--canary-cookie", "canary")
    with place.load() as running:
        release = place.start("release", "start", "web", new, "--strategy", "canary", *WATCHED, *chosen)
        release.reach(watched("at 10 %"))
        small = share_of(place, new)
        headed = {place.asked({"X-Canary": "1"}) for _ in range(20)}
        share = place.status()
        release.reach(watched("at 50 %"))
        clients = [place.stays(8, f"client {number}") for number in range(6)]
        ended = release.end()
    load = running.stop()
    lost = place.lost(load, "canary 10, 50")
    assert (ended.code, lost) == (0, {}), ended.said
    assert load.versions.keys() == {before, new}
    assert headed == {new}
    assert said_of(share) == ("under way", "canary 10 %", 10, f"docker-agent-lab/app:{new}")
    assert 4 <= small <= 20
    assert all(len(versions) == 1 for versions in clients), clients
    assert settled(place, new) == []


def share_of(place: Place, version: str) -> float:
    """A version's part of the answers in percent; Nginx keeps a client at one, so there it is that of the clients."""
    if place.subject.kind == "nginx":
        clients = [{"User-Agent": f"client {number}"} for number in range(200)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(place.asked, clients))
        return 100 * answers.count(version) / len(answers)
    load = run(place.target, 1.5, Pace(rate=80))
    return 100 * load.versions.get(version, 0) / load.total


def test_an_older_traefik_divides_traffic_too(older: Place) -> None:
    new = other(older)
    ended, load, lost = loaded(older, "canary 50", "start", "web", new, *CANARY, *SHORT)
    assert (ended.code, lost) == (0, {}), ended.said
    assert load.versions.keys() == {GOOD, NEXT}
    assert settled(older, new) == []


def test_a_version_that_is_not_healthy_goes_back_before_it_gets_any_request(place: Place) -> None:
    before = place.image
    ended, load, lost = loaded(place, "unhealthy", "start", "web", SICK, *SHORT)
    assert (ended.code, lost, load.versions.keys()) == (1, {}, {before}), ended.said
    assert "is unhealthy" in ended.said
    assert went_back(place, before) == []


def test_a_version_that_fails_goes_back_and_only_its_own_share_fails(place: Place) -> None:
    before = place.image
    ended, load, lost = loaded(place, "errors", "start", "web", ERRORS, *CANARY, *SHORT, "--path", "/health")
    assert ended.code == 1, ended.said
    assert lost.keys() == {"status 500"}
    assert lost["status 500"] + load.versions[ERRORS] < load.total / 4
    assert "fails too often" in ended.said
    assert went_back(place, before) == []


def test_a_version_that_is_slow_goes_back_and_nothing_fails(place: Place) -> None:
    before = place.image
    ended, load, lost = loaded(place, "slow", "start", "web", SLOW, *CANARY, *LEAN, "--watch-s", "6")
    assert (ended.code, lost) == (1, {}), ended.said
    assert load.versions[SLOW] < load.total / 2
    assert "is too slow" in ended.said
    assert went_back(place, before) == []


def went_back(place: Place, version: str) -> list[str]:
    """What is not as it was, after a release that was not good enough."""
    said = settled(place, version)
    if list(place.containers().values()) != ["running"]:
        said.append(f"containers: {place.containers()}")
    status = place.status()
    if not status["state"].startswith("rolled back by entry ") or status["share"] or not status["reason"]:
        said.append(f"status: {status}")
    return said


def said_of(status: dict[str, Any]) -> tuple[str, str, int, str]:
    """State, phase, share and image of a release."""
    return status["state"], status["phase"], status["share"], status["image"]


def watched(when: str) -> Callable[[int, str], bool]:
    """Whether a step is the watch at this time."""
    return lambda _number, line: "Watch" in line and when in line
