"""Show the events of one prompt as they come, and end with the answer, the tokens and the exit code."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from docker_agent.agent.loop import Called, Calling, Compacted, Event, Finished
from docker_agent.agent.model import Retrying, TextDelta, Usage
from docker_agent.agent.offline import OfflineModel
from docker_agent.agent.wish import read_wish
from docker_agent.agent.wording import NOT_CHANGED
from docker_agent.app import Session
from docker_agent.core.errors import AgentError, Denied, InputError, NeedsApproval
from docker_agent.policy.redact import Redactor
from docker_agent.policy.taint import clean
from docker_agent.surfaces.choices import Choices
from docker_agent.surfaces.start import error_data, print_json


@dataclass
class Show:
    """Prints events: the model's words to standard output, everything else to standard error.

    Attributes
    ----------
    plans_are_told: the answer says why a plan was not carried out, so that it is not said here as well.
    """

    choices: Choices
    redactor: Redactor
    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    codes: list[int] = field(default_factory=list[int])
    plans_are_told: bool = False
    change_code: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    at_line_start: bool = True

    def event(self, event: Event) -> None:
        """Show one event."""
        match event:
            case TextDelta():
                self._words(event.text)
            case Retrying():
                self._line(f"{event.reason}; trying again in {event.wait_s:.0f} s", style="yellow")
            case Calling():
                given = " ".join(f"{key}={value}" for key, value in event.call.arguments.items())
                self._line(self.redactor.text(f"> {event.call.name} {given}")[:200])
            case Called():
                self._called(event)
            case Compacted():
                self._line(f"the conversation was shortened by {event.tokens} tokens")
            case Finished():
                self._end_line()

    def _called(self, event: Called) -> None:
        outcome = event.outcome
        self.codes.append(outcome.exit_code)
        if outcome.plan is not None or isinstance(outcome.error, Denied):
            self.change_code = outcome.exit_code
        self.calls.append(
            {
                "tool": event.call.name,
                "arguments": event.call.arguments,
                "ok": not outcome.is_error,
                "data": outcome.data,
            }
        )
        waits = outcome.plan is not None and isinstance(outcome.error, Denied | NeedsApproval)
        if outcome.error is not None and not (self.plans_are_told and waits):
            self._line(f"  {outcome.error}", style="red")

    def _words(self, text: str) -> None:
        if not self.choices.json:
            sys.stdout.write(clean(text))
            sys.stdout.flush()
            self.at_line_start = text.endswith("\n")

    def _line(self, text: str, style: str = "dim") -> None:
        self._end_line()
        if self.choices.json or (self.choices.quiet and style == "dim"):
            return
        self.console.print(clean(self.redactor.text(text)), style=style, markup=False, soft_wrap=True)

    def _end_line(self) -> None:
        if not self.at_line_start and not self.choices.json:
            sys.stdout.write("\n")
            sys.stdout.flush()
            self.at_line_start = True


def ask_once(choices: Choices, session: Session, prompt: str) -> int:
    """Work on one prompt and show it.

    Returns
    -------
    The exit code: of the last change where that was denied or failed, else of the last call; 1 where the offline model
    was asked to mend and could change nothing.

    Raises
    ------
    InputError: there is no word in the prompt.
    AgentError: the model failed or the budget is spent; with `--json` it is part of the printed object instead.
    """
    if not prompt.strip():
        raise InputError("The prompt is empty.", "Say what you want in a sentence.")
    show = Show(choices, session.door.redactor, plans_are_told=isinstance(session.model, OfflineModel))
    answer = ""
    error: AgentError | None = None
    try:
        for event in session.ask(prompt):
            show.event(event)
            if isinstance(event, Finished):
                answer = event.text
    except AgentError as caught:
        error = caught
        if not choices.json:
            raise
    finally:
        if not choices.json:
            show.console.print(_tokens(session), style="dim", markup=False)
    code = error.exit_code if error else _exit_code(show) or _left_undone(session, prompt, answer)
    if choices.json:
        report = {
            "ok": code == 0,
            "answer": answer,
            "model": session.model.name,
            "calls": show.calls,
            "usage": vars(session.loop.usage),
            "error": error_data(error) if error else None,
            "exit_code": code,
        }
        print_json(session.door.redactor.data(report))
    return code


def _exit_code(show: Show) -> int:
    """A failed or denied change counts, whatever was looked at afterwards; a call that was mended later does not."""
    return show.change_code or (show.codes[-1] if show.codes else 0)


def _left_undone(session: Session, prompt: str, answer: str) -> int:
    """1 where a prompt asks to mend in so many words and the answer of the rules says that nothing was changed.

    The words of any other model are its own and are not judged.
    """
    return int(isinstance(session.model, OfflineModel) and NOT_CHANGED in answer and read_wish(prompt).fixes)


def _tokens(session: Session) -> str:
    usage: Usage = session.loop.usage
    cost = session.loop.cost
    price = "" if cost is None else f", ${cost:.4f}" if cost else ", free"
    return (
        f"{session.model.name}: {session.loop.turns} turns, {usage.input} in, {usage.output} out, "
        f"{usage.cache_read} from cache{price}"
    )
