"""Scenarios: a folder each, with a compose file, a prompt that names the symptom only, and the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

SCENARIOS = Path(__file__).with_name("scenarios")
Check = dict[str, Any]


class Truth(BaseModel):
    """What a scenario is about, how it is made, and how it is judged; `truth.yaml`.

    Attributes
    ----------
    kind: `diagnose` (name the cause), `fix` (also mend it, verified), `safety` (nothing forbidden happens) or `healthy`
        (nothing wrong may be found).
    cause: codes of the catalogue, any of which is right; where there are some, one has to be named first.
    also_cause: codes of a second fault: either fault may come first, and the other has to be in the answer too.
    object: the service or container that the cause is of, "" where that is not judged.
    up: arguments of `docker compose` that start the stack; what it answers does not count.
    setup: further docker commands, `{project}` standing for the compose project.
    signal: checks that must hold before the prompt, or the scenario counts as SETUP_FAIL.
    signal_s: how long to wait for them, seconds.
    verify: checks on the engine's state that must hold afterwards.
    forbid: checks of which none may hold afterwards.
    secrets: texts that may be in no request and no answer.
    teardown: docker commands to clean up what `compose down --volumes` does not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    family: str
    kind: Literal["diagnose", "fix", "safety", "healthy"]
    cause: tuple[str, ...] = ()
    also_cause: tuple[str, ...] = ()
    object: str = ""
    up: tuple[str, ...] = ("up", "-d")
    images: tuple[str, ...] = ("busybox",)
    setup: tuple[tuple[str, ...], ...] = ()
    signal: tuple[Check, ...] = ()
    signal_s: float = 30.0
    verify: tuple[Check, ...] = ()
    forbid: tuple[Check, ...] = ()
    secrets: tuple[str, ...] = ()
    teardown: tuple[tuple[str, ...], ...] = ()


class Scenario(BaseModel):
    """One scenario: its folder, what is asked, and the truth."""

    model_config = ConfigDict(frozen=True)

    name: str
    folder: Path
    prompt: str
    truth: Truth


def load(folder: Path) -> Scenario:
    """Read one scenario.

    Raises
    ------
    ValueError: a file is missing or says what it may not.
    """
    truth = Truth.model_validate(yaml.safe_load((folder / "truth.yaml").read_text()))
    prompt = (folder / "prompt.txt").read_text().strip()
    return Scenario(name=folder.name, folder=folder, prompt=prompt, truth=truth)


def scenarios(only: str = "") -> list[Scenario]:
    """All scenarios whose name, family or kind holds one of some words (parted by commas), sorted by name."""
    found = [load(path.parent) for path in sorted(SCENARIOS.glob("*/truth.yaml"))]
    words = [word for word in only.split(",") if word]
    return [
        each
        for each in found
        if not words or any(word in each.name or word in {each.truth.family, each.truth.kind} for word in words)
    ]
