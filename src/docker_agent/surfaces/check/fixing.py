"""`check --fix`: one plan a stack, made by the tool `compose fix`, through the door like every other change."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.domains.compose.mend import rules_to_fix
from docker_agent.domains.compose.severities import Severities
from docker_agent.surfaces import cli
from docker_agent.surfaces.check.stacks import Asked


def codes_to_fix(severities: Severities, select: Collection[str], *, unsafe: bool) -> list[str]:
    """The codes that are mended where the command line changes what counts; those that it silences are not."""
    rules = rules_to_fix(severities, select, ("safe", "behaviour") if unsafe else ("safe",))
    named = {rule.code: severities.named(rule.code) for rule in rules}
    return sorted(code for code, given in named.items() if given is None or given[0].rank)


def fix_stacks(
    shared: Sequence[str], root: Path, stacks: Sequence[Asked], *, unsafe: bool, codes: Sequence[str]
) -> int:
    """Plan, show, approve and apply the fixes of each stack; the highest exit code.

    Raises
    ------
    InputError: a word of the call leads to no stack, or several would print a JSON object each.
    """
    worst = 0
    if len(stacks) > 1 and "--json" in shared:
        raise InputError(f"--fix with --json takes one stack, not {len(stacks)}.", "Name one, or leave --json out.")
    for asked in stacks:
        if asked.gap:
            raise InputError(f"{asked.gap}.", "Check the name.")
    for asked in stacks:
        files = [word for file in asked.files for word in ("--files", os.path.relpath(file, root))]
        try:
            cli.main([*shared, "compose", "fix", *codes, *(["--unsafe"] if unsafe else []), *files])
        except SystemExit as ended:
            worst = max(worst, ended.code if isinstance(ended.code, int) else 0)
    return worst
