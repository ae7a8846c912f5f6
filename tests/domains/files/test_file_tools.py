"""The tools for the project's files, on real folders and through the door where masks count."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.sessions import SECRET, open_shop, shop

from docker_agent.core.errors import AgentError, InputError
from docker_agent.core.plan import Plan, Risk, Write
from docker_agent.domains.files.list import MOST
from docker_agent.domains.files.list import list as list_files
from docker_agent.domains.files.read import MOST_LINES, read
from docker_agent.domains.files.write import write
from docker_agent.host.engine import connect
from docker_agent.policy.permit import Mode
from docker_agent.project.context.model import EMPTY
from docker_agent.project.workspace import Workspace


@pytest.fixture
def here(tmp_path: Path) -> Workspace:
    """A project on a real disk."""
    root = tmp_path / "shop"
    (root / "web" / ".git").mkdir(parents=True)
    (root / "node_modules").mkdir()
    (root / "web" / "Dockerfile").write_text("FROM scratch\n")
    (root / "web" / ".git" / "Dockerfile.x").touch()
    (root / "node_modules" / "Dockerfile").touch()
    (root / "lines.txt").write_text("".join(f"line {number}\n" for number in range(1, 5_001)))
    (tmp_path / "outside.txt").write_text("outside")
    host = connect({"DOCKER_HOST": "unix:///nonexistent/docker.sock"}, seen=lambda _container: None)
    return Workspace(host=host.reads, root=root, context=EMPTY, project="shop")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("**/Dockerfile*", ("web/Dockerfile",)),
        ("*", ("lines.txt",)),
        ("*.txt", ("lines.txt",)),
        ("web/*", ("web/Dockerfile",)),
        ("nosuch*", ()),
        ("", ()),
        ("/etc/*", ()),
        ("../*", ()),
        ("../**/*.txt", ()),
        ("[", ()),
        ("a\x00b", ()),
        ("***", ()),
    ],
)
def test_files_are_found_by_a_glob_inside_the_project_only(
    here: Workspace, pattern: str, found: tuple[str, ...]
) -> None:
    answer = list_files.function(here, pattern)

    assert (answer.files, answer.left_out) == (found, 0)


def test_a_long_list_says_how_many_more_there_are(here: Workspace) -> None:
    for number in range(MOST + 7):
        (here.root / f"{number:04d}.log").touch()

    answer = list_files.function(here, "*.log")

    assert (len(answer.files), answer.files[0], answer.left_out) == (MOST, "0000.log", 7)


@pytest.mark.parametrize(
    ("first", "lines", "begin", "count"),
    [
        (1, 400, "line 1", 400),
        (4_999, 400, "line 4999", 2),
        (5_000, 1, "line 5000", 1),
        (1, 1_000_000, "line 1", MOST_LINES),
        (1, 0, "line 1", 1),
        (1, -5, "line 1", 1),
    ],
)
def test_lines_are_read_from_a_place(here: Workspace, first: int, lines: int, begin: str, count: int) -> None:
    answer = read.function(here, "lines.txt", first, lines)

    assert (answer.first, answer.total) == (first, 5_000)
    read_lines = answer.text.splitlines()
    assert (read_lines[0], len(read_lines)) == (begin, count)


@pytest.mark.parametrize("first", [0, -1, 5_001])
def test_a_line_that_is_not_there_is_refused_with_how_many_there_are(here: Workspace, first: int) -> None:
    with pytest.raises(InputError, match="5000 lines"):
        read.function(here, "lines.txt", first)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"no end", "no end"),
        (b"a\r\nb\r\n", "a\nb"),
        (b"\xef\xbb\xbfbom", "\ufeffbom"),
        (b"\xff\xfe latin", "\ufffd\ufffd latin"),
        ("né ☃".encode(), "né ☃"),
    ],
)
def test_any_text_is_read(here: Workspace, data: bytes, text: str) -> None:
    (here.root / "odd.txt").write_bytes(data)

    assert read.function(here, "odd.txt").text == text


@pytest.mark.parametrize(
    "path",
    ["../outside.txt", "/etc/passwd", "web/../../outside.txt", "link.txt", "nosuch", "", ".", "web", "binary", "fifo"],
)
def test_what_is_no_text_file_of_the_project_is_refused(here: Workspace, path: str) -> None:
    (here.root / "link.txt").symlink_to(here.root.parent / "outside.txt")
    (here.root / "binary").write_bytes(b"\x7fELF\0\0")
    os.mkfifo(here.root / "fifo")

    with pytest.raises(InputError):
        read.function(here, path)


@pytest.mark.parametrize("path", ["a\x00b", "x" * 5_000, "\ud800", "loop/x"])
def test_an_impossible_name_is_an_error_of_ours(here: Workspace, path: str) -> None:
    (here.root / "loop").symlink_to(here.root / "loop")

    with pytest.raises(AgentError):
        read.function(here, path)
    with pytest.raises(AgentError):
        write.function(here, path, "x", "asked")


def test_writing_is_planned_and_nothing_is_written(here: Workspace) -> None:
    plan: Plan = write.function(here, "new/a.txt", "one\n", "To remember.")

    assert plan.steps == (
        Write(path="new/a.txt", content="one\n", before="", why="To remember.", touches=("file:new/a.txt",)),
    )
    assert (plan.title, plan.reason, plan.risk, plan.project) == (
        "Create new/a.txt",
        "To remember.",
        Risk.CHANGE,
        "shop",
    )
    assert not (here.root / "new").exists()


def test_changing_a_file_names_what_it_was_made_from(here: Workspace) -> None:
    plan: Plan = write.function(here, "web/../lines.txt", "one\n", "asked")

    step = plan.steps[0]
    assert isinstance(step, Write)
    assert (plan.title, step.path) == ("Change lines.txt", "lines.txt")
    assert step.before == hashlib.sha256((here.root / "lines.txt").read_bytes()).hexdigest()


@pytest.mark.parametrize("path", ["../a", "/etc/passwd", "", ".", "web", "link/a"])
def test_writing_outside_or_over_a_folder_is_refused(here: Workspace, path: str) -> None:
    (here.root / "link").symlink_to(here.root.parent)

    with pytest.raises(InputError):
        write.function(here, path, "x", "asked")


def test_secrets_are_read_as_masks_and_written_back_as_values(tmp_path: Path) -> None:
    world = shop((tmp_path / "shop").resolve())
    session = open_shop(tmp_path, world=world, mode=Mode(yes=True))
    text: str = session.call("files_read", {"path": ".env"}).data["text"]
    assert text == "DB_PASSWORD=<secret:DB_PASSWORD>"

    outcome = session.call("files_write", {"path": ".env", "content": f"{text}\nMORE=1\n", "why": "asked"})

    assert outcome.exit_code == 0
    assert world.files[session.workspace.root / ".env"] == f"DB_PASSWORD={SECRET}\nMORE=1\n".encode()
    assert SECRET not in repr(outcome)


def test_lines_of_a_secret_of_several_lines_are_not_read_one_by_one(here: Workspace) -> None:
    (here.root / "key.pem").write_text("first\n-----\nhalf\nother half\n-----\nlast\n")

    def hide(text: str) -> str:
        return text.replace("-----\nhalf\nother half\n-----", "<secret:KEY>")

    ws = replace(here, mask=hide)

    assert read.function(ws, "key.pem", 2, 1).text == "<secret:KEY>"
    assert "half" not in read.function(ws, "key.pem", 3, 9).text


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + "/a", "lines.txt/below"])
def test_a_name_that_no_file_can_have_is_refused(here: Workspace, name: str) -> None:
    with pytest.raises(InputError):
        write.function(here, name, "x", "asked")


def test_a_file_that_is_there_and_cannot_be_read_is_not_planned_as_new(here: Workspace) -> None:
    os.mkfifo(here.root / "fifo")

    with pytest.raises(InputError, match="not a regular file"):
        write.function(here, "fifo", "x", "asked")


@pytest.mark.parametrize("path", [".project-context.md", "web/.project-context.md", ".PROJECT-CONTEXT.md"])
def test_the_projects_context_needs_an_own_yes(here: Workspace, path: str) -> None:
    plan: Plan = write.function(here, path, "# Shop\n", "asked")

    assert plan.foreign == (f"file:{path} (policies and reach of the agent)",)


WEB = "services: {web: {image: x}}\n"
BROKEN = "services: [\n"


@pytest.mark.parametrize(
    ("there", "path", "content", "grave"),
    [
        ({}, "compose.yaml", WEB, False),
        ({}, "compose.yaml", "name: shop\n" + WEB, False),
        ({}, "compose.yaml", "name: blog\n" + WEB, True),
        ({"compose.yaml": WEB}, "compose.yaml", WEB + "# more\n", False),
        ({"compose.yaml": WEB}, "compose.yaml", "name: blog\n" + WEB, True),
        ({"compose.yaml": BROKEN}, "compose.yaml", "name: blog\n" + WEB, True),
        ({"compose.yaml": BROKEN}, "compose.yaml", WEB, False),
        ({"compose.yaml": WEB}, "compose.yaml", BROKEN, False),
        ({"compose.yaml": WEB}, "compose.override.yml", WEB, True),
        ({"compose.yaml": WEB}, ".env", "TAG=1\n", False),
        ({"compose.yaml": WEB}, ".env", "COMPOSE_PROJECT_NAME=blog\n", True),
        ({"compose.yaml": WEB}, ".env", "COMPOSE_PROJECT_NAME=shop\n", False),
        ({"compose.yaml": WEB, "x.yml": WEB}, ".env", "COMPOSE_FILE=x.yml\n", True),
        ({"compose.yaml": BROKEN, "x.yml": WEB}, ".env", "COMPOSE_FILE=x.yml\n", True),
        ({"x.yml": WEB}, ".env", "COMPOSE_FILE=x.yml\n", True),
        ({"compose.yaml": WEB}, "web/other.txt", "name: blog\n", False),
    ],
)
def test_another_name_or_list_of_files_needs_an_own_yes(
    here: Workspace, there: dict[str, str], path: str, content: str, grave: bool
) -> None:
    for name, text in there.items():
        (here.root / name).write_text(text)

    plan: Plan = write.function(here, path, content, "asked")

    assert grave == bool(plan.foreign)
