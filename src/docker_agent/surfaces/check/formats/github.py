"""For GitHub Actions: workflow commands, which become annotations of the change."""

from __future__ import annotations

from docker_agent.core.finding import Severity
from docker_agent.surfaces.check.report import Report, Row

COMMANDS = {Severity.ERROR: "error", Severity.WARN: "warning", Severity.INFO: "notice"}
# A property ends at a comma, and the properties end at a colon, so that both are escaped there.
_DATA = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_PROPERTY = (*_DATA, (":", "%3A"), (",", "%2C"))


def render(report: Report, *, color: bool = False, quiet: bool = False) -> str:
    """A command for each finding, and a warning for each thing that was not looked at."""
    del color, quiet
    lines = [_command(row) for row in report.rows]
    lines += [f"::warning title=not looked at::{_escaped(gap, _DATA)}" for gap in report.gaps]
    return "".join(f"{line}\n" for line in lines)


def _command(row: Row) -> str:
    properties: dict[str, str | int] = {"file": row.file, "line": row.line, "endLine": row.last[0]}
    if row.last[0] == row.line:
        properties |= {"col": row.column, "endColumn": row.last[1]}
    properties["title"] = row.finding.code
    given = ",".join(f"{name}={_escaped(str(value), _PROPERTY)}" for name, value in properties.items())
    said = _escaped(f"{row.finding.message} {row.finding.fix}".rstrip(), _DATA)
    return f"::{COMMANDS[row.finding.severity]} {given}::{said}"


def _escaped(text: str, table: tuple[tuple[str, str], ...]) -> str:
    for character, code in table:
        text = text.replace(character, code)
    return text
