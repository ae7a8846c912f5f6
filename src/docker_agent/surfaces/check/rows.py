"""Findings as rows of a report: the exact characters that are meant, and nothing of a secret in what is shown."""

from __future__ import annotations

from collections.abc import Callable

from docker_agent.core.finding import Finding
from docker_agent.core.record import replace
from docker_agent.domains.compose.baseline import known_of
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Source
from docker_agent.surfaces.check.report import Change, Row

Hide = Callable[[str], str]


def row_of(
    model: ComposeModel, finding: Finding, mask: Hide, fix_kind: str = "", changes: tuple[Change, ...] = ()
) -> Row:
    """A finding with its place, its line and the mark under it; where its end is not known, its quote or a word counts.

    Parameters
    ----------
    mask: puts masks in the place of secrets.
    changes: the edits of a safe fix; left out where one of them would show a secret.
    """
    file, line_text, column_text = finding.evidence[0].where.rsplit(":", 2)
    line, column = int(line_text), int(column_text)
    text = _line(model.source(file), line)
    end = column + max(1, _length(finding, text, column))
    last = (line, min(end, max(len(text), column) + 1))
    if finding.evidence[0].end:
        end_line, _, end_column = finding.evidence[0].end.partition(":")
        last = max((line, column), (int(end_line), int(end_column)))
    end = max(column + 1, last[1] if last[0] == line else len(text) + 1)
    source, mark = _masked(text, mask, column - 1, end - 1)
    known = known_of(model, finding)
    if any(mask(change.text) != change.text for change in changes):
        changes = ()
    return Row(hidden(finding, mask), file, line, column, end, source, known, fix_kind, changes, last, mark)


def hidden(finding: Finding, mask: Hide) -> Finding:
    """A finding with masks in its words and quotes; the same one where there is nothing to hide."""
    words = {name: mask(getattr(finding, name)) for name in ("object", "message", "cause", "fix")}
    evidence = tuple(replace(each, quote=quote) if (quote := mask(each.quote)) != each.quote else each
                     for each in finding.evidence)  # fmt: skip
    same = evidence == finding.evidence and all(getattr(finding, name) == text for name, text in words.items())
    return finding if same else replace(finding, evidence=evidence, **words)


def _masked(text: str, mask: Hide, start: int, end: int) -> tuple[str, tuple[int, int]]:
    """A line with masks, and the columns there of what was from `start` to `end`."""
    shown = mask(text)
    if shown == text:
        return shown, (start + 1, end + 1)
    before, after = mask(text[:start]), mask(text[end:])
    first = len(before) if shown.startswith(before) else len(shown) - len(shown.lstrip())
    last = len(shown) - len(after) if shown.endswith(after) else len(shown)
    return shown, (first + 1, max(first + 1, last) + 1)


def _line(source: Source, line: int) -> str:
    start = source.line_starts[line - 1] if line <= len(source.line_starts) else len(source.text)
    end = source.text.find("\n", start)
    return source.text[start : end if end >= 0 else len(source.text)].rstrip("\r")


def _length(finding: Finding, text: str, column: int) -> int:
    quote, rest = finding.evidence[0].quote, text[column - 1 :]
    if quote and rest.startswith(quote):
        return len(quote)
    return len(rest.split(None, 1)[0].rstrip(":,")) if rest.strip() and not rest[0].isspace() else 1
