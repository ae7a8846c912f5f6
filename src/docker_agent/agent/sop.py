"""SOPs: Markdown for a model to read, with front matter that the offline model carries out.

The front matter's keys are `name`, `title`, `intents`, `subject`, `steps`, `stop`, `answer` and `fallback`. What stands
under `with`, `say` and `answer` are Jinja templates; `when`, `for_each` and the parts of `subject` are Jinja
expressions. All run in a sandbox over plain data: the results of earlier steps by their id, and `KNOWN_NAMES`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml
from jinja2 import ChainableUndefined, TemplateError, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from docker_agent.agent.amounts import hosts_in, image_in, opens_in, percents_in, seconds_in, user_in, variable_in
from docker_agent.agent.wording import mendable, say_containers, say_diagnosis, say_outcome
from docker_agent.core.errors import InputError

_ABOUT_PROMPT = {"prompt", "changes", "fixes", "destroys", "everything", "quoted", "url", "fallback", "titles"}
RESERVED_ID = "open"
KNOWN_NAMES = frozenset({"subject", "subjects", "names", "errors", "item"} | _ABOUT_PROMPT)

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---[ \t]*\r?\n?(.*)\Z", re.DOTALL)
_WHOLE_EXPRESSION = re.compile(r"\A\s*\{\{((?:(?!\}\}).)*)\}\}\s*\Z", re.DOTALL)

_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=ChainableUndefined, trim_blocks=True, lstrip_blocks=True)
_ENVIRONMENT.filters.update(outcome=say_outcome, diagnosis=say_diagnosis, containers=say_containers, mendable=mendable)
_ENVIRONMENT.filters.update(image=image_in, percents=percents_in)
_ENVIRONMENT.filters.update(opens=cast("Any", opens_in), login=cast("Any", user_in), variable=cast("Any", variable_in))
_ENVIRONMENT.filters.update(seconds=cast("Any", seconds_in), hosts=cast("Any", hosts_in))


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Subject(_Part):
    """How to find what a prompt is about: the `names` it may be, and the `default` where the prompt names none."""

    names: str
    default: str = ""


class Step(_Part):
    """One call of a tool; a step that changes something is marked and never shares a turn with another."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict, alias="with")
    when: str = ""
    for_each: str = ""
    say: str = ""
    change: bool = False


class Stop(_Part):
    """A reason to end early, with the answer for that case."""

    when: str
    say: str


class Sop(_Part):
    """A standard operating procedure: `body` is for a model to read, the rest for the rules to carry out.

    `intents` weighs words (`crash*` stands for all words that start so) and phrases (words in that order, at most three
    others between them) of a prompt; negative weights speak against the SOP. `fallback` marks the one for all else.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str
    intents: dict[str, float] = Field(min_length=1)
    subject: Subject | None = None
    steps: tuple[Step, ...] = ()
    stop: tuple[Stop, ...] = ()
    answer: str
    fallback: bool = False
    body: str = ""

    def needs_of_subject(self) -> frozenset[str]:
        """Ids of the steps whose results tell what the prompt may be about."""
        if self.subject is None:
            return frozenset()
        return self._steps_in(names_in_expression(self.subject.names) | names_in_expression(self.subject.default))

    def needs(self, step: Step) -> frozenset[str]:
        """Ids of the steps that a step's expressions read."""
        used = names_in_expression(step.when) | names_in_expression(step.for_each)
        for text in _texts(step.arguments):
            used |= names_in_template(text)
        return self._needs(used)

    def needs_to_stop(self, stop: Stop) -> frozenset[str]:
        """Ids of the steps that a stop condition reads."""
        return self._needs(names_in_expression(stop.when))

    def _needs(self, used: frozenset[str]) -> frozenset[str]:
        about = self.needs_of_subject() if used & {"subject", "subjects", "names"} else frozenset[str]()
        return self._steps_in(used) | about

    def _steps_in(self, used: frozenset[str]) -> frozenset[str]:
        return used & {step.id for step in self.steps}


