"""What every test shares: live tests that say why they were skipped, and places to run the command line in."""

from __future__ import annotations

import gc
import secrets
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.command_line import NOWHERE, Place, make_place
from tests.lab import fixtures

LIVE = Path(__file__).parent / "live"


settings.register_profile("loaded-machine", deadline=None)
settings.load_profile("loaded-machine")


def pytest_configure() -> None:
    """Let SIGTERM end a run as Ctrl-C does, so that what the tests made is removed, and look for garbage less often."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    gc.set_threshold(100_000, 20, 50)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the tests' modules as pytest compiles them: each process of a run would take seconds to do it again."""
    asked, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        return (yield)
    finally:
        sys.dont_write_bytecode = asked


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in tests/live, and skip it with the reason where no engine answers."""
    live = [item for item in items if item.path.is_relative_to(LIVE)]
    reason = fixtures.reason_without_engine() if live else None
    for item in live:
        item.add_marker(pytest.mark.live)
        if reason is not None:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly how many live tests did not run, and why."""
    skipped: list[pytest.TestReport] = terminalreporter.stats.get("skipped", [])
    live = [report for report in skipped if "live" in report.keywords]
    if live and fixtures.reason_without_engine() is not None:
        terminalreporter.section("LIVE TESTS SKIPPED", sep="!", red=True, bold=True)
        reason = fixtures.reason_without_engine()
        terminalreporter.line(f"{len(live)} tests that need a Docker Engine did not run: {reason}", red=True)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty project where no engine answers."""
    return make_place(tmp_path / "project", "dalab-none", tmp_path / "state", {"DOCKER_HOST": NOWHERE})


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    """Give a function that copies an example to a place on the engine; all that comes of it is removed at the end."""
    made: list[Place] = []

    def make(name: str) -> Place:
        project = f"dalab-{secrets.token_hex(4)}"
        made.append(make_place(tmp_path / project, project, tmp_path / "state", fixtures.engine_environment(), name))
        return made[-1]

    yield make
    for place in made:
        remove_project(place)


def remove_project(place: Place) -> None:
    """Remove a compose project by its labels, so that a broken or missing compose file does not matter."""
    place.root.mkdir(exist_ok=True)
    left = place.inside(place.root.parent)
    left.docker("compose", "-p", place.project, "down", "--volumes", "--remove-orphans", "-t", "0")
