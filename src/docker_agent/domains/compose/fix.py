"""The tool that mends compose files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan, Risk
from docker_agent.core.rule import Rule
from docker_agent.core.tool import tool
from docker_agent.domains.compose.judge import all_rules, check_model
from docker_agent.project.edit import Edit, apply_edits
from docker_agent.project.edit_steps import write_source
from docker_agent.project.stack import Stack, open_stack, stack_of
from docker_agent.project.workspace import Workspace

# Mending these may stop something that works today: a right is taken away, or memory is.
UNSAFE = frozenset({"privileged_mode", "memory_limit"})


@tool(risk=Risk.CHANGE)
def fix(
    ws: Workspace,
    codes: Annotated[list[str], "Codes of the findings to mend; all that can be mended safely by default."] = [],  # noqa: B006
    service: Annotated[str, "Only this service; all of them by default."] = "",
    unsafe: Annotated[bool, "Also mend what may stop something that works today."] = False,
) -> Plan:
    """Plan edits of the compose files that mend findings of compose_check and leave everything else as it is.

    Mended by default: restart_missing, log_rotation_missing, healthcheck_missing for images with a known check. By name
    or with `unsafe`: privileged_mode, memory_limit. Running containers keep their settings until they are recreated.
    """
    stack = stack_of(ws)
    if stack is None:
        raise InputError(f"There is no compose file in {ws.root}.", "Create compose.yaml first.")
    rules = _chosen_rules(codes, unsafe=unsafe)
    if service and service not in stack.model.services:
        near = get_close_matches(service, stack.model.services, n=1) or list(stack.model.services)
        raise InputError(f"There is no service {service}.", f"Did you mean {', '.join(near)}?")
    mending = _Mending(ws, stack, service)
    for rule in rules:
        mending.mend_all(rule)
    return mending.plan()


def _chosen_rules(codes: Sequence[str], *, unsafe: bool) -> list[Rule]:
    mendable = {rule.code: rule for rule in all_rules() if rule.mend}
    for code in codes:
        if code not in mendable:
            near = get_close_matches(code, mendable, n=1) or sorted(mendable)
            raise InputError(f"There is no mechanical fix for {code!r}.", f"There is one for {', '.join(near)}.")
    if codes:
        return [mendable[code] for code in dict.fromkeys(codes)]
    return [rule for rule in mendable.values() if unsafe or rule.code not in UNSAFE]


@dataclass
class _Mending:
    """One finding after the other is mended in memory, and each mending is checked before the next."""

    ws: Workspace
    stack: Stack
    service: str
    texts: dict[Path, bytes] = field(default_factory=dict[Path, bytes])
    done: list[tuple[Finding, str]] = field(default_factory=list[tuple[Finding, str]])
    skipped: list[str] = field(default_factory=list[str])
    unsure: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def __post_init__(self) -> None:
        self.now = self.stack

    def mend_all(self, rule: Rule) -> None:
        tried: set[str] = set()
        while finding := next((found for found in self._open(rule) if found.object not in tried), None):
            tried.add(finding.object)
            try:
                self._mend(rule, finding)
            except InputError as error:
                self.skipped.append(f"{finding.object} {rule.code}: {error}")

    def plan(self) -> Plan:
        names = ", ".join(self.stack.model.sources)
        unsure = [f"{code} of {', '.join(names)} (no fix is sure)." for code, names in self.unsure.items()]
        left = f" Left: {' '.join([*self.skipped, *unsure])}" if self.skipped or unsure else ""
        if not self.done:
            return Plan(title=f"Nothing to mend in {names}", project=self.stack.name, reason=left.strip())
        steps = [
            write_source(self.ws.root, source, self.now.model.sources[name].text, self._why(name))
            for name, source in self.stack.model.sources.items()
            if source.path in self.texts
        ]
        count = len(self.done)
        return Plan(
            title=f"Mend {count} finding{'s' * (count > 1)} in {', '.join(step.path for step in steps)}",
            steps=tuple(steps),
            project=self.stack.name,
            reason=f"Running containers keep their settings until they are recreated.{left}",
            findings=tuple(f"{finding.object}: {finding.code}" for finding, _ in self.done),
        )

    def _open(self, rule: Rule) -> list[Finding]:
        found = check_model(self.now.model, self.ws.context.policies, rules=[rule])
        return [finding for finding in found if self.service in {"", finding.object}]

    def _mend(self, rule: Rule, finding: Finding) -> None:
        edits: list[Edit] = list(rule.mend(self.now.model, finding)) if rule.mend else []
        if not edits:
            self.unsure.setdefault(rule.code, []).append(finding.object)
            return
        texts = dict(self.texts)
        for name in dict.fromkeys(edit.file for edit in edits):
            source = self.now.model.sources[name]
            mark = b"\xef\xbb\xbf" if source.data.startswith(b"\xef\xbb\xbf") else b""
            text = apply_edits(source.text, [edit for edit in edits if edit.file == name])
            texts[source.path] = mark + text.encode()

        def read(path: Path) -> bytes:
            return texts[path] if path in texts else self.ws.host.read_file(path)

        after = open_stack(self.ws.root, self.stack.files, read=read)
        if any(left.object == finding.object for left in check_model(after.model, rules=[rule])):
            raise InputError("the fix did not silence the finding.", "Edit it by hand.")
        self.texts, self.now = texts, after
        self.done += [(finding, edit.file) for edit in edits[:1]]

    def _why(self, name: str) -> str:
        return "; ".join(f"{finding.object}: {finding.message}" for finding, file in self.done if file == name)
