"""Findings: what a rule or a signature saw, with the place where it was read."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field


class Severity(StrEnum):
    """How much a finding matters; `error` stops a deployment, `off` silences a rule."""

    OFF = "off"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """Order for comparison and sorting, 0 (off) to 3 (error)."""
        return list(Severity).index(self)


EvidenceSource = Literal["compose", "env", "inspect", "log", "event", "health", "host", "file", "proxy", "stats"]


class Evidence(BaseModel):
    """One thing that was read, and where.

    `where` is exact enough to look it up again: `compose.yml:12:5` for files, `web State.OOMKilled`
    for inspect fields, `web:17` for line 17 of a container's log.
    """

    model_config = ConfigDict(frozen=True)

    source: EvidenceSource
    where: str
    quote: str = ""


class Finding(BaseModel):
    """One fault, warning or remark about one object.

    Identity is (object, code, first evidence place), never the wording, so that a reworded message does not
    break a baseline or a suppression.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    severity: Severity
    object: str
    message: str
    cause: str = ""
    fix: str = ""
    fixable: bool = False
    confidence: Literal["certain", "likely", "possible"] = "certain"
    evidence: tuple[Evidence, ...] = ()

    @computed_field
    @property
    def identity(self) -> str:
        """What makes this finding the same one tomorrow: object, code and the first place it was read."""
        place = self.evidence[0].where if self.evidence else ""
        return f"{self.object}|{self.code}|{place}"


def worst(findings: tuple[Finding, ...] | list[Finding]) -> Severity:
    """The highest severity among findings, `off` when there are none."""
    return max((finding.severity for finding in findings), key=lambda severity: severity.rank, default=Severity.OFF)
