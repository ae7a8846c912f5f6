"""Compose files: check them and mend them."""

from __future__ import annotations

from docker_agent.domains.compose.judge import all_rules, check_model, refusals

__all__ = ["all_rules", "check_model", "refusals"]
