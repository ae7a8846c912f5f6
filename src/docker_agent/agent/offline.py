"""The offline model: a planner by rules that carries out the SOPs through the same loop and tools as any model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from docker_agent.agent.episode import Episode, call_id, read_episode
from docker_agent.agent.model import (
    ModelEvent,
    Request,
    Text,
    TextDelta,
    ToolUse,
    Turn,
    Usage,
)
from docker_agent.agent.sop import RESERVED_ID, Sop, Step, evaluate, fill, render
from docker_agent.agent.wish import Wish, choose_sop, find_names, points_back, read_wish
from docker_agent.core.errors import InputError

INTRODUCTION = "Offline planner (rules, no language model): "
MAX_EACH = 8

_OPEN_DOMAIN = "guide_open_domain"


@dataclass
class _Course:
    """How far an SOP has come: `settled` steps need nothing more, `due` ones are to be called now."""

    names: dict[str, Any]
    settled: set[str] = field(default_factory=set[str])
    due: list[Step] = field(default_factory=list[Step])
    read_as: dict[str, str] = field(default_factory=dict[str, str])


class OfflineModel:
    """A model without a language model: it picks the SOP that fits the prompt and carries out its front matter.

    It keeps nothing between turns: where it is follows from the calls and results in the messages.
    """

    def __init__(self, sops: Sequence[Sop]) -> None:
        self.name = "offline"
        self.context_tokens = 1_000_000
        self._sops = tuple(sops)

    def turn(self, request: Request) -> Iterator[ModelEvent]:
        """Plan the next calls, or answer where there are none left."""
        episode = read_episode(request.messages)
        text, calls = self._proceed(request, episode)
        if text and not (calls and episode.started):
            text = INTRODUCTION + text
        if text:
            yield TextDelta(text)
        blocks = ((Text(text),) if text else ()) + tuple(calls)
        yield Turn(blocks, "tool_use" if calls else "end_turn", Usage())

    def price(self, usage: Usage) -> float | None:
        """Rules cost nothing."""
        del usage
        return 0.0

    def _proceed(self, request: Request, episode: Episode) -> tuple[str, list[ToolUse]]:
        if not episode.prompt.strip():
            return "there is no request to work on. Say what you want in a sentence.", []
        found = choose_sop(self._sops, episode.prompt)
        sop = found or next((sop for sop in self._sops if sop.fallback), None)
        if sop is None:
            return f"no SOP fits this request. I can do: {_titles(self._sops)}.", []
        wish = read_wish(episode.prompt)
        names = self._names(wish, episode, is_fallback=found is None)
        try:
            return _carry_out(sop, wish, request, episode, names)
        except InputError as error:
            return f"SOP {sop.name} cannot go on: {error}", []

    def _names(self, wish: Wish, episode: Episode, *, is_fallback: bool) -> dict[str, Any]:
        return {
            "prompt": wish.prompt,
            "changes": wish.changes,
            "fixes": wish.fixes,
            "destroys": wish.destroys,
            "everything": wish.everything,
            "quoted": wish.quoted,
            "url": wish.url,
            "errors": dict(episode.errors),
            "fallback": is_fallback,
            "titles": [sop.title for sop in self._sops],
        }


def _carry_out(
    sop: Sop, wish: Wish, request: Request, episode: Episode, names: dict[str, Any]
) -> tuple[str, list[ToolUse]]:
    offered = {tool.name for tool in request.tools}
    course = _follow(sop, wish, episode, names, offered)
    for stop in sop.stop:
        if sop.needs_to_stop(stop) <= course.settled and evaluate(stop.when, course.names):
            return _guesses(course) + render(stop.say, course.names), []
    if closed := _closed_domains(course.due, offered, episode):
        return "", [_call(episode, RESERVED_ID, at, _OPEN_DOMAIN, {"name": name}) for at, name in enumerate(closed)]
    says: list[str] = []
    calls: list[ToolUse] = []
    for step in course.due:
        says.append(render(step.say, course.names))
        for at, item in enumerate(_items(step, course.names)):
            arguments = _fill_arguments(step, {**course.names, "item": item})
            calls.append(_call(episode, step.id, at, step.tool, arguments))
    if calls:
        return " ".join(say for say in says if say), calls
    cut = f"\n\nOnly the beginning was read of what came from {', '.join(episode.cut)}." if episode.cut else ""
    return _guesses(course) + render(sop.answer, course.names) + cut, []


def _follow(sop: Sop, wish: Wish, episode: Episode, names: dict[str, Any], offered: set[str]) -> _Course:
    course = _Course(names)
    for step in sop.steps:
        _find_subject(sop, episode, course)
        if step.id in episode.results:
            answers = episode.results[step.id]
            course.names[step.id] = answers if step.for_each else answers[0]
            course.settled.add(step.id)
        elif step.change and (course.due or not wish.changes):
            if not wish.changes:
                course.settled.add(step.id)
        elif not sop.needs(step) <= course.settled:
            continue
        elif (step.when and not evaluate(step.when, course.names)) or not _items(step, course.names):
            course.settled.add(step.id)
        elif step.tool not in offered and not _can_open(step.tool, offered, episode):
            course.names["errors"][step.id] = f"The tool {step.tool} is not offered here."
            course.settled.add(step.id)
        else:
            course.due.append(step)
            if step.change:
                break
    _find_subject(sop, episode, course)
    return course


def _find_subject(sop: Sop, episode: Episode, course: _Course) -> None:
    if sop.subject is None or "names" in course.names or not sop.needs_of_subject() <= course.settled:
        return
    answer = evaluate(sop.subject.names, course.names)
    known = [str(name) for name in cast("list[Any]", answer)] if isinstance(answer, list) else []
    found = find_names(episode.prompt, known)
    if not found and points_back(episode.prompt):
        found = next(filter(None, (find_names(prompt, known) for prompt in episode.earlier)), found)
    course.read_as = {name: said for name, said in found.items() if name != said}
    course.names |= {"names": known, "subjects": list(found)}
    default = evaluate(sop.subject.default, {**course.names, "subject": ""}) if sop.subject.default else ""
    course.names["subject"] = next(iter(found), str(default or ""))


def _fill_arguments(step: Step, names: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a step's call; what came out as nothing is left to the tool's default."""
    filled = {key: fill(value, names) for key, value in step.arguments.items()}
    return {key: value for key, value in filled.items() if value not in (None, "", [])}


def _items(step: Step, names: dict[str, Any]) -> list[Any]:
    if not step.for_each:
        return [None]
    items = evaluate(step.for_each, names)
    return cast("list[Any]", items)[:MAX_EACH] if isinstance(items, list) else []


def _domain(tool: str) -> str:
    return tool.split("_", 1)[0]


def _can_open(tool: str, offered: set[str], episode: Episode) -> bool:
    return _OPEN_DOMAIN in offered and _domain(tool) not in episode.opened


def _closed_domains(due: Sequence[Step], offered: set[str], episode: Episode) -> list[str]:
    missing = [_domain(step.tool) for step in due if step.tool not in offered]
    return [name for name in dict.fromkeys(missing) if name not in episode.opened]


def _call(episode: Episode, step: str, at: int, tool: str, arguments: dict[str, Any]) -> ToolUse:
    return ToolUse(call_id(episode, step, at), tool, arguments)


def _guesses(course: _Course) -> str:
    said = [f'"{said}" was read as {name}' for name, said in course.read_as.items()]
    return f"({'; '.join(said)}.)\n" if said else ""


def _titles(sops: Sequence[Sop]) -> str:
    return "; ".join(sop.title for sop in sops) or "nothing, because no SOP is installed"
