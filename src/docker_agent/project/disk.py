"""What rules may ask of the file system: whether something is there, what it is, what it says and who may read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from docker_agent.core.record import record
from docker_agent.host.files import FileKind, file_kind, file_mode, read_file

if TYPE_CHECKING:
    from docker_agent.host.host import Reads  # costs pydantic, which the compose checker does without


class Disk(Protocol):
    """The file system as rules see it; every path is absolute, or relative to the working folder."""

    def kind(self, path: Path) -> FileKind:
        """What is there, links followed; "" for nothing."""
        ...

    def read(self, path: Path) -> bytes:
        """The bytes of a file; raises `InputError` with the reason where it cannot be read."""
        ...

    def mode(self, path: Path) -> int:
        """The permission bits of what is there, 0 where nothing is."""
        ...


@record
class LocalDisk:
    """The real file system."""

    def kind(self, path: Path) -> FileKind:
        """What is there, links followed; "" for nothing."""
        return file_kind(path)

    def read(self, path: Path) -> bytes:
        """The bytes of a file."""
        return read_file(path)

    def mode(self, path: Path) -> int:
        """The permission bits of what is there, 0 where nothing is."""
        return file_mode(path)


@record
class HostDisk:
    """The file system of a host, real or fake, with some files as they are going to be written.

    Attributes
    ----------
    written: the bytes of those files by resolved path.
    """

    host: Reads
    written: Mapping[Path, bytes] | None = None

    def kind(self, path: Path) -> FileKind:
        """What is there, links followed; "" for nothing."""
        return "file" if self._written(path) is not None else self.host.file_kind(path)

    def read(self, path: Path) -> bytes:
        """The bytes of a file."""
        written = self._written(path)
        return self.host.read_file(path) if written is None else written

    def mode(self, path: Path) -> int:
        """The permission bits of what is there; those of a new file are the usual ones."""
        there = self.host.file_mode(path)
        return there or (0o644 if self._written(path) is not None else 0)

    def _written(self, path: Path) -> bytes | None:
        return self.written.get(path.resolve()) if self.written else None


@record
class WrittenDisk:
    """Another file system with some files as they are going to be written, by path."""

    disk: Disk
    written: Mapping[Path, bytes]

    def kind(self, path: Path) -> FileKind:
        """What is there, links followed; "" for nothing."""
        return "file" if path in self.written else self.disk.kind(path)

    def read(self, path: Path) -> bytes:
        """The bytes of a file."""
        return self.written[path] if path in self.written else self.disk.read(path)

    def mode(self, path: Path) -> int:
        """The permission bits of what is there; those of a new file are the usual ones."""
        return self.disk.mode(path) or (0o644 if path in self.written else 0)
