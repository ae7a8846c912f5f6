"""What a person sees of a plan, and how they are asked: at a real pseudo-terminal where the terminal matters."""

from __future__ import annotations

import errno
import io
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator

import pytest
from rich.console import Console
from tests.command_line import Place

from docker_agent.core.plan import Argv, Engine, Observe, Plan, Probe, Restore, Risk, WaitHealthy, Write
from docker_agent.policy.permit import Verdict
from docker_agent.surfaces.screen import TerminalApprover, TerminalScreen

ASK = """
import fcntl, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started without it
from docker_agent.core.plan import Plan
from docker_agent.policy.permit import Verdict
from docker_agent.surfaces.screen import TerminalApprover
for kind, *names in (word.split(",") for word in sys.argv[1:]):
    plan = Plan(title="Remove", data=tuple(names))
    try:
        answer = TerminalApprover().approve(plan, "d" * 64, Verdict(kind, "It destroys something."))
        print(f"[{answer.yes} {answer.digest == 'd' * 64}]", flush=True)
    except KeyboardInterrupt:
        print("[None True]", flush=True)
"""
ASKED = (
    ("ask", "y", True),
    ("ask", "yes", True),
    ("ask", "Y", True),
    ("ask", " YES ", True),
    ("ask", "n", False),
    ("ask", "", False),
    ("ask", "yep", False),
    ("ask", "y y", False),
    ("ask", "\x03", None),
    ("ask", "\x04", False),
    ("ask_typed,volume:shop_data", "shop_data", True),
    ("ask_typed,volume:shop_data,volume:other", "shop_data", True),
    ("ask_typed,shop_data", "shop_data", True),
    ("ask_typed,volume:shop_data", "y", False),
    ("ask_typed,volume:shop_data", "yes", False),
    ("ask_typed,volume:shop_data", "SHOP_DATA", False),
    ("ask_typed,volume:shop_data", "", False),
    ("ask_typed,volume:shop_data", "\x03", None),
    ("ask_typed", "y", False),
    ("ask", "y", True),
)


def read_from(terminal: int, seconds: float = 30.0) -> Iterator[str]:
    """What a program shows at its terminal, as it comes, until it ends."""
    deadline = time.monotonic() + seconds
    while select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))[0]:
        try:
            piece = os.read(terminal, 4_096)
        except OSError as error:
            if error.errno == errno.EIO:
                return
            raise
        if not piece:
            return
        yield piece.decode("utf-8", "replace")
    pytest.fail("the program did not end")


def keep_what_ctrl_c_would_drop(terminal: int) -> None:
    """A terminal throws away what is under way when Ctrl-C is typed, which may be the next question already."""
    attributes = termios.tcgetattr(terminal)
    attributes[3] |= termios.NOFLSH
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)


def test_only_a_clear_yes_or_the_name_in_full_is_a_yes() -> None:
    terminal, inner = pty.openpty()
    keep_what_ctrl_c_would_drop(inner)
    program = subprocess.Popen(
        [sys.executable, "-c", ASK, *(kind for kind, _, _ in ASKED)],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
    )
    os.close(inner)
    typed = iter(ASKED)
    shown, answered = "", 0
    for piece in read_from(terminal):
        shown += piece
        while answered < len(re.findall(r"\[y/N\] |to go on: ", shown)):
            _, answer, _ = next(typed)
            key = answer in {"\x03", "\x04"}
            time.sleep(0.2 * key)
            os.write(terminal, f"{answer}{'' if key else chr(10)}".encode())
            answered += 1
    os.close(terminal)

    assert program.wait(timeout=10) == 0, shown
    assert re.findall(r"\[(True|False|None) (True|False)\]", shown) == [(str(yes), "True") for _, _, yes in ASKED]
    assert "Apply this plan (dddddddddddd)? [y/N] " in shown
    assert "It destroys something. Type 'shop_data' to go on: " in shown


