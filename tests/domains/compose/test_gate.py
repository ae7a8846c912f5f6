from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from docker_agent.core.finding import Severity
from docker_agent.core.plan import Argv, Plan, Restore, Risk, WaitHealthy, Write
from docker_agent.domains.compose.gate import deployment_findings
from docker_agent.host.fake import World
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

ROOT = Path("/project")
TEXT = "services:\n  web:\n    image: nginx:1.29\n    user: root  # docker-agent: ignore[root_user] why\n"


def stopping(text: str, *argv: str, write: str = "", production: bool = False, **policies: Severity) -> list[str]:
    """The codes of the errors that stand against a plan that runs `docker compose ARGV`."""
    world = World(files={ROOT / "compose.yml": text.encode()})
    context = ProjectContext(policies=policies, production=production)
    ws = Workspace(host=world.host.reads, root=ROOT, context=context)
    run = Argv(argv=("docker", "compose", *argv), why="because", risk=Risk.CHANGE)
    steps = (Write(path="compose.yml", content=write, before="", why="because"), run) if write else (run,)
    found = deployment_findings(Plan(title="Start", steps=steps), ws, {}, lambda _name: b"")
    return [finding.code for finding in found if finding.severity is Severity.ERROR]


def test_a_comment_does_not_silence_what_a_policy_of_the_project_names() -> None:
    assert stopping(TEXT, "up", "-d") == []
    assert stopping(TEXT, "up", "-d", root_user=Severity.ERROR) == ["root_user"]
    assert stopping(TEXT, "up", "-d", privileged_mode=Severity.ERROR) == []


@pytest.mark.parametrize(("command", "asked"), [("up", True), ("create", True), ("down", False), ("logs", False)])
def test_only_deployments_are_asked(command: str, asked: bool) -> None:
    assert bool(stopping(TEXT, command, root_user=Severity.ERROR)) == asked


def test_the_files_count_as_the_plan_writes_them() -> None:
    good = "services: {web: {image: 'nginx:1.29'}}"
    assert stopping(TEXT, "up", write=good, root_user=Severity.ERROR) == []
    assert stopping(good, "up", write=TEXT, root_user=Severity.ERROR) == ["root_user"]


def test_the_way_back_is_asked_too_and_what_it_puts_back_is_looked_into() -> None:
    good = "services: {web: {image: 'nginx:1.29'}}"
    world = World(files={ROOT / "compose.yml": good.encode()})
    policies = {"root_user": Severity.ERROR}
    up = Argv(argv=("docker", "compose", "up", "-d"), why="because")
    write = Write(path="compose.yml", content=TEXT, before="", why="because")
    restore = Restore(path="compose.yml", kept="copy", after="", why="because")
    wait = WaitHealthy(target="web", why="because")

    def codes(policies: dict[str, Severity], **plan: Any) -> list[str]:
        ws = Workspace(host=world.host.reads, root=ROOT, context=ProjectContext(policies=policies))
        kept = {"copy": TEXT.replace("root  # docker-agent: ignore[root_user] why", "root").encode()}
        found = deployment_findings(Plan(title="t", **plan), ws, {}, kept.__getitem__)
        return [finding.code for finding in found if finding.severity is Severity.ERROR]

    for steps in ((write, up), (restore, up)):
        assert codes(policies, steps=(wait,), rollback=steps) == ["root_user"]
        assert codes(policies, steps=steps) == ["root_user"]
    assert codes(policies, steps=(write, wait), rollback=(up,)) == ["root_user"]
    assert codes(policies, steps=(write, up), rollback=(restore, up)) == ["root_user"]
    assert codes({}, steps=(write, up), rollback=(restore, up)) == []


def test_a_production_system_is_held_to_the_weights_of_production() -> None:
    text = "services:\n  web:\n    image: nginx:1.29\n    volumes: [/etc:/host]\n"
    assert stopping(text, "up") == []
    assert stopping(text, "up", production=True) == ["writable_host_root"]


def test_going_back_is_asked_for_policies_alone_and_not_for_what_stands_there_now() -> None:
    clash = "services: {a: {image: 'a:1', ports: ['80:80']}, b: {image: 'b:1', ports: ['80:80']}}"
    good, bad = "services: {web: {image: 'nginx:1.29'}}", "services: {web: {image: 'nginx:1.29', user: root}}"
    up = Argv(argv=("docker", "compose", "up", "-d"), why="because")

    def codes(now: str, then: str, **plan: Any) -> list[str]:
        world = World(files={ROOT / "compose.yml": now.encode()})
        context = ProjectContext(policies={"root_user": Severity.ERROR})
        ws = Workspace(host=world.host.reads, root=ROOT, context=context)
        write = Write(path="compose.yml", content=then, before="", why="because")
        found = deployment_findings(Plan(title="t", steps=(write, up), **plan), ws, {}, lambda _name: b"")
        return [finding.code for finding in found if finding.severity is Severity.ERROR]

    back = Write(path="compose.yml", content=bad, before="", why="because")
    assert codes(good, clash) != []
    assert codes(good, clash, undoes="1") == []
    assert codes(good, bad, undoes="1") == ["root_user"]
    assert codes(bad, good, rollback=(back, up)) == []
