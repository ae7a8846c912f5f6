"""Print what makes `@docker-agent ...` work in a shell."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

FUNCTIONS = {
    "bash": """# Add to ~/.bashrc:  eval "$(docker-agent install shell bash)"
function @docker-agent { command docker-agent ask -- "$@"; }
alias @docker-agent='set -f && __docker_agent_mention'
function __docker_agent_mention { set +f; command docker-agent ask -- "$@"; }
""",
    "zsh": """# Add to ~/.zshrc:  eval "$(docker-agent install shell zsh)"
function @docker-agent { command docker-agent ask -- "$@"; }
alias @docker-agent='noglob @docker-agent'
""",
    "fish": """# Add to ~/.config/fish/config.fish:  docker-agent install shell fish | source
function @docker-agent; command docker-agent ask -- $argv; end
""",
}


def command(
    what: Annotated[Literal["shell"], typer.Argument(help="What to print: `shell`.")] = "shell",
    shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(help="Which shell.")] = "bash",
) -> None:
    r"""Print a shell function, so that `@docker-agent deploy web service` works without quotes.

    \b
    Examples:
      eval "$(docker-agent install shell bash)"
      @docker-agent why does web keep restarting
    """
    del what
    print(FUNCTIONS[shell], end="")
