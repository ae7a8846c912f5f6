"""Programs run by argument lists, end in time with all their children, and say what they said."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from docker_agent.core.errors import AgentError, ToolMissing
from docker_agent.host import shell
from docker_agent.host.shell import KEPT_CHARS, run


def sh(script: str) -> tuple[str, ...]:
    return ("sh", "-c", script)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_code_and_both_streams_come_back() -> None:
    ran = run(sh("echo out; echo err >&2; exit 3"))

    assert (ran.code, ran.out, ran.err, ran.timed_out) == (3, "out\n", "err\n", False)
    assert ran.argv == sh("echo out; echo err >&2; exit 3")


def test_arguments_are_never_read_by_a_shell() -> None:
    assert run(("printf", "%s|", "a b", "$HOME", "; rm -rf /", "`id`", "*")).out == "a b|$HOME|; rm -rf /|`id`|*|"


def test_folder_and_environment_are_the_given_ones(tmp_path: Path) -> None:
    ran = run(sh("pwd; echo $WORD"), cwd=tmp_path, environment={"PATH": os.environ["PATH"], "WORD": "hello"})

    assert ran.out == f"{tmp_path}\nhello\n"


def test_nothing_waits_for_a_terminal() -> None:
    assert run(sh("read line; echo done"), timeout_s=5).out == "done\n"


@pytest.mark.parametrize("ignore", ["", "trap '' TERM; "])
def test_the_time_limit_ends_the_whole_process_group(tmp_path: Path, ignore: str) -> None:
    pid_file = tmp_path / "pid"
    script = f'sh -c "{ignore}echo \\$\\$ > {pid_file}; while :; do sleep 0.1; done" & wait'
    began = time.monotonic()

    ran = run(sh(script), timeout_s=1)

    assert ran.timed_out
    assert time.monotonic() - began < 9
    child = int(pid_file.read_text())
    deadline = time.monotonic() + 5
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(child)


def test_a_program_that_ignores_the_request_is_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "GRACE_S", 0.5)
    ran = run(sh("trap '' TERM; while :; do sleep 0.1; done"), timeout_s=0.5)

    assert (ran.timed_out, ran.code) == (True, -9)


def test_a_child_that_keeps_the_pipe_open_does_not_hold_us_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "DRAIN_S", 0.5)
    began = time.monotonic()
    ran = run(sh("sleep 20 & echo done"), timeout_s=15)

    assert (ran.out, ran.timed_out) == ("done\n", False)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "script", ["seq 1 100000", "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last-line", "yes | head -n 500000"]
)
def test_only_the_end_of_a_long_output_is_kept(script: str) -> None:
    ran = run(sh(f"{script}; echo the-end; ({script}; echo the-end) >&2"))

    assert len(ran.out) <= KEPT_CHARS
    assert len(ran.err) <= KEPT_CHARS
    assert ran.out.endswith("the-end\n")
    assert ran.err.endswith("the-end\n")


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert run(("printf", "a\\377b")).out == "a\ufffdb"


def test_lines_of_standard_error_are_told_as_they_come() -> None:
    told: list[tuple[float, str]] = []
    began = time.monotonic()

    def tell(line: str) -> None:
        told.append((time.monotonic() - began, line))

    run(sh("echo one >&2; sleep 1; echo; echo ' two ' >&2; echo out"), tell=tell)

    assert [line for _, line in told] == ["one", " two"]
    assert told[0][0] < told[1][0] - 0.5


@pytest.mark.parametrize("name", ["nosuch-program", "./nosuch", ""])
def test_a_missing_program_is_named(name: str) -> None:
    with pytest.raises(ToolMissing, match="is not installed"):
        run((name,))


def test_a_program_that_is_not_on_the_given_path_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing):
        run(("sh",), environment={"PATH": str(tmp_path)})


@pytest.mark.parametrize("argv", [("sh", "-c", "a\0b")])
def test_an_argument_that_cannot_be_passed_is_an_error(argv: tuple[str, ...]) -> None:
    with pytest.raises(AgentError, match="could not be started"):
        run(argv)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="could not be started: No such file"):
        run(("true",), cwd=tmp_path / "nosuch")


def test_a_file_that_is_no_program_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_bytes(b"\x00\x01\x02")
    path.chmod(0o755)

    with pytest.raises(AgentError, match="could not be started: Exec format error"):
        run((str(path),))
