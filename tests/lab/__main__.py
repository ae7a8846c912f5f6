"""The command line of the lab: up, down, run and images."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from tests.lab import engine, images
from tests.lab.places import LabError, in_use, say


def main(arguments: list[str]) -> int:
    """Run one command of the lab and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="find or start an engine and print its environment")
    commands.add_parser("down", help="stop the engine that the lab started")
    run = commands.add_parser("run", help="run a command with an engine")
    run.add_argument("words", nargs=argparse.REMAINDER, metavar="-- CMD ARGS")
    make = commands.add_parser("images", help="make images")
    make.add_argument("names", nargs="*", default=["busybox"], metavar="NAME")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "up":
            return print_environment()
        if chosen.command == "down":
            return stop()
        if chosen.command == "images":
            return make_images(chosen.names)
    except LabError as error:
        say(str(error))
        return 1
    words: list[str] = chosen.words[1:] if chosen.words[:1] == ["--"] else chosen.words
    if not words:
        parser.error("run needs a command after --")
    return run_with_engine(words)


def print_environment() -> int:
    """Make sure that an engine answers and print the variables that lead to it."""
    for name, value in engine.up().environment.items():
        print(f"{name}={value}")
    return 0


def stop() -> int:
    """Stop the lab's engine and say if there was none."""
    if not engine.down():
        say("no engine of the lab is running")
    return 0


def make_images(names: list[str]) -> int:
    """Make every named image that is missing and print its tag."""
    os.environ.update(engine.up().environment)
    for name in names:
        print(images.ensure_image(name), flush=True)
    return 0


def run_with_engine(words: list[str]) -> int:
    """Run a command with an engine, or with the reason why there is none."""
    with in_use() as sole_user:
        try:
            found = engine.up()
        except (LabError, OSError) as error:
            say(str(error))
            return call(words, without_engine(str(error)))
        try:
            return call(words, {**os.environ, **found.environment})
        finally:
            if found.started and sole_user():
                engine.down()


def without_engine(reason: str) -> dict[str, str]:
    """Return an environment that leads to no engine and tells tests why."""
    inherited = {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"}
    return {**inherited, "DOCKER_AGENT_LAB_REASON": reason}


def call(words: list[str], environment: dict[str, str]) -> int:
    """Run a command in this environment and return its exit code as a shell would."""
    try:
        code = subprocess.run(words, env=environment, check=False).returncode
    except OSError as error:
        say(f"{words[0]} cannot be run: {error}")
        return 127
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
