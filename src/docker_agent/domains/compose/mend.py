"""Fix findings in memory: what does not overlap goes in together, and nothing stays that changes more than it says."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import field, record
from docker_agent.core.rule import FixKind, Rule
from docker_agent.domains.compose.baseline import Known, known_of
from docker_agent.domains.compose.judge import all_rules, judge
from docker_agent.domains.compose.severities import Severities
from docker_agent.host.files import read_file
from docker_agent.project.compose.model import ComposeModel, Document
from docker_agent.project.disk import WrittenDisk
from docker_agent.project.edit.check import lost_comments, stray_changes
from docker_agent.project.edit.claims import Claims
from docker_agent.project.edit.files import FileEdit, text_after
from docker_agent.project.edit.values import Edit, apply_edits
from docker_agent.project.stack import Read, Stack, open_stack

Reload = Callable[[Mapping[Path, bytes]], ComposeModel]
Find = Callable[[ComposeModel], list[Finding]]
Group = tuple[str, str]
Skipped = tuple[Finding, str]

NOT_SURE = "no fix is sure"

# Measures of hardening that are mended with the rest, since a service bears them whatever it is.
HARMLESS = frozenset({"healthcheck_missing", "log_rotation_missing"})


@record
class FixResult:
    """What fixing came to.

    Attributes
    ----------
    model: the stack as it will be.
    files: the new text of each compose file that changes, by its name in the model.
    file_edits: what goes to other files.
    done: the findings that are gone.
    skipped: those that stay, each with the reason.
    """

    model: ComposeModel
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    file_edits: tuple[FileEdit, ...] = ()
    done: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def reload_of(stack: Stack, *, read: Read = read_file, environment: Mapping[str, str] = os.environ) -> Reload:
    """A function that reads the stack again with some files as they are going to be written."""
    disk = stack.model.disk

    def reload(written: Mapping[Path, bytes]) -> ComposeModel:
        def read_new(path: Path) -> bytes:
            return written[path] if path in written else read(path)

        shown = WrittenDisk(disk, written) if disk else None
        return open_stack(stack.root, stack.files, read=read_new, environment=environment, disk=shown).model

    return reload


def mendable_rules() -> dict[str, Rule]:
    """The rules that have a fix, by code."""
    return {rule.code: rule for rule in all_rules() if rule.mend}


def rules_to_fix(
    severities: Severities, codes: Collection[str] = (), kinds: Collection[FixKind] = ("safe",)
) -> list[Rule]:
    """The rules whose findings are mended: those that are named, whatever their fix does, or all that are listed.

    Measures of hardening that take nothing away from a service are among the latter in every profile.
    """

    def listed(rule: Rule) -> bool:
        summed_up = rule.hardening and severities.profile == "dev" and severities.named(rule.code) is None
        return bool(severities.of(rule)[0].rank) and (not summed_up or rule.code in HARMLESS)

    if codes:
        return [rule for code, rule in mendable_rules().items() if code in codes]
    return [rule for rule in mendable_rules().values() if rule.fix_kind in kinds and listed(rule)]


def plan_fixes(
    model: ComposeModel, severities: Severities, rules: Sequence[Rule], reload: Reload, *, service: str = ""
) -> FixResult:
    """Fix what some rules find, and what they find then, until nothing more can be fixed; nothing is written.

    A fix counts only if the files can be read again, nothing changed in the model but what its characters say, no
    comment is gone, Compose would refuse nothing more, the finding is no longer there and none that was mended is back.

    Parameters
    ----------
    service: only findings about this one; about all of them by default.
    """

    def find(now: ComposeModel) -> list[Finding]:
        found = judge(now, severities, rules).findings
        return [each for each in found if service in {"", each.object}]

    mending = _Mending(model, find, reload, {rule.code: rule for rule in rules})
    return mending.run() if mending.found else FixResult(model)


@record
class _Fix:
    finding: Finding
    edits: tuple[Edit, ...]
    file_edits: tuple[FileEdit, ...]


class _Mending:
    """The state between rounds; each round tries as many fixes as do not overlap, fewer after a failure."""

    def __init__(
        self,
        model: ComposeModel,
        find: Find,
        reload: Reload,
        rules: Mapping[str, Rule],
    ) -> None:
        self.now = model
        self.find = find
        self.reload = reload
        self.rules = rules
        self.found = find(model)
        self.errors = _errors(model) if self.found else Counter[Group]()
        self.seen = list(self.found)
        self.mended: set[Known] = set()
        self.written: dict[Path, bytes] = {}
        self.files: dict[str, str] = {}
        self.file_edits: list[FileEdit] = []
        self.skipped: list[Skipped] = []
        self.given_up: Counter[Known] = Counter()

    def run(self) -> FixResult:
        """Try what was given up once more after others were made, until nothing more can be made."""
        while self._progress() and self.given_up:
            self.skipped.clear()
            self.given_up.clear()
        done, skipped = self._settled()
        return FixResult(self.now, self.files, tuple(self.file_edits), done, skipped)

    def _progress(self) -> bool:
        limit, made = len(self.found), False
        while batch := self._batch(self._not_given_up(self.found), limit):
            reason = self._take(batch)
            if reason and len(batch) == 1:
                self._give_up(batch[0].finding, reason)
            made = made or not reason
            limit = max(1, len(batch) // 2) if reason else limit * 2
        return made

    def _not_given_up(self, found: list[Finding]) -> list[Finding]:
        passed: Counter[Known] = Counter()
        kept: list[Finding] = []
        for finding in found:
            known = known_of(self.now, finding)
            passed[known] += 1
            if passed[known] > self.given_up[known]:
                kept.append(finding)
        return kept

    def _give_up(self, finding: Finding, reason: str) -> None:
        self.skipped.append((finding, reason))
        self.given_up[known_of(self.now, finding)] += 1

    def _batch(self, found: list[Finding], limit: int) -> list[_Fix]:
        taken: list[_Fix] = []
        claims = Claims()
        for finding in found:
            if len(taken) == limit:
                break
            try:
                fix = self._fix(finding)
            except InputError as error:
                self._give_up(finding, str(error))
                continue
            if not fix.edits:
                self._give_up(finding, NOT_SURE)
            elif claims.take(fix.edits, fix.file_edits):
                taken.append(fix)
        return taken

    def _fix(self, finding: Finding) -> _Fix:
        mend = self.rules[finding.code].mend
        parts = list(mend(self.now, finding)) if mend else []
        edits = tuple(part for part in parts if isinstance(part, Edit))
        return _Fix(finding, edits, tuple(part for part in parts if isinstance(part, FileEdit)))

    def _take(self, batch: list[_Fix]) -> str:
        """Make the edits and look at what came of them; the reason why they were dropped, "" where they stay."""
        edits: dict[str, list[Edit]] = {}
        for edit in (edit for fix in batch for edit in fix.edits):
            edits.setdefault(edit.file, []).append(edit)
        file_edits = [edit for fix in batch for edit in fix.file_edits]
        try:
            files = {name: apply_edits(self.now.source(name).text, some) for name, some in edits.items()}
            written = {**self.written, **{self.now.source(name).path: self._bytes(name, files[name]) for name in files}}
            if file_edits and self.now.disk:
                texts = text_after(file_edits, self.now.disk)
                written |= {path: text.encode() for path, text in texts.items()}
            after = self.reload(written)
        except InputError as error:
            return f"the edited file cannot be read: {error.message}"
        errors, found = _errors(after), self.find(after)
        reason = self._strayed(after, edits) or self._unsettled(batch, after, errors, found)
        if not reason:
            self._keep(batch, after, found)
            self.written, self.errors = written, errors
            self.files |= files
            self.file_edits += file_edits
        return reason

    def _keep(self, batch: list[_Fix], after: ComposeModel, found: list[Finding]) -> None:
        self.mended |= {known_of(self.now, fix.finding) for fix in batch}
        more = _groups(found) - _groups(self.found)
        for finding in reversed(found):
            if more[_group(finding)] > 0:
                more[_group(finding)] -= 1
                self.seen.append(finding)
        self.now, self.found = after, found

    def _bytes(self, name: str, text: str) -> bytes:
        mark = b"\xef\xbb\xbf" if self.now.source(name).data.startswith(b"\xef\xbb\xbf") else b""
        return mark + text.encode()

    def _strayed(self, after: ComposeModel, edits: Mapping[str, list[Edit]]) -> str:
        for name, some in edits.items():
            old, new = _documents(self.now, name), _documents(after, name)
            stray = stray_changes(old, new, some)
            if stray:
                return f"the fix would change {stray[0]} too"
            if lost_comments(old, new):
                return "the fix would lose a comment"
        return ""

    def _unsettled(self, batch: list[_Fix], after: ComposeModel, errors: Counter[Group], found: list[Finding]) -> str:
        if more := errors - self.errors:
            return f"the fix would bring {min(more)[0]}"
        left, before = _groups(found), _groups(self.found)
        gone = _groups(fix.finding for fix in batch)
        if any(left[group] > before[group] - count for group, count in gone.items()):
            return "the fix does not silence the finding"
        again = left - before
        back = (each for each in found if _group(each) in again and known_of(after, each) in self.mended)
        return next((f"the fix would bring back {each.code}" for each in back), "")

    def _settled(self) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
        """The findings that are gone, and those that were given up and are still there."""
        left, skipped = _groups(self.found), list[Skipped]()
        for finding, reason in self.skipped:
            if left[_group(finding)] > 0:
                left[_group(finding)] -= 1
                skipped.append((finding, reason))
        left = _groups(self.found)
        done: list[Finding] = []
        for finding in reversed(self.seen):
            if left[_group(finding)] > 0:
                left[_group(finding)] -= 1
            else:
                done.append(finding)
        return tuple(reversed(done)), tuple(skipped)


def _documents(model: ComposeModel, name: str) -> list[Document]:
    return [each for each in (*model.documents, *model.borrowed) if each.source.name == name]


def _group(finding: Finding) -> Group:
    return finding.code, finding.object


def _groups(findings: Iterable[Finding]) -> Counter[Group]:
    return Counter(_group(finding) for finding in findings)


def _errors(model: ComposeModel) -> Counter[Group]:
    return _groups(each for each in judge(model, Severities()).findings if each.severity is Severity.ERROR)
