"""The command line: knows every command by its file's first line, and loads only the one that is called."""

from __future__ import annotations

import difflib
import importlib
import os
import re
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from docker_agent import __version__
from docker_agent.core.summaries import summaries
from docker_agent.surfaces.choices import Choices, hoist
from docker_agent.surfaces.streams import ready_streams

HERE = Path(__file__).resolve().parent
COMMANDS = HERE / "commands"
DOMAINS = HERE.parent / "domains"

TOOL = re.compile(rb"\n@tool\((?:\s*domain=\"(\w+)\")?")

HELP = """An agent for Docker and Docker Compose: say what you want, see the plan, approve it, get proof.

\b
Examples:
  docker-agent "investigate why web keeps restarting"
  docker-agent ask check my compose file
  docker-agent diagnose web
  docker compose up -d 2>&1 | docker-agent diagnose --message -
  docker-agent check
  docker-agent "restart web" --yes
  docker-agent undo

Works without a key (offline planner). With ANTHROPIC_API_KEY, or a server at ANTHROPIC_BASE_URL, a model does the
thinking. Exit codes: 0 done, 1 findings or failed check, 2 usage, 3 needs approval or denied, 4 no engine or tool,
5 model error or budget spent, 130 stopped by Ctrl-C.
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command line and exit with its code."""
    ready_streams()
    ours, rest = hoist(sys.argv[1:] if argv is None else argv)
    line = route(rest)
    app = build(everything="_DOCKER_AGENT_COMPLETE" in os.environ, called=line[0] if line else "")
    app([*ours, *line], prog_name="docker-agent")


def build(*, everything: bool, called: str) -> typer.Typer:
    """The command tree, with only the called command (or everything, for shell completion) loaded."""
    app = typer.Typer(
        name="docker-agent",
        help=HELP,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )
    app.callback()(choose)
    for name, summary in summaries(COMMANDS).items():
        if everything or name == called:
            module = importlib.import_module(f"docker_agent.surfaces.commands.{name}")
            app.command(name, help=(module.command.__doc__ or "").replace(r"\b", "\b"))(module.command)
        else:
            app.command(name, help=summary)(_unloaded)
    for name, summary in _domains().items():
        if everything or name == called:
            importlib.import_module("docker_agent.surfaces.tool_commands").add_domain(app, name, summary)
        else:
            app.add_typer(typer.Typer(help=summary), name=name)
    return app


def route(rest: Sequence[str]) -> list[str]:
    """Send a quoted prompt to `ask`, whose words are no options, and a domain's own word to the tool of the same name.

    Raises
    ------
    SystemExit: with code 2 where the first word is no command and no prompt.
    """
    if not rest or rest[0].startswith("-"):
        return list(rest)
    first = rest[0]
    commands, domains = summaries(COMMANDS), _domains()
    if first in domains:
        tools = _tools_of(first)
        second = rest[1] if len(rest) > 1 else ""
        named = second.replace("-", "_") in tools or second in {"-h", "--help"}
        return [first, first, *rest[1:]] if first in tools and len(tools) > 1 and not named else list(rest)
    if first == "ask" and rest[1:] and rest[1:] not in (["-h"], ["--help"]):
        return ["ask", "--", *(rest[2:] if rest[1] == "--" else rest[1:])]
    if first in commands:
        return list(rest)
    if any(character.isspace() for character in first):
        return ["ask", "--", *rest]
    inner = {tool.replace("_", "-"): f"{name} {tool.replace('_', '-')}" for name in domains for tool in _tools_of(name)}
    known = {**inner, **{name: name for name in (*commands, *domains)}}
    near = difflib.get_close_matches(first, known, n=1)
    hint = f" Did you mean `docker-agent {known[near[0]]}`?" if near else ""
    prompt = " ".join(rest).strip() or "why does web keep restarting"
    print(f"There is no command {first!r}.{hint} For a prompt: docker-agent ask {prompt}", file=sys.stderr)
    raise SystemExit(2)


def _domains() -> dict[str, str]:
    """The domains that have tools; others are there for these."""
    return {name: summary for name, summary in summaries(DOMAINS).items() if _tools_of(name)}


def _tools_of(domain: str) -> Sequence[str]:
    """The tools of a domain by their files, that of its own name first."""
    return sorted(_all_tools().get(domain, ()), key=lambda name: name != domain)


@cache
def _all_tools() -> dict[str, list[str]]:
    """The names of tools by domain: that of the folder, unless the tool names another one first."""
    found: dict[str, list[str]] = {}
    for file in sorted(DOMAINS.glob("*/[!_]*.py")):
        declared = TOOL.search(file.read_bytes())
        if declared:
            found.setdefault((declared[1] or b"").decode() or file.parent.name, []).append(file.stem)
    return found


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"docker-agent {__version__}")
        raise typer.Exit


def choose(
    context: typer.Context,
    directory: Annotated[Path, typer.Option("--directory", "-C", help="The project's folder.")] = Path(),
    model: Annotated[str, typer.Option("--model", "-m", help="Model name, or `offline`.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply changes inside the project.")] = False,
    yes_destroy: Annotated[
        bool,
        typer.Option("--yes-destroy", help="Apply destroying and foreign changes too, unless untrusted text was read."),
    ] = False,
    read_only: Annotated[bool, typer.Option("--read-only", help="Plan and change nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress lines.")] = False,
    override: Annotated[
        list[str] | None, typer.Option("--override", help="Policy codes to override, comma-separated; recorded.")
    ] = None,
    max_turns: Annotated[int, typer.Option("--max-turns", help="Most model turns for a prompt.", min=0)] = 0,
    budget_tokens: Annotated[int, typer.Option("--budget-tokens", help="Most tokens for a prompt.", min=0)] = 0,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Keep what was chosen for the command that follows."""
    codes = tuple(code.strip() for entry in override or [] for code in entry.split(",") if code.strip())
    context.obj = Choices(
        directory, model, yes or yes_destroy, yes_destroy, read_only, json, quiet, codes, max_turns, budget_tokens
    )


def _unloaded() -> None:
    """Stand in for a command that was not called."""
