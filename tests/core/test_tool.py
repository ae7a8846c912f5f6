"""The tool decorator: what it refuses at import, what it makes of a function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import DEFAULT_BUDGET_CHARS, Tool, ToolError, tool


class Seen(BaseModel):
    model_config = ConfigDict(frozen=True)

    text: str = ""


class Loose(BaseModel):
    text: str = ""


READ = tool(risk=Risk.READ, domain="shop")
CHANGE = tool(risk=Risk.CHANGE, domain="shop")


@tool(risk=Risk.READ, domain="shop", untrusted="container logs")
def look(
    ws: object,
    name: Annotated[str, "whose"],
    tail: Annotated[int, "how many"] = 5,
    share: Annotated[float, "how much"] = 0.5,
    where: Annotated[Path, "in which folder"] = Path(),
    level: Annotated[Literal["low", "high"], "how bad"] = "low",
    tags: Annotated[list[str] | None, "which"] = None,
    deep: Annotated[bool, "how deep"] = False,
) -> Seen:
    """Look at one thing. It does nothing else.

    More words for the model.
    """
    del ws, tail, share, where, level, tags, deep
    return Seen(text=name)


def no_docstring(ws: object) -> Seen:
    del ws
    return Seen()


def no_workspace() -> Seen:
    """Look."""
    return Seen()


def no_annotation(ws: object, name: Any = None) -> Seen:
    """Look."""
    del ws, name
    return Seen()


def undescribed(ws: object, name: str) -> Seen:
    """Look."""
    del ws, name
    return Seen()


def described_by_a_number(ws: object, name: Annotated[str, 7]) -> Seen:
    """Look."""
    del ws, name
    return Seen()


def mapping(ws: object, name: Annotated[dict[str, str], "a mapping"]) -> Seen:
    """Look."""
    del ws, name
    return Seen()


def list_of_numbers(ws: object, name: Annotated[list[int], "numbers"]) -> Seen:
    """Look."""
    del ws, name
    return Seen()


def model_as_parameter(ws: object, name: Annotated[Seen, "a model"]) -> Seen:
    """Look."""
    del ws, name
    return Seen()


def bytes_or_text(ws: object, name: Annotated[bytes | str, "bytes"]) -> Seen:
    """Look."""
    del ws, name
    return Seen()


def answers_nothing(ws: object) -> None:
    """Look."""
    del ws


def answers_text(ws: object) -> str:
    """Look."""
    del ws
    return ""


def answers_loose(ws: object) -> Loose:
    """Look."""
    del ws
    return Loose()


def answers_plan(ws: object) -> Plan:
    """Look."""
    del ws
    return Plan(title="t")


def answers_seen(ws: object) -> Seen:
    """Look."""
    del ws
    return Seen()


WRONG: list[tuple[Callable[[Callable[..., Any]], Tool], Callable[..., Any], str]] = [
    (READ, no_docstring, "needs a docstring"),
    (READ, no_workspace, "first parameter of a tool is the workspace"),
    (READ, no_annotation, "parameter name needs Annotated"),
    (READ, undescribed, "parameter name needs Annotated"),
    (READ, described_by_a_number, "parameter name needs Annotated"),
    (READ, mapping, "parameter name is not flat"),
    (READ, list_of_numbers, "parameter name is not flat"),
    (READ, model_as_parameter, "parameter name is not flat"),
    (READ, bytes_or_text, "parameter name is not flat"),
    (READ, answers_nothing, "returns a pydantic model"),
    (READ, answers_text, "returns a pydantic model"),
    (READ, answers_plan, "that is not a Plan"),
    (READ, answers_loose, "Loose must be frozen"),
    (CHANGE, answers_seen, "a CHANGE tool returns a Plan"),
    (tool(risk=Risk.DESTROY, domain="shop"), answers_nothing, "a DESTROY tool returns a Plan"),
    (tool(risk=Risk.READ), answers_seen, "must name its domain"),
]


@pytest.mark.parametrize(("decorate", "function", "message"), WRONG)
def test_a_wrong_declaration_is_refused_at_import(
    decorate: Callable[[Callable[..., Any]], Tool], function: Callable[..., Any], message: str
) -> None:
    with pytest.raises(ToolError, match=message):
        decorate(function)


def test_what_is_made_of_a_function() -> None:
    assert (look.name, look.domain, look.risk) == ("shop_look", "shop", Risk.READ)
    assert look.summary == "Look at one thing."
    assert "More words for the model." in look.description
    assert (look.untrusted, look.budget_chars) == ("container logs", DEFAULT_BUDGET_CHARS)
    assert look.function(None, "web") == Seen(text="web")


def test_a_tool_named_like_its_domain_has_one_word() -> None:
    assert tool(risk=Risk.READ, domain="answers_seen")(answers_seen).name == "answers_seen"


@pytest.mark.parametrize("risk", [Risk.CHANGE, Risk.DESTROY])
def test_a_planning_tool(risk: Risk) -> None:
    assert tool(risk=risk, domain="shop")(answers_plan).risk is risk


def test_the_schema_is_flat_described_and_closed() -> None:
    schema = look.schema

    assert schema["required"] == ["name"]
    assert schema["additionalProperties"] is False
    assert list(schema["properties"]) == ["name", "tail", "share", "where", "level", "tags", "deep"]
    assert schema["properties"]["name"] == {"type": "string", "description": "whose"}
    assert schema["properties"]["level"]["enum"] == ["low", "high"]
    assert "title" not in str(schema)


def test_defaults_are_filled_in_and_words_converted() -> None:
    assert look.validate({"name": "web", "tail": "7", "where": "a/b"}) == {
        "name": "web",
        "tail": 7,
        "share": 0.5,
        "where": Path("a/b"),
        "level": "low",
        "tags": None,
        "deep": False,
    }


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, "name: Field required"),
        ({"name": None}, "name: "),
        ({"name": 5}, "name: "),
        ({"name": "a", "tail": "many"}, "tail: "),
        ({"name": "a", "tail": 1.5}, "tail: "),
        ({"name": "a", "level": "middle"}, "level: "),
        ({"name": "a", "tags": ["a", 1]}, "tags.1: "),
        ({"name": "a", "tags": "a"}, "tags: "),
        ({"name": "a", "deep": "perhaps"}, "deep: "),
        ({"name": "a", "extra": 1}, "extra: "),
        ({"name": "a", "share": float}, "share: "),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError) as caught:
        look.validate(arguments)
    assert caught.value.message.startswith(f"shop_look: {named}")
    assert caught.value.next_step == "Parameters: name, tail, share, where, level, tags, deep."


def test_a_tool_without_parameters_says_so() -> None:
    with pytest.raises(InputError, match="Parameters: none"):
        READ(answers_seen).validate({"name": 1})
