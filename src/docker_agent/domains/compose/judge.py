"""Run the rules over a model: severities by who said so, suppressions by comment, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from docker_agent.core.discover import instances
from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import field, record, replace
from docker_agent.core.rule import FixKind, Rule
from docker_agent.domains.compose.hardening import NOT_HARDENED, sum_up
from docker_agent.domains.compose.severities import Severities, Weight
from docker_agent.domains.compose.suppress import UNUSED_SUPPRESSION, Comments, where
from docker_agent.project.compose.model import ComposeModel

# Codes of findings that no rule makes: of files that are no model, and of what Compose itself says.
UNREADABLE_FILE, COMPOSE_CONFIG = "unreadable_file", "compose_config"

_AFTERWARDS = frozenset({NOT_HARDENED, UNUSED_SUPPRESSION})


@record
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


def refusals(model: ComposeModel) -> tuple[Finding, ...]:
    """The findings that mean that Compose refuses the files; no comment and no policy changes that."""
    judged = judge(model, Severities(), [rule for rule in all_rules() if rule.area == "model"])
    return tuple(each for each in (*judged.findings, *judged.suppressed) if each.severity is Severity.ERROR)


def judge(model: ComposeModel, severities: Severities, rules: Sequence[Rule] | None = None) -> Judgement:
    """All findings that no severity silences.

    Parameters
    ----------
    rules: all of them by default; only then are hardening measures summed up and comments that silence nothing told.
        Rules that are named run even where they are off by default.
    """
    weights = [severities.weight(rule) for rule in (all_rules() if rules is None else rules)]
    to_run = [each for each in weights if each.severity.rank or (rules is not None and not each.given)]
    found = [
        finding
        for weight in to_run
        if rules is not None or weight.rule.code not in _AFTERWARDS
        for finding in _judged(weight, weight.rule.check(model))
    ]
    comments = Comments(model)
    standing = [finding for finding in found if not _silenced(severities, comments, finding)]
    if rules is None:
        after = {each.rule.code: each for each in weights if each.rule.code in _AFTERWARDS}
        if severities.profile == "dev":
            kept, measures = _apart(weights, standing)
            remarks = _judged(after[NOT_HARDENED], sum_up(model, measures))
            standing = [*kept, *(each for each in remarks if not _silenced(severities, comments, each))]
        live = {each.rule.code for each in to_run}
        standing += _judged(after[UNUSED_SUPPRESSION], comments.unused(known_codes(), live))
        standing = _once_a_place(standing)
    return Judgement(sorted(standing, key=_order), sorted(comments.silenced, key=_order))


def fix_kind_of(model: ComposeModel, finding: Finding) -> FixKind | None:
    """What the mechanical fix of a finding would do; None where there is none, or nothing would come of it here."""
    rule = _mendable().get(finding.code)
    try:
        return rule.fix_kind if rule and rule.mend and next(iter(rule.mend(model, finding)), None) else None
    except InputError:
        return None


@cache
def _mendable() -> dict[str, Rule]:
    return {rule.code: rule for rule in all_rules() if rule.mend}


def _judged(weight: Weight, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings with code and severity; a rule's own word on one of them counts more than the profile's."""
    if weight.given and not weight.severity.rank:
        return
    for finding in findings:
        own = finding.severity.rank and not weight.given
        yield Finding(
            code=weight.rule.code,
            severity=finding.severity if own else weight.severity,
            object=finding.object,
            message=finding.message,
            cause=finding.cause,
            fix=finding.fix,
            fixable=weight.rule.mend is not None and weight.rule.fix_kind != "suggest",
            confidence=finding.confidence,
            evidence=finding.evidence,
            severity_from="" if own else weight.origin,
        )


def _apart(weights: Iterable[Weight], findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    """The findings that are listed, and those of hardening rules that nobody named, which are summed up."""
    summed_up = {each.rule.code for each in weights if each.rule.hardening and not each.given}
    parts: tuple[list[Finding], list[Finding]] = ([], [])
    for finding in findings:
        parts[finding.code in summed_up].append(finding)
    return parts


def _once_a_place(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each code and place: services that share lines by an anchor or `extends` share the fault."""
    at: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        place = finding.evidence[0].where if finding.evidence else finding.object
        at.setdefault((finding.code, place), []).append(finding)
    return [_together(same) if len(same) > 1 else same[0] for same in at.values()]


def _together(same: Sequence[Finding]) -> Finding:
    first = max(same, key=lambda finding: finding.severity.rank)
    others = ", ".join(dict.fromkeys(finding.object for finding in same if finding.object != first.object))
    return replace(first, message=f"{first.message.removesuffix('.')} (also: {others}).") if others else first


def _silenced(severities: Severities, comments: Comments, finding: Finding) -> bool:
    return finding.code not in severities.overrides and comments.silence(finding)


def _order(finding: Finding) -> tuple[int, str, int, str]:
    return (-finding.severity.rank, *where(finding), finding.code)
