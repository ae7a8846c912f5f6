"""Findings: what a rule or a signature saw, with the place where it was read."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from docker_agent.core.record import field, value


class Severity(StrEnum):
    """How much a finding matters; `error` stops a deployment, `off` silences a rule."""

    OFF = "off"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """Order for comparison and sorting, 0 (off) to 3 (error)."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}

EvidenceSource = Literal[
    "compose",
    "env",
    "inspect",
    "log",
    "event",
    "health",
    "host",
    "file",
    "proxy",
    "stats",
    "message",
    "network",
    "journal",
]


@value
class Evidence:
    """One thing that was read, and where.

    `where` is exact enough to look it up again: `compose.yml:12:5` for files, `web State.OOMKilled`
    for inspect fields, `web:17` for line 17 of a container's log. `end` is the line and column after the
    last character that is meant, such as `12:9`, "" where that is not known.
    """

    source: EvidenceSource
    where: str
    quote: str = ""
    end: str = ""


@value
class Finding:
    """One fault, warning or remark about one object.

    `identity` makes it the same one tomorrow: object, code and the first place it was read, never the wording, so that
    a reworded message does not break a baseline or a suppression. A plain record, since the compose checker starts in
    a fraction of the time that pydantic takes to import. `severity_from` says where a changed severity came from.
    """

    code: str
    severity: Severity
    object: str
    message: str
    cause: str = ""
    fix: str = ""
    fixable: bool = False
    confidence: Literal["certain", "likely", "possible"] = "certain"
    evidence: tuple[Evidence, ...] = ()
    severity_from: str = ""
    identity: str = field(init=False, compare=False, default="")

    def __post_init__(self) -> None:
        place = self.evidence[0].where if self.evidence else ""
        object.__setattr__(self, "identity", f"{self.object}|{self.code}|{place}")


def worst(findings: tuple[Finding, ...] | list[Finding]) -> Severity:
    """The highest severity among findings, `off` when there are none."""
    return max((finding.severity for finding in findings), key=lambda severity: severity.rank, default=Severity.OFF)
