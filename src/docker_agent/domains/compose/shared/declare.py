"""Declare at the top of a file what its services use."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from docker_agent.core.finding import Finding
from docker_agent.domains.compose.shared.references import near
from docker_agent.project.compose.model import ComposeModel, node_at
from docker_agent.project.edit.spans import insert_value
from docker_agent.project.edit.values import Edit


def declare(model: ComposeModel, kind: Literal["network", "volume"], finding: Finding) -> list[Edit]:
    """The edit that declares the name that a finding is about, in the file that has such a section, else the first.

    Nothing where the name is near one that is declared: then it is misspelt.
    """
    section, declared = f"{kind}s", model.volumes if kind == "volume" else model.networks
    name = _name_at(model, section, finding)
    if not name or near(name, declared):
        return []
    document = next((each for each in model.documents if section in each.root.index), model.documents[0])
    depth = 1 if node_at(document.root, (section,)) is not None else 0
    return [insert_value(document, (section, name), depth, {})]


def _name_at(model: ComposeModel, section: str, finding: Finding) -> str:
    service = model.services[finding.object]
    where = finding.evidence[0].where
    if section == "volumes":
        return next((mount.source for mount in service.mounts if str(mount.place) == where), "")
    names: Collection[str] = service.networks
    return next((name for name in names if name == finding.evidence[0].quote.strip("\"'")), "")
