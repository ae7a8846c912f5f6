"""Run all signatures over a snapshot, drop what a better one explains, and put causes before consequences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from docker_agent.core.discover import instances
from docker_agent.core.errors import InputError, reason
from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import Signature
from docker_agent.domains.diagnose.snapshot import Snapshot

CATALOGUE = "docker_agent.domains.diagnose.signatures"

# How little a signature says of the cause: a finding gives way to any of the same object with a lower number.
GENERAL = {
    "exit-1-app": 3,
    "restart-loop": 2,
    "onfailure-exhausted": 2,
    "exit-128-engine": 2,
    "start-err-on-old-container": 2,
    "health-unhealthy": 2,
    "exit-255-crash": 2,
    "health-starting-forever": 1,
    "exit-0-unexpected": 1,
    "exit-134": 1,
    "exit-135": 1,
    "exit-125-cli-flag": 1,
    "exit-126-in-shell": 1,
    "exit-127-in-shell": 1,
    "exit-137-kill": 1,
    "exit-139": 1,
    "disk-full-container": 1,
    "perm-rootfs": 1,
    "img-pull-never": 1,
    "port-allocated": 1,
    "bind-missing": 1,
    "ro-rootfs": 1,
    "seccomp": 1,
    "tr-404-norouter": 1,
    "paused": 1,
    "dns-servfail": 1,
    "net-conn-refused": 1,
    "tls-unknown-authority": 1,
    "api-too-old": 1,
    "cli-nodaemon": 1,
    "cmp-not-created": 1,
    "cmp-unset-var": 1,
    "restart-policy-not-applied": 1,
}
CONSEQUENCES = frozenset({"cmp-dep-unhealthy", "cmp-dep-exited", "cmp-job-failed", "restart-policy-not-applied"})
CONFIDENCE = ("certain", "likely", "possible")


@cache
def catalogue() -> dict[str, Signature]:
    """All signatures by code."""
    return {signature.code: signature for signature in instances(CATALOGUE, Signature)}


@dataclass(frozen=True)
class Examination:
    """What the signatures find, best explanation first, and in `missed` those that failed and why."""

    findings: tuple[Finding, ...]
    missed: tuple[str, ...] = ()


def examination(snapshot: Snapshot) -> Examination:
    """Run all signatures; one that fails is named, and the others go on."""
    missed: list[str] = []
    found = [
        finding for code, signature in catalogue().items() for finding in _found(snapshot, code, signature, missed)
    ]
    return Examination(tuple(rank(found)), tuple(missed))


def examine(snapshot: Snapshot) -> list[Finding]:
    """What the signatures find, best explanation first; `fixable` is set where a plan can really be made."""
    return list(examination(snapshot).findings)


def rank(findings: list[Finding]) -> list[Finding]:
    """Order by severity, causes before consequences, the sure before the possible; drop what is explained better.

    A general finding (crash loop, unhealthy, ended with code 1) goes where a more specific one of the same object is at
    least as severe.
    """
    kept = [finding for finding in findings if not any(_explains(other, finding) for other in findings)]
    return sorted(kept, key=_order)


def plan_for(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """The plan that mends a finding, None where there is none."""
    mend = catalogue()[finding.code].mend
    try:
        return mend(snapshot, finding) if mend else None
    except InputError:
        return None


def _found(snapshot: Snapshot, code: str, signature: Signature, missed: list[str]) -> Iterator[Finding]:
    """The findings of one signature, as many as it gives before it fails."""
    named = None
    try:
        for finding in signature.look(snapshot):
            named = replace(finding, code=code)
            fixable = plan_for(snapshot, named) is not None
            named = None
            yield replace(finding, code=code, fixable=fixable)
    except Exception as error:  # noqa: BLE001 - what a machine shows may be stranger than a signature foresees
        missed.append(f"signature {code}: {reason(error)}")
        if named is not None:
            yield named


def _explains(other: Finding, finding: Finding) -> bool:
    if other.object != finding.object or other.severity.rank < finding.severity.rank:
        return False
    return GENERAL.get(other.code, 0) < GENERAL.get(finding.code, 0)


def _order(finding: Finding) -> tuple[int, bool, int, int, str, str]:
    return (
        -finding.severity.rank,
        finding.code in CONSEQUENCES,
        CONFIDENCE.index(finding.confidence),
        GENERAL.get(finding.code, 0),
        finding.object,
        finding.code,
    )
