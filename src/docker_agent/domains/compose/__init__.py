"""Compose files: check, explain and mend them; draw their graph, compare two versions, show the merged one."""

from __future__ import annotations

from docker_agent.domains.compose.acceptable import accepted_texts
from docker_agent.domains.compose.facts.data_folders import data_folder
from docker_agent.domains.compose.fault import runs_once
from docker_agent.domains.compose.graphs.dependencies import Graph, graph_of
from docker_agent.domains.compose.judge import Judgement, all_rules, check_model, judge, refusals
from docker_agent.domains.compose.severities import severities_of

__all__ = [
    "Graph",
    "Judgement",
    "accepted_texts",
    "all_rules",
    "check_model",
    "data_folder",
    "graph_of",
    "judge",
    "refusals",
    "runs_once",
    "severities_of",
]
