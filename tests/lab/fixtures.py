"""What a test suite asks the lab: how to reach an engine, or why there is none."""

from __future__ import annotations

import functools
import os

from tests.lab import engine


@functools.cache
def found_environment() -> dict[str, str] | None:
    """Look once for an engine that answers now, without starting any."""
    return None if "DOCKER_AGENT_LAB_REASON" in os.environ else engine.find()


def engine_environment() -> dict[str, str]:
    """Return the variables that lead clients to the engine, or none if there is no engine."""
    return dict(found_environment() or {})


def reason_without_engine() -> str | None:
    """Return why live tests cannot run, or nothing if an engine answers."""
    if found_environment() is not None:
        return None
    default = "no Docker Engine answers; use `python -m tests.lab run -- pytest`"
    return os.environ.get("DOCKER_AGENT_LAB_REASON", default)
