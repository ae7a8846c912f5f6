"""For code scanning and editors: SARIF 2.1.0."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from docker_agent import __version__
from docker_agent.core.finding import Severity
from docker_agent.core.rule import Rule
from docker_agent.domains.compose.judge import all_rules
from docker_agent.surfaces.check.fingerprint import fingerprints
from docker_agent.surfaces.check.report import Report, Row

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARN: "warning", Severity.INFO: "note", Severity.OFF: "none"}


def render(report: Report, *, color: bool = False, quiet: bool = False) -> str:
    """The report as one run; columns count characters, as everywhere here."""
    del color, quiet
    rows = (*report.rows, *report.silenced)
    codes = list(dict.fromkeys(row.finding.code for row in rows))
    rules = {rule.code: rule for rule in all_rules()}
    results = [
        _result(row, name, codes.index(row.finding.code), silenced=number >= len(report.rows))
        for number, (row, name) in enumerate(zip(rows, fingerprints(rows), strict=True))
    ]
    notifications = [{"level": "warning", "message": {"text": gap}} for gap in report.gaps]
    notifications += [{"level": "note", "message": {"text": remark}} for remark in report.remarks]
    invocation = {
        "executionSuccessful": not report.gaps,
        "exitCode": report.exit_code,
        "toolExecutionNotifications": notifications,
    }
    driver = {
        "name": "docker-agent",
        "semanticVersion": __version__,
        "rules": [_rule(code, rules.get(code)) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2) + "\n"


def _rule(code: str, rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.manual},
        "defaultConfiguration": {"enabled": bool(rule.severity.rank), "level": LEVELS[rule.severity]},
        "properties": {"tags": [rule.area]},
    }


def _result(row: Row, name: str, index: int, *, silenced: bool) -> dict[str, Any]:
    finding = row.finding
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.message} {finding.fix}".rstrip()},
        "locations": [{"physicalLocation": _place(row.file, (row.line, row.column), row.last)}],
        "partialFingerprints": {"dockerAgentFinding/v1": name},
    }
    others = [each.where.rsplit(":", 2) for each in finding.evidence[1:] if each.where.count(":") > 1]
    if others:
        starts = [(file, (int(line), int(column))) for file, line, column in others]
        result["relatedLocations"] = [{"physicalLocation": _place(file, start)} for file, start in starts]
    if silenced:
        result["suppressions"] = [{"kind": "inSource"}]
    if row.changes:
        result["fixes"] = [{"description": {"text": finding.fix or "Fix it."}, "artifactChanges": _changes(row)}]
    return result


def _changes(row: Row) -> list[dict[str, Any]]:
    by_file: dict[str, list[dict[str, Any]]] = {}
    for change in row.changes:
        region = _place(change.file, change.start, change.end)["region"]
        replaced = {"deletedRegion": region, "insertedContent": {"text": change.text}}
        by_file.setdefault(change.file, []).append(replaced)
    return [{"artifactLocation": {"uri": quote(file)}, "replacements": each} for file, each in by_file.items()]


def _place(file: str, start: tuple[int, int], end: tuple[int, int] | None = None) -> dict[str, Any]:
    region = {"startLine": start[0], "startColumn": start[1]}
    if end:
        region |= {"endLine": end[0], "endColumn": end[1]}
    return {"artifactLocation": {"uri": quote(file)}, "region": region}