@pytest.mark.parametrize(("answer", "code", "is_there"), [("y\n", 0, True), ("n\n", 3, False)])
def test_a_plan_at_a_terminal_is_shown_and_asked_for(place: Place, answer: str, code: int, is_there: bool) -> None:
    ended, shown = place.agent_at_terminal(answer, "files", "write", "a.txt", "one", "to remember")

    assert ended == code, shown
    assert (place.root / "a.txt").exists() is is_there
    assert shown.index("Create a.txt") < shown.index("[y/N]")
    assert "╭" in shown


def test_without_a_terminal_the_end_of_input_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    approval = TerminalApprover(Console(file=io.StringIO())).approve(Plan(title="x"), "d", Verdict("ask"))

    assert (approval.yes, approval.by, approval.reason) == (False, "person", "the person said no.")


EVIL = "\x1b[2J\x1b]0;owned\x07[bold red]\u202eyes"
STEPS = (
    Argv(argv=("docker", "compose", "up", "-d"), why="It is down.", undo=Argv(argv=("docker", "stop"), why="undo")),
    Engine(action="volume_remove", target="data", why=EVIL, risk=Risk.DESTROY, args={"force": True}),
    Write(path="compose.yaml", content="new\n", why="Limits."),
    Write(path="old.yaml", content="new\n", before="0" * 64, why="Limits."),
    Restore(path="a.txt", kept="1" * 64, why="As before."),
    Restore(path="b.txt", kept="", why="As before."),
    WaitHealthy(target="web", why="It comes up.", timeout_s=90),
    Probe(url="http://127.0.0.1:8080/", expect_status=204, why="It answers."),
    Observe(target="web", why="It stays.", seconds=20),
)
PLAN = Plan(title=f"Mend {EVIL}", steps=STEPS, reason="Because.", data=("data",), foreign=("container:blog",))
SAID = (
    "Because.",
    "$ docker compose up -d",
    "undo: $ docker stop",
    "engine: volume remove data force=True",
    "create compose.yaml",
    "change old.yaml",
    "put back a.txt",
    "remove b.txt",
    "wait until web is healthy, at most 90 s",
    "http://127.0.0.1:8080/ must answer 204",
    "watch web for 20 s",
    "Data lost: data",
    "Outside the project: container:blog",
    "-  old",
    "+  new [dim]",
    "destroy",
    PLAN.digest[:12],
)
DIFFS = {2: "--- a\n+++ b\n@@ -1 +1 @@\n-  old\n+  new [dim]"}


def shown_by(act: Callable[[TerminalScreen], None], *, terminal: bool, **options: bool) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=160, highlight=False, color_system=None)
    act(TerminalScreen(console, **options))
    return file.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_plan_is_shown_whole_and_harmless(terminal: bool) -> None:
    text = shown_by(lambda screen: screen.show_plan(PLAN, PLAN.digest, DIFFS), terminal=terminal)

    assert [words for words in SAID if words not in text] == []
    assert text.count("[bold red]yes") == 2
    assert not {"\x1b", "\x07", "\u202e"} & set(re.sub(r"\x1b\[[0-9;]*m", "", text))
    assert "owned" not in text
    assert ("╭" in text) is terminal


def test_every_step_is_told_by_its_number() -> None:
    text = shown_by(lambda screen: screen.show_plan(PLAN, PLAN.digest, {}), terminal=False)

    assert re.findall(r"^  (\d)\. ", text, re.MULTILINE) == [str(number) for number in range(1, len(STEPS) + 1)]


@pytest.mark.parametrize(
    ("options", "plan", "progress"),
    [({}, True, True), ({"quiet": True}, True, False), ({"silent": True}, False, False)],
)
def test_quiet_hides_progress_and_silence_everything(options: dict[str, bool], plan: bool, progress: bool) -> None:
    text = shown_by(lambda screen: screen.show_plan(PLAN, "d", {}), terminal=False, **options)
    assert ("PLAN" in text) is plan
    text = shown_by(lambda screen: screen.tell("pulling [1/3]\x1b[2J"), terminal=False, **options)
    assert text == ("  pulling [1/3]\n" if progress else "")
