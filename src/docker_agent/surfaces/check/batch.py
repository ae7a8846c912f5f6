"""Check stacks, one after the other or on all cores: each comes to plain data, and none can stop the others."""

from __future__ import annotations

import gc
import importlib
import os
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from docker_agent.core.errors import AgentError
from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import field, record
from docker_agent.core.rule import FixKind, Rule
from docker_agent.domains.compose.baseline import Baseline
from docker_agent.domains.compose.judge import all_rules, fix_kind_of, judge, known_codes
from docker_agent.domains.compose.severities import Severities
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.disk import LocalDisk
from docker_agent.project.stack import Stack, open_stack
from docker_agent.surfaces.check.cores import cores, on_all_cores
from docker_agent.surfaces.check.mask import Mask
from docker_agent.surfaces.check.report import Change, Checked, Report, Row
from docker_agent.surfaces.check.rows import row_of
from docker_agent.surfaces.check.stacks import Asked

MANY = 12
HADOLINT_TIMEOUT_S = 60.0


@record
class Manner:
    """How stacks are checked.

    Attributes
    ----------
    select: codes of the rules to run; all by default.
    least: findings below are left out.
    changes: whether the edits of safe fixes are wanted too.
    diff: the kinds of fixes to show as a diff, none by default.
    hadolint: whether Hadolint is asked about the Dockerfiles.
    """

    root: Path
    severities: Severities = field(default_factory=Severities)
    select: frozenset[str] = frozenset()
    least: Severity = Severity.INFO
    changes: bool = False
    diff: tuple[FixKind, ...] = ()
    hadolint: bool = False


def check_all(
    stacks: Sequence[Asked], manner: Manner, baseline: Baseline | None = None
) -> tuple[Report, list[Checked]]:
    """Check stacks and gather what was found, without what the baseline knows."""
    gc.set_threshold(200_000, 20, 20)
    all_rules()
    if len(stacks) >= MANY and (processes := cores()) > 1:
        checked = on_all_cores(partial(check_one, manner=manner), stacks, processes)
    else:
        checked = [check_one(asked, manner) for asked in stacks]
    return gathered(checked, baseline), checked


def gathered(checked: Sequence[Checked], baseline: Baseline | None = None) -> Report:
    """One report of several stacks."""
    rows = _rows_once(row for each in checked for row in each.rows)
    rows, known, gone = baseline.apply(rows, lambda row: row.known) if baseline else (rows, 0, [])
    rows.sort(key=lambda row: (row.file, row.line, row.column, row.finding.code))
    return Report(
        rows=tuple(rows),
        silenced=tuple(row for each in checked for row in each.silenced),
        files=_once(name for each in checked for name in each.files),
        gaps=_once(gap for each in checked for gap in each.gaps),
        remarks=_once(remark for each in checked for remark in each.remarks),
        known=known,
        gone=tuple(gone),
        rules=len(all_rules()),
    )


def check_one(asked: Asked, manner: Manner) -> Checked:
    """Check one stack; whatever goes wrong is a gap, so that the others are still checked."""
    if asked.gap:
        return Checked(asked.gap, gaps=(asked.gap,))
    name = os.path.relpath(asked.files[-1], manner.root)
    try:
        stack = open_stack(manner.root, asked.files, disk=LocalDisk(), strict=False)
        return _judged(name, stack, asked, manner)
    except AgentError as error:
        gap = error.message if name in error.message else f"{name}: {error.message}"
        return Checked(name, (name,), gaps=(gap,), watched=asked.files)
    except Exception as error:  # noqa: BLE001 - a fault of ours in one file must not hide what the others have
        gap = f"{name}: the check itself failed ({type(error).__name__}); please report it"
        return Checked(name, (name,), gaps=(gap,), watched=asked.files)


def _judged(name: str, stack: Stack, asked: Asked, manner: Manner) -> Checked:
    model, severities = stack.model, manner.severities
    chosen = _chosen(manner)
    judgement = judge(model, severities, chosen)
    linted, unlinted = _linted(model, severities) if manner.hadolint else ([], ())
    mask = Mask(stack)
    wanted = [
        finding
        for finding in (*judgement.findings, *linted)
        if finding.severity.rank >= manner.least.rank and (not asked.only or _file_of(finding) == asked.only)
    ]
    changes = _changes(model) if manner.changes else {}
    rows = tuple(_row(model, finding, mask, changes) for finding in wanted)
    sources = (*model.sources.values(), *model.others.values())
    watched = (*asked.files, *model.further, *stack.dotenv, *(source.path for source in sources))
    return Checked(
        name=name,
        files=(*model.sources, *model.others) or (name,),
        rows=rows,
        silenced=tuple(_row(model, finding, mask, {}) for finding in judgement.suppressed),
        gaps=(*model.not_looked_at, *unlinted),
        remarks=tuple(severities.unknown(known_codes())),
        watched=tuple(dict.fromkeys(watched)),
        diff=_diff(stack, manner, mask) if manner.diff else "",
    )


def _linted(model: ComposeModel, severities: Severities) -> tuple[list[Finding], tuple[str, ...]]:
    """What Hadolint says; loaded here, since running programs costs as much as the whole check."""
    ask_hadolint = importlib.import_module("docker_agent.domains.compose.hadolint").ask_hadolint
    program = importlib.import_module("docker_agent.host.compose_cli").program

    def run(name: str, *arguments: str) -> object:
        return program(name, arguments, timeout_s=HADOLINT_TIMEOUT_S, environment=os.environ)

    findings, _, missing = ask_hadolint(run, model, severities, wanted=True)
    return findings, missing


def _chosen(manner: Manner) -> list[Rule] | None:
    return [rule for rule in all_rules() if rule.code in manner.select] if manner.select else None


def _file_of(finding: Finding) -> str:
    return finding.evidence[0].where.rsplit(":", 2)[0]


def _row(model: ComposeModel, finding: Finding, mask: Mask, changes: dict[str, tuple[Change, ...]]) -> Row:
    return row_of(model, finding, mask, fix_kind_of(model, finding) or "", changes.get(finding.identity, ()))


def _changes(model: ComposeModel) -> dict[str, tuple[Change, ...]]:
    """The edits of safe fixes by the identity of their finding."""
    found: dict[str, tuple[Change, ...]] = {}
    for rule in (rule for rule in all_rules() if rule.mend and rule.fix_kind == "safe"):
        for finding in judge(model, Severities(), [rule]).findings:
            try:
                edits = list(rule.mend(model, finding)) if rule.mend else []
            except AgentError:
                continue
            places = [(model.source(edit.file).place(edit.start, edit.end), edit) for edit in edits]
            ends = [model.source(edit.file).place(edit.end, edit.end) for edit in edits]
            found[finding.identity] = tuple(
                Change(edit.file, (place.line, place.column), (end.line, end.column), edit.text)
                for (place, edit), end in zip(places, ends, strict=True)
            )
    return found


def _diff(stack: Stack, manner: Manner, mask: Mask) -> str:
    """What the fixes of some kinds would change; loaded here, since most calls want none."""
    fix_diff = importlib.import_module("docker_agent.surfaces.check.diff").fix_diff
    return str(fix_diff(stack, manner.severities, manner.select, manner.diff, mask))


def _rows_once(rows: Iterable[Row]) -> list[Row]:
    """Each finding once, also where several stacks have the file that it is in, such as by include."""
    return list({(row.file, row.line, row.column, row.finding.code, row.finding.message): row for row in rows}.values())


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
