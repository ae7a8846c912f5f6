"""Start a session from the chosen options, and end a command with its answer and exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import typer

from docker_agent.agent.wording import say_back
from docker_agent.app import Options, Session, open_session
from docker_agent.core.errors import AgentError, EngineUnreachable
from docker_agent.core.finding import Severity
from docker_agent.dispatch import Outcome
from docker_agent.policy.approve import Approver, NoApprover, YesApprover
from docker_agent.policy.permit import Mode
from docker_agent.surfaces.choices import Choices
from docker_agent.surfaces.render import print_answer, print_error
from docker_agent.surfaces.screen import TerminalApprover, TerminalScreen

JSON_VERSION = 1
INTERRUPTED = 130
MEND = "docker-agent diagnose fix"


def options_of(choices: Choices) -> Options:
    """The session options that the command line stands for."""
    interactive = sys.stdin.isatty() and sys.stderr.isatty() and not choices.json
    return Options(
        root=Path(choices.directory),
        model=choices.model,
        mode=Mode(
            surface="terminal" if interactive else "unattended",
            yes=choices.yes,
            yes_destroy=choices.yes_destroy,
            read_only=choices.read_only,
        ),
        overrides=frozenset(choices.override),
        max_turns=choices.max_turns,
        budget_tokens=choices.budget_tokens,
    )


def start(choices: Choices, options: Options | None = None) -> Session:
    """A session for one command."""
    chosen = options or options_of(choices)
    approver: Approver = NoApprover()
    if chosen.mode.surface == "terminal":
        approver = TerminalApprover()
    elif chosen.mode.yes:
        approver = YesApprover()
    screen = TerminalScreen(quiet=choices.quiet, silent=choices.json)
    return open_session(chosen, screen=screen, approver=approver)


def guarded(choices: Choices, work: Callable[[], int]) -> NoReturn:
    """Run a command's work and exit with its code; errors are one sentence and the next step."""
    try:
        code = work()
    except AgentError as error:
        fail(choices, error)
    except KeyboardInterrupt as stopped:
        print(str(stopped) or "Stopped by Ctrl-C. What was done is in `docker-agent log`.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(0) from None
    raise typer.Exit(code)


def fail(choices: Choices, error: AgentError) -> NoReturn:
    """Print an error the way that was asked for, and exit with its code."""
    if choices.json:
        print_json({"ok": False, "error": error_data(error), "exit_code": error.exit_code})
    else:
        print_error(error)
    raise typer.Exit(error.exit_code)


def error_data(error: AgentError) -> dict[str, str]:
    """An error as plain data."""
    return {"kind": type(error).__name__, "message": error.message, "next_step": error.next_step}


def print_json(data: dict[str, Any]) -> None:
    """Print one versioned object."""
    print(json.dumps({"version": JSON_VERSION, **data}, ensure_ascii=False, indent=2))


def call_and_exit(choices: Choices, tool: str, arguments: dict[str, Any]) -> NoReturn:
    """Take one tool call through the door, print what came of it, and exit."""

    def work() -> int:
        session = start(choices)
        return finish(choices, session.call(tool, arguments))

    guarded(choices, work)


def finish(choices: Choices, outcome: Outcome) -> int:
    """Print an outcome and answer its exit code: findings or a search in vain make it 1, a missing need 4."""
    code = outcome.exit_code or _findings_code(outcome)
    if choices.json:
        error = error_data(outcome.error) if outcome.error else None
        print_json({"ok": code == 0, "tool": outcome.tool, "data": outcome.data, "error": error, "exit_code": code})
    elif outcome.error is not None:
        print_error(outcome.error)
        if outcome.data.get("verified") is False:
            back: dict[str, Any] = outcome.data.get("rolled_back") or {}
            stays = "Not verified: the change was made, and its check did not hold."
            print(say_back(back) if back else stays, file=sys.stderr)
    else:
        print_answer(outcome.data, MEND if outcome.tool == "diagnose" else "")
    return code


def _findings_code(outcome: Outcome) -> int:
    findings: list[dict[str, Any]] = outcome.data.get("findings") or [] if outcome.answer is not None else []
    found = {str(finding.get("severity")) for finding in findings}
    if outcome.data.get("healthy") is False:
        return EngineUnreachable.exit_code
    return 1 if found & {Severity.WARN.value, Severity.ERROR.value} or outcome.data.get("sections") == [] else 0
