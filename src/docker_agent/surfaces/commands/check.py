"""Check compose files for what Compose would refuse, what conflicts and what is unsafe; changes nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from docker_agent.surfaces.check.options import OPTIONS, Option
from docker_agent.surfaces.check.usage import usage

POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD


def command(**given: Any) -> None:
    """Stand where shells look for options; a call of `check` never comes here, since it is led past typer."""
    del given
    raise typer.Exit(2)


def _parameter(option: Option) -> inspect.Parameter:
    kind: Any = list[str] | None if option.many else str | None if option.value else bool
    complete = _complete(option.choices) if option.choices else None
    words = typer.Option(f"--{option.name}", help=option.help, metavar=option.value or None, autocompletion=complete)
    default = None if option.value else False
    name = option.name.replace("-", "_")
    return inspect.Parameter(name, POSITIONAL, default=default, annotation=Annotated[kind, words])


def _complete(choices: tuple[str, ...]) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        return [choice for choice in choices if choice.startswith(incomplete)]

    return complete


_PATHS = inspect.Parameter("paths", POSITIONAL, default=None, annotation=Annotated[list[str] | None, typer.Argument()])
_PARAMETERS = [_PATHS, *(_parameter(option) for option in OPTIONS)]

command.__doc__ = usage()
command.__signature__ = inspect.Signature(_PARAMETERS)  # pyright: ignore[reportFunctionMemberAccess]
command.__annotations__ = {parameter.name: parameter.annotation for parameter in _PARAMETERS}
