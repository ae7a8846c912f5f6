"""What `install shell` prints works in the shell: every word arrives as it was typed."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from tests.surfaces.conftest import Line

from docker_agent.surfaces.cli import build
from docker_agent.surfaces.commands.install import FUNCTIONS

STUB = '#!/bin/sh\nprintf "<%s>" "$@"\necho\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files that a glob would match, and a program that shows its words."""
    stub = tmp_path / "bin" / "docker-agent"
    stub.parent.mkdir()
    stub.write_text(STUB)
    stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    here = tmp_path / "here"
    here.mkdir()
    for name in ("restart1", "a.txt", "b.txt"):
        (here / name).touch()
    return here


def run(shell: list[str], script: str, folder: Path) -> str:
    path = f"{folder.parent / 'bin'}:/usr/bin:/bin"
    done = subprocess.run(
        shell,
        input=script,
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "TERM": "dumb"},
        timeout=20,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


BASH = ["bash", "--norc", "--noprofile", "-O", "expand_aliases"]
TYPED = "why does web restart? *.txt [a] deploy --build -y now"
ARRIVED = "<ask><--><why><does><web><restart?><*.txt><[a]><deploy><--build><-y><now>\n"


@pytest.mark.parametrize("shell", list(FUNCTIONS))
def test_what_is_printed_is_the_function_alone(line: Line, shell: str) -> None:
    ended = line("install", "shell", shell)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == FUNCTIONS[shell]
    assert shell in ended.out.splitlines()[0]


def test_bash_passes_every_word_as_typed_and_globs_again_afterwards(folder: Path) -> None:
    script = f"{FUNCTIONS['bash']}@docker-agent {TYPED}\necho *.txt\n"

    assert run(BASH, script, folder) == f"{ARRIVED}a.txt b.txt\n"


def test_bash_takes_it_by_eval_on_the_same_line_too(folder: Path) -> None:
    (folder / "function.sh").write_text(FUNCTIONS["bash"])

    out = run(BASH, 'eval "$(cat function.sh)"; @docker-agent why does web restart now\n', folder)

    assert out == "<ask><--><why><does><web><restart><now>\n"


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("@docker-agent 'two words' \"and $HOME\" a\\ b", "<ask><--><two words><and {home}><a b>\n"),
        ("false && @docker-agent no", ""),
        ("@docker-agent yes | tr a-z A-Z", "<ASK><--><YES>\n"),
        ("if @docker-agent ok; then echo fine; fi", "<ask><--><ok>\nfine\n"),
        ("@docker-agent", "<ask><-->\n"),
    ],
)
def test_bash_keeps_the_rules_of_the_shell(folder: Path, typed: str, printed: str) -> None:
    assert run(BASH, f"{FUNCTIONS['bash']}{typed}\n", folder) == printed.format(home=folder)


def test_bash_may_load_it_twice(folder: Path) -> None:
    assert run(BASH, f"{FUNCTIONS['bash'] * 2}@docker-agent {TYPED}\n", folder) == ARRIVED


def test_bash_loads_it_in_a_script_without_aliases(folder: Path) -> None:
    assert run(["bash"], f"{FUNCTIONS['bash']}@docker-agent one two\n", folder) == "<ask><--><one><two>\n"


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_passes_every_word_as_typed(folder: Path) -> None:
    assert run(["zsh", "-f"], f"setopt aliases\n{FUNCTIONS['zsh']}@docker-agent {TYPED}\n", folder) == ARRIVED


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_passes_every_plain_word(folder: Path) -> None:
    assert run(["fish", "--no-config"], f"{FUNCTIONS['fish']}@docker-agent a b -y\n", folder) == (
        "<ask><--><a><b><-y>\n"
    )


def completed(words: str, line: Line, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the completion offers for the last word of a line."""
    monkeypatch.setenv("_DOCKER_AGENT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    return line().out.split()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("docker-agent st", ["stack"]),
        ("docker-agent d", ["doctor", "diagnose"]),
        ("docker-agent compose ", ["check", "explain"]),
        ("docker-agent files ", ["list", "read", "write"]),
        ("docker-agent install shell ", ["bash", "zsh", "fish"]),
    ],
)
def test_completion_offers_commands_and_tools(
    line: Line, monkeypatch: pytest.MonkeyPatch, typed: str, offered: list[str]
) -> None:
    assert completed(typed, line, monkeypatch)[: len(offered)] == offered


def test_completion_offers_a_tool_s_options(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"--tail", "--since", "--grep"} <= set(completed("docker-agent stack logs --", line, monkeypatch))


def test_the_whole_tree_can_be_built_at_once() -> None:
    app = build(everything=True, called="")

    assert {group.name for group in app.registered_groups} >= {"stack", "compose", "files"}
