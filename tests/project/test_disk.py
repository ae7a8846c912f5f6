from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.host.fake import World
from docker_agent.project.disk import Disk, HostDisk, LocalDisk, WrittenDisk
from docker_agent.project.stack import find_stack


def test_the_real_disk_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "a").chmod(0o640)
    (tmp_path / "link").symlink_to("a")
    disk: Disk = LocalDisk()
    kinds = [disk.kind(tmp_path / name) for name in ("a", "link", ".", "ghost", "a/b", "x\0y")]
    assert kinds == ["file", "file", "folder", "", "", ""]
    assert disk.kind(Path("/dev/null")) == "other"
    assert (disk.mode(tmp_path / "a"), disk.mode(tmp_path / "ghost")) == (0o640, 0)
    assert disk.read(tmp_path / "a") == b"x"
    with pytest.raises(InputError, match="ghost cannot be read"):
        disk.read(tmp_path / "ghost")


def test_a_hosts_disk_has_what_is_going_to_be_written() -> None:
    world = World(files={Path("/srv/a"): b"old"})
    disk: Disk = HostDisk(world.host.reads, {Path("/srv/a"): b"new", Path("/srv/b"): b"b"})
    assert [disk.read(Path("/srv") / name) for name in ("a", "b")] == [b"new", b"b"]
    assert [disk.kind(Path("/srv") / name) for name in ("a", "b", "c")] == ["file", "file", ""]
    assert disk.mode(Path("/srv/b")) == 0o644


def test_a_disk_has_what_is_going_to_be_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o640)
    disk: Disk = WrittenDisk(LocalDisk(), {tmp_path / "a": b"new", tmp_path / "b": b"b"})
    assert [disk.read(tmp_path / name) for name in ("a", "b")] == [b"new", b"b"]
    assert [disk.kind(tmp_path / name) for name in ("a", "b", "c")] == ["file", "file", ""]
    assert [disk.mode(tmp_path / name) for name in ("a", "b", "c")] == [0o640, 0o644, 0]


def test_a_model_resolves_paths_from_the_project_directory() -> None:
    world = World(files={Path("/srv/deploy/compose.yml"): b"services: {web: {image: x}}"})
    reads = world.host.reads
    named = ("deploy/compose.yml",)
    stack = find_stack(
        Path("/srv"), context_files=named, read=reads.read_file, environment={}, disk=HostDisk(world.host.reads)
    )
    assert stack
    assert stack.model.disk
    assert stack.model.disk.kind(stack.model.resolve("./compose.yml")) == "file"
    assert stack.model.resolve("../data") == Path("/srv/data")
    assert stack.model.resolve("~/data") == Path.home() / "data"
    assert stack.model.resolve("~nobody-here/data") == Path("/srv/deploy/~nobody-here/data")
    assert stack.model.resolve("/data") == Path("/data")
