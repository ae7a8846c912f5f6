"""Compose's variable interpolation: `$VAR`, `${VAR}` and every operator, nested defaults included."""

from __future__ import annotations

from collections.abc import Mapping

from docker_agent.core.pattern import lazy
from docker_agent.core.record import record

MAX_NESTING = 50

_NAME = lazy(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = lazy(r":?[-+?]")


@record
class Reference:
    """A variable without a value where one was needed.

    `start` and `end` are offsets into the template; `required` tells the `?` operators, whose words are in `message`.
    """

    name: str
    start: int
    end: int
    required: bool = False
    message: str = ""


@record
class Interpolated:
    """The text with its variables filled in; unset ones became empty, as Compose does."""

    text: str
    unset: tuple[Reference, ...] = ()


class TemplateError(ValueError):
    """The template is not valid; `start` is the offset of the dollar sign."""

    def __init__(self, message: str, start: int) -> None:
        super().__init__(message)
        self.start = start


def interpolate(template: str, variables: Mapping[str, str]) -> Interpolated:
    """Fill in the variables of a template.

    Raises
    ------
    TemplateError: a brace that is not closed, a name or an operator that is none. A dollar sign that starts no variable
        is kept as it is, as Compose does.
    """
    if "$" not in template:
        return Interpolated(template)
    unset: list[Reference] = []
    return Interpolated(_fill(template, 0, variables, unset, 0), tuple(unset))


def _fill(template: str, offset: int, variables: Mapping[str, str], unset: list[Reference], depth: int) -> str:
    if depth > MAX_NESTING:
        raise TemplateError(f"more than {MAX_NESTING} variables inside each other", offset)
    parts: list[str] = []
    position = 0
    while (dollar := template.find("$", position)) >= 0:
        parts.append(template[position:dollar])
        after = template[dollar + 1 : dollar + 2]
        if after == "$":
            parts.append("$")
            position = dollar + 2
        elif after == "{":
            position = _closing(template, dollar, offset) + 1
            inner = template[dollar + 2 : position - 1]
            parts.append(_braced(inner, offset + dollar, variables, unset, depth))
        elif name := _NAME.match(template, dollar + 1):
            position = name.end()
            if name.group() not in variables:
                unset.append(Reference(name.group(), offset + dollar, offset + position))
            parts.append(variables.get(name.group(), ""))
        else:
            parts.append("$")
            position = dollar + 1
    parts.append(template[position:])
    return "".join(parts)


def _closing(template: str, dollar: int, offset: int) -> int:
    depth = 0
    for position in range(dollar + 1, len(template)):
        character = template[position]
        if character == "{" and template[position - 1] == "$":
            depth += 1
        elif character == "}":
            depth -= 1
            if not depth:
                return position
    raise TemplateError("a ${ that is not closed", offset + dollar)


def _braced(inner: str, start: int, variables: Mapping[str, str], unset: list[Reference], depth: int) -> str:
    name = _NAME.match(inner)
    if not name:
        raise TemplateError("a ${ without a variable's name", start)
    value = variables.get(name.group())
    end = start + len(inner) + 3
    rest = inner[name.end() :]
    if not rest:
        if value is None:
            unset.append(Reference(name.group(), start, end))
        return value or ""
    operator = _OPERATOR.match(rest)
    if not operator:
        raise TemplateError(f"${{{name.group()} is followed by something that is no operator", start)
    word = rest[operator.end() :]
    given = bool(value) if operator.group().startswith(":") else value is not None
    where = start + 2 + name.end() + operator.end()
    inner_unset: list[Reference] = []
    said = _fill(word, where, variables, inner_unset, depth + 1)
    used = given if operator.group()[-1] == "+" else not given and operator.group()[-1] == "-"
    # Compose looks at the word even where it does not use it.
    unset += inner_unset if used else [reference for reference in inner_unset if reference.required]
    match operator.group()[-1]:
        case "-":
            return value or "" if given else said
        case "+":
            return said if given else ""
        case _:
            if not given:
                unset.append(Reference(name.group(), start, end, required=True, message=said))
            return value or ""
