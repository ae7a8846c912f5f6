"""For test reports: JUnit XML, a suite for each file and a failed case for each finding at warn or error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from docker_agent.core.finding import Severity
from docker_agent.surfaces.check.report import Report, Row

GAPS = "not looked at"
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, *, color: bool = False, quiet: bool = False) -> str:
    """The report as XML: remarks are passed cases that say something, what a comment silences is skipped."""
    del color, quiet
    names = dict.fromkeys([*report.files, *(row.file for row in (*report.rows, *report.silenced))])
    suites = [
        _suite(
            name,
            [row for row in report.rows if row.file == name],
            [row for row in report.silenced if row.file == name],
        )
        for name in names
    ]
    if report.gaps:
        cases = [
            f'    <testcase classname="{GAPS}" name={_quoted(gap)} time="0">'
            f"<error type={_quoted(GAPS)} message={_quoted(gap)}/></testcase>"
            for gap in report.gaps
        ]
        suites.append("\n".join([_head(GAPS, len(cases), errors=len(cases)), *cases, "  </testsuite>"]))
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", *suites, "</testsuites>", ""])


def _suite(file: str, rows: Sequence[Row], silenced: Sequence[Row]) -> str:
    cases = [_open(row) + _what(row) + "</testcase>" for row in rows]
    cases += [_open(row) + "<skipped/></testcase>" for row in silenced]
    if not cases:
        cases.append(f'    <testcase classname={_quoted(file)} name="check" time="0"/>')
    failures = sum(_fails(row) for row in rows)
    head = _head(file, len(cases), failures=failures, skipped=len(silenced))
    return "\n".join([head, *cases, "  </testsuite>"])


def _head(name: str, tests: int, *, failures: int = 0, errors: int = 0, skipped: int = 0) -> str:
    counts = f'tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    return f'  <testsuite name={_quoted(name)} {counts} time="0">'


def _open(row: Row) -> str:
    name = f"{row.finding.code} {row.finding.object} {row.line}:{row.column}"
    return f'    <testcase classname={_quoted(row.file)} name={_quoted(name)} time="0">'


def _what(row: Row) -> str:
    text = f"{row.file}:{row.line}:{row.column}: {row.finding.message}\n{row.finding.fix}".rstrip()
    if not _fails(row):
        return f"<system-out>{_text(text)}</system-out>"
    kind = f"type={_quoted(row.finding.severity.value)} message={_quoted(row.finding.message)}"
    return f"<failure {kind}>{_text(text)}</failure>"


def _fails(row: Row) -> bool:
    return row.finding.severity.rank >= Severity.WARN.rank


def _quoted(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))
