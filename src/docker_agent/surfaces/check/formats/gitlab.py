"""For GitLab: a Code Quality report."""

from __future__ import annotations

import json

from docker_agent.core.finding import Severity
from docker_agent.surfaces.check.fingerprint import fingerprints
from docker_agent.surfaces.check.report import Report

LEVELS = {Severity.ERROR: "critical", Severity.WARN: "major", Severity.INFO: "info"}


def render(report: Report, *, color: bool = False, quiet: bool = False) -> str:
    """The findings as GitLab compares them between branches; it has no place for what was not looked at."""
    del color, quiet
    issues = [
        {
            "description": f"{row.finding.message} {row.finding.fix}".rstrip(),
            "check_name": row.finding.code,
            "fingerprint": name,
            "severity": LEVELS[row.finding.severity],
            "location": {"path": row.file, "lines": {"begin": row.line, "end": row.last[0]}},
        }
        for row, name in zip(report.rows, fingerprints(report.rows), strict=True)
    ]
    return json.dumps(issues, ensure_ascii=False, indent=2) + "\n"
