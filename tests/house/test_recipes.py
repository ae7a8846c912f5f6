"""The recipes of the architecture page work as they stand there."""

from __future__ import annotations

import importlib.util
import re
import textwrap
from pathlib import Path
from types import ModuleType

import pytest
from tests.domains.diagnose.places import workspace, world_of

from docker_agent.core.plan import Write
from docker_agent.core.rule import Rule
from docker_agent.core.signature import Signature
from docker_agent.domains.compose import check_model
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import catalogue, examine
from docker_agent.domains.diagnose.saying import said
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.project.compose.model import load
from docker_agent.settings import texts


def modules_of(recipe: str, folder: Path) -> list[ModuleType]:
    """The Python blocks of a recipe, each imported as a file of its own."""
    page = (texts("ref-docs") / "architecture.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## Recipe: {recipe}\n")[2].partition("\n## ")[0]
    made: list[ModuleType] = []
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)):
        path = folder / f"recipe_{number}.py"
        path.write_text(block, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec
        assert spec.loader
        made.append(importlib.util.module_from_spec(spec))
        spec.loader.exec_module(made[-1])
    return made


def test_the_rule_finds_what_its_manual_flags_and_nothing_in_what_is_fine(tmp_path: Path) -> None:
    (module,) = modules_of("a rule", tmp_path)
    rule: Rule = module.stdin_closed
    flagged, fine = (textwrap.dedent(text).encode() for text in re.findall(r"-{4,}\n((?:    .*\n?|\n)+)", rule.manual))

    found = check_model(load([Path("/p/compose.yml")], read=lambda _: flagged, variables={}), rules=[rule])
    assert [(finding.code, finding.fixable) for finding in found] == [(rule.code, True)]
    assert check_model(load([Path("/p/compose.yml")], read=lambda _: fine, variables={}), rules=[rule]) == []


def test_the_signature_knows_its_case_and_its_messages_alone_and_mends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, cases = modules_of("a signature", tmp_path)
    own: Signature = module.init_twice
    monkeypatch.setitem(catalogue(), own.code, own)

    (case,) = cases.FAILURES.values()
    snapshot = collect(workspace(world_of(case)))
    (finding,) = examine(snapshot)
    assert (finding.code, finding.object, finding.fixable) == (case.code, "web", True)
    assert [evidence.where for evidence in finding.evidence] == ["web:1", "compose.yaml:5:11"]
    assert [examine(collect(workspace(world_of(healthy)))) for healthy in cases.HEALTHY.values()] == [[]]
    for text in own.seen:
        told = examine(Snapshot("shop", tmp_path, 0.0, messages=said(text)))
        assert [each.code for each in told] == [case.code]
    assert own.seen
    assert own.mend
    plan = own.mend(snapshot, finding)
    assert plan
    assert next(step for step in plan.steps if isinstance(step, Write)).content.endswith("    init: false\n")
