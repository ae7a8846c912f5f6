"""What `docker-agent check --help` prints."""

from __future__ import annotations

from docker_agent.surfaces.check.options import OPTIONS, SHORT

TOP = """Usage: docker-agent check [OPTIONS] [PATHS]...

Check compose files, and the Dockerfiles they build: what Compose would refuse, what
conflicts, what is unsafe, what is missing in production. Nothing is changed, no engine is
asked and nothing is sent anywhere.

PATHS are files, folders (searched for compose files) or globs; without any, the stack of
the working folder. A file is checked by itself; -f A -f B checks files laid over each
other. Dialects of platforms that fill files in themselves are recognised.

Examples:
  docker-agent check
  docker-agent check deploy/ --profile prod
  docker-agent check -f compose.yml -f compose.prod.yml
  docker-agent check --format sarif --output compose.sarif
  docker-agent check --write-baseline .compose-baseline.json
  docker-agent check --diff --unsafe

Options:
"""
SHARED = (
    ("-C, --directory FOLDER", "The project's folder."),
    ("--json", "As --format json."),
    ("-q, --quiet", "Only the findings, no summary."),
    ("-y, --yes", "With --fix: apply without asking."),
    ("-h, --help", "Show this."),
)
BOTTOM = """
Exit codes: 0 nothing at warn or error, 1 findings, 2 usage or something could not be
looked at, 3 --fix needs approval, 130 stopped by Ctrl-C.
What a rule means: docker-agent compose explain CODE. Silence one finding with a comment
on its line or above it: # docker-agent: ignore[code] reason
"""
COLUMN = 28


def usage() -> str:
    """The whole help text."""
    short = {name.removeprefix("--"): f"{letter}, " for letter, name in SHORT.items()}
    rows = [(f"{short.get(each.name, '')}--{each.name} {each.value}".strip(), each.help) for each in OPTIONS]
    lines = [f"  {name:<{COLUMN}}{words}" for name, words in (*rows, *SHARED)]
    return TOP + "\n".join(lines) + "\n" + BOTTOM
