"""Every format is what its readers expect, whatever a file or a message holds."""

from __future__ import annotations

import importlib
import json
import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from jsonschema import Draft4Validator, Draft202012Validator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.domains.compose.baseline import Known
from docker_agent.surfaces.check.formats import github, gitlab, junit, sarif, text
from docker_agent.surfaces.check.report import Change, Report, Row

SARIF: Any = Draft4Validator(json.loads((Path(__file__).parent / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")))
CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}, "end": {"type": "integer"}},
                    },
                },
            },
        },
    },
}
GITLAB: Any = Draft202012Validator(CODE_QUALITY)
ODD = 'a, b: 100% <of> "it" & more\r\nnext\x1b[31m'


@cache
def junit_schema() -> Any:
    return xmlschema.XMLSchema(Path(__file__).parent / "junit-10.xsd")


def row(
    code: str = "restart_missing", *, severity: Severity = Severity.WARN, message: str = "web has no restart policy.",
    place: tuple[int, int] = (2, 3), last: tuple[int, int] = (2, 6), file: str = "compose.yaml",
    changes: tuple[Change, ...] = (),
) -> Row:  # fmt: skip
    where = f"{file}:{place[0]}:{place[1]}"
    finding = Finding(code, severity, "web", message, fix="Set it.", evidence=(Evidence("compose", where, "web"),))
    known = Known(file, code, "web", "services.web")
    return Row(finding, file, *place, last[1], "  web:", known, "safe" if changes else "", changes, last, (3, 6))


FULL = Report(
    rows=(
        row(severity=Severity.ERROR),
        row(severity=Severity.WARN, message=ODD, file="a folder/x,y:z%.yaml", last=(5, 1)),
        row(severity=Severity.INFO, place=(9, 1), last=(9, 4)),
        row("no_such_rule", changes=(Change("compose.yaml", (2, 3), (2, 6), "db"),)),
    ),
    silenced=(row("user_unset"),),
    files=("compose.yaml", "a folder/x,y:z%.yaml", "clean.yaml"),
    gaps=(f"remote include: {ODD}",),
    remarks=("command line: there is no rule x; it changes nothing.",),
    rules=150,
)
EMPTY = Report(files=("compose.yaml",), rules=150)


def commands(said: str) -> list[tuple[str, dict[str, str], str]]:
    """Workflow commands as the runner reads them: `::name key=value,key=value::data`, then unescaped."""
    found: list[tuple[str, dict[str, str], str]] = []
    for line in said.splitlines():
        match = re.fullmatch(r"::(\w+)(?: ([^:]*))?::(.*)", line)
        assert match, line
        pairs = [pair.split("=", 1) for pair in (match[2] or "").split(",") if pair]
        found.append((match[1], {key: unescaped(value) for key, value in pairs}, unescaped(match[3])))
    return found


