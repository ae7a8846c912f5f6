"""Turn plans, answers and errors into what a person reads."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from docker_agent.core.errors import AgentError
from docker_agent.core.plan import Argv, Check, Engine, Observe, Plan, Probe, Restore, Risk, Step, WaitHealthy, Write
from docker_agent.policy.taint import clean

COLOURS = {"error": "red", "warn": "yellow", "info": "cyan", "failed": "red", "missing": "yellow", "warning": "yellow"}
RISK_COLOURS = {Risk.READ: "green", Risk.CHANGE: "yellow", Risk.DESTROY: "red"}
PLAIN_WIDTH = 160
LONG = 120
BACK = "Where a step or check fails, and on undo:"


def plan_panel(plan: Plan, digest: str, diffs: Mapping[int, str]) -> RenderableType:
    """A plan as a panel for a terminal; `diffs` holds what writing steps change, by position, the way back's last."""
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style="dim")
    table.add_column()
    for index, step in enumerate(plan.steps, 1):
        words = Text(clean(step.why), style="bold" if step.risk is not Risk.READ else "")
        words.append(f"\n{clean(describe(step))}", style="dim")
        if step.undo is not None:
            words.append(f"\nundo: {clean(describe(step.undo))}", style="dim italic")
        table.add_row(str(index), words)
        if diffs.get(index - 1):
            table.add_row("", _diff(diffs[index - 1]))
    parts: list[RenderableType] = [table]
    if plan.remarks:
        parts.insert(0, Text("".join(f"! {clean(remark)}\n" for remark in plan.remarks), style="yellow"))
    if _purpose(plan):
        parts.insert(0, Text(f"{_purpose(plan)}\n"))
    if plan.rollback:
        parts.append(Text(f"\n{BACK}", style="dim italic"))
        for index, step in enumerate(plan.rollback, len(plan.steps)):
            parts.append(Text(f" - {clean(step.why)} ({clean(describe(step))})", style="dim italic"))
            parts += [_diff(diffs[index])] if diffs.get(index) else []
    parts += [Text(f"{label}: {', '.join(names)}", style="bold red") for label, names in _at_stake(plan)]
    return Panel(
        Group(*parts),
        title=f"[bold]Plan[/] {escape(clean(plan.title))}",
        subtitle=f"{plan.risk.value} · {digest[:12]}",
        border_style=RISK_COLOURS[plan.risk],
        title_align="left",
        subtitle_align="right",
    )


def plan_text(plan: Plan, digest: str, diffs: Mapping[int, str]) -> str:
    """A plan as plain lines; `diffs` as for the panel."""
    lines = [f"PLAN {clean(plan.title)}  [{plan.risk.value}, {digest[:12]}]"]
    if _purpose(plan):
        lines.append(f"  {_purpose(plan)}")
    lines += [f"  ! {clean(remark)}" for remark in plan.remarks]
    for index, step in enumerate(plan.steps, 1):
        lines += [f"  {index}. {clean(step.why)}", f"     {clean(describe(step))}"]
        lines += [f"     | {clean(line)}" for line in diffs.get(index - 1, "").splitlines()[2:]]
        if step.undo is not None:
            lines.append(f"     undo: {clean(describe(step.undo))}")
    if plan.rollback:
        lines.append(f"  {BACK}")
        for index, step in enumerate(plan.rollback, len(plan.steps)):
            lines.append(f"   - {clean(step.why)} ({clean(describe(step))})")
            lines += [f"     | {clean(line)}" for line in diffs.get(index, "").splitlines()[2:]]
    lines += [f"  {label}: {', '.join(names)}" for label, names in _at_stake(plan)]
    return "\n".join(lines)


def _purpose(plan: Plan) -> str:
    """Why a plan is made, and the entry of the journal that it is about."""
    entry = f"(takes back entry {plan.undoes})" if plan.undoes else ""
    entry = f"(goes on with entry {plan.continues})" if plan.continues else entry
    return clean(" ".join(filter(None, (plan.reason, entry))))


