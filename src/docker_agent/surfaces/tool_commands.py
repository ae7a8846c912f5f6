"""Every tool as a command: its parameters become arguments and flags, its docstring the help."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_origin

import typer

from docker_agent.app import all_tools
from docker_agent.core.tool import Parameter, Tool
from docker_agent.surfaces.start import call_and_exit

POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD


def domain_app(name: str, summary: str) -> typer.Typer:
    """The commands of one domain."""
    app = typer.Typer(help=summary, rich_markup_mode=None, no_args_is_help=True)
    for tool in all_tools().values():
        if tool.domain == name:
            word = tool.function.__name__.replace("_", "-")
            app.command(word, help=_help(tool))(command_for(tool))
    return app


def command_for(tool: Tool) -> Callable[..., None]:
    """A function with a signature made from the tool's parameters, for typer to read.

    The first parameter and all required ones are arguments, the others are flags; a first parameter that is yes or no,
    or a number, is a flag too.
    """
    parameters = [inspect.Parameter("context", POSITIONAL, annotation=typer.Context)]
    parameters += [_declared(parameter, first=index == 0) for index, parameter in enumerate(tool.parameters)]

    def entry(**arguments: Any) -> None:
        context: typer.Context = arguments.pop("context")
        call_and_exit(context.obj, tool.name, arguments)

    entry.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess]
    entry.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return entry


def _declared(parameter: Parameter, *, first: bool) -> inspect.Parameter:
    is_word = parameter.annotation is str or get_origin(parameter.annotation) is list
    positional = parameter.required or (first and is_word)
    make = typer.Argument if positional else typer.Option
    default = inspect.Parameter.empty if parameter.required else parameter.default
    return inspect.Parameter(
        parameter.name,
        POSITIONAL,
        default=default,
        annotation=Annotated[
            parameter.annotation, make(help=parameter.description, show_default=bool(parameter.default))
        ],
    )


def _help(tool: Tool) -> str:
    words = tool.description
    example = " ".join(
        ["docker-agent", tool.domain]
        + ([] if tool.function.__name__ == tool.domain else [tool.function.__name__.replace("_", "-")])
        + [f"<{parameter.name}>" for parameter in tool.parameters if parameter.required]
    )
    shared = "Options that every command takes (--json, --yes, -C, ...): docker-agent --help."
    return f"{words}\n\nExample: {example}\n\n{shared}"
