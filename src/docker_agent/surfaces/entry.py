"""The first thing that runs: the compose checker by itself where it is called, the whole command line otherwise."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence

from docker_agent.core.bundle import make_bundle, use_bundle
from docker_agent.surfaces.choices import hoist

COMMAND = "docker_agent.surfaces.check.command"
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command line and exit with its code; Ctrl-C counts from the first moment."""
    try:
        _run(argv)
    except KeyboardInterrupt:
        print("Stopped by Ctrl-C.", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None


def _run(argv: Sequence[str] | None) -> None:
    words = sys.argv[1:] if argv is None else list(argv)
    is_check = "check" in words and hoist(words)[1][:1] == ["check"]
    if not is_check or "_DOCKER_AGENT_COMPLETE" in os.environ:
        importlib.import_module("docker_agent.surfaces.cli").main(words)
    elif argv is not None:
        importlib.import_module(COMMAND).main(words)
    else:
        _check(words)


def _check(words: Sequence[str]) -> None:
    """Check in a process of its own, which neither collects garbage nor tidies up at its end."""
    gc.disable()
    bundled = use_bundle()
    try:
        importlib.import_module(COMMAND).main(words)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    else:
        code = 0
    if not bundled:
        make_bundle(COMMAND, "docker_agent.domains.compose.rules")
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)
