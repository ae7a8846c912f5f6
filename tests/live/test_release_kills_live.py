"""Releases whose agent is killed at any step: the traffic goes on, and resume or abort ends them with nothing lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.lab import fixtures
from tests.live.releasing import ERRORS, GOOD, NEXT, SUBJECTS, Ended, Place, make_versions

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

SHORT = ("--watch-s", "1", "--drain-s", "1", "--max-p95-ms", "60000")
CANARY = ("--strategy", "canary", "--stages", "50")
# What Traefik's canary with one stage takes, with nothing left stopped before; the loop below finds them all.
STEPS = 20
TELLING = ("% of the traffic goes to", "Watch", "own configuration serves again")
BUSY = "is being carried out"


def started(kind: str, paths: pytest.TempPathFactory) -> Iterator[Place]:
    """A running project, taken down afterwards."""
    make_versions()
    root = paths.mktemp("kills") / kind
    root.mkdir()
    root.parent.chmod(0o755)
    place = Place(SUBJECTS[kind], root.resolve(), "kills")
    try:
        place.up(GOOD)
        yield place
    finally:
        place.down()


@pytest.fixture(scope="module")
def traefik(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from started("traefik-quick", tmp_path_factory)


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxied(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from started(request.param, tmp_path_factory)


def other(place: Place) -> str:
    """A good version that does not serve now."""
    return NEXT if place.image == GOOD else GOOD


def reset(place: Place) -> None:
    """Begin with one container and none stopped; after a test that failed, with everything anew."""
    if place.left_over() or len(place.running()) != 1:
        place.up(GOOD)
    place.forget_stopped()


def ended_by(place: Place, verb: str) -> Ended:
    """Resume or abort, as soon as what the killed agent had started is over."""
    until = time.monotonic() + 60
    while True:
        ended = place.agent("release", verb, "web")
        if BUSY not in ended.said or time.monotonic() > until:
            return ended
        time.sleep(0.5)


def kill_and(place: Place, verb: str, wanted: Callable[[int, str], bool], after_s: float = 0.0) -> list[str]:
    """Kill a release at a step under load and end it; what is not as it should be."""
    reset(place)
    before, new = place.image, other(place)
    with place.load() as running:
        release = place.start("release", "start", "web", new, *CANARY, *SHORT)
        step = release.reach(wanted)
        time.sleep(after_s)
        release.kill()
        between = place.asked()
        stopped = place.status()
        ended = ended_by(place, verb)
    lost = place.lost(running.stop(), f"killed at {step} of {release.steps}, {verb}")
    said = [] if ended.code == 0 else [f"{verb}: {ended.said}"]
    said += [f"lost: {lost}"] if lost else []
    said += [] if between in {before, new} else [f"{between!r} served after the kill"]
    said += [] if stopped["state"] in {"stopped in the middle", "under way"} else [f"status: {stopped}"]
    return said + wrong(place, before if verb == "abort" else new, verb, again=bool(after_s))


def wrong(place: Place, version: str, verb: str, *, again: bool = True) -> list[str]:
    """What is not as it should be once a release was ended."""
    said = [] if place.image == version else [f"the compose file has {place.image}"]
    said += [] if place.asked() == version else [f"{place.asked()} serves"]
    said += place.left_over()
    status = place.status()
    state, share = ("rolled back", 0) if verb == "abort" else ("done", 100)
    if not status["state"].startswith(state) or status["share"] != share:
        said.append(f"status: {status}")
    for more in ("resume", "abort") if again else ():
        ended = place.agent("release", more, "web")
        if ended.code != 2 or "There is no release" not in ended.said:
            said.append(f"a second {more}: {ended.said}")
    return said


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_release_that_is_killed_at_any_step_can_be_ended_with_nothing_lost(traefik: Place, step: int) -> None:
    verb = "resume" if step % 2 else "abort"
    said = kill_and(traefik, verb, lambda number, _line: number == step)
    assert not said, "\n".join(said)


@pytest.mark.parametrize("verb", ["resume", "abort"])
def test_what_a_killed_release_had_started_ends_before_it_is_gone_on_with(traefik: Place, verb: str) -> None:
    said = kill_and(traefik, verb, lambda _number, line: "beside" in line, after_s=0.3)
    assert not said, "\n".join(said)


@pytest.mark.parametrize(("words", "verb"), list(zip(TELLING, ("resume", "abort", "abort"), strict=True)))
def test_other_proxies_lose_nothing_either(proxied: Place, words: str, verb: str) -> None:
    said = kill_and(proxied, verb, lambda _number, line: words in line)
    assert not said, "\n".join(said)


def test_a_way_back_that_is_killed_is_gone_to_its_end_by_abort(traefik: Place) -> None:
    reset(traefik)
    before = traefik.image
    with traefik.load() as running:
        release = traefik.start("release", "start", "web", ERRORS, *CANARY, *SHORT, "--path", "/health")
        release.reach(lambda _number, line: f"traffic goes to {traefik.project}-web-" in line and "50 %" not in line)
        release.reach(lambda _number, line: "Stop" in line)
        release.kill()
        ended = ended_by(traefik, "abort")
    lost = traefik.lost(running.stop(), "killed on the way back")
    assert ended.code == 0, ended.said
    assert lost.keys() <= {"status 500"}
    said = wrong(traefik, before, "abort")
    assert not said, "\n".join(said)


def test_ctrl_c_says_how_to_go_on_and_a_second_release_waits_until_the_first_has_ended(traefik: Place) -> None:
    reset(traefik)
    new = other(traefik)
    with traefik.load() as running:
        release = traefik.start("release", "start", "web", new, *CANARY, *SHORT, "--watch-s", "8")
        release.reach(lambda _number, line: "Watch" in line)
        second = [traefik.agent("release", *words) for words in (("start", "web", "1.0-good"), ("resume",), ("abort",))]
        stopped = release.interrupt()
        started_again = traefik.agent("release", "start", "web", "1.0-good")
        ended = traefik.agent("release", "resume", "web")
    lost = traefik.lost(running.stop(), "Ctrl-C")
    assert all(each.code == 2 and "under way" in each.said for each in second), [each.said for each in second]
    assert stopped.code == 130, stopped.said
    assert "docker-agent release resume" in stopped.said, stopped.said
    assert "docker-agent release abort" in stopped.said, stopped.said
    assert (started_again.code, "docker-agent release resume" in started_again.said) == (2, True), started_again.said
    assert (ended.code, lost) == (0, {}), ended.said
    said = wrong(traefik, new, "resume")
    assert not said, "\n".join(said)


def test_a_file_that_was_edited_meanwhile_is_left_alone_and_keeps_no_traffic_at_the_new_version(traefik: Place) -> None:
    reset(traefik)
    old, new = traefik.image, other(traefik)
    compose = traefik.root / "compose.yaml"
    before = compose.read_text()
    with traefik.load() as running:
        release = traefik.start("release", "start", "web", new, *CANARY, *SHORT)
        release.reach(lambda _number, line: "Watch" in line)
        release.kill()
        edited = compose.read_text().replace("# the shop", "# the shop, edited by hand")
        compose.write_text(edited)
        refused = [traefik.agent("release", verb, "web") for verb in ("resume", "abort")]
        kept = compose.read_text()
        compose.write_text(before)
        ended = traefik.agent("release", "abort", "web")
    lost = traefik.lost(running.stop(), "edited by hand")
    assert all(each.code != 0 and "compose.yaml changed" in each.said for each in refused), refused
    assert kept == edited
    assert (ended.code, lost) == (0, {}), ended.said
    said = wrong(traefik, old, "abort")
    assert not said, "\n".join(said)


def test_every_step_of_a_release_is_killed_once(traefik: Place, tmp_path: Path) -> None:
    del tmp_path
    reset(traefik)
    release = traefik.start("release", "start", "web", other(traefik), *CANARY, *SHORT)
    release.reach(lambda number, _line: number == 1)
    assert release.steps == STEPS
    assert release.end().code == 0
