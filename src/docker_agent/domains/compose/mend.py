"""Fix findings in memory: what does not overlap goes in together, and nothing stays that changes more than it says."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
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
from docker_agent.project.edit.files import FileEdit, text_after
from docker_agent.project.edit.values import Edit, apply_edits
from docker_agent.project.stack import Read, Stack, open_stack

Reload = Callable[[Mapping[Path, bytes]], ComposeModel]
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


def findings_to_fix(model: ComposeModel, severities: Severities, codes: Collection[str] = ()) -> list[Finding]:
    """The findings of rules that have a fix, each by itself: of these codes, or of all that the profile lists.

    Measures that take nothing away from a service are among the latter in every profile.
    """

    def listed(rule: Rule) -> bool:
        summed_up = rule.hardening and severities.profile == "dev" and severities.named(rule.code) is None
        return bool(severities.of(rule)[0].rank) and (not summed_up or rule.code in HARMLESS)

    rules = [rule for rule in mendable_rules().values() if (rule.code in codes if codes else listed(rule))]
    return judge(model, severities, rules).findings


def plan_fixes(
    model: ComposeModel, findings: Iterable[Finding], reload: Reload, kinds: Collection[FixKind] = ("safe",)
) -> FixResult:
    """Fix those of the findings whose rule has a fix of one of these kinds; nothing is written.

    A fix counts only if the files can be read again, nothing changed in the model but what its characters say, no
    comment is gone, Compose would refuse nothing more, and the finding is no longer there.
    """
    mendable = mendable_rules()
    wanted = [each for each in findings if each.code in mendable and mendable[each.code].fix_kind in kinds]
    if not wanted:
        return FixResult(model)
    mending = _Mending(model, reload, {code: mendable[code] for code in dict.fromkeys(each.code for each in wanted)})
    return mending.run(wanted)


@record
class _Fix:
    finding: Finding
    edits: tuple[Edit, ...]
    file_edits: tuple[FileEdit, ...]


class _Mending:
    """The state between rounds; each round tries as many fixes as do not overlap, fewer after a failure."""

    def __init__(self, model: ComposeModel, reload: Reload, rules: Mapping[str, Rule]) -> None:
        self.now = model
        self.reload = reload
        self.rules = rules
        self.errors, self.found = _errors(model), self._found(model)
        self.written: dict[Path, bytes] = {}
        self.files: dict[str, str] = {}
        self.file_edits: list[FileEdit] = []
        self.skipped: list[Skipped] = []
        self.given_up: Counter[Known] = Counter()

    def run(self, wanted: list[Finding]) -> FixResult:
        known, asked = {known_of(self.now, finding) for finding in wanted}, _groups(wanted)
        whole = {group for group, count in _groups(self.found).items() if count == asked[group]}
        limit = len(wanted)
        while True:
            found = [each for each in self.found if known_of(self.now, each) in known or _group(each) in whole]
            batch = self._batch(self._not_given_up(found), limit)
            if not batch:
                break
            reason = self._take(batch)
            if reason and len(batch) == 1:
                self._give_up(batch[0].finding, reason)
            limit = max(1, len(batch) // 2) if reason else limit * 2
        done, skipped = self._settled(wanted, found)
        return FixResult(self.now, self.files, tuple(self.file_edits), done, skipped)

    def _found(self, model: ComposeModel) -> list[Finding]:
        return judge(model, Severities(), list(self.rules.values())).findings

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
            elif not any(_clash(fix, other) for other in taken):
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
        errors, found = _errors(after), self._found(after)
        reason = self._strayed(after, edits) or self._unsettled(batch, errors, found)
        if not reason:
            self.now, self.written, self.errors, self.found = after, written, errors, found
            self.files |= files
            self.file_edits += file_edits
        return reason

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

    def _unsettled(self, batch: list[_Fix], errors: Counter[Group], found: list[Finding]) -> str:
        more = errors - self.errors
        if more:
            return f"the fix would bring {min(more)[0]}"
        left, before = _groups(found), _groups(self.found)
        gone = _groups(fix.finding for fix in batch)
        settled = all(left[group] <= before[group] - count for group, count in gone.items())
        return "" if settled else "the fix does not silence the finding"

    def _settled(self, wanted: list[Finding], found: list[Finding]) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
        """The findings that are gone, and those that were given up and are still there."""
        left, skipped = _groups(found), list[Skipped]()
        for finding, reason in self.skipped:
            if left[_group(finding)] > 0:
                left[_group(finding)] -= 1
                skipped.append((finding, reason))
        left = _groups(found)
        done: list[Finding] = []
        for finding in reversed(wanted):
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


def _clash(one: _Fix, other: _Fix) -> bool:
    """Whether two fixes want the same characters, the same new key, or the same other file."""
    if {edit.path for edit in one.file_edits} & {edit.path for edit in other.file_edits}:
        return True
    return any(mine.file == theirs.file and _overlap(mine, theirs) for mine in one.edits for theirs in other.edits)


def _overlap(one: Edit, other: Edit) -> bool:
    if one.start == one.end == other.start == other.end:
        return _first_word(one.text) == _first_word(other.text)
    return one.start <= other.end and other.start <= one.end


def _first_word(text: str) -> str:
    return text.strip(", \r\n").partition(":")[0]
