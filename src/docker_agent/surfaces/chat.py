"""The conversation at a terminal: line editing, history, slash commands."""

from __future__ import annotations

import readline
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from docker_agent.app import Session
from docker_agent.core.errors import AgentError
from docker_agent.dispatch.report import masked_plan
from docker_agent.surfaces.choices import Choices
from docker_agent.surfaces.conversation import ask_once
from docker_agent.surfaces.render import plan_text, print_answer, print_error
from docker_agent.surfaces.start import finish

HISTORY_LINES = 1_000


def converse(choices: Choices, session: Session) -> int:
    """Read prompts until /quit or the end of input; an error ends one prompt, not the conversation."""
    history = session.settings.state / "history"
    with suppress(OSError):
        readline.read_history_file(history)
    readline.set_history_length(HISTORY_LINES)
    print(f"docker-agent in {session.workspace.root} with {session.model.name}. /tools /plan /undo /quit")
    try:
        while (line := _read()) is not None:
            if line == "/quit":
                break
            if line:
                _answer(choices, session, line)
    finally:
        with suppress(OSError):
            history.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            readline.write_history_file(history)
    return 0


def _read() -> str | None:
    try:
        return input("> " if sys.stdin.isatty() else "").strip()
    except EOFError:
        return None
    except KeyboardInterrupt:
        print()
        return ""


def _answer(choices: Choices, session: Session, line: str) -> None:
    try:
        if line.startswith("/"):
            word = "".join(line[1:].split()[:1])
            action = ACTIONS.get(word)
            if action is None:
                print(f"There is no /{word}. There are: {', '.join('/' + name for name in ACTIONS)}, /quit.")
                return
            action(choices, session)
        else:
            ask_once(choices, session, line)
    except AgentError as error:
        print_error(error)
    except KeyboardInterrupt as stopped:
        print(f"\n{stopped}" if str(stopped) else "\nStopped. What was done is in the journal; /undo reverses it.")


def _tools(_choices: Choices, session: Session) -> None:
    print_answer({"tools": [{"tool": tool.name, "what": tool.summary} for tool in session.visible()]})


def _plans(_choices: Choices, session: Session) -> None:
    waiting = session.door.journal.waiting()
    shown = [plan_text(masked_plan(plan, session.door.redactor), plan.digest, {}) for plan in waiting]
    print("\n".join(shown) or "No plan is waiting.")


def _undo(choices: Choices, session: Session) -> None:
    finish(choices, session.undo())


ACTIONS: Mapping[str, Callable[[Choices, Session], None]] = {"tools": _tools, "plan": _plans, "undo": _undo}
