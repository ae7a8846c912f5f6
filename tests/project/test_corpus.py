"""Our verdict on known files against the one that Docker Compose 2.40.3 gave; `pytest -s` prints what differs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Severity
from docker_agent.domains.compose import all_rules, check_model
from docker_agent.project.disk import LocalDisk
from docker_agent.project.stack import open_stack

CORPUS = os.environ.get("DOCKER_AGENT_CORPUS", "")

# Files whose verdict was given in a folder that had more files than the corpus has.
INCOMPLETE = ("compose-file-copy-inclusions/compose.yml", "compose-file-copy-inclusions/compose-test-only.yml")

pytestmark = pytest.mark.skipif(not CORPUS, reason="DOCKER_AGENT_CORPUS names no folder with verdicts.tsv")


def refusals(path: Path) -> list[str]:
    """What we refuse a file for."""
    try:
        stack = open_stack(path.parent, [path], environment={}, disk=LocalDisk(), strict=False, template=False)
    except InputError as error:
        return [str(error)]
    rules = [rule for rule in all_rules() if rule.area == "model"]
    return [
        f"{finding.code} {finding.evidence[0].where}: {finding.message}"
        for finding in check_model(stack.model, rules=rules)
        if finding.severity is Severity.ERROR
    ]


def compared() -> Iterator[tuple[str, bool, list[str]]]:
    """Each file with whether Compose accepts it, and what we refuse it for."""
    for line in (Path(CORPUS) / "verdicts.tsv").read_text().splitlines()[1:]:
        path, verdict = line.split("\t")[:2]
        if not path.endswith(INCOMPLETE):
            yield path, verdict == "accept", refusals(Path(CORPUS) / path)


def test_verdicts_are_those_of_compose() -> None:
    cases = list(compared())
    wrong = [(path, accepted, said) for path, accepted, said in cases if accepted is bool(said)]
    for path, accepted, said in wrong:
        print(f"{path}: Compose {'accepts' if accepted else 'refuses'} it, we say {said or 'nothing'}")
    assert [path for path, accepted, _ in wrong if accepted] == []
    assert len(wrong) <= len(cases) * 0.005
