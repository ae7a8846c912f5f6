"""What a check came to, as plain data that formats write out and processes hand to each other."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import record
from docker_agent.domains.compose.baseline import Known

WORDS = ((Severity.ERROR, "error"), (Severity.WARN, "warning"), (Severity.INFO, "remark"))


@record
class Change:
    """The characters that a safe fix replaces, lines and columns from 1, the end not included."""

    file: str
    start: tuple[int, int]
    end: tuple[int, int]
    text: str


@record
class Row:
    """One finding with the place that it points at: columns count characters from 1, the end is not included.

    `last` is the line and column after the last character that is meant, which may be on a later line; `source` is the
    first line with its secrets masked, and `mark` what is meant of that. `known` is what a baseline knows it by,
    `fix_kind` what its mechanical fix does, "" where there is none.
    """

    finding: Finding
    file: str
    line: int
    column: int
    end_column: int
    source: str
    known: Known
    fix_kind: str = ""
    changes: tuple[Change, ...] = ()
    last: tuple[int, int] = (0, 0)
    mark: tuple[int, int] = (1, 2)


@record
class Checked:
    """What was found in one stack.

    Attributes
    ----------
    name: the stack as it was asked for.
    files: the files that were read.
    silenced: findings that a comment in the files covers.
    gaps: what could not be looked at.
    remarks: what is odd about the wishes or the policies.
    watched: every file whose change may change the result.
    diff: what --fix would change.
    """

    name: str
    files: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    silenced: tuple[Row, ...] = ()
    gaps: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    watched: tuple[Path, ...] = ()
    diff: str = ""


@record
class Report:
    """What was found in all stacks.

    Attributes
    ----------
    rows: what counts, by file and line.
    known: how many findings the baseline knows.
    gone: what the baseline knows and is there no more.
    rules: how many rules were asked.
    """

    rows: tuple[Row, ...] = ()
    silenced: tuple[Row, ...] = ()
    files: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    known: int = 0
    gone: tuple[Known, ...] = ()
    rules: int = 0

    @property
    def exit_code(self) -> int:
        """2 where something could not be looked at, 1 for findings at warn or error, else 0."""
        if self.gaps:
            return 2
        return int(any(row.finding.severity.rank >= Severity.WARN.rank for row in self.rows))

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        counts = Counter(row.finding.severity for row in self.rows)
        parts = [f"{counts[level]} {word}{'s' * (counts[level] > 1)}" for level, word in WORDS if counts[level]]
        many = len(self.files)
        where = self.files[0] if many == 1 else f"{many} files"
        if self.gaps and not parts:
            return "Nothing wrong found in what could be looked at."
        return f"{', '.join(parts) or 'Nothing wrong found'} in {where}."
