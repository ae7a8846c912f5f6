"""The command line in this process, in an empty project where no engine answers."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from docker_agent.surfaces.entry import main

NOWHERE = "tcp://127.0.0.1:1"
OURS = ("ANTHROPIC_", "DOCKER_", "COMPOSE_", "XDG_STATE_HOME", "FORCE_COLOR", "NO_COLOR", "_DOCKER_AGENT_COMPLETE")


@dataclass(frozen=True)
class Ended:
    """How one command line ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


@dataclass(frozen=True)
class Line:
    """Runs command lines in one project."""

    root: Path
    state: Path
    type_in: Callable[[str], None]
    printed: Callable[[], tuple[str, str]]

    def __call__(self, *words: str, say: str = "") -> Ended:
        self.type_in(say)
        self.printed()
        with pytest.raises(SystemExit) as ended:
            main(words)
        out, err = self.printed()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0, out, err)

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Line:
    for name in os.environ:
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    root, state = tmp_path / "shop", tmp_path / "state"
    root.mkdir()
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    monkeypatch.setenv("DOCKER_AGENT_STATE", str(state))
    monkeypatch.setenv("DOCKER_AGENT_MODEL", "offline")
    monkeypatch.chdir(root)
    return Line(
        root,
        state,
        lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text)),
        lambda: (printed := capsys.readouterr()) and (printed.out, printed.err),
    )
