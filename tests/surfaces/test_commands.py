"""What the commands that are not tools show to a person."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.surfaces.conftest import Line

from docker_agent.surfaces.entry import main

CONTEXT = """\
# Shop

## Docker Configuration

- **Reverse proxy**: traefik v3.1
- **Compose files**: compose.yaml
- **Security policies**: root_user=error, latest_tag=sometimes

### Policies

- nosuch_rule_at_all: error
"""


def test_a_context_is_shown_as_it_was_understood(line: Line) -> None:
    line.write(".project-context.md", CONTEXT.partition("- **Security")[0])
    line.write("compose.yaml", "name: till\nservices:\n  web:\n    image: web:1\n")

    ended = line("context")

    assert (ended.code, ended.err) == (0, "")
    assert "reverse proxy: traefik" in ended.out
    assert "compose project: till" in ended.out
    assert ".project-context.md" in ended.out


def test_what_was_not_understood_is_shown_with_its_line_and_the_code_says_so(line: Line) -> None:
    line.write(".project-context.md", CONTEXT)

    ended = line("context")
    told = line("context", "--json").json

    assert ended.code == 1
    assert told["ok"] is False
    lines = {mistake["line"] for mistake in told["mistakes"]}
    assert 7 in lines
    assert "sometimes" in ended.out


def test_without_a_context_it_says_how_to_write_one(line: Line) -> None:
    ended = line("context")

    assert ended.code == 0
    assert "write .project-context.md" in ended.out


def test_a_context_from_a_folder_above_counts(line: Line) -> None:
    line.write(".project-context.md", CONTEXT.partition("- **Security")[0])
    (line.root / "deep").mkdir()

    assert "traefik" in line("-C", "deep", "context").out


def test_the_log_lists_what_was_changed_and_what_waits(line: Line) -> None:
    assert "nothing was changed here yet" in line("log").out

    line("files", "write", "a.txt", "one", "first", "--yes")
    line("files", "write", "b.txt", "two", "second")
    shown = line("log").out

    assert "Create a.txt" in shown
    assert "applied" in shown
    assert "nothing to verify" in shown
    assert "Create b.txt" in shown.partition("plans waiting")[2]


def test_a_plan_is_shown_on_standard_error_and_quiet_hides_progress_only(line: Line) -> None:
    ended = line("files", "write", "a.txt", "one", "first", "--yes")
    assert "PLAN Create a.txt" in ended.err
    assert "| +one" in ended.err
    assert "[1/1] first" in ended.err
    assert "PLAN" not in ended.out

    quiet = line("files", "write", "b.txt", "two", "second", "--yes", "--quiet")
    assert "PLAN Create b.txt" in quiet.err
    assert "[1/1]" not in quiet.err


def test_undo_of_a_change_that_somebody_went_on_from_is_stopped(line: Line) -> None:
    line("files", "write", "a.txt", "one", "first", "--yes")
    line.write("a.txt", "somebody else's work")

    ended = line("undo", "--yes")

    assert ended.code == 2
    assert "changed since" in ended.err
    assert (line.root / "a.txt").read_text() == "somebody else's work"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"title": 3}', '{"title": "x", "steps": [{"kind": "shell"}]}'])
def test_a_file_that_is_no_plan_is_not_applied(line: Line, content: str) -> None:
    line.write("plan.json", content)

    ended = line("apply", "plan.json", "--yes")

    assert ended.code == 2
    assert "is not a plan" in ended.err


def test_a_prompt_that_wants_a_change_saves_a_plan_that_is_applied_by_its_digest(line: Line) -> None:
    line.write("compose.yaml", "services:\n  web:\n    image: web:1\n")
    before = (line.root / "compose.yaml").read_text()

    ended = line("ask", "fix my compose file")

    assert ended.code == 3
    assert (line.root / "compose.yaml").read_text() == before
    command = re.search(r"docker-agent (apply [0-9a-f]{12})", ended.out)
    assert command is not None
    assert line(*command[1].split(), "--yes").code == 0
    assert "restart: unless-stopped" in (line.root / "compose.yaml").read_text()
    assert line("undo", "--yes").code == 0
    assert (line.root / "compose.yaml").read_text() == before


class Stopping(tuple[str, ...]):
    """Words while which are read the person presses Ctrl-C."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        raise KeyboardInterrupt


def test_ctrl_c_before_anything_runs_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="130"):
        main(Stopping())
    assert capsys.readouterr().err == "Stopped by Ctrl-C.\n"
