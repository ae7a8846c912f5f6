"""For programs: one versioned object."""

from __future__ import annotations

import json
from typing import Any

from docker_agent.surfaces.check.report import Report, Row

VERSION = 1
FIX_WITH = {"safe": "--fix", "behaviour": "--fix --unsafe", "suggest": "--fix --select {code}"}


def render(report: Report, *, color: bool = False, quiet: bool = False) -> str:
    """The report as JSON; `ok` is what exit code 0 says."""
    del color, quiet
    data: dict[str, Any] = {
        "version": VERSION,
        "ok": report.exit_code == 0,
        "exit_code": report.exit_code,
        "verdict": report.verdict,
        "files": report.files,
        "findings": [_row(row) for row in report.rows],
        "suppressed": [_row(row) for row in report.silenced],
        "baseline": {"known": report.known, "gone": [known._asdict() for known in report.gone]},
        "rules": report.rules,
        "remarks": report.remarks,
        "not_looked_at": report.gaps,
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _row(row: Row) -> dict[str, Any]:
    finding = row.finding
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "severity_from": finding.severity_from,
        "object": finding.object,
        "message": finding.message,
        "fix": finding.fix,
        "fixable": row.fix_kind in {"safe", "behaviour"},
        "fix_with": FIX_WITH.get(row.fix_kind, "").format(code=finding.code),
        "confidence": finding.confidence,
        "file": row.file,
        "line": row.line,
        "column": row.column,
        "end_line": row.last[0],
        "end_column": row.last[1],
        "evidence": [{"where": each.where, "quote": each.quote} for each in finding.evidence],
    }
