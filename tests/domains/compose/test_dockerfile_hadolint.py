from __future__ import annotations

import json
from pathlib import Path

from docker_agent.core.finding import Severity
from docker_agent.domains.compose.check import CheckReport, check
from docker_agent.domains.compose.hadolint import COVERED
from docker_agent.host.fake import World
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

ROOT = Path("/shop")
SAID = [
    {
        "file": "/shop/Dockerfile",
        "line": 2,
        "column": 1,
        "level": "warning",
        "code": "DL3008",
        "message": "Pin versions",
    },
    {"file": "/shop/Dockerfile", "line": 1, "column": 1, "level": "warning", "code": "DL3006", "message": "Tag it"},
    {"file": "/shop/Dockerfile", "line": 2, "column": 1, "level": "style", "code": "DL3059", "message": "Merge them."},
    {"file": "/elsewhere", "line": 1, "column": 1, "level": "error", "code": "DL3059", "message": "x"},
]


def report(out: str | None, **policies: Severity) -> CheckReport:
    world = World().react("docker", "compose", "config")
    if out is not None:
        world.react("hadolint", "--format", "json", "--no-fail", "--", "/shop/Dockerfile", out=out)
    world.files[ROOT / "compose.yml"] = b"services:\n  app:\n    build: .\n"
    world.files[ROOT / "Dockerfile"] = b"FROM a\nRUN apt-get install -y b\n"
    ws = Workspace(host=world.host.reads, root=ROOT, context=ProjectContext(policies=policies))
    return check.function(ws)


def test_what_hadolint_says_is_added_without_what_our_own_rules_say() -> None:
    found = report(json.dumps(SAID))
    codes = [finding.code for finding in found.findings]
    assert {"hadolint_dl3008", "hadolint_dl3059", "dockerfile_unpinned_image"} <= set(codes)
    assert "hadolint_dl3006" not in codes
    (pin,) = [finding for finding in found.findings if finding.code == "hadolint_dl3008"]
    assert (pin.severity, pin.object, pin.message) == (Severity.WARN, "app", "Pin versions.")
    assert (pin.evidence[0].where, pin.evidence[0].quote) == ("Dockerfile:2:1", "RUN apt-get install -y b")
    assert "hadolint" in found.looked_at
    assert found.files == ("compose.yml", "Dockerfile")


def test_the_settings_of_the_project_are_named() -> None:
    world = World().react("hadolint", "--format", "json", "--no-fail", "--config", "/shop/.hadolint.yaml", out="[]")
    world.files |= {ROOT / name: b"" for name in (".hadolint.yaml", "Dockerfile")}
    world.files[ROOT / "compose.yml"] = b"services:\n  app:\n    build: .\n"
    found = check.function(Workspace(host=world.host.reads, root=ROOT, context=ProjectContext()))
    assert "hadolint" in found.looked_at


def test_policies_hold_for_its_codes() -> None:
    found = report(json.dumps(SAID), hadolint_dl3008=Severity.ERROR, hadolint_dl3059=Severity.OFF)
    assert [(each.code, each.severity) for each in found.findings if each.code.startswith("hadolint")] == [
        ("hadolint_dl3008", Severity.ERROR)
    ]


def test_without_hadolint_nothing_is_missing_and_a_broken_answer_is_said() -> None:
    without = report(None)
    assert "hadolint" not in without.looked_at
    assert not any("hadolint" in words for words in without.not_looked_at)
    assert "hadolint: it ended with code 0" in report("no JSON").not_looked_at


def test_every_rule_of_the_table_is_there() -> None:
    codes = [code for codes in COVERED.values() for code in codes]
    assert len(codes) == len(set(codes))
