"""Run the rules over a model: severities by who said so, suppressions by comment, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from docker_agent.core.discover import instances
from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import Rule
from docker_agent.domains.compose.hardening import NOT_HARDENED, sum_up
from docker_agent.domains.compose.severities import Severities
from docker_agent.domains.compose.suppress import UNUSED_SUPPRESSION, Comments, where
from docker_agent.project.compose import ComposeModel

# Codes of findings that no rule makes: of files that are no model, and of what Compose itself says.
UNREADABLE_FILE, COMPOSE_CONFIG = "unreadable_file", "compose_config"

_AFTERWARDS = frozenset({NOT_HARDENED, UNUSED_SUPPRESSION})


@dataclass(frozen=True)
class Judgement:
    """What the rules say of a model, each list the worst first, then by place.

    Attributes
    ----------
    findings: what stands.
    suppressed: what a comment in the files silences.
    """

    findings: list[Finding]
    suppressed: list[Finding] = field(default_factory=list[Finding])


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, one file each below `rules`."""
    return tuple(instances("docker_agent.domains.compose.rules", Rule))


@cache
def known_codes() -> frozenset[str]:
    """Every code that a finding can have."""
    return frozenset({*(rule.code for rule in all_rules()), UNREADABLE_FILE, COMPOSE_CONFIG})


def check_model(
    model: ComposeModel, policies: Mapping[str, Severity] | None = None, *, rules: Sequence[Rule] | None = None
) -> list[Finding]:
    """What the rules say of a model in the profile `dev`, suppressed findings left out.

    Parameters
    ----------
    policies: severity by rule code, in place of the rules' own; `off` silences.
    rules: all of them by default.
    """
    return judge(model, Severities(policies or {}), rules).findings


def judge(model: ComposeModel, severities: Severities, rules: Sequence[Rule] | None = None) -> Judgement:
    """All findings that no severity silences.

    Parameters
    ----------
    rules: all of them by default; only then are hardening measures summed up and comments that silence nothing told.
        Rules that are named run even where they are off by default.
    """
    found = [finding for rule in _to_run(severities, rules) for finding in _found(model, severities, rule)]
    comments = Comments(model)
    standing = [finding for finding in found if not _silenced(severities, comments, finding)]
    if rules is None:
        standing = [
            finding
            for finding in _summed_up(model, severities, standing)
            if finding.code != NOT_HARDENED or not _silenced(severities, comments, finding)
        ]
        live = {rule.code for rule in all_rules() if severities.of(rule)[0].rank}
        standing += _judged(severities, _rule(UNUSED_SUPPRESSION), comments.unused(known_codes(), live))
    return Judgement(sorted(standing, key=_order), sorted(comments.silenced, key=_order))


def _to_run(severities: Severities, rules: Sequence[Rule] | None) -> Iterator[Rule]:
    if rules is None:
        return (rule for rule in all_rules() if severities.of(rule)[0].rank and rule.code not in _AFTERWARDS)
    named = ((rule, severities.named(rule.code)) for rule in rules)
    return (rule for rule, given in named if given is None or given[0].rank)


def _found(model: ComposeModel, severities: Severities, rule: Rule) -> Iterator[Finding]:
    return _judged(severities, rule, rule.check(model))


def _judged(severities: Severities, rule: Rule, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings with code and severity; a rule's own word on one of them counts more than the profile's."""
    severity, origin = severities.of(rule)
    if not severity.rank and severities.named(rule.code):
        return
    given = severities.named(rule.code) is not None
    fixable = rule.mend is not None
    for finding in findings:
        own = finding.severity.rank and not given
        yield replace(
            finding,
            code=rule.code,
            severity=finding.severity if own else severity,
            severity_from="" if own else origin,
            fixable=fixable,
        )


def _silenced(severities: Severities, comments: Comments, finding: Finding) -> bool:
    return finding.code not in severities.overrides and comments.silence(finding)


def _summed_up(model: ComposeModel, severities: Severities, findings: list[Finding]) -> list[Finding]:
    """The findings with one remark a service in place of those of hardening rules that nobody named."""
    remark = _rule(NOT_HARDENED)
    if severities.profile == "prod":
        return findings
    measures = {rule.code for rule in all_rules() if rule.hardening and severities.named(rule.code) is None}
    folded = [finding for finding in findings if finding.code in measures]
    kept = [finding for finding in findings if finding.code not in measures]
    return [*kept, *_judged(severities, remark, sum_up(model, folded))]


def _rule(code: str) -> Rule:
    return next(rule for rule in all_rules() if rule.code == code)


def _order(finding: Finding) -> tuple[int, str, int, str]:
    return (-finding.severity.rank, *where(finding), finding.code)
