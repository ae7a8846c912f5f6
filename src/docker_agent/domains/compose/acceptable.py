"""Mend in memory what Compose refuses, where each refusal has a sure fix."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from docker_agent.domains.compose.judge import refusals
from docker_agent.domains.compose.mend import mendable_rules, plan_fixes, reload_of
from docker_agent.domains.compose.severities import Severities
from docker_agent.project.stack import Stack


def accepted_texts(stack: Stack, codes: Collection[str]) -> Mapping[str, str]:
    """The new texts of compose files that Compose takes, by their names in the model; empty where a refusal stays.

    Parameters
    ----------
    codes: the rules that tell of what is refused now.
    """
    known, disk = mendable_rules(), stack.model.disk
    rules = [known[code] for code in codes if code in known and known[code].fix_kind != "suggest"]
    if disk is None or len(rules) < len(codes):
        return {}
    result = plan_fixes(stack.model, Severities(), rules, reload_of(stack, read=disk.read))
    return {} if result.file_edits or refusals(result.model) else result.files
