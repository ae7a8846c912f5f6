"""What goes wrong while a plan is carried out on a real engine: stopped, killed, cut off; nothing is lost."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.agent.wire import WireFake, breaks, text, tool
from tests.command_line import Place, read_well

PROMPT = "investigate why web keeps restarting"
OLD_LIMIT = 24 * 1024 * 1024
NEW_LIMIT = 96 * 1024 * 1024


@pytest.fixture
def slow(crash_loop: Place) -> Place:
    """The crash loop with a health check that holds only after a minute, so that the plan waits."""
    file = crash_loop.root / "compose.yml"
    words = file.read_text()
    late = words.replace('["CMD", "nc", "-w", "1", "127.0.0.1", "8080"]', '["CMD", "test", "-f", "/nonexistent"]', 1)
    assert late != words
    file.write_text(late.replace("start_period: 5s", "start_period: 120s", 1))
    assert crash_loop.docker("compose", "up", "-d", "--no-deps", "web").returncode == 0
    crash_loop.wait_until(lambda: crash_loop.container("web").get("RestartCount", 0) >= 1)
    return crash_loop


def states(place: Place, entry: str = "1") -> list[str]:
    return [step["state"] for step in place.agent_json("log", entry)["steps"]]


def limit_of(place: Place) -> int:
    return place.container("web")["HostConfig"]["Memory"]


def wait_for_line(program: subprocess.Popen[str], words: str) -> None:
    """Read standard error until a line holds some words."""
    assert program.stderr is not None
    seen: list[str] = []
    for line in program.stderr:
        seen.append(line)
        if words in line:
            return
    pytest.fail(f"{words!r} was never shown:\n{''.join(seen)}")


def end(program: subprocess.Popen[str], sign: signal.Signals) -> tuple[int, str]:
    """Send a signal and wait; gives the exit code and what was still shown."""
    program.send_signal(sign)
    out, err = program.communicate(timeout=30)
    return program.returncode, out + err


def check_undo(place: Place, before: bytes) -> None:
    read_well(place.agent("undo", "--yes"), 0)
    assert before == (place.root / "compose.yml").read_bytes()
    assert limit_of(place) == OLD_LIMIT


def test_ctrl_c_while_the_plan_waits(slow: Place) -> None:
    before = (slow.root / "compose.yml").read_bytes()
    program = slow.start_agent(PROMPT, "--yes")
    wait_for_line(program, "[3/4]")
    time.sleep(1)
    code, shown = end(program, signal.SIGINT)
    assert "Traceback" not in shown
    assert (code, "Stopped by Ctrl-C. What was done is in `docker-agent log`." in shown) == (130, True), shown
    assert states(slow) == ["done", "done", "interrupted", "not started"]
    assert slow.agent_json("log", "1")["status"] == "interrupted"
    assert limit_of(slow) == NEW_LIMIT
    assert before.replace(b"mem_limit: 24m", b"mem_limit: 96m") == (slow.root / "compose.yml").read_bytes()
    read_well(slow.agent("log", "--audit"), 0)
    check_undo(slow, before)


def test_ctrl_c_while_compose_works(crash_loop: Place) -> None:
    before = (crash_loop.root / "compose.yml").read_bytes()
    program = crash_loop.start_agent(PROMPT, "--yes")
    wait_for_line(program, "[2/4]")
    code, shown = end(program, signal.SIGINT)
    assert "Traceback" not in shown
    assert code == 130, shown
    assert states(crash_loop) == ["done", "interrupted", "not started", "not started"]
    assert not leftover_processes(crash_loop)
    check_undo(crash_loop, before)


def test_kill_9_while_the_plan_waits(slow: Place) -> None:
    before = (slow.root / "compose.yml").read_bytes()
    program = slow.start_agent(PROMPT, "--yes")
    wait_for_line(program, "[3/4]")
    code, _ = end(program, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert [(row["entry"], row["status"]) for row in slow.agent_json("log")["entries"]] == [("1", "interrupted")]
    assert states(slow) == ["done", "done", "interrupted", "not started"]
    check_undo(slow, before)


def test_a_check_that_does_not_hold_is_told_and_can_be_undone(crash_loop: Place) -> None:
    file = crash_loop.root / "compose.yml"
    before = file.read_text().replace("40000000", "400000000").encode()
    file.write_bytes(before)
    assert crash_loop.docker("compose", "up", "-d", "--no-deps", "web").returncode == 0
    crash_loop.wait_until(lambda: crash_loop.container("web").get("RestartCount", 0) >= 1)
    done = crash_loop.agent(PROMPT, "--yes")
    read_well(done, 1, "failed", "docker-agent undo 1")
    assert "not verified" in (done.stdout + done.stderr).lower()
    assert states(crash_loop)[:3] == ["done", "done", "failed"]
    check_undo(crash_loop, before)


def test_the_folder_is_deleted_while_the_plan_waits(slow: Place) -> None:
    program = slow.start_agent(PROMPT, "--yes")
    wait_for_line(program, "[3/4]")
    aside = slow.root.with_name("aside")
    slow.root.rename(aside)
    code, shown = end(program, signal.SIGINT)
    assert "Traceback" not in shown
    assert code == 130
    aside.rename(slow.root)
    assert states(slow) == ["done", "done", "interrupted", "not started"]


def test_a_compose_file_that_changed_since_the_plan(crash_loop: Place) -> None:
    saved = crash_loop.agent(PROMPT)
    read_well(saved, 3)
    found = re.search(r"docker-agent apply ([0-9a-f]{12})", saved.stdout + saved.stderr)
    assert found is not None
    file = crash_loop.root / "compose.yml"
    changed = file.read_bytes() + b"# a person was here\n"
    file.write_bytes(changed)
    done = crash_loop.agent("apply", found.group(1), "--yes")
    read_well(done, 2, "compose.yml changed since the plan was made; nothing was done.", "Ask for the plan again.")
    assert changed == file.read_bytes()
    assert limit_of(crash_loop) == OLD_LIMIT


def test_the_service_is_gone_after_the_change(crash_loop: Place) -> None:
    fix = tool("diagnose_fix", {"code": "exit-137-oom", "service": "web"})
    broken = [breaks("It is d", "drop") for _ in range(8)]
    with WireFake([fix, *broken]).serve() as url:
        service = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "test", "DOCKER_AGENT_MODEL": ""}
        done = crash_loop.agent(PROMPT, "--yes", **service)
    read_well(done, 5, "trying again", "Error: ", "Next: ")
    assert states(crash_loop) == ["done"] * 4
    assert limit_of(crash_loop) == NEW_LIMIT


def test_ctrl_c_while_the_model_thinks(crash_loop: Place) -> None:
    fake = WireFake([breaks("Let me th", "stall"), text("never")])
    with fake.serve() as url:
        service = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "test", "DOCKER_AGENT_MODEL": ""}
        program = crash_loop.start_agent(PROMPT, "--yes", **service)
        assert program.stdout is not None
        assert program.stdout.read(9) == "Let me th"
        code, shown = end(program, signal.SIGINT)
    assert "Traceback" not in shown
    assert (code, "Stopped by Ctrl-C" in shown) == (130, True), shown
    assert "entries" not in crash_loop.agent_json("log") or crash_loop.agent_json("log")["entries"] == []


@pytest.mark.parametrize("content", [b"services:\n\tweb:\n", bytes(range(256)), b""], ids=["tabs", "binary", "empty"])
def test_a_compose_file_that_broke_while_the_stack_runs(crash_loop: Place, content: bytes) -> None:
    (crash_loop.root / "compose.yml").write_bytes(content)
    container = crash_loop.container("web")["Id"]
    done = crash_loop.agent(PROMPT, "--yes")
    assert done.returncode in {0, 1, 2, 3}
    read_well(done, done.returncode)
    assert content == (crash_loop.root / "compose.yml").read_bytes()
    assert container == crash_loop.container("web")["Id"]
    assert "web" in crash_loop.agent("stack", "list").stdout


def test_two_at_once_do_it_once(crash_loop: Place) -> None:
    programs = [crash_loop.start_agent(PROMPT, "--yes") for _ in range(2)]
    ended = [(*program.communicate(timeout=100), program.returncode) for program in programs]
    assert "Traceback" not in "".join(out + err for out, err, _ in ended)
    assert 0 in {code for _, _, code in ended}
    numbers = [row["entry"] for row in crash_loop.agent_json("log")["entries"]]
    assert sorted(set(numbers)) == numbers
    assert limit_of(crash_loop) == NEW_LIMIT
    read_well(crash_loop.agent("log", "--audit"), 0)


def test_a_port_that_others_have(example: Callable[[str], Place], busybox: str) -> None:
    place = example("broken/port-conflict")
    assert busybox in (place.root / "compose.yml").read_text()
    done = place.agent("stack", "up", "--yes", "--override", "port_conflict")
    read_well(done, 1, "failed", "Next: ")
    assert "port is already allocated" in done.stdout + done.stderr
    assert [row["status"] for row in place.agent_json("log")["entries"]] == ["failed"]


def leftover_processes(place: Place) -> list[str]:
    """The command lines of processes that still work on the project."""
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return [line for line in found if "compose" in line and f"-p {place.project}" in line]
