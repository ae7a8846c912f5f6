"""One prompt as a person or a program sees it: words on standard output, work on standard error, the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.doors import Says
from tests.sessions import SECRET, call, calls, open_shop, says, shop

from docker_agent.agent.model import Text, Turn, Usage
from docker_agent.core.errors import BudgetSpent, InputError, ModelFailed
from docker_agent.policy.permit import Mode
from docker_agent.surfaces.choices import Choices
from docker_agent.surfaces.conversation import ask_once

WRITE = call("files_write", path="a.txt", content="one", why="asked")
Printed = pytest.CaptureFixture[str]


def test_words_go_to_standard_output_and_work_to_standard_error(tmp_path: Path, capsys: Printed) -> None:
    turns = [Turn((Text("Looking."), call("stack_list")), "tool_use", Usage(input=1_200, output=30)), says("All well.")]

    code = ask_once(Choices(), open_shop(tmp_path, turns), "is all well?")

    out, err = capsys.readouterr()
    assert (code, out) == (0, "Looking.\nAll well.\n")
    assert "> stack_list" in err
    assert "scripted: 2 turns, 1200 in, 30 out, 0 from cache, free" in err


def test_quiet_leaves_the_answer_and_what_it_cost(tmp_path: Path, capsys: Printed) -> None:
    ask_once(Choices(quiet=True), open_shop(tmp_path, [calls(call("stack_list")), says("Fine.")]), "well?")

    out, err = capsys.readouterr()
    assert out == "Fine.\n"
    assert "stack_list" not in err


@pytest.mark.parametrize(
    ("uses", "code"),
    [
        ((call("stack_list"),), 0),
        ((call("stack_list", nosuch=1),), 2),
        ((WRITE,), 3),
        ((call("files_read", 1, path="nosuch"), call("stack_list", 2)), 0),
        ((call("stack_list", 1), call("files_read", 2, path="nosuch")), 2),
        ((), 0),
    ],
)
def test_the_code_is_the_last_call_s(tmp_path: Path, uses: tuple[object, ...], code: int) -> None:
    turns = [calls(use) for use in uses if isinstance(use, type(WRITE))]

    assert ask_once(Choices(), open_shop(tmp_path, [*turns, says("Done.")]), "go") == code


@pytest.mark.parametrize("yes", [True, False])
def test_a_change_is_shown_asked_for_and_its_end_is_the_code(tmp_path: Path, yes: bool) -> None:
    root = (tmp_path / "shop").resolve()
    world = shop(root)
    asked = Says(yes=yes)
    session = open_shop(tmp_path, [calls(WRITE), says("Done.")], world=world, mode=Mode("terminal"), approver=asked)

    assert ask_once(Choices(), session, "write it") == (0 if yes else 3)
    assert (root / "a.txt" in world.files) is yes
    assert len(asked.asked) == 1


def test_what_a_model_says_cannot_play_with_the_terminal(tmp_path: Path, capsys: Printed) -> None:
    use = call("files_read", path="\x1b]0;owned\x07[bold]x")
    session = open_shop(tmp_path, [Turn((Text("\x1b[2Jhi\u202e"), use), "tool_use"), says("bye")])

    ask_once(Choices(), session, "go")

    out, err = capsys.readouterr()
    assert not {"\x1b", "\x07", "\u202e"} & set(out + err)
    assert out == "hi\nbye\n"
    assert "[bold]x" in err


def test_arguments_with_a_secret_are_shown_masked(tmp_path: Path, capsys: Printed) -> None:
    use = call("files_write", path="a.txt", content=f"password={SECRET}", why="asked")

    ask_once(Choices(), open_shop(tmp_path, [calls(use), says("Saved.")]), "go")

    assert SECRET not in "".join(capsys.readouterr())


def test_json_is_one_object_with_every_call(tmp_path: Path, capsys: Printed) -> None:
    use = call("files_write", 2, path="a.txt", content=f"password={SECRET}", why="asked")
    turns = [calls(call("stack_list", 1)), calls(use), says(f"The password is {SECRET}.")]

    code = ask_once(Choices(json=True), open_shop(tmp_path, turns), "go")

    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (code, told["version"], told["ok"], told["exit_code"], err) == (3, 1, False, 3, "")
    assert [(entry["tool"], entry["ok"]) for entry in told["calls"]] == [("stack_list", True), ("files_write", False)]
    assert told["calls"][1]["data"]["status"] == "saved"
    assert told["answer"] == "The password is <secret:DB_PASSWORD>."
    assert SECRET not in out


@pytest.mark.parametrize(
    ("turns", "error"),
    [
        ((), ModelFailed),
        ((calls(call("stack_list")),), ModelFailed),
        ((Turn((), "refusal", detail="policy"),), ModelFailed),
        ((calls(call("stack_list")),) * 50, BudgetSpent),
    ],
)
def test_a_model_that_fails_is_an_error_of_code_5(
    tmp_path: Path, capsys: Printed, turns: tuple[Turn, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        ask_once(Choices(), open_shop(tmp_path, turns), "go")
    assert "scripted:" in capsys.readouterr().err

    assert ask_once(Choices(json=True), open_shop(tmp_path, turns), "go") == 5
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["error"]["kind"], told["exit_code"]) == (False, error.__name__, 5)


@pytest.mark.parametrize("prompt", ["", " ", "\n\t"])
def test_an_empty_prompt_never_reaches_the_model(tmp_path: Path, prompt: str) -> None:
    with pytest.raises(InputError, match="empty"):
        ask_once(Choices(), open_shop(tmp_path), prompt)


def test_ctrl_c_is_passed_on_and_the_conversation_can_go_on(tmp_path: Path, capsys: Printed) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    approver = Says(yes=True, meanwhile=stop)
    session = open_shop(
        tmp_path, [calls(WRITE, call("stack_list", 2)), says("Again.")], mode=Mode("terminal"), approver=approver
    )

    with pytest.raises(KeyboardInterrupt):
        ask_once(Choices(), session, "go")

    assert ask_once(Choices(), session, "again") == 0
    assert capsys.readouterr().out == "Again.\n"
