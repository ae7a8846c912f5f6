"""For people: each finding with the line it is about and a mark under the characters."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Severity
from docker_agent.surfaces.check.report import Report, Row

COLOR = {Severity.ERROR: "\033[1;31m", Severity.WARN: "\033[1;33m", Severity.INFO: "\033[1;36m"}
BOLD, DIM, PLAIN = "\033[1m", "\033[2m", "\033[0m"
WORD = {Severity.ERROR: "error", Severity.WARN: "warning", Severity.INFO: "remark"}
HOW = {"safe": " (--fix)", "behaviour": " (--fix --unsafe)"}
WIDEST = 160
TAB = "    "


def render(report: Report, *, color: bool = False, quiet: bool = False) -> str:
    """The report as text; colours are for terminals. What was not looked at is always said."""
    blocks = ["\n".join(_block(row, color=color)) for row in report.rows]
    said = list(_gaps(report)) if quiet else [*_summary(report, color=color), *_gaps(report), *_advice(report)]
    if said:
        blocks.append("\n".join(said))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _block(row: Row, *, color: bool) -> Iterator[str]:
    paint = COLOR.get(row.finding.severity, "") if color else ""
    bold, dim, plain = (BOLD, DIM, PLAIN) if color else ("", "", "")
    word = WORD.get(row.finding.severity, row.finding.severity.value)
    origin = f" ({row.finding.severity_from})" if row.finding.severity_from else ""
    where = f"{_printable(row.file)}:{row.line}:{row.column}"
    yield f"{bold}{where}{plain}: {paint}{word}{plain}[{row.finding.code}]{origin}"
    yield f"  {_printable(row.finding.message)}"
    before, marked = row.source[: row.mark[0] - 1], row.source[row.mark[0] - 1 : row.mark[1] - 1]
    if row.source.strip():
        indent = " " * len(before.replace("\t", TAB))
        mark = "^" * max(1, min(len(marked.replace("\t", TAB)), WIDEST - len(indent)))
        number = str(row.line)
        yield f"  {dim}{number} |{plain} {_printable(row.source.replace(chr(9), TAB))[:WIDEST]}"
        if len(indent) < WIDEST:
            yield f"  {dim}{' ' * len(number)} |{plain} {indent}{paint}{mark}{plain}"
    if row.finding.fix:
        yield f"  {dim}= {_printable(row.finding.fix)}{HOW.get(row.fix_kind, '')}{plain}"


def _summary(report: Report, *, color: bool) -> Iterator[str]:
    bold, plain = (BOLD, PLAIN) if color else ("", "")
    yield f"{bold}{_printable(report.verdict)}{plain}"
    if report.silenced:
        yield f"{len(report.silenced)} silenced by comments."
    if report.known:
        yield f"{report.known} known from the baseline."
    if report.gone:
        yield f"{len(report.gone)} of the baseline are gone; write it anew."
    yield from map(_printable, report.remarks)


def _gaps(report: Report) -> Iterator[str]:
    return (f"Not looked at: {_printable(gap)}" for gap in report.gaps)


def _advice(report: Report) -> Iterator[str]:
    if report.rows:
        codes = sorted({row.finding.code for row in report.rows}, key=len)
        yield f"What a rule means: docker-agent compose explain {codes[0]}"


def _printable(text: str) -> str:
    """Text without control characters, which a file could use to rewrite the terminal."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