def unescaped(value: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        value = value.replace(code, character)
    return value


@pytest.mark.parametrize("report", [FULL, EMPTY])
def test_sarif_is_valid(report: Report) -> None:
    SARIF.validate(json.loads(sarif.render(report)))


def test_sarif_names_regions_rules_fixes_and_suppressions() -> None:
    run: dict[str, Any] = json.loads(sarif.render(FULL))["runs"][0]
    results = run["results"]
    rules = run["tool"]["driver"]["rules"]

    assert run["columnKind"] == "unicodeCodePoints"
    assert [rules[each["ruleIndex"]]["id"] for each in results] == [each["ruleId"] for each in results]
    assert [each["level"] for each in results] == ["error", "warning", "note", "warning", "warning"]
    assert rules[0]["help"]["text"].startswith("A service has no restart policy.")
    first, second = (each["locations"][0]["physicalLocation"] for each in results[:2])
    assert first["region"] == {"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 6}
    assert second["artifactLocation"]["uri"] == "a%20folder/x%2Cy%3Az%25.yaml"
    assert second["region"]["endLine"] == 5
    assert results[3]["fixes"][0]["artifactChanges"] == [
        {
            "artifactLocation": {"uri": "compose.yaml"},
            "replacements": [
                {
                    "deletedRegion": {"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 6},
                    "insertedContent": {"text": "db"},
                }
            ],
        }
    ]
    assert [each.get("suppressions") for each in results] == [None, None, None, None, [{"kind": "inSource"}]]
    assert run["invocations"][0]["executionSuccessful"] is False


def test_fingerprints_differ_for_the_same_fault_twice_and_stay_when_lines_move() -> None:
    twice = Report(rows=(row(), row(place=(7, 3), last=(7, 6))))
    moved = Report(rows=(row(place=(5, 3), last=(5, 6)), row(place=(11, 3), last=(11, 6))))

    def names(report: Report) -> list[str]:
        return [each["fingerprint"] for each in json.loads(gitlab.render(report))]

    assert len(set(names(twice))) == 2
    assert names(twice) == names(moved)


@pytest.mark.parametrize("report", [FULL, EMPTY])
def test_junit_is_valid(report: Report) -> None:
    """The schema is that of the xUnit plugin of Jenkins, which pytest holds its own reports to; JUnit has none."""
    junit_schema().validate(junit.render(report))


def test_junit_counts_what_it_holds() -> None:
    suites = ET.fromstring(junit.render(FULL))  # noqa: S314 - our own text

    assert suites.tag == "testsuites"
    assert [suite.get("name") for suite in suites] == [*FULL.files, "not looked at"]
    for suite in suites:
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(name) == str(len(suite.findall(f"testcase/{tag}")))
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert all(case.get("classname") and case.get("name") for case in suite)
    failure = suites.find("testsuite[2]/testcase/failure")
    assert failure is not None
    assert failure.get("message") == ODD.replace("\x1b", "\ufffd")


def test_junit_says_that_a_clean_file_passed() -> None:
    suite = ET.fromstring(junit.render(EMPTY))[0]  # noqa: S314 - our own text

    assert (suite.get("tests"), suite.get("failures"), [len(case) for case in suite]) == ("1", "0", [0])


def test_github_commands_come_back_as_they_were() -> None:
    """There is no schema: names and properties are those of GitHub's page "Workflow commands for GitHub Actions".

    The escapes are those that the runner undoes (`ActionCommand.cs` of actions/runner).
    """
    read = commands(github.render(FULL))

    assert [name for name, _, _ in read] == ["error", "warning", "notice", "warning", "warning"]
    assert read[0][1] == {
        "file": "compose.yaml", "line": "2", "endLine": "2", "col": "3", "endColumn": "6", "title": "restart_missing",
    }  # fmt: skip
    assert read[1][1]["file"] == "a folder/x,y:z%.yaml"
    assert read[1][2] == f"{ODD} Set it."
    assert "col" not in read[1][1]
    assert read[4][2] == FULL.gaps[0]


@pytest.mark.parametrize("report", [FULL, EMPTY])
def test_gitlab_is_what_gitlab_documents(report: Report) -> None:
    """There is no published schema: this is the table "Code Quality report format" of GitLab's page on Code Quality.

    What GitLab itself asks of a report (`app/validators/json_schemas/codeclimate.json`) is less.
    """
    issues: list[dict[str, Any]] = json.loads(gitlab.render(report))

    GITLAB.validate(issues)
    assert [issue["severity"] for issue in issues] == ["critical", "major", "info", "major"][: len(report.rows)]


def test_text_marks_the_characters_and_cannot_steer_a_terminal() -> None:
    said = text.render(FULL)

    assert "compose.yaml:2:3: error[restart_missing]\n" in said
    assert "  2 |   web:\n    |   ^^^\n" in said
    assert "\x1b" not in said
    assert "\r" not in said
    assert "1 silenced by comments." in said
    assert "Not looked at: remote include" in said


def test_text_has_colours_only_where_they_are_wanted() -> None:
    assert "\x1b[1;31merror" in text.render(FULL, color=True)
    assert "Nothing wrong found in compose.yaml." in text.render(EMPTY, color=False)


def test_quiet_text_still_says_what_was_not_looked_at() -> None:
    assert text.render(EMPTY, quiet=True) == ""
    assert text.render(Report(gaps=("x.yaml: gone",)), quiet=True) == "Not looked at: x.yaml: gone\n"


@pytest.mark.parametrize("name", ["text", "json", "sarif", "junit", "github", "gitlab"])
def test_every_format_ends_its_last_line(name: str) -> None:
    module = importlib.import_module(f"docker_agent.surfaces.check.formats.{name}")

    assert module.render(FULL).endswith("\n")
