from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.host.fake import World
from docker_agent.host.files import read_file
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.dotenv import parse_dotenv
from docker_agent.project.stack import (
    Stack,
    compose_argv,
    find_stack,
    normalize_name,
    open_stack,
    project_name,
    stack_of,
)
from docker_agent.project.stack_inputs import inputs_of
from docker_agent.project.workspace import Workspace

ROOT = Path("/srv/My Shop.2")
WEB = b"services: {web: {image: x}}"


def world_of(**files: bytes | str) -> World:
    found = {ROOT / name.replace("__", "/"): data for name, data in files.items()}
    return World(files={path: data if isinstance(data, bytes) else data.encode() for path, data in found.items()})


def find(files: Mapping[str, bytes], *named: str, environment: Mapping[str, str] | None = None) -> Stack | None:
    reads = World(files={ROOT / name: data for name, data in files.items()}).host.reads
    return find_stack(
        ROOT, context_files=named, read=reads.read_file, find=reads.find_files, environment=environment or {}
    )


def names(stack: Stack | None) -> list[str]:
    assert stack
    return [str(path.relative_to(ROOT)) for path in stack.files]


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (["compose.yaml", "compose.yml", "docker-compose.yml"], ["compose.yaml"]),
        (["docker-compose.yaml", "compose.yml"], ["compose.yml"]),
        (["docker-compose.yaml", "docker-compose.yml"], ["docker-compose.yml"]),
        (["docker-compose.yaml"], ["docker-compose.yaml"]),
        (["compose.yaml", "compose.override.yml"], ["compose.yaml", "compose.override.yml"]),
        (["compose.yaml", "docker-compose.override.yaml"], ["compose.yaml", "docker-compose.override.yaml"]),
    ],
)
def test_files_are_found_in_the_order_of_compose(there: list[str], expected: list[str]) -> None:
    assert expected == names(find(dict.fromkeys(there, WEB)))


def test_no_files_no_stack() -> None:
    assert find({}) is None
    assert find({"compose.override.yml": WEB, ".env": b"A=1"}) is None


def test_compose_file_variable_names_the_files() -> None:
    files = dict.fromkeys(["a.yml", "b.yml", "compose.yml"], WEB)
    assert names(find(files, environment={"COMPOSE_FILE": "a.yml:b.yml"})) == ["a.yml", "b.yml"]
    both = {"COMPOSE_FILE": "b.yml,a.yml", "COMPOSE_PATH_SEPARATOR": ","}
    assert names(find(files, environment=both)) == ["b.yml", "a.yml"]
    assert names(find({**files, ".env": b"COMPOSE_FILE=a.yml\n"}, "b.yml")) == ["a.yml"]
    with pytest.raises(InputError, match="outside the project"):
        find(files, environment={"COMPOSE_FILE": "../other.yml"})


def test_context_names_files_and_globs() -> None:
    files = dict.fromkeys(["deploy/b.yml", "deploy/a.yml", "compose.yml"], WEB)
    assert names(find(files, "./deploy/b.yml")) == ["deploy/b.yml"]
    assert names(find(files, "deploy/*.yml")) == ["deploy/a.yml", "deploy/b.yml"]
    assert names(find(files, "nothing/*.yml")) == ["compose.yml"]
    with pytest.raises(InputError, match=r"gone\.yml is named in the project context"):
        find(files, "gone.yml")
    with pytest.raises(InputError, match="outside the project"):
        find(files, "/etc/passwd")


@pytest.mark.parametrize(
    ("data", "environment", "expected"),
    [
        ({"compose.yml": WEB}, {}, "myshop2"),
        ({"compose.yml": b"name: shop\n" + WEB}, {}, "shop"),
        ({"compose.yml": b"name: shop\n" + WEB, ".env": b"COMPOSE_PROJECT_NAME=fromfile"}, {}, "fromfile"),
        (
            {"compose.yml": WEB, ".env": b"COMPOSE_PROJECT_NAME=fromfile"},
            {"COMPOSE_PROJECT_NAME": "fromshell"},
            "fromshell",
        ),
        ({"compose.yml": b"name: ${N:-dflt}-x\n" + WEB}, {"N": "sh"}, "sh-x"),
    ],
)
def test_project_names(data: dict[str, bytes], environment: dict[str, str], expected: str) -> None:
    stack = find(data, environment=environment)
    assert stack
    assert expected == stack.name