def load_sops(folder: Path) -> tuple[Sop, ...]:
    """All SOPs of a folder, sorted by file name.

    Raises
    ------
    InputError: a file cannot be read or its front matter is faulty; the message names the file and the key.
    """
    sops: list[Sop] = []
    for path in sorted(folder.glob("*.md")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: the SOP cannot be read: {error}.") from error
        sops.append(parse_sop(text, path.name))
    return tuple(sops)


def parse_sop(text: str, file: str) -> Sop:
    """Read one SOP from its text; `file` is its name in messages.

    Raises
    ------
    InputError: the front matter is missing, is no YAML, or a key is wrong; the message names the file and the key.
    """
    split = _FRONT_MATTER.match(text.removeprefix("\ufeff"))
    if split is None:
        raise InputError(f"{file}: no front matter.", "Start the file with a block between two lines of ---.")
    try:
        data: object = yaml.load(split[1], _LOADER)  # noqa: S506 - a safe one
    except yaml.YAMLError as error:
        raise InputError(f"{file}: the front matter is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(data, dict):
        raise InputError(f"{file}: the front matter is not a mapping.", "Write key: value lines.")
    try:
        sop = Sop.model_validate({**data, "body": split[2].strip() + "\n"})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{file}: {key}: {first['msg']}.", "See an SOP beside it for the form.") from error
    _check_names(sop, file)
    return sop


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression over plain data; what is not there is None.

    Raises
    ------
    InputError: the data has not the shape that the expression expects.
    """
    try:
        return _expression(expression)(**names)
    except _FAULTS as error:
        raise InputError(f"Expression `{expression}` failed: {error}.") from error


def fill(value: Any, names: Mapping[str, Any]) -> Any:
    """A value with its templates filled in; one whole `{{ expression }}` keeps the expression's type."""
    if isinstance(value, str):
        whole = _WHOLE_EXPRESSION.match(value)
        return evaluate(whole[1], names) if whole else render(value, names)
    if isinstance(value, list):
        return [fill(entry, names) for entry in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def render(template: str, names: Mapping[str, Any]) -> str:
    """The text of a template over plain data.

    Raises
    ------
    InputError: the data has not the shape that the template expects.
    """
    try:
        return _template(template).render(names).strip()
    except _FAULTS as error:
        raise InputError(f"A template failed: {error}.") from error


@cache
def names_in_expression(expression: str) -> frozenset[str]:
    """The names that an expression reads."""
    return names_in_template("{{ (" + expression + ") }}") if expression else frozenset()


@cache
def names_in_template(template: str) -> frozenset[str]:
    """The names that a template reads."""
    return frozenset(meta.find_undeclared_variables(_ENVIRONMENT.parse(template)))


_FAULTS = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@cache
def _expression(expression: str) -> Any:
    return _ENVIRONMENT.compile_expression(expression)


@cache
def _template(template: str) -> Any:
    return _ENVIRONMENT.from_string(template)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(entry)
    elif isinstance(value, list):
        for entry in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(entry)


def _check_names(sop: Sop, file: str) -> None:
    ids = [step.id for step in sop.steps]
    for at, name in enumerate(ids):
        if name in KNOWN_NAMES | {RESERVED_ID} or name in ids[:at]:
            raise InputError(f"{file}: steps.{at}.id: {name} is taken.", "Give each step a name of its own.")
    allowed = KNOWN_NAMES | set(ids)
    for key, names in _names_by_key(sop, file):
        if unknown := sorted(names - allowed):
            raise InputError(f"{file}: {key}: unknown name {unknown[0]}.", f"Names here: {', '.join(sorted(allowed))}.")


def _names_by_key(sop: Sop, file: str) -> Iterable[tuple[str, frozenset[str]]]:
    expressions: list[tuple[str, str]] = []
    templates = [("answer", sop.answer)]
    if sop.subject is not None:
        expressions += [("subject.names", sop.subject.names), ("subject.default", sop.subject.default)]
    for at, step in enumerate(sop.steps):
        expressions += [(f"steps.{at}.when", step.when), (f"steps.{at}.for_each", step.for_each)]
        templates += [(f"steps.{at}.say", step.say)]
        templates += [(f"steps.{at}.with", text) for text in _texts(step.arguments)]
    for at, stop in enumerate(sop.stop):
        expressions.append((f"stop.{at}.when", stop.when))
        templates.append((f"stop.{at}.say", stop.say))
    for read, places in ((names_in_expression, expressions), (names_in_template, templates)):
        for key, text in places:
            try:
                yield key, read(text)
            except TemplateSyntaxError as error:
                raise InputError(f"{file}: {key}: {error}.", "Mend the Jinja syntax.") from error