def _diff(diff: str) -> Text:
    words = Text()
    for line in diff.splitlines()[2:]:
        words.append(f"{clean(line)}\n", style={"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "dim"))
    words.rstrip()
    return words


def describe(step: Step) -> str:
    """One step in the words of its doing."""
    match step:
        case Argv():
            return "$ " + shlex.join(step.argv) + (f"  (in {step.cwd})" if step.cwd not in {"", *step.argv} else "")
        case Engine():
            given = "".join(f" {key}={value}" for key, value in step.args.items())
            return f"engine: {step.action.replace('_', ' ')} {step.target}{given}"
        case Write() if step.remove:
            return f"remove {step.path} (undo puts it back)"
        case Write():
            mode = "" if step.mode is None else f", mode {step.mode:o}"
            return f"{'change' if step.before else 'create'} {step.path}{mode} (undo puts the old one back)"
        case Restore():
            return f"put back {step.path}" if step.kept else f"remove {step.path}"
        case WaitHealthy():
            return f"wait until {step.target} is healthy, at most {step.timeout_s:.0f} s"
        case Probe():
            status = f" {step.expect_status}" if step.url.startswith("http") else ""
            return f"{step.url} must answer{status}{f' inside {step.inside}' if step.inside else ''}"
        case Observe():
            return f"watch {step.target} for {step.seconds:.0f} s: no restart"
        case Check():
            given = "".join(f" {key}={value}" for key, value in step.args.items())
            return f"check: {step.name}{given}"


def _at_stake(plan: Plan) -> list[tuple[str, Sequence[str]]]:
    return [
        (label, [clean(name) for name in names])
        for label, names in (("Data lost", plan.data), ("Outside the project", plan.foreign))
        if names
    ]


def print_error(error: AgentError) -> None:
    """One sentence and the next step, on standard error."""
    console = Console(stderr=True, highlight=False)
    console.print(f"[red]Error:[/] {escape(clean(error.message))}", soft_wrap=True)
    if error.next_step:
        console.print(f"[dim]Next:[/] {escape(clean(error.next_step))}", soft_wrap=True)


def print_answer(data: dict[str, Any], mend: str = "") -> None:
    """A tool's answer: findings as findings, lists of objects as tables, the rest as fields.

    `mend` is the command that makes the plan for a finding that has one, given its code and object.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    if "digest" in data and "steps" in data:
        _print_result(console, data)
        return
    for key, value in data.items():
        if key == "findings":
            _print_findings(console, value, mend)
        elif isinstance(value, list):
            _print_list(console, key, cast("list[Any]", value))
        elif isinstance(value, str) and "\n" in value:
            console.print(clean(value), markup=False, soft_wrap=True)
        elif value not in (None, "", {}):
            console.print(f"[bold]{escape(_title(key))}:[/] {escape(clean(_words(value)))}", soft_wrap=True)


def _print_result(console: Console, data: dict[str, Any]) -> None:
    """What became of a plan: each step, whether the checks held, and how to undo it where that can be done."""
    done: list[str] = data.get("done") or []
    for line in done:
        console.print(f"  {clean(line)}", markup=False, soft_wrap=True)
    checked = {True: "verified", False: "not verified", None: "nothing to verify"}[data.get("verified")]
    console.print(f"[bold]{escape(clean(str(data['status'])))}[/], {checked}: {escape(clean(str(data['title'])))}")
    if data.get("undo"):
        console.print(f"[dim]Undo:[/] {escape(clean(str(data['undo'])))}")


def _print_list(console: Console, key: str, items: list[Any]) -> None:
    if items and isinstance(items[0], dict):
        console.print(_table(key, items))
    elif sum(len(str(item)) for item in items) > LONG:
        console.print(f"[bold]{escape(_title(key))}:[/]")
        console.print(clean("\n".join(map(str, items))), markup=False, soft_wrap=True)
    elif items:
        console.print(f"[bold]{escape(_title(key))}:[/] {escape(clean(', '.join(map(str, items))))}", soft_wrap=True)


def _print_findings(console: Console, findings: list[dict[str, Any]], mend: str) -> None:
    for finding in findings:
        severity = str(finding.get("severity", ""))
        head = Text(f"{severity:<5} ", style=COLOURS.get(severity, ""))
        head.append(f"{clean(str(finding.get('code')))}", style="bold")
        head.append(f"  {clean(str(finding.get('object')))}: {clean(str(finding.get('message')))}")
        console.print(head, soft_wrap=True)
        if finding.get("cause"):
            console.print(f"      cause: {clean(str(finding['cause']))}", markup=False, soft_wrap=True)
        seen: list[dict[str, Any]] = finding.get("evidence") or []
        for evidence in seen:
            place = clean(f"{evidence.get('where')}  {evidence.get('quote', '')}")
            console.print(f"      {clean(place)}", style="dim", markup=False, soft_wrap=True)
        if finding.get("fix"):
            console.print(f"      fix: {clean(str(finding['fix']))}", style="green", markup=False, soft_wrap=True)
        if mend and finding.get("fixable"):
            words = clean(shlex.join([str(finding.get("code")), str(finding.get("object"))]))
            console.print(f"      mend: {mend} {words}", style="bold", markup=False, soft_wrap=True)


def _table(key: str, rows: list[dict[str, Any]]) -> Table:
    columns = [name for name in rows[0] if any(row.get(name) not in (None, "", [], {}, False) for row in rows)]
    table = Table(title=_title(key), title_justify="left", box=None, header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(_title(name), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in columns))
    return table


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in cast("dict[str, Any]", value).items())
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _cell(value: Any) -> Text:
    several = isinstance(value, list | tuple)
    words = ", ".join(map(str, cast("list[Any]", value))) if several else str("" if value is None else value)
    words = {"True": "yes", "False": ""}.get(words, words)
    return Text(clean(words), style=COLOURS.get(words, ""))


def _title(key: str) -> str:
    return key.replace("_", " ")
