"""The broken examples from end to end: started, diagnosed, mended by the plan, verified, and put back."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.lab import fixtures, images

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan
from docker_agent.domains.diagnose.diagnose import Diagnosis, diagnose
from docker_agent.domains.diagnose.fix import fix
from docker_agent.host.apply import Application, Applied
from docker_agent.host.engine import connect
from docker_agent.host.host import Host
from docker_agent.host.journal import Journal
from docker_agent.host.undo import undo_plan
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

EXAMPLES = Path(__file__).parents[2] / "examples" / "broken"


def docker(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run docker with the environment of the lab's engine."""
    environment = {**os.environ, **fixtures.engine_environment()}
    argv = ("docker", *words)
    return subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def host() -> Host:
    """The lab's engine."""
    images.ensure_image("busybox")
    return connect({**os.environ, **fixtures.engine_environment()})


@pytest.fixture
def start(tmp_path: Path, host: Host) -> Iterator[Callable[[str], Workspace]]:
    """Give a function that starts a copy of an example, which is removed after the test."""
    root = tmp_path / f"dalab-diagnose-{tmp_path.name[-12:].strip('_-').lower()}"

    def started(example: str) -> Workspace:
        shutil.copytree(EXAMPLES / example, root)
        docker("compose", "up", "-d", cwd=root)
        return Workspace(host=host.reads, root=root, context=ProjectContext(), project=root.name)

    yield started
    docker("compose", "down", "--volumes", "-t", "0", cwd=root)


def wait_for(ws: Workspace, code: str, seconds: float = 30.0, *, source: str = "") -> Diagnosis:
    """Diagnose until the finding comes first, with evidence from a source, such as an event that is told later."""
    deadline = time.monotonic() + seconds
    while True:
        answer: Diagnosis = diagnose.function(ws)
        first = answer.findings[0] if answer.findings else None
        if first and first.code == code and source in {"", *(each.source for each in first.evidence)}:
            return answer
        assert time.monotonic() < deadline, answer
        time.sleep(0.5)


def carry_out(ws: Workspace, host: Host, plan: Plan, tmp_path: Path) -> Applied:
    """Apply a plan as the door would after a yes."""
    journal = Journal(tmp_path / "journal")
    application = Application(
        plan=plan, host=host, journal=journal, root=ws.root, resolve=lambda text: text, tell=lambda _line: None
    )
    return application.run(by="test")


def test_the_crash_loop_is_explained_and_mended(start: Callable[[str], Workspace], host: Host, tmp_path: Path) -> None:
    ws = start("crash-loop")
    before = (ws.root / "compose.yml").read_text()
    answer = wait_for(ws, "exit-137-oom", source="event")
    finding = answer.findings[0]
    places = {evidence.source: evidence.where for evidence in finding.evidence}
    line = before.split("\n").index("    mem_limit: 24m") + 1
    assert finding.object == "web"
    assert f"compose.yml:{line}:16" == places["compose"]
    assert places["inspect"] == "web State.OOMKilled"
    assert places["event"].startswith("web event ")
    assert finding.fixable
    assert len(answer.model_dump_json()) <= 4_000
    assert "example-only" not in answer.model_dump_json()

    plan: Plan = fix.function(ws, "exit-137-oom", "web")
    assert [step.kind for step in plan.steps] == ["write", "argv", "wait_healthy", "observe"]
    applied = carry_out(ws, host, plan, tmp_path)
    assert (applied.status, applied.verified) == ("applied", True), applied
    assert before.replace("mem_limit: 24m", "mem_limit: 96m") == (ws.root / "compose.yml").read_text()
    after: Diagnosis = diagnose.function(ws)
    assert after.summary.startswith("nothing wrong found"), after
    with pytest.raises(InputError, match="does not show"):
        fix.function(ws, "exit-137-oom", "web")

    undone = carry_out(ws, host, undo_plan(Journal(tmp_path / "journal").entry()), tmp_path)
    assert undone.status == "applied", undone
    assert (ws.root / "compose.yml").read_text() == before
    assert wait_for(ws, "exit-137-oom").findings[0].object == "web"


def test_a_missing_health_tool_is_replaced(start: Callable[[str], Workspace], host: Host, tmp_path: Path) -> None:
    ws = start("missing-health-tool")
    finding = wait_for(ws, "health-tool-missing-shell").findings[0]
    assert finding.fixable
    applied = carry_out(ws, host, fix.function(ws, finding.code, finding.object), tmp_path)
    assert (applied.status, applied.verified) == ("applied", True), applied
    assert diagnose.function(ws).summary.startswith("nothing wrong found")


def test_a_job_comes_to_rest(start: Callable[[str], Workspace], host: Host, tmp_path: Path) -> None:
    ws = start("one-shot-restart")
    finding = wait_for(ws, "restart-loop-exit0").findings[0]
    applied = carry_out(ws, host, fix.function(ws, finding.code, finding.object), tmp_path)
    assert (applied.status, applied.verified) == ("applied", True), applied
    assert diagnose.function(ws).summary.startswith("nothing wrong found")


def test_a_port_conflict_is_moved(start: Callable[[str], Workspace], host: Host, tmp_path: Path) -> None:
    ws = start("port-conflict")
    finding = wait_for(ws, "port-allocated").findings[0]
    assert finding.object in {"shop", "admin"}
    applied = carry_out(ws, host, fix.function(ws, finding.code, finding.object), tmp_path)
    assert (applied.status, applied.verified) == ("applied", True), applied
    text = (ws.root / "compose.yml").read_text()
    assert "127.0.0.1:28081:8080" in text
    assert "# the same as shop" in text
    assert diagnose.function(ws).summary.startswith("nothing wrong found")
