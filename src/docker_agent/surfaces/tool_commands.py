"""Every tool as a command: its parameters become arguments and flags, its docstring the help."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

import typer

from docker_agent.app import all_tools
from docker_agent.core.errors import InputError
from docker_agent.core.tool import Parameter, Tool
from docker_agent.surfaces.start import call_and_exit, fail

POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD
FROM_INPUT = "message"
IMAGE = "image"
EMPTY_NEXT = "Hand over what was printed (`COMMAND 2>&1 | docker-agent diagnose --message -`), or leave --message out."
MAX_INPUT_CHARS = 2_000_000


def add_domain(app: typer.Typer, name: str, summary: str) -> None:
    """Add one domain: its only tool as a plain command where both have the same name, else a group of commands."""
    tools = [tool for tool in all_tools().values() if tool.domain == name]
    if [tool.name for tool in tools] == [name]:
        app.command(name, help=_help(tools[0]))(command_for(tools[0]))
        return
    group = typer.Typer(help=_group_help(name, summary, tools), rich_markup_mode=None, no_args_is_help=True)
    for tool in tools:
        group.command(tool.function.__name__.replace("_", "-"), help=_help(tool))(command_for(tool))
    app.add_typer(group, name=name)


def command_for(tool: Tool) -> Callable[..., None]:
    """A function with a signature made from the tool's parameters, for typer to read.

    The first parameter, all required ones and an `image` are arguments, the others are flags; a first parameter that is
    yes or no, or a number, is a flag too. A `query` takes all words that are left, and a `message` of `-` is what comes
    from the standard input; of more than two million characters the front is left empty, so that lines keep their
    numbers.
    """
    parameters = [inspect.Parameter("context", POSITIONAL, annotation=typer.Context)]
    parameters += [_declared(parameter, first=index == 0) for index, parameter in enumerate(tool.parameters)]

    def entry(**arguments: Any) -> None:
        context: typer.Context = arguments.pop("context")
        if isinstance(arguments.get("query"), list):
            arguments["query"] = " ".join(arguments["query"])
        if arguments.get(FROM_INPUT) == "-":
            arguments[FROM_INPUT] = _input()
        source = context.get_parameter_source(FROM_INPUT)
        if source is not None and source.name == "COMMANDLINE" and not arguments[FROM_INPUT].strip():
            fail(context.obj, InputError("The message is empty.", EMPTY_NEXT))
        call_and_exit(context.obj, tool.name, arguments)

    entry.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess]
    entry.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return entry


def _input() -> str:
    text = sys.stdin.read()
    return "\n" * text.count("\n", 0, max(0, len(text) - MAX_INPUT_CHARS)) + text[-MAX_INPUT_CHARS:]


def _declared(parameter: Parameter, *, first: bool) -> inspect.Parameter:
    annotation = list[str] if parameter.name == "query" else _without_none(parameter.annotation)
    is_word = annotation is str or get_origin(annotation) is list
    is_argument = parameter.required or parameter.name == IMAGE or (first and is_word)
    make = typer.Argument if is_argument else typer.Option
    more = " `-` reads it from the input." if parameter.name == FROM_INPUT else ""
    words = make(help=parameter.description + more, show_default=bool(parameter.default))
    return inspect.Parameter(
        parameter.name,
        POSITIONAL,
        default=inspect.Parameter.empty if parameter.required else parameter.default,
        annotation=Annotated[annotation if parameter.required else parameter.annotation, words],
    )


def _without_none(annotation: Any) -> Any:
    """`list[str]` for `list[str] | None`."""
    parts = [part for part in get_args(annotation) if part is not NoneType]
    return parts[0] if len(parts) == 1 and NoneType in get_args(annotation) else annotation


def _group_help(name: str, summary: str, tools: list[Tool]) -> str:
    """What a group is for, and how to call the tool that has its name."""
    own = next((tool for tool in tools if tool.name == name), None)
    if own is None:
        return summary
    more = f"Without a command it is `{name}` itself; its options: docker-agent {name} {name} --help."
    return f"{summary}\n\n{more}{_examples(own)}"


def _help(tool: Tool) -> str:
    shared = "Options that every command takes (--json, --yes, -C, ...): docker-agent --help."
    return f"{tool.description}{_examples(tool)}\n\n{shared}"


def _examples(tool: Tool) -> str:
    """The tool's examples, each on a line of its own, else a line made from its required parameters."""
    if tool.examples:
        return "\n\n\b\nExamples:\n" + "\n".join(f"  {line}" for line in tool.examples)
    words = ["docker-agent", tool.domain]
    words += [] if tool.function.__name__ == tool.domain else [tool.function.__name__.replace("_", "-")]
    words += [f"<{parameter.name}>" for parameter in tool.parameters if parameter.required]
    return f"\n\nExample: {' '.join(words)}"
