"""Compose files: check, explain and mend them; draw their graph, compare two versions, show the merged one."""

from __future__ import annotations

from docker_agent.domains.compose.acceptable import accepted_texts
from docker_agent.domains.compose.judge import all_rules, check_model, refusals

__all__ = ["accepted_texts", "all_rules", "check_model", "refusals"]
