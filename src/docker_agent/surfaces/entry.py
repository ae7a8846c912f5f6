"""The first thing that runs: the compose checker by itself where it is called, the whole command line otherwise."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from docker_agent.surfaces.choices import hoist


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command line and exit with its code."""
    words = sys.argv[1:] if argv is None else list(argv)
    called = "cli"
    if "check" in words and "_DOCKER_AGENT_COMPLETE" not in os.environ and hoist(words)[1][:1] == ["check"]:
        called = "check.command"
    importlib.import_module(f"docker_agent.surfaces.{called}").main(words)
