"""The house rules that a reader should be able to rely on: floors, sizes, names, docstrings."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "docker_agent"
FILES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"anthropic", "mcp", "a2a"}
COMES_WITH = {"httpx2": "anthropic"}
BANNED_WORDS = {"utils", "util", "helpers", "helper", "manager", "service", "base", "common", "misc"}
MAX_LINES, MAX_FUNCTION_LINES, MAX_PARAMETERS, MAX_COMMENT_SHARE = 300, 60, 7, 0.04
LINES_TOLERATED = 15

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@cache
def text_of(path: Path) -> str:
    return path.read_text()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree_of(path)))


@cache
def functions(path: Path) -> tuple[Function, ...]:
    return tuple(node for node in nodes_of(path) if isinstance(node, Function))


def body_lines(function: Function) -> int:
    doc = ast.get_docstring(function) or ""
    return (function.end_lineno or 0) - function.lineno + 1 - len(doc.splitlines())


def is_tool(function: Function) -> bool:
    calls = [entry.func for entry in function.decorator_list if isinstance(entry, ast.Call)]
    return any(isinstance(call, ast.Name) and call.id == "tool" for call in calls)


def imported(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node, node.module or ""


def sizes(file: Path) -> None:
    long_functions = [function.name for function in functions(file) if body_lines(function) > MAX_FUNCTION_LINES]

    assert len(text_of(file).splitlines()) <= MAX_LINES + LINES_TOLERATED
    assert long_functions == []


def parameters(file: Path) -> None:
    if file.name == "cli.py":
        return  # its parameters are the command line's options
    many = [
        function.name
        for function in functions(file)
        if not is_tool(function)
        and len([argument for argument in function.args.args if argument.arg not in {"self", "cls"}])
        + len(function.args.kwonlyargs)
        > MAX_PARAMETERS
    ]

    assert many == []


def public_parts(node: ast.Module | ast.ClassDef) -> Iterator[ast.ClassDef | Function]:
    """Public classes and functions, and the public methods of public classes; nothing inside functions."""
    for inner in node.body:
        if isinstance(inner, Function | ast.ClassDef) and not inner.name.startswith("_"):
            yield inner
            if isinstance(inner, ast.ClassDef):
                yield from public_parts(inner)


def docstrings_begin_with_a_sentence(file: Path) -> None:
    tree = tree_of(file)
    first_lines = {"module": ast.get_docstring(tree)} | {
        part.name: ast.get_docstring(part) for part in public_parts(tree)
    }
    missing = [
        name for name, doc in first_lines.items() if not (doc or "").split("\n\n")[0].rstrip().endswith((".", ":", "?"))
    ]

    assert missing == []


def names(file: Path) -> None:
    # A rule is called as its policy is, and there a service is one of Compose's.
    banned = BANNED_WORDS - {"service"} if file.parent.name == "rules" else BANNED_WORDS
    assert not banned & set(file.stem.split("_"))


def imports_stand_at_the_top_and_on_their_floor(file: Path) -> None:
    tree = tree_of(file)
    top = {id(node) for node in tree.body} | {
        id(inner) for node in tree.body if isinstance(node, ast.If | ast.Try) for inner in ast.walk(node)
    }
    late = [
        name
        for node, name in imported(file)
        if id(node) not in top and name.split(".")[0] not in HEAVY | COMES_WITH.keys()
    ]
    roots = {name.split(".")[0] for _, name in imported(file)}
    heavy = HEAVY & roots

    assert late == []
    assert not roots & {"docker", "subprocess"} or file.parent.name == "host"
    assert not heavy or {f"{name}.py" for name in heavy} == {file.name}


@pytest.mark.parametrize(
    "hold",
    [sizes, parameters, docstrings_begin_with_a_sentence, names, imports_stand_at_the_top_and_on_their_floor],
    ids=lambda hold: hold.__name__,
)
def test_every_file_keeps_the_rule(hold: Callable[[Path], None]) -> None:
    wrong: list[str] = []
    for file in FILES:
        try:
            hold(file)
        except AssertionError as error:
            wrong.append(f"{name_of(file)}: {error}")
    assert not wrong, "\n\n".join(wrong)


def test_comments_are_rare() -> None:
    statements = sum(isinstance(node, ast.stmt) for file in FILES for node in nodes_of(file))
    comments = sum(
        token.type == tokenize.COMMENT
        for file in FILES
        if "#" in text_of(file)
        for token in tokenize.generate_tokens(io.StringIO(text_of(file)).readline)
    )

    assert comments / statements <= MAX_COMMENT_SHARE


def test_a_tool_is_named_as_its_file() -> None:
    for file in FILES:
        if "domains" in file.parts:
            tools = [function.name for function in functions(file) if is_tool(function)]
            assert tools in ([], [file.stem])


def test_the_command_line_loads_nothing_heavy() -> None:
    code = "import sys, docker_agent.surfaces.cli; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert not {"pydantic", "rich", "docker", "anthropic", "yaml", "jinja2", "httpx2"} & set(loaded)
