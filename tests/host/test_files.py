"""Files are written whole or not at all."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from docker_agent.core.errors import AgentError, InputError
from docker_agent.host.files import LARGEST_BYTES, find_files, read_file, remove_file, write_file

FILL = """
import resource, signal, sys
from pathlib import Path
from docker_agent.core.errors import AgentError
from docker_agent.host.files import write_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_file(Path(sys.argv[1]), b"x" * 100_000)
except AgentError as error:
    print(error)
"""


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("data", [b"", b"text\n", b"\x00\xff", b"x" * 1_000_000])
def test_what_is_written_is_read(tmp_path: Path, data: bytes) -> None:
    write_file(tmp_path / "a", data)

    assert read_file(tmp_path / "a") == data


def test_a_new_file_is_readable_by_all_and_its_folder_is_made(tmp_path: Path) -> None:
    write_file(tmp_path / "b" / "c" / "a", b"x")

    assert mode_of(tmp_path / "b" / "c" / "a") == 0o644


@pytest.mark.parametrize("mode", [0o600, 0o755, 0o640, 0o4755])
def test_the_mode_of_a_replaced_file_is_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(mode)
    write_file(path, b"new")

    assert (mode_of(path), path.read_text()) == (mode, "new")


def test_a_mode_that_is_given_wins(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    write_file(path, b"new", 0o600)

    assert mode_of(path) == 0o600


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("old")
    (tmp_path / "link").symlink_to("real/file")
    write_file(tmp_path / "link", b"new")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").read_text() == "new"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_the_owner_of_a_replaced_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    os.chown(path, 1234, 2345)
    write_file(path, b"new")

    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


def test_on_a_full_disk_the_old_file_is_whole_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", FILL, path], capture_output=True, text=True, timeout=30, check=False)

    assert "could not be written: File too large. What was there is unchanged." in done.stdout, done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]
    assert path.read_text() == "old"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 4096


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "file/below", "loop/a", "folder"])
def test_a_name_that_cannot_be_written_is_an_error_that_says_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.iterdir())

    with pytest.raises(AgentError, match="could not be written"):
        write_file(tmp_path / name, b"x")
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "file").read_text() == "old"


def test_a_long_name_that_fits_is_written(tmp_path: Path) -> None:
    write_file(tmp_path / ("x" * 255), b"x")

    assert read_file(tmp_path / ("x" * 255)) == b"x"


@pytest.mark.parametrize("name", ["nosuch", "folder", "a\0b", "x" * 300, "file/below", "loop", "pipe", ""])
def test_what_cannot_be_read_is_an_input_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(InputError):
        read_file(tmp_path / name)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)

    with pytest.raises(InputError, match="more than 16 MiB"):
        read_file(tmp_path / "huge")


def test_removing_twice_is_fine_and_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "folder").mkdir()
    remove_file(tmp_path / "a")
    remove_file(tmp_path / "a")

    assert not (tmp_path / "a").exists()
    with pytest.raises(AgentError, match="could not be removed"):
        remove_file(tmp_path / "folder")


def test_hidden_and_vendored_folders_are_left_out(tmp_path: Path) -> None:
    names = ["a.yml", "sub/b.yml", ".git/c.yml", "node_modules/d.yml", "sub/.hidden/e.yml", ".env.yml", "sub/no.txt"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.yml").mkdir()

    found = [str(path.relative_to(tmp_path)) for path in find_files(tmp_path, "**/*.yml")]

    assert found == [".env.yml", "a.yml", "sub/b.yml"]


@pytest.mark.parametrize("pattern", ["link/*.yml", "*/*.yml", "*.yml", "**/*.yml", "link/**/*.yml"])
def test_what_a_link_leads_to_outside_is_left_out(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "secret.yml").write_text("x")
    root = tmp_path / "ours"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "own.yml").write_text("x")
    (root / "link").symlink_to("../theirs")
    (root / "file.yml").symlink_to("../theirs/secret.yml")
    (root / "near.yml").symlink_to("sub/own.yml")

    found = {str(path.relative_to(root)) for path in find_files(root, pattern)}

    assert found <= {"near.yml", "sub/own.yml"}
    assert ("near.yml" in found) == (pattern in {"*.yml", "**/*.yml"})


@pytest.mark.parametrize("pattern", ["", "/etc/*", "**nosuch", "[", "a\0b"])
def test_an_odd_pattern_finds_nothing(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "a.yml").write_text("x")

    assert find_files(tmp_path, pattern) == []
    assert find_files(tmp_path / "nosuch", "**/*") == []


def test_what_a_killed_writer_left_goes_with_the_next_write_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f".a.writing-{ended.pid}-0"
    others = [
        tmp_path / name for name in (f".a.writing-{os.getpid()}-0", f".b.writing-{ended.pid}-0", ".a.writing-x-0")
    ]
    for each in (left, *others):
        each.touch()

    write_file(tmp_path / "a", b"x")

    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "a", *others])
