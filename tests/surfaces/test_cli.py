"""Where a command line leads, how it ends, and what its help says."""

from __future__ import annotations

import re

import pytest
from tests.command_line import Place, read_well
from tests.surfaces.conftest import NOWHERE, Line

from docker_agent.surfaces.choices import hoist
from docker_agent.surfaces.cli import route

COMMANDS = ["apply", "ask", "chat", "check", "context", "install", "log", "tools", "undo"]
DOMAINS = ["compose", "diagnose", "doctor", "files", "guide", "probe", "proxy", "reference", "release", "stack"]


@pytest.mark.parametrize(
    ("typed", "led"),
    [
        (["why does web restart?"], ["ask", "--", "why does web restart?"]),
        (["restart web", "and db"], ["ask", "--", "restart web", "and db"]),
        (["what does --privileged do"], ["ask", "--", "what does --privileged do"]),
        (["ask", "why", "--privileged", "-x"], ["ask", "--", "why", "--privileged", "-x"]),
        (["ask", "--", "--yes", "*"], ["ask", "--", "--yes", "*"]),
        (["ask", "--help"], ["ask", "--help"]),
        (["ask", "-"], ["ask", "--", "-"]),
        (["ask"], ["ask"]),
        (["log", "3"], ["log", "3"]),
        (["diagnose"], ["diagnose", "diagnose"]),
        (["diagnose", "web"], ["diagnose", "diagnose", "web"]),
        (["diagnose", "diagnose", "web"], ["diagnose", "diagnose", "web"]),
        (["diagnose", "fix", "oom", "web"], ["diagnose", "fix", "oom", "web"]),
        (["diagnose", "--help"], ["diagnose", "--help"]),
        (["guide", "crash-loop"], ["guide", "guide", "crash-loop"]),
        (["guide", "read-on", "r1"], ["guide", "read-on", "r1"]),
        (["guide", "read_on", "r1"], ["guide", "read_on", "r1"]),
        (["doctor"], ["doctor"]),
        (["stack", "logs", "web"], ["stack", "logs", "web"]),
        (["stack"], ["stack"]),
        (["--help"], ["--help"]),
        ([], []),
    ],
)
def test_the_first_word_leads(typed: list[str], led: list[str]) -> None:
    assert route(typed) == led


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("diagnos", "docker-agent diagnose"),
        ("chek", "docker-agent check"),
        ("logs", "docker-agent stack logs"),
        ("restart", "docker-agent stack restart"),
        ("undoo", "docker-agent undo"),
        ("read-on", "docker-agent guide read-on"),
    ],
)
def test_an_unknown_word_is_answered_with_what_was_meant(line: Line, word: str, meant: str) -> None:
    ended = line(word, "web")

    assert (ended.code, ended.out) == (2, "")
    assert f"Did you mean `{meant}`?" in ended.err
    assert f"docker-agent ask {word} web" in ended.err


@pytest.mark.parametrize("word", ["zzzzzz", "", "/etc/passwd", "☃", "x" * 5_000])
def test_an_unknown_word_like_nothing_else_suggests_a_prompt_only(line: Line, word: str) -> None:
    ended = line(word)

    assert ended.code == 2
    assert "Did you mean" not in ended.err
    assert f"docker-agent ask {word or 'why'}" in ended.err


@pytest.mark.parametrize(
    ("typed", "ours", "rest"),
    [
        (["stack", "list", "--json", "-C", "x"], ["--json", "-C", "x"], ["stack", "list"]),
        (["--json", "stack", "-y", "list"], ["--json", "-y"], ["stack", "list"]),
        (["diagnose", "--model=offline", "web"], ["--model=offline"], ["diagnose", "web"]),
        (
            ["--model=offline", "ask", "what", "does", "-y", "do", "-C"],
            ["--model=offline"],
            ["ask", "what", "does", "-y", "do", "-C"],
        ),
        (["stack", "logs", "ask", "--json"], ["--json"], ["stack", "logs", "ask"]),
        (["ask", "--", "--json", "-C"], [], ["ask", "--", "--json", "-C"]),
        (["--yes", "ask", "--", "--yes"], ["--yes"], ["ask", "--", "--yes"]),
        (["files", "read", "a", "--first", "2"], [], ["files", "read", "a", "--first", "2"]),
        (["--override", "a", "--override", "b,c"], ["--override", "a", "--override", "b,c"], []),
        ([], [], []),
    ],
)
def test_options_stand_anywhere_but_in_a_prompt(typed: list[str], ours: list[str], rest: list[str]) -> None:
    assert hoist(typed) == (ours, rest)


@pytest.mark.parametrize("option", ["-C", "--model", "-m", "--directory", "--override", "--max-turns"])
def test_an_option_at_the_end_without_its_value_is_named(line: Line, option: str) -> None:
    ended = line("log", option)

    assert (ended.code, ended.out) == (2, "")
    assert f"{option} needs a value" in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ("--bogus",),
        ("log", "--bogus"),
        ("--max-turns", "-1", "log"),
        ("--max-turns", "many", "log"),
        ("install", "shell", "tcsh"),
        ("ask",),
        ("apply",),
        ("stack", "nosuch"),
        ("stack", "logs"),
        ("files", "read", "a", "--first", "one"),
        ("-C", "/nonexistent", "log"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(line: Line, words: tuple[str, ...]) -> None:
    ended = line(*words)

    assert ended.code == 2
    assert "Error" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "words", [("doctor",), ("diagnose",), ("diagnose", "web"), ("stack", "list"), ("ask", "what is running")]
)
def test_without_an_engine_the_code_is_4_and_the_reason_is_a_sentence(line: Line, words: tuple[str, ...]) -> None:
    ended = line(*words)

    assert ended.code == 4
    assert f"No Docker Engine answers at {NOWHERE}" in " ".join((ended.out + ended.err).split())
    assert "Traceback" not in ended.err


