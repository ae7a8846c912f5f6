"""Started examples for the tests of the command line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.command_line import Place
from tests.lab import images


@pytest.fixture(scope="session")
def busybox() -> str:
    """The tag of the smallest image, made where it is missing."""
    return images.ensure_image("busybox")


@pytest.fixture
def crash_loop(example: Callable[[str], Place], busybox: str) -> Place:
    """The crash loop example, started and killed for memory at least once."""
    place = example("broken/crash-loop")
    assert busybox in (place.root / "compose.yml").read_text()
    started = place.docker("compose", "up", "-d")
    assert started.returncode == 0, started.stderr
    place.wait_until(lambda: place.container("web").get("RestartCount", 0) >= 1)
    return place
