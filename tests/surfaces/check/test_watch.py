from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from docker_agent.surfaces.check.report import Checked
from docker_agent.surfaces.check.stacks import Asked, stacks_asked
from docker_agent.surfaces.check.watch import watch

TEXT = "services: {web: {image: 'nginx:1.29'}}\n"


def test_files_that_come_and_go_are_seen_and_nothing_is_checked_twice(tmp_path: Path) -> None:
    first, second = tmp_path / "compose.yaml", tmp_path / "app" / "compose.yaml"
    first.write_text(TEXT)
    looked: list[list[str]] = []

    def events() -> Iterator[Callable[[], object]]:
        yield (tmp_path / "notes.txt").touch
        yield second.parent.mkdir
        yield lambda: second.write_text(TEXT)
        yield first.unlink
        yield second.unlink

    after = events()

    def wait(_: float) -> None:
        event = next(after, None)
        if event is None:
            raise KeyboardInterrupt
        event()

    def check(stacks: Sequence[Asked]) -> list[Checked]:
        looked.append([str(file.relative_to(tmp_path)) for asked in stacks for file in asked.files])
        return []

    with pytest.raises(KeyboardInterrupt):
        watch(lambda: stacks_asked(tmp_path, ["."], (), ()), check, sleep=wait)

    assert looked == [["compose.yaml"], ["compose.yaml", "app/compose.yaml"], ["app/compose.yaml"], []]
