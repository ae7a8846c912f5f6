"""Bad input of every kind, with no engine: one clear sentence, a next step, the right exit code, nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.agent.wire import WireFake, breaks, http_error, text, tool
from tests.command_line import AGENT, EXAMPLES, Done, Place, make_place, read_well

from docker_agent.surfaces.cli import main

COMPOSE = EXAMPLES / "broken" / "crash-loop" / "compose.yml"
GOOD = "services:\n  web:\n    image: docker-agent-lab/busybox:1\n"
WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner", "--inh-caps=-all")


class Here:
    """Runs the command line in this process, in the folder of a place: quick, for what needs no process of its own."""

    def __init__(self, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = place.root
        self._capsys = capsys

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file of the project."""
        (self.root / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def __call__(self, *words: str) -> Done:
        """Run docker-agent."""
        with pytest.raises(SystemExit) as ended:
            main(words)
        shown = self._capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return Done(words, code, shown.out, shown.err)


@pytest.fixture
def here(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """The command line in an empty project where no engine answers."""
    monkeypatch.chdir(place.root)
    for name in set(os.environ) - set(place.environment):
        monkeypatch.delenv(name)
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    return Here(place, capsys)


@pytest.fixture
def fixable(place: Place) -> Place:
    """A project with a compose file that `compose fix` mends."""
    shutil.copy(COMPOSE, place.root)
    return place


def unprivileged(place: Place, *words: str) -> Done:
    """Run docker-agent bound by file modes, also where this process is root's."""
    before = WITHOUT_RIGHTS if os.geteuid() == 0 else ()
    if before and shutil.which(before[0]) is None:
        pytest.skip("root cannot give up its rights here: setpriv is not installed")
    argv = (*before, *AGENT, *words)
    environment = dict(place.environment)
    return subprocess.run(argv, cwd=place.root, env=environment, capture_output=True, text=True, check=False)


ENGINES = {
    "there is no socket": {},
    "connection refused": {"DOCKER_HOST": "tcp://127.0.0.1:1"},
    "the host name is unknown": {"DOCKER_HOST": "tcp://nosuchhost.invalid:2375"},
    "Invalid bind address protocol": {"DOCKER_HOST": "nonsense://x"},
}


@pytest.mark.parametrize("reason", ENGINES)
@pytest.mark.parametrize("words", [("stack", "list"), ("diagnose",), ("stack", "logs", "web")])
def test_no_engine(here: Here, monkeypatch: pytest.MonkeyPatch, reason: str, words: tuple[str, ...]) -> None:
    for name, value in ENGINES[reason].items():
        monkeypatch.setenv(name, value)
    here.write("compose.yml", GOOD)
    done = here(*words)
    read_well(done, 4, f"Error: No Docker Engine answers at {os.environ['DOCKER_HOST']}", reason, "Next: ")
    assert done.stdout == ""


def test_no_engine_for_a_prompt(here: Here) -> None:
    here.write("compose.yml", GOOD)
    done = here("investigate why web keeps restarting", "--yes")
    read_well(done, 4, "No Docker Engine answers")
    assert "Not verified: nothing could be looked at and nothing was changed." in done.stdout


def test_a_context_that_does_not_exist(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setenv("DOCKER_CONTEXT", "ghost")
    done = here("stack", "list")
    read_well(
        done, done.returncode, "Error: The Docker context 'ghost' named by DOCKER_CONTEXT does not exist.", "Next:"
    )
    assert done.returncode in {2, 4}


ALIAS_BOMB = "x-0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + "".join(
    f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
UNREADABLE: dict[str, tuple[bytes, str]] = {
    "tabs": (b"services:\n\tweb:\n", "compose.yml:2:1"),
    "binary": (bytes(range(256)) * 20, "UTF-8"),
    "no UTF-8": (b"services:\n  web: {image: caf\xe9}\n", "UTF-8"),
    "alias bomb": (ALIAS_BOMB.encode() + b"services: {web: {image: a, labels: *a9}}\n", "aliases"),
    "deep": (b"services: " + b"[" * 5_000 + b"\n", "compose.yml:1"),
    "open quote": (b'services:\n  web: {image: "a}\n', "compose.yml:"),
    "a list": (b"- services\n", "compose.yml:1:1"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_compose_file_that_cannot_be_read(here: Here, kind: str) -> None:
    content, words = UNREADABLE[kind]
    here.write("compose.yml", content)
    checked = here("compose", "check")
    read_well(checked, 1)
    assert words in checked.stdout
    fixed = here("compose", "fix", "--unsafe", "--yes")
    read_well(fixed, 2, "Error: ", "Next: ")
    assert content == (here.root / "compose.yml").read_bytes()


def test_a_key_that_is_there_twice_is_one_finding_among_others(here: Here) -> None:
    here.write("compose.yml", "services:\n  web: {image: a}\n  web: {image: b}\n  db: {imagee: c}\n")
    done = here("compose", "check")
    read_well(done, 1)
    assert "compose.yml:3:3" in done.stdout
    assert "compose.yml:4:8" in done.stdout


def test_yaml_tags_build_nothing(here: Here) -> None:
    here.write("compose.yml", "services: !!python/object/apply:os.mkdir [made]\n")
    done = here("compose", "check")
    read_well(done, 1)
    assert "services must be a mapping" in done.stdout
    assert not (here.root / "made").exists()


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"services:\n", b"services: {}\n", b"services: 3\n"])
def test_a_compose_file_with_nothing_in_it(here: Here, content: bytes) -> None:
    here.write("compose.yml", content)
    done = here("compose", "check")
    assert done.returncode in {0, 1, 2}
    read_well(done, done.returncode)
    assert content == (here.root / "compose.yml").read_bytes()


def test_a_large_compose_file(here: Here) -> None:
    services = "".join(
        f"  s{n}:\n    image: docker-agent-lab/busybox:1\n    labels: {{note: '{'x' * 2_000}'}}\n" for n in range(1_000)
    )
    here.write("compose.yml", f"services:\n{services}")
    assert (here.root / "compose.yml").stat().st_size > 2_000_000
    report = here("--json", "compose", "check")
    read_well(report, report.returncode)
    assert "memory_limit" in report.stdout or "log_rotation_missing" in report.stdout
    assert here("stack", "list").returncode == 4


@pytest.mark.parametrize(
    ("content", "where"),
    [(b"A=1\nnot ok\n", ".env:2:1"), (b"\xff\xfeA=1\n", ".env")],
    ids=["no assignment", "no UTF-8"],
)
def test_a_dotenv_file_that_cannot_be_read(here: Here, content: bytes, where: str) -> None:
    here.write("compose.yml", GOOD.replace("busybox:1", "busybox:${A}"))
    here.write(".env", content)
    done = here("compose", "check")
    assert done.returncode in {1, 2}
    read_well(done, done.returncode)
    assert where in done.stdout + done.stderr


def test_no_compose_file(here: Here) -> None:
    read_well(here("compose", "check"), 2, "Error: There is no compose file in", "Next: ")
    read_well(here("compose", "check", "gone.yml"), 2, "gone.yml", "Next: ")


def test_no_context_file(here: Here) -> None:
    done = here("context")
    read_well(done, 0)
    assert "none found from here upwards" in done.stdout


def test_a_context_file_that_cannot_be_decoded(here: Here) -> None:
    here.write(".project-context.md", b"# Shop\n\xff\xfe\n")
    read_well(here("context"), 2, "Error: .project-context.md is no UTF-8 text (byte 7).", "Next: Save it as UTF-8.")


def test_a_context_that_names_a_missing_compose_file(here: Here) -> None:
    here.write("compose.yml", GOOD)
    here.write(".project-context.md", "# Shop\n\n## Docker Configuration\n\n- Compose files: gone.yml\n")
    read_well(here("compose", "check"), 2, "gone.yml is named in the project context", "Next: Correct the name.")


@pytest.mark.parametrize("folder", ["gone", "compose.yml"])
def test_a_folder_that_is_none(here: Here, folder: str) -> None:
    here.write("compose.yml", GOOD)
    read_well(here("-C", folder, "log"), 2, f"{folder} is not a folder.", "Next: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("composer",), "There is no command 'composer'."),
        (("apply", "nosuchplan"), "No saved plan is called 'nosuchplan'."),
        (("undo",), "The journal has nothing to undo."),
        (("undo", "7"), "The journal has no entry '7'."),
        (("log", "7"), "The journal has no entry '7'."),
        (("compose", "fix", "nosuchcode"), "There is no mechanical fix for 'nosuchcode'."),
        (("compose", "fix", "--nosuch"), "No such option: --nosuch"),
        (("files", "read", "../../etc/passwd"), "is outside the project"),
        (("files", "read", "a\0b"), "a"),
        (("ask", ""), "The prompt is empty."),
    ],
)
def test_words_that_mean_nothing_here(here: Here, words: tuple[str, ...], said: str) -> None:
    here.write("compose.yml", GOOD)
    read_well(here(*words), 2, said)


def test_no_terminal_for_a_question(fixable: Place) -> None:
    before = (fixable.root / "compose.yml").read_bytes()
    read_well(
        fixable.agent("compose", "fix", "--unsafe", say="y\n"), 3, "nobody is there to ask", "docker-agent apply "
    )
    assert before == (fixable.root / "compose.yml").read_bytes()
    assert len(fixable.agent_json("log")["plans_waiting"]) == 1


@pytest.fixture
def without_model(place: Place) -> Place:
    """A place where no model is chosen and no key is set."""
    (place.root / "compose.yml").write_text(GOOD)
    home = place.root.parent / "home"
    home.mkdir()
    return Place(place.root, place.project, {**place.environment, "DOCKER_AGENT_MODEL": "", "HOME": str(home)})


def test_a_model_without_a_key(without_model: Place) -> None:
    done = without_model.agent("--model", "claude-nosuch", "hello there")
    read_well(done, 5, "Error: There is no key for the model's service.", "Next: ", "--model offline")


def test_a_key_that_is_refused(without_model: Place) -> None:
    fake = WireFake([http_error(401, "authentication_error", "invalid x-api-key")])
    with fake.serve() as url:
        done = without_model.agent("hello there", ANTHROPIC_BASE_URL=url, ANTHROPIC_API_KEY="sk-wrong-0123456789")
    read_well(done, 5, "Error: The key for the model's service was refused", "Next: ")
    assert "sk-wrong-0123456789" not in done.stdout + done.stderr


def test_a_model_that_does_not_exist(without_model: Place) -> None:
    fake = WireFake([http_error(404, "not_found_error", "model: claude-nosuch")])
    with fake.serve() as url:
        words = ("--model", "claude-nosuch", "hello there")
        done = without_model.agent(*words, ANTHROPIC_BASE_URL=url, ANTHROPIC_API_KEY="test")
    read_well(done, 5, "Error: There is no model claude-nosuch at", "Next: ")


def test_a_service_that_is_down(without_model: Place) -> None:
    service = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1", "ANTHROPIC_API_KEY": "test"}
    read_well(without_model.agent("hello there", **service), 5, "Error: Nothing answers at 127.0.0.1:1", "Next: ")


def test_a_service_that_breaks_off_goes_on_where_it_was(without_model: Place) -> None:
    write = {"path": "a.txt", "content": "one\n", "why": "It is asked for."}
    fake = WireFake([tool("files_write", write), breaks("half an ans", "drop"), text("It is written.")])
    with fake.serve() as url:
        done = without_model.agent("write it down", "--yes", ANTHROPIC_BASE_URL=url, ANTHROPIC_API_KEY="test")
    read_well(done, 0, "trying again")
    assert "It is written." in done.stdout
    assert (without_model.root / "a.txt").read_text() == "one\n"
    assert len(without_model.agent_json("log")["entries"]) == 1


def test_a_project_that_cannot_be_read(fixable: Place) -> None:
    (fixable.root / "compose.yml").chmod(0)
    done = unprivileged(fixable, "compose", "check")
    read_well(done, done.returncode)
    assert done.returncode in {1, 2}
    assert "compose.yml cannot be read: Permission denied" in done.stdout + done.stderr


def test_a_project_that_cannot_be_written(fixable: Place) -> None:
    before = (fixable.root / "compose.yml").read_bytes()
    fixable.root.chmod(0o555)
    done = unprivileged(fixable, "compose", "fix", "--unsafe", "--yes")
    fixable.root.chmod(0o755)
    read_well(done, 1, "could not be written: Permission denied. What was there is unchanged.")
    assert before == (fixable.root / "compose.yml").read_bytes()
    assert [path.name for path in fixable.root.iterdir()] == ["compose.yml"]
    assert [entry["status"] for entry in fixable.agent_json("log")["entries"]] == ["failed"]


def test_a_journal_that_cannot_be_written(fixable: Place) -> None:
    before = (fixable.root / "compose.yml").read_bytes()
    fixable.state.mkdir()
    fixable.state.chmod(0o555)
    for flags in ((), ("--yes",)):
        done = unprivileged(fixable, "compose", "fix", "--unsafe", *flags)
        read_well(done, 2, "The journal", "cannot be written: Permission denied.", "Next: ", "DOCKER_AGENT_STATE")
    fixable.state.chmod(0o755)
    assert before == (fixable.root / "compose.yml").read_bytes()


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    argv = ("mount", "-t", "tmpfs", "-o", "size=64k", "dalab-tiny", str(folder))
    if shutil.which("mount") is None or subprocess.run(argv, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small file system cannot be mounted here (that needs root)")
    yield folder
    argv = ("umount", "-l", str(folder))
    subprocess.run(argv, check=True)


def fill(folder: Path) -> None:
    """Fill a file system to its last byte."""
    with (folder / "full").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 512):
                pass
        except OSError:
            return


def test_a_full_disk_under_the_project(tiny: Path, tmp_path: Path) -> None:
    place = make_place(tiny / "project", "dalab-none", tmp_path / "state", {"DOCKER_HOST": "unix:///nonexistent"})
    shutil.copy(COMPOSE, place.root)
    before = (place.root / "compose.yml").read_bytes()
    fill(tiny)
    read_well(
        place.agent("compose", "fix", "--unsafe", "--yes"), 1, "No space left on device. What was there is unchanged."
    )
    assert before == (place.root / "compose.yml").read_bytes()
    assert [path.name for path in place.root.iterdir()] == ["compose.yml"]
    assert [entry["status"] for entry in place.agent_json("log")["entries"]] == ["failed"]


def test_a_full_disk_under_the_journal(tiny: Path, fixable: Place) -> None:
    before = (fixable.root / "compose.yml").read_bytes()
    fill(tiny)
    for flags in ((), ("--yes",)):
        done = fixable.agent("compose", "fix", "--unsafe", *flags, DOCKER_AGENT_STATE=str(tiny / "state"))
        read_well(done, 2, "No space left on device.", "Next: Free some space")
    assert before == (fixable.root / "compose.yml").read_bytes()


def test_a_folder_that_is_deleted_under_the_agent(fixable: Place) -> None:
    script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    for words in (("log",), ("compose", "check"), ("check my compose file",)):
        argv = ("sh", "-c", script, "sh", *AGENT, *words)
        environment = dict(fixable.environment)
        done = subprocess.run(argv, cwd=fixable.root, env=environment, capture_output=True, text=True, check=False)
        read_well(done, 2, "Error: The folder of this shell is gone.", "Next: ")


@pytest.mark.parametrize(
    ("closed", "words", "code"),
    [
        ("<&-", ("compose", "fix", "--unsafe"), 3),
        ("<&-", ("compose", "fix", "--unsafe", "--yes"), 0),
        ("<&-", ("ask", "-"), 2),
        ("<&-", ("chat",), 0),
        (">&-", ("compose", "check"), 1),
        ("2>&-", ("compose", "fix", "--unsafe"), 3),
        ("<&- >&- 2>&-", ("compose", "fix", "--unsafe", "--yes"), 0),
    ],
)
def test_streams_that_are_closed(fixable: Place, closed: str, words: tuple[str, ...], code: int) -> None:
    argv = ("sh", "-c", f'exec "$@" {closed}', "sh", *AGENT, *words)
    environment = dict(fixable.environment)
    done = subprocess.run(argv, cwd=fixable.root, env=environment, capture_output=True, text=True, check=False)
    read_well(done, code)
    changed = COMPOSE.read_bytes() != (fixable.root / "compose.yml").read_bytes()
    assert changed == ("--yes" in words)


@pytest.mark.parametrize("words", [("tools", "--json"), ("compose", "check"), ("check my compose file",), ("--help",)])
def test_output_that_nobody_reads(fixable: Place, words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        argv = (*AGENT, *words)
        environment = dict(fixable.environment)
        done = subprocess.run(
            argv, cwd=fixable.root, env=environment, stdout=out, stderr=subprocess.PIPE, text=True, check=False
        )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize(
    "variables",
    [
        {"TERM": "dumb", "COLUMNS": "20"},
        {"TERM": "", "COLUMNS": "nonsense", "NO_COLOR": "1"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_terminals_of_every_kind(place: Place, variables: dict[str, str]) -> None:
    folder = place.root / "größe-日本"
    folder.mkdir()
    shutil.copy(COMPOSE, folder / "schön.yml")
    done = place.agent("-C", str(folder), "compose", "check", "schön.yml", **variables)
    read_well(done, 1)
    assert "memory" in done.stdout or "log_rotation_missing" in done.stdout
    code, shown = place.agent_at_terminal("n\n", "-C", str(folder), "compose", "check", "schön.yml", **variables)
    assert code == 1, shown
    assert "\x1b" not in place.agent("-C", str(folder), "context", **variables).stdout


def test_file_names_that_are_no_text(place: Place) -> None:
    folder = Path(os.fsdecode(os.fsencode(place.root) + b"/caf\xe9"))
    folder.mkdir()
    shutil.copy(COMPOSE, folder)
    there = place.inside(folder)
    read_well(there.agent("compose", "check"), 1)
    read_well(there.agent("compose", "fix", "--unsafe", "--yes"), 0)
    read_well(there.agent("context"), 0)
    read_well(there.agent("undo", "--yes"), 0)
    assert COMPOSE.read_bytes() == (folder / "compose.yml").read_bytes()
