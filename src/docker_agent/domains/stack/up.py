"""Start services, made new where their configuration changed."""

from __future__ import annotations

from typing import Annotated, Literal

from docker_agent.core.plan import Argv, Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.stack import foreign, services_named, stack_needed, wait_for
from docker_agent.project.stack import Stack, compose_argv
from docker_agent.project.stack_inputs import inputs_of
from docker_agent.project.workspace import Workspace

START_TIMEOUT_S = 300.0
BUILD_TIMEOUT_S = 1_800.0

Pull = Literal["default", "always", "missing", "never"]


@tool(
    risk=Risk.CHANGE,
    examples=(
        "docker-agent stack up",
        "docker-agent stack up web --build --wait-s 120",
    ),
)
def up(
    ws: Workspace,
    services: Annotated[list[str] | None, "The services to start; all where none is named."] = None,
    build: Annotated[bool, "Build the images first."] = False,
    pull: Annotated[Pull, "When to pull images; default is what the compose file says."] = "default",
    wait_s: Annotated[float, "How long each service may take to become healthy, seconds."] = 60.0,
) -> Plan:
    """Plan to start services with `docker compose up -d` and wait until each is healthy.

    Containers whose configuration changed are made new; volumes are kept. Dependencies start too. Undo removes the
    containers that were not there before.
    """
    stack = stack_needed(ws)
    chosen = services_named(stack, services or ())
    flags = (["--build"] if build else []) + ([] if pull == "default" else ["--pull", pull])
    start = Argv(
        why=f"Create and start {', '.join(chosen)}.",
        touches=chosen,
        argv=compose_argv(stack, "up", "-d", *flags, *(chosen if services else ())),
        cwd=str(stack.directory),
        timeout_s=BUILD_TIMEOUT_S
        if build or any(stack.model.services[name].build for name in chosen)
        else START_TIMEOUT_S,
        undo=_undo(ws, stack, chosen),
    )
    return Plan(
        title=f"Start {', '.join(chosen)}",
        steps=(start, *(wait_for(stack, name, timeout_s=wait_s) for name in chosen)),
        project=stack.name,
        reason="The containers are made as the compose file says and started; volumes are kept.",
        foreign=foreign(ws, [each for each in ws.host.containers(stack.name) if each.service in stack.model.services]),
        inputs=inputs_of(stack, ws.host.read_file),
    )


def _undo(ws: Workspace, stack: Stack, chosen: tuple[str, ...]) -> Argv | None:
    there = [each for each in ws.host.containers(stack.name) if each.service in chosen]
    new = [name for name in chosen if name not in {each.service for each in there}]
    stopped = [name for name in chosen if name not in {each.service for each in there if each.running} | set(new)]
    if new:
        words, why = ("rm", "--stop", "--force", *new), "Remove the containers that were not there before."
    elif stopped:
        words, why = ("stop", *stopped), "Stop what was stopped before."
    else:
        return None
    return Argv(why=why, touches=tuple(new or stopped), argv=compose_argv(stack, *words), cwd=str(stack.directory))