def test_a_program_of_its_own_ends_the_same_way(place: Place) -> None:
    read_well(
        place.agent("diagnose"), 4, "No Docker Engine answers at unix:///nonexistent", "there is no socket", "Next:"
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("tools",), 0),
        (("context",), 0),
        (("log",), 0),
        (("guide",), 0),
        (("reference", "exit", "code", "137"), 0),
        (("reference", "qqxyzzy"), 1),
        (("files", "list"), 0),
        (("files", "read", "nosuch"), 2),
        (("files", "write", "a.txt", "text", "why"), 3),
        (("--read-only", "files", "write", "a.txt", "text", "why"), 3),
        (("compose", "check"), 2),
        (("undo",), 2),
        (("apply", "0123456789ab"), 2),
        (("--max-turns", "1", "ask", "look around"), 5),
        (("--version",), 0),
        (("--help",), 0),
    ],
)
def test_every_end_has_its_code(line: Line, words: tuple[str, ...], code: int) -> None:
    assert line(*words).code == code


@pytest.mark.parametrize("text", ["", "  ", "\n"])
@pytest.mark.parametrize("piped", [True, False])
def test_an_empty_prompt_is_no_prompt(line: Line, text: str, piped: bool) -> None:
    ended = line("ask", "-", say=text) if piped else line("ask", text)

    assert ended.code == 2
    assert "The prompt is empty." in ended.err


def test_a_prompt_may_come_from_the_input(line: Line) -> None:
    assert "stack_list" in line("ask", "-", say="what is running?\n").err


def test_broken_compose_files_are_findings_and_do_not_stop_the_agent(line: Line) -> None:
    line.write("compose.yaml", "services:\n  web:\n    image: [\n")
    assert line("log").code == 0
    assert line("compose", "check").code in {1, 2}

    line.write("compose.yaml", "services:\n  web:\n    image: web\n    privileged: true\n")
    ended = line("compose", "check")
    assert ended.code == 1
    assert "privileged" in ended.out


def test_the_help_shows_every_command_and_the_exit_codes(line: Line) -> None:
    ended = line("--help")

    listed = re.findall(r"^  ([a-z]+)  +\S", ended.out.partition("Commands:")[2], re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS + DOMAINS)
    assert "Examples:\n    docker-agent " in ended.out
    assert "3 needs approval or denied" in " ".join(ended.out.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_s_help_has_examples_on_lines_of_their_own(line: Line, command: str) -> None:
    ended = line(command, "--help")

    assert ended.code == 0
    assert "\\b" not in ended.out
    assert re.search(r"^ {2,4}(docker-agent |@docker-agent |/tools |eval )", ended.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("domain", "tool"),
    [("stack", "logs"), ("files", "write"), ("compose", "check"), ("diagnose", "fix"), ("guide", "read-on")],
)
def test_every_tool_s_help_has_an_example_and_its_parameters(line: Line, domain: str, tool: str) -> None:
    ended = line(domain, tool, "--help")

    assert ended.code == 0
    assert re.search(rf"Examples?:\s+docker-agent {domain} {tool}", ended.out)
    assert "Options that every command takes" in " ".join(ended.out.split())


def test_a_tool_s_own_examples_are_shown_line_by_line_also_where_it_shares_its_name_with_a_group(line: Line) -> None:
    for words in (("diagnose",), ("diagnose", "diagnose"), ("diagnose", "timeline"), ("probe",)):
        ended = line(*words, "--help")

        assert re.search(rf"^  Examples:\n    docker-agent {' '.join(dict.fromkeys(words))}", ended.out, re.MULTILINE)
    assert "docker-agent diagnose diagnose --help" in " ".join(line("diagnose", "--help").out.split())


@pytest.mark.parametrize("said", ["first\nBind for 0.0.0.0:80 failed: port is already allocated\n", "x" * 300_000])
def test_a_message_may_come_from_the_input(line: Line, said: str) -> None:
    ended = line("diagnose", "--message", "-", "--json", say=said)

    codes = [each["code"] for each in ended.json["data"]["findings"]]
    assert codes == (["port-allocated"] if "Bind" in said else [])


def test_a_message_that_is_empty_is_refused_with_the_next_step(line: Line) -> None:
    for words, typed in ((("--message", "-"), " \n"), (("--message", ""), "")):
        ended = line("diagnose", *words, "--json", say=typed)

        error = ended.json["error"]
        assert (ended.code, error["kind"], error["message"]) == (2, "InputError", "The message is empty.")
        assert "diagnose --message -" in error["next_step"]


def test_what_is_printed_into_a_pipe_is_plain(line: Line) -> None:
    line.write("compose.yaml", "services:\n  web:\n    image: web\n    privileged: true\n")

    for words in (("tools",), ("compose", "check"), ("doctor",), ("files", "write", "a", "b", "c"), ("ask", "hello")):
        ended = line(*words)
        assert "\x1b" not in ended.out + ended.err
        assert not any(character in ended.out + ended.err for character in "╭│╰")