def test_names_are_made_as_compose_does() -> None:
    assert normalize_name("__-A.b_C-1 é") == "ab_c-1"
    assert project_name(ROOT, {}) == "myshop2"
    assert project_name(ROOT, {"COMPOSE_PROJECT_NAME": "given"}) == "given"


def test_a_broken_file_still_names_its_project(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("# ours\nname: 'shop'  # for all\nservices:\n  web: [\n")
    assert project_name(tmp_path, {}) == "shop"
    (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=given\n")
    assert project_name(tmp_path, {}) == "given"
    (tmp_path / ".env").unlink()
    (tmp_path / "compose.yml").write_text("services:\n  name: other\n  web: [\n")
    assert project_name(tmp_path, {}) == normalize_name(tmp_path.name)


def test_variables_come_from_the_shell_then_from_the_file() -> None:
    files = {"compose.yml": b"services: {web: {image: '${A}-${B}-${C:-c}'}}", ".env": b"A=1\nB=2\n"}
    stack = find(files, environment={"B": "shell"})
    assert stack
    assert stack.model.services["web"].image == "1-shell-c"
    assert stack.variables == {"A": "1", "B": "2"}


def test_argv_names_exactly_this_stack() -> None:
    stack = find({"compose.yml": WEB, "compose.override.yml": WEB})
    assert stack
    files = ("-f", f"{ROOT}/compose.yml", "-f", f"{ROOT}/compose.override.yml")
    head = ("docker", "compose", "--project-directory", str(ROOT))
    assert (*head, *files, "-p", "myshop2", "up", "-d") == compose_argv(stack, "up", "-d")


def test_a_workspace_has_its_stack() -> None:
    world = world_of(**{"deploy__a.yml": "services: {one: {image: x}}", "b.yml": "services: {two: {image: x}}"})
    ws = Workspace(host=world.host.reads, root=ROOT, context=ProjectContext(compose_files=("deploy/a.yml",)))
    stack, other = stack_of(ws), stack_of(ws, files=["b.yml"])
    assert stack
    assert other
    assert (list(stack.model.services), list(other.model.services)) == (["one"], ["two"])
    assert stack.directory == ROOT / "deploy"
    assert str(stack.model.key_place(("services", "one"))) == "deploy/a.yml:1:12"
    with pytest.raises(InputError, match="outside the project"):
        stack_of(ws, files=["../b.yml"])


def test_missing_files_are_named() -> None:
    reads = World().host.reads
    with pytest.raises(InputError, match=r"gone\.yml"):
        open_stack(ROOT, [ROOT / "gone.yml"], read=reads.read_file, environment={})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\nB = 2\nexport C=3\nD: 4\n", {"A": "1", "B": "2", "C": "3", "D": "4"}),
        ("# A=1\n\n   # x\nB=2", {"B": "2"}),
        ("A=a b # c\nB=a#b\nC=\nD=#x", {"A": "a b", "B": "a#b", "C": "", "D": "#x"}),
        ("A='$X # \\n'\nB=\"a # b\" # c", {"A": "$X # \\n", "B": "a # b"}),
        ('A="1\\n\\t\\"\\$B\\\\"', {"A": '1\n\t"$B\\'}),
        ("A='one\ntwo'\nB=\"three\nfour\"\nC=5", {"A": "one\ntwo", "B": "three\nfour", "C": "5"}),
        ('A=1\nB=${A}2\nC="$B"3'.replace('"3', '"'), {"A": "1", "B": "12", "C": "12"}),
        ("A=${NONE:-d}\nB=${SHELL_SET}\nC=$$x", {"A": "d", "B": "sh", "C": "$x"}),
        ("SHELL_SET\nOTHER\nA=1", {"SHELL_SET": "sh", "A": "1"}),
        ("\ufeffA=1\r\nB='2'\r\n", {"A": "1", "B": "2"}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=p@ss=w0rd", {"A": "p@ss=w0rd"}),
        ("A=1\n=2", {"A": "1"}),
        ("A='x'B=\"y\"z\nC=3 ", {"A": "x", "B": "y", "C": "3"}),
        ("\xa0A\xa0=1\n\x0bB=2\x0c", {"A": "1", "B": "2"}),
        ("", {}),
    ],
)
def test_dotenv_files(text: str, expected: dict[str, str]) -> None:
    assert expected == parse_dotenv(text.encode(), ".env", {"SHELL_SET": "sh"})


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"A=1\nB='secret99", ".env:2:3:"),
        (b'A="secret99', ".env:1:3:"),
        (b"two words=secret99", ".env:1:1:"),
        (b"A='x' secret99 x\n", ".env:1:7:"),
        (b"A/B=secret99", ".env:1:1:"),
        (b"A=${secret99", ".env:1:3:"),
    ],
)
def test_dotenv_files_that_are_none(data: bytes, where: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_dotenv(data, ".env", {})
    assert caught.value.message.startswith(where)
    assert "secret99" not in str(caught.value)


def test_bytes_of_a_dotenv_file_that_are_no_text_do_not_hide_the_rest() -> None:
    assert parse_dotenv(b"A=\xff\nB=2", ".env", {}) == {"A": "\ufffd", "B": "2"}


def test_inputs_are_all_files_that_compose_reads() -> None:
    main = (
        "include: [more.yml, {path: [a/b.yml], env_file: a/.env}]\n"
        "services: {web: {image: x, env_file: [web.env, ../up.env, nosuch.env], extends: {file: base.yml, service: y}}}"
    )
    there = {
        "compose.yml": main,
        "compose.override.yml": "services: {web: {init: true}}",
        ".env": "A=1",
        "web.env": "B=2",
        "../up.env": "C=3",
        "more.yml": "include: [deep/c.yml]",
        "deep/c.yml": "services: {c: {image: x, env_file: c.env}}",
        "deep/c.env": "D=1",
        "a/b.yml": "services: {}",
        "base.yml": "services: {y: {image: z}}",
    }
    files = {Path(os.path.normpath(ROOT / name)): text.encode() for name, text in there.items()}
    reads = World(files=files).host.reads
    stack = find_stack(ROOT, read=reads.read_file, find=reads.find_files, environment={})
    assert stack
    expected = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in there.items()}
    assert {**expected, "nosuch.env": "", "a/.env": "", "deep/.env": ""} == inputs_of(stack, reads.read_file)


