"""Tools: one decorated function each, from which the model, the command line and MCP all take their view."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk

FLAT_TYPES: tuple[type, ...] = (str, int, float, bool, Path)
DEFAULT_BUDGET_CHARS = 8_000


@dataclass(frozen=True)
class Parameter:
    """One parameter of a tool: `annotation` is its flat type, `required` tells whether it has no default."""

    name: str
    annotation: Any
    description: str
    default: Any
    required: bool


@dataclass(frozen=True)
class Tool:
    """A tool: its name, what it may do, its parameters and the function behind it.

    `untrusted` names the outside text that its answer carries ("container logs"), empty where the answer holds only
    what the engine and the project's own files state. `budget_chars` is how much of it reaches the model at once.
    `on_demand` tools are seldom needed: a model sees them only once it opens their domain. `examples` are command lines
    for people, which no model reads.
    """

    name: str
    domain: str
    risk: Risk
    summary: str
    description: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    untrusted: str
    budget_chars: int
    on_demand: bool
    examples: tuple[str, ...]
    arguments: type[BaseModel] = field(repr=False)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """JSON schema of the arguments, without the titles that only cost tokens."""
        schema = self.arguments.model_json_schema()
        for entry in schema.get("properties", {}).values():
            entry.pop("title", None)
        return {
            "type": "object",
            "properties": schema.get("properties", {}),
            "required": schema.get("required", []),
            "additionalProperties": False,
        }

    def validate(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Check arguments against the parameters and fill in the defaults.

        Raises
        ------
        InputError: an argument is unknown, missing or of the wrong type; the message names it.
        """
        try:
            checked = self.arguments.model_validate(arguments)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "arguments"
            known = ", ".join(parameter.name for parameter in self.parameters) or "none"
            raise InputError(f"{self.name}: {place}: {first['msg']}.", f"Parameters: {known}.") from error
        return {parameter.name: getattr(checked, parameter.name) for parameter in self.parameters}


class ToolError(TypeError):
    """A tool is declared wrongly; raised when its module is imported."""


def tool(
    *,
    risk: Risk,
    untrusted: str = "",
    budget_chars: int = DEFAULT_BUDGET_CHARS,
    domain: str = "",
    on_demand: bool = False,
    examples: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Tool]:
    """Make a tool of a function: first parameter the workspace, the others flat, annotated and described.

    A READ tool returns a frozen pydantic model, a CHANGE or DESTROY tool returns a `Plan`. The name is
    `<domain>_<function>`, or the domain alone where both are the same word.

    Raises
    ------
    ToolError: at import, for a missing docstring, a parameter that is not flat or has no description, or an answer type
        that does not fit the risk.
    """

    def decorate(function: Callable[..., Any]) -> Tool:
        home = domain or _domain_of(function)
        word = function.__name__
        name = word if word == home else f"{home}_{word}"
        doc = inspect.getdoc(function) or ""
        if not doc:
            raise ToolError(f"{name}: a tool needs a docstring, it is what the model reads.")
        hints = get_type_hints(function, include_extras=True)
        _check_answer(name, risk, hints.get("return"))
        parameters = _parameters_of(name, function, hints)
        return Tool(
            name=name,
            domain=home,
            risk=risk,
            summary=re.split(r"(?<=[.!?])\s|\n\n", doc, maxsplit=1)[0].replace("\n", " "),
            description=doc,
            function=function,
            parameters=parameters,
            untrusted=untrusted,
            budget_chars=budget_chars,
            on_demand=on_demand,
            examples=examples,
            arguments=_arguments_model(name, parameters),
        )

    return decorate


def _domain_of(function: Callable[..., Any]) -> str:
    parts = function.__module__.split(".")
    if "domains" not in parts[:-1]:
        raise ToolError(f"{function.__name__}: outside the domains package a tool must name its domain.")
    return parts[parts.index("domains") + 1]


def _check_answer(name: str, risk: Risk, answer: Any) -> None:
    if risk is not Risk.READ:
        if answer is not Plan:
            raise ToolError(f"{name}: a {risk.value.upper()} tool returns a Plan and does nothing itself.")
        return
    if not (isinstance(answer, type) and issubclass(answer, BaseModel)) or answer is Plan:
        raise ToolError(f"{name}: a READ tool returns a pydantic model that is not a Plan.")
    if not answer.model_config.get("frozen"):
        raise ToolError(f"{name}: the answer {answer.__name__} must be frozen.")


def _parameters_of(name: str, function: Callable[..., Any], hints: dict[str, Any]) -> tuple[Parameter, ...]:
    declared = list(inspect.signature(function).parameters.values())
    if not declared:
        raise ToolError(f"{name}: the first parameter of a tool is the workspace.")
    return tuple(_parameter_of(name, parameter, hints.get(parameter.name)) for parameter in declared[1:])


def _parameter_of(name: str, parameter: inspect.Parameter, hint: Any) -> Parameter:
    described = get_origin(hint) is Annotated and isinstance(get_args(hint)[1], str)
    if not described:
        raise ToolError(f'{name}: parameter {parameter.name} needs Annotated[type, "what it is"].')
    annotation, description = get_args(hint)[0], get_args(hint)[1]
    if not _is_flat(annotation):
        raise ToolError(
            f"{name}: parameter {parameter.name} is not flat (str, int, float, bool, Path, Literal, list[str])."
        )
    required = parameter.default is inspect.Parameter.empty
    return Parameter(parameter.name, annotation, description, None if required else parameter.default, required)


def _is_flat(annotation: Any) -> bool:
    if annotation in FLAT_TYPES or get_origin(annotation) is Literal:
        return True
    if get_origin(annotation) is list:
        return get_args(annotation) == (str,)
    if get_origin(annotation) in (Union, UnionType):
        return all(part is NoneType or _is_flat(part) for part in get_args(annotation))
    return False


def _arguments_model(name: str, parameters: tuple[Parameter, ...]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        parameter.name: (
            parameter.annotation,
            Field(... if parameter.required else parameter.default, description=parameter.description),
        )
        for parameter in parameters
    }
    return create_model(f"{name}_arguments", __config__=ConfigDict(extra="forbid"), **fields)
