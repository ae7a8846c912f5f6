"""What fixing a stack would change, as a diff; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Collection

from docker_agent.core.line_diff import unified_diff
from docker_agent.core.rule import FixKind
from docker_agent.domains.compose.mend import plan_fixes, reload_of, rules_to_fix
from docker_agent.domains.compose.severities import Severities
from docker_agent.project.stack import Stack


def fix_diff(
    stack: Stack,
    severities: Severities,
    codes: Collection[str],
    kinds: Collection[FixKind],
    mask: Callable[[str], str],
) -> str:
    """One unified diff of all compose files that fixes of some kinds would change, with secrets masked.

    Parameters
    ----------
    codes: only findings of these rules, whatever their fix does; none means all that have a fix of these kinds.
    """
    result = plan_fixes(stack.model, severities, rules_to_fix(severities, codes, kinds), reload_of(stack))
    parts = [
        line
        for name, text in result.files.items()
        for line in unified_diff(name, stack.model.source(name).text.splitlines(), text.splitlines())
    ]
    return "\n".join(mask(part) for part in parts)