def test_an_env_file_that_is_not_there_yet_is_an_input_too() -> None:
    stack = find({"compose.yml": WEB})
    assert stack
    assert inputs_of(stack, World().host.reads.read_file) == {
        "compose.yml": hashlib.sha256(WEB).hexdigest(),
        ".env": "",
    }


def test_an_input_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "web.env").mkdir()
    (tmp_path / "compose.yml").write_text("services: {web: {image: x, env_file: web.env}}")
    stack = find_stack(tmp_path, environment={})
    assert stack
    with pytest.raises(InputError, match="not a regular file"):
        inputs_of(stack, read_file)


@pytest.mark.parametrize(
    ("name", "environment", "said"),
    [
        ('"***"', {}, ["2:7"]),
        ("${NOWHERE_SET}", {}, ["2:7"]),
        ('"***"', {"COMPOSE_PROJECT_NAME": "shop"}, []),
        ("shop", {"COMPOSE_PROJECT_NAME": "My shop"}, ["2:7"]),
        ("shop", {"COMPOSE_PROJECT_NAME": "-shop"}, ["2:7"]),
        ("My_Shop", {}, []),
        ('""', {}, []),
    ],
)
def test_names_that_are_none_are_refused(name: str, environment: dict[str, str], said: list[str]) -> None:
    text = f"services: {{a: {{image: x}}}}\nname: {name}\n".encode()
    model = open_stack(Path("/srv/x"), [Path("/srv/x/compose.yml")], read=lambda _: text, environment=environment).model
    assert [f"{problem.place.line}:{problem.place.column}" for problem in model.problems] == said
