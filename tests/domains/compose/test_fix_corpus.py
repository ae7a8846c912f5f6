"""Every fix of every rule on real files; more of them where DOCKER_AGENT_CORPUS names a folder.

With DOCKER_AGENT_COMPOSE naming a Compose program, what it took before it has to take after.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding
from docker_agent.core.rule import Rule
from docker_agent.domains.compose.judge import judge
from docker_agent.domains.compose.mend import FixResult, mendable_rules, plan_fixes, reload_of
from docker_agent.domains.compose.severities import Severities
from docker_agent.project.disk import LocalDisk
from docker_agent.project.stack import Stack, open_stack

EXAMPLES = Path(__file__).parents[3] / "examples"
CORPUS = os.environ.get("DOCKER_AGENT_CORPUS", "")
COMPOSE = os.environ.get("DOCKER_AGENT_COMPOSE", "")
TOP = {"volumes", "networks", "secrets", "configs"}


def compose_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.y*ml") if path.is_file())


OWN = compose_files(EXAMPLES)
FOREIGN = compose_files(Path(CORPUS)) if CORPUS else []


def comments_of(text: str) -> Counter[str]:
    """The comments of a text as libyaml's scanner sees them: what stands between two tokens."""
    found: Counter[str] = Counter()
    at = 0
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for token in yaml.scan(text, Loader=loader):
        start, end = int(token.start_mark.index), int(token.end_mark.index)
        if start > at:
            found.update(_in_gap(text[at:start]))
        if isinstance(token, yaml.ScalarToken) and token.style in {"|", ">"}:
            header = text.find("\n", start, end)
            found.update(_in_gap(text[start : end if header < 0 else header]))
        at = max(at, end)
    found.update(_in_gap(text[at:]))
    return found


def _in_gap(text: str) -> Iterator[str]:
    return (line[line.index("#") :].rstrip() for line in text.splitlines() if "#" in line)


def changed_paths(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(before, dict) and isinstance(after, dict):
        old, new = cast("dict[str, Any]", before), cast("dict[str, Any]", after)
        for key in {**old, **new}:
            if key not in old or key not in new:
                yield (*path, str(key))
            else:
                yield from changed_paths(old[key], new[key], (*path, str(key)))
    elif before != after:
        yield path


def data_of(text: str) -> list[Any]:
    return list(yaml.load_all(text.replace("!reset", "").replace("!override", ""), Loader=yaml.BaseLoader))


def open_file(path: Path) -> Stack | None:
    try:
        return open_stack(path.parent, [path], environment={}, disk=LocalDisk())
    except InputError:
        return None


def fixed(stack: Stack, rules: list[Rule]) -> tuple[list[Finding], FixResult]:
    found = judge(stack.model, Severities(), rules).findings
    return found, plan_fixes(stack.model, Severities(), rules, reload_of(stack, environment={}))


def is_intended(path: tuple[str, ...], about: set[str], services: set[str]) -> bool:
    """Whether a change is in a service that a finding was about, or that it refers to; others are about more."""
    return len(path) < 2 or path[0] in TOP or path[1] in about or not about <= services


def accepted(path: Path, texts: dict[str, str], tmp: Path) -> bool:
    folder = tmp / "stack"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(path.parent, folder)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    argv = [*COMPOSE.split(), "-f", path.name, "config", "-q"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp)}
    try:
        ran = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return False
    return ran.returncode == 0


def check(path: Path, stack: Stack, rules: list[Rule], tmp: Path | None) -> Counter[str]:
    """Fix a file and look at what came of it; counts what was done."""
    found, result = fixed(stack, rules)
    if not found:
        return Counter()
    asked = Counter((each.code, each.object) for each in found)
    ended = Counter((each.code, each.object) for each in (*result.done, *(each for each, _ in result.skipped)))
    assert asked - ended == Counter()
    for name, text in result.files.items():
        before = stack.model.sources[name].text
        assert comments_of(before) - comments_of(text) == Counter()
        assert (before.count("\r\n") == before.count("\n")) == (text.count("\r\n") == text.count("\n"))
        assert before.endswith("\n") == text.endswith("\n")
        about, services = {each.object for each in result.done}, set(stack.model.services)
        for old, new in zip(data_of(before), data_of(text), strict=True):
            assert [change for change in changed_paths(old, new) if not is_intended(change, about, services)] == []
    written = {stack.model.sources[name].path: text.encode() for name, text in result.files.items()}
    again = reload_of(stack, environment={})(written)
    if not result.file_edits:
        assert plan_fixes(again, Severities(), rules, reload_of(stack, environment={})).files == {}
    if tmp and result.files and COMPOSE:
        assert accepted(path, dict(result.files), tmp)
    return Counter(each.code for each in result.done)


def check_file(path: Path, tmp: Path | None) -> Counter[str]:
    stack = open_file(path)
    if stack is None:
        return Counter()
    judged = tmp if COMPOSE and tmp and accepted(path, {}, tmp) else None
    rules = list(mendable_rules().values())
    done: Counter[str] = Counter()
    for rule in rules:
        done += check(path, stack, [rule], judged)
    check(path, stack, rules, judged)
    return done


def test_fixes_change_only_what_they_mean_in_our_own_examples() -> None:
    done: Counter[str] = Counter()
    for path in OWN:
        done += check_file(path, None)
    assert done["restart_missing"] > 0


@pytest.mark.skipif(not FOREIGN, reason="DOCKER_AGENT_CORPUS names no folder with compose files")
@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: str(path.relative_to(CORPUS)))
def test_fixes_change_only_what_they_mean(path: Path, tmp_path: Path) -> None:
    check_file(path, tmp_path)
