"""The doctor: what answers, what is missing and what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.errors import EngineUnreachable
from docker_agent.domains.doctor.doctor import PROGRAMS, Checkup, Health, doctor
from docker_agent.host.fake import World
from docker_agent.host.models import Container
from docker_agent.project.context.model import EMPTY, Mistake, ProjectContext
from docker_agent.project.workspace import Workspace

PLACE = Path("/project/.project-context.md")


def machine(*without: str) -> World:
    """A machine on which all programs but some answer."""
    world = World()
    for name, argv, _, _ in PROGRAMS:
        if name not in without:
            world.react(*argv, out=f"{name} version 1.2.3\nmore\n")
    return world


def examine(world: World, context: ProjectContext = EMPTY) -> dict[str, Checkup]:
    health: Health = doctor.function(Workspace(host=world.host.reads, root=Path("/project"), context=context))
    return {"": Checkup(name="", state="ok" if health.healthy else "failed")} | {
        check.name: check for check in health.checks
    }


def proxied(image: str, *, version: str = "", status: str = "running") -> dict[str, Checkup]:
    world = machine().add(Container(id="1", name="edge", image=image, status=status))
    return examine(world, ProjectContext(path=PLACE, reverse_proxy="traefik", reverse_proxy_version=version))


def test_a_whole_machine_is_healthy() -> None:
    found = examine(machine(), ProjectContext(path=PLACE))

    assert {check.state for check in found.values()} == {"ok"}
    assert "28.5.2, API 1.51" in found["engine"].detail
    assert found["docker compose"].detail == "docker compose version 1.2.3"
    assert [check.next_step for check in found.values()] == [""] * len(found)


@pytest.mark.parametrize(("name", "needed"), [(name, needed) for name, _, needed, _ in PROGRAMS])
def test_a_missing_program_is_told_with_how_to_get_it(name: str, needed: bool) -> None:
    found = examine(machine(name))

    assert (found[name].state, found[name].needed) == ("missing", needed)
    assert found[name].next_step
    assert found[""].state == ("failed" if needed else "ok")


@pytest.mark.parametrize(
    ("err", "state"),
    [
        ("docker: 'compose' is not a docker command.", "missing"),
        ("unknown command: docker compose", "missing"),
        ("permission denied", "failed"),
        ("", "failed"),
    ],
)
def test_a_program_that_ends_badly_is_missing_or_failed(err: str, state: str) -> None:
    world = machine().react("docker", "compose", "version", code=1, err=err)

    found = examine(world)

    assert (found["docker compose"].state, found["docker compose"].detail) == (state, err)
    assert found[""].state == "failed"


def test_a_program_that_says_nothing_is_still_there() -> None:
    assert examine(machine().react("trivy", "--version"))["trivy"].state == "ok"


def test_without_an_engine_everything_else_is_looked_at_all_the_same() -> None:
    world = machine()
    world.down = EngineUnreachable("No Docker Engine answers.", "Start it.")

    found = examine(world, ProjectContext(path=PLACE, reverse_proxy="traefik"))

    assert (found["engine"].state, found["engine"].detail, found["engine"].next_step) == (
        "failed",
        "No Docker Engine answers.",
        "Start it.",
    )
    assert found[""].state == "failed"
    assert found["reverse proxy"].state == "failed"
    assert found["docker compose"].state == "ok"


def test_a_warning_of_the_engine_is_told() -> None:
    world = machine()
    world.engine = world.engine.model_copy(update={"warnings": ("No swap limit support",)})

    assert examine(world)["engine"].detail.endswith("warns: No swap limit support")


def test_a_context_is_missing_whole_or_has_mistakes() -> None:
    assert examine(machine())[".project-context.md"].state == "missing"
    assert examine(machine(), ProjectContext(path=PLACE))[".project-context.md"].detail == str(PLACE)

    mistaken = ProjectContext(path=PLACE, mistakes=(Mistake(line=7, column=1, message="What is this?"),))
    found = examine(machine(), mistaken)
    assert (found[".project-context.md"].state, found[".project-context.md"].detail) == (
        "warning",
        "line 7: What is this?",
    )
    assert found[""].state == "ok"


@pytest.mark.parametrize(
    ("image", "version", "status", "state"),
    [
        ("traefik:v3.1.4", "3.1", "running", "ok"),
        ("traefik:v3.1.4", "v3.1", "running", "ok"),
        ("traefik:3.1", "", "running", "ok"),
        ("traefik:latest", "3.1", "running", "ok"),
        ("traefik:v2.11", "3.1", "running", "warning"),
        ("registry:5000/traefik", "3.1", "running", "ok"),
        ("traefik:v3.1.4", "3.1", "exited", "warning"),
        ("nginx:1", "3.1", "running", "warning"),
        ("traefik:v3.10", "3.1", "running", "warning"),
        ("traefik:v3", "3.1", "running", "ok"),
        ("traefik:3.1-alpine", "3.1.4", "running", "ok"),
        ("traefik@sha256:2222", "3.1", "running", "ok"),
        ("traefik:2.1@sha256:3333", "3.1", "running", "warning"),
    ],
)
def test_the_proxy_that_the_context_names_is_the_one_that_runs(
    image: str, version: str, status: str, state: str
) -> None:
    found = proxied(image, version=version, status=status)["reverse proxy"]

    assert found.state == state
    assert bool(found.next_step) is (state == "warning")


def test_without_a_proxy_in_the_context_none_is_looked_for() -> None:
    assert examine(machine())["reverse proxy"].detail == "the context names none"
