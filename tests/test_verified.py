"""What is said of a fix is true: verified where its checks held, not verified with code 1 where they did not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.doors import Says, Watch

from docker_agent.app import Options, Session, open_session
from docker_agent.host.fake import World
from docker_agent.host.models import Container
from docker_agent.policy.approve import Approver, NoApprover, YesApprover
from docker_agent.policy.permit import Mode
from docker_agent.surfaces.choices import Choices
from docker_agent.surfaces.conversation import ask_once
from docker_agent.surfaces.start import finish

UP = ("docker", "compose", "up")
M = 2**20
COMPOSE = "name: shop\nservices:\n  web:\n    image: web:1\n    mem_limit: 16m\n"
ENDED: dict[str, Any] = {"status": "exited", "exit_code": 137, "oom_killed": True}
RUNS: dict[str, Any] = {"status": "running", "exit_code": 0, "oom_killed": False}

After = Callable[[World], None]


def stays(world: World) -> None:
    """It runs from now on."""
    world.change("shop-web-1", **RUNS)


def stays_ill(world: World) -> None:
    """It runs, and its health check fails."""
    world.change("shop-web-1", **RUNS, health="unhealthy", failing_streak=3)


def dies_again(world: World) -> None:
    """It runs long enough to look steady, and dies while it is watched."""
    world.change("shop-web-1", **RUNS)
    world.later.append((world.clock + 5.0, lambda later: later.change("shop-web-1", **ENDED)))


@dataclass(frozen=True)
class Shop:
    """A session with the offline model before a machine whose service was killed for memory."""

    session: Session
    world: World
    file: Path

    @property
    def text(self) -> str:
        return self.world.files[self.file].decode()


def shop(folder: Path, after: After, approver: Approver, mode: Mode) -> Shop:
    root = folder.resolve()
    world, file = World(), root / "compose.yaml"
    world.files[file] = COMPOSE.encode()
    plain: dict[str, Any] = {"image": "web:1", "project": "shop", "service": "web", "memory_limit": 16 * M}
    world.add(Container(id="1" * 12, name="shop-web-1", **plain, **ENDED))
    world.react(*UP, reaction=lambda there, _argv: after(there))
    options = Options(root=root, model="offline", mode=mode)
    session = open_session(
        options,
        screen=Watch(),
        approver=approver,
        environment={"DOCKER_AGENT_STATE": str(folder / "s")},
        host=world.host,
    )
    return Shop(session, world, file)


@pytest.mark.parametrize(
    ("after", "verified", "said"),
    [
        (stays, True, "\nVerified: "),
        (stays_ill, False, "The change was made, and its check did not hold: "),
        (dies_again, False, "web did not stay up for 5 s"),
    ],
)
def test_a_fix_is_verified_only_if_its_checks_held(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], after: After, verified: bool, said: str
) -> None:
    here = shop(tmp_path, after, YesApprover(), Mode(yes=True))
    code = ask_once(Choices(json=True), here.session, "fix web, it was killed")
    told = json.loads(capsys.readouterr().out)
    call = next(call for call in told["calls"] if call["tool"] == "diagnose_fix")
    assert "mem_limit: 64m" in here.text
    assert (code, told["exit_code"], told["ok"]) == ((0, 0, True) if verified else (1, 1, False))
    assert (call["ok"], call["data"]["verified"]) == (verified, verified)
    assert said in told["answer"]
    assert ("\nNot verified" in told["answer"]) is not verified
    assert "docker-agent undo" in told["answer"]


def test_a_tool_by_itself_says_not_verified_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = shop(tmp_path, dies_again, YesApprover(), Mode(yes=True))
    outcome = here.session.call("diagnose_fix", {"code": "exit-137-oom", "service": "web"})
    assert finish(Choices(json=True), outcome) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["data"]["status"], told["data"]["verified"]) == (False, "failed", False)
    assert [line.partition(".")[0] for line in told["data"]["done"]] == [
        "write: done",
        "argv: done",
        "wait_healthy: done",
        "observe: failed",
    ]


def test_not_verified_is_said_in_text_too_and_a_finding_says_what_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = shop(tmp_path, dies_again, YesApprover(), Mode(yes=True))
    assert finish(Choices(), here.session.call("diagnose", {})) == 1
    assert "mend: docker-agent diagnose fix exit-137-oom web\n" in capsys.readouterr().out
    assert finish(Choices(), here.session.call("diagnose_fix", {"code": "exit-137-oom", "service": "web"})) == 1
    assert "\nNot verified: the change was made, and its check did not hold.\n" in capsys.readouterr().err


def test_a_no_changes_nothing_and_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = shop(tmp_path, stays, Says(yes=False), Mode("terminal"))
    code = ask_once(Choices(json=True), here.session, "fix web, it was killed")
    told = json.loads(capsys.readouterr().out)
    assert (code, told["ok"]) == (3, False)
    assert (here.text, here.world.done) == (COMPOSE, [])
    assert "so nothing was changed" in told["answer"]
    assert "Not verified: the plan was not applied." in told["answer"]
    assert list(here.session.door.journal.entries()) == []


def test_a_plan_that_waits_for_a_yes_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = shop(tmp_path, stays, NoApprover(), Mode("unattended"))
    assert ask_once(Choices(), here.session, "fix web, it was killed") == 3
    printed = capsys.readouterr()
    assert (printed.out.count("docker-agent apply"), printed.err.count("docker-agent apply")) == (1, 0)
    assert "wait_healthy: " not in printed.out


@pytest.mark.parametrize(("prompt", "expected"), [("fix everything", 1), ("why does web crash?", 0)])
def test_a_wish_to_mend_that_changes_nothing_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], prompt: str, expected: int
) -> None:
    here = shop(tmp_path, stays, YesApprover(), Mode(yes=True))
    here.world.change("shop-web-1", exit_code=3, oom_killed=False)
    code = ask_once(Choices(json=True), here.session, prompt)
    told = json.loads(capsys.readouterr().out)
    assert (code, told["exit_code"], told["ok"]) == (expected, expected, not expected)
    assert "Not verified: nothing was changed." in told["answer"]
    assert (here.text, here.world.done) == (COMPOSE, [])
