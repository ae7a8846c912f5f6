"""Run the rules over a model: severities by policy, suppressions by comment, the worst first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache

from docker_agent.core.discover import instances
from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.rule import Rule
from docker_agent.project.compose import ComposeModel
from docker_agent.project.compose_nodes import Place

INVALID_MODEL = "invalid_model"

_IGNORE = re.compile(r"#\s*docker-agent:\s*ignore\[([a-z0-9_,\s-]+)\]")


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, one file each below `rules`."""
    return tuple(instances("docker_agent.domains.compose.rules", Rule))


def check_model(
    model: ComposeModel, policies: Mapping[str, Severity] | None = None, *, rules: Sequence[Rule] | None = None
) -> list[Finding]:
    """What the rules say of a model, the worst first, then by place; suppressed findings are left out.

    Parameters
    ----------
    policies: severity by rule code, in place of the rules' own; `off` silences.
    rules: all of them by default; what Compose would refuse is reported only then.
    """
    return [finding for finding in judge(model, policies or {}, rules) if not is_suppressed(model, finding)]


def judge(model: ComposeModel, policies: Mapping[str, Severity], rules: Sequence[Rule] | None = None) -> list[Finding]:
    """All findings that no policy silences, suppressed ones too, the worst first, then by place."""
    found = [
        replace(
            finding,
            code=rule.code,
            severity=policies.get(rule.code) or (finding.severity if finding.severity.rank else rule.severity),
            fixable=rule.mend is not None,
        )
        for rule in (all_rules() if rules is None else rules)
        if policies.get(rule.code) is not Severity.OFF
        for finding in rule.check(model)
    ]
    if rules is None and policies.get(INVALID_MODEL) is not Severity.OFF:
        found += _problems(model, policies)
    return sorted(found, key=lambda finding: (-finding.severity.rank, *_order(finding)))


def is_suppressed(model: ComposeModel, finding: Finding) -> bool:
    """Whether a comment `# docker-agent: ignore[code] why` stands on or above the finding's line or its service's."""
    places = [_where(finding)]
    if finding.object in model.services:
        place = model.services[finding.object].place
        places.append((place.file, place.line))
    return any(finding.code in _ignored(model, file, line) for file, line in places)


def _problems(model: ComposeModel, policies: Mapping[str, Severity]) -> Iterator[Finding]:
    for problem in model.problems:
        usual = Severity.ERROR if problem.certain else Severity.WARN
        yield Finding(
            code=INVALID_MODEL,
            severity=policies.get(INVALID_MODEL, usual),
            object=_service_at(model, problem.place) or problem.place.file,
            message=f"{problem.message}.",
            cause="Compose would not accept this.",
            fix=f'Did you mean "{problem.near}"?' if problem.near else "Correct it.",
            confidence="certain" if problem.certain else "likely",
            evidence=(Evidence(source="compose", where=str(problem.place)),),
        )


def _service_at(model: ComposeModel, place: Place) -> str:
    for service in model.services.values():
        raw = service.raw
        if raw.source.name == place.file and service.place.start <= place.start <= raw.end:
            return service.name
    return ""


def _where(finding: Finding) -> tuple[str, int]:
    file, line, _ = finding.evidence[0].where.rsplit(":", 2)
    return file, int(line)


def _order(finding: Finding) -> tuple[str, int, str]:
    return (*_where(finding), finding.code)


def _ignored(model: ComposeModel, file: str, line: int) -> set[str]:
    lines = _lines(model.sources[file].text)
    near = [lines[line - 1]]
    for index in range(line - 2, -1, -1):
        if not lines[index].lstrip().startswith("#"):
            break
        near.append(lines[index])
    return {code.strip() for text in near for match in _IGNORE.finditer(text) for code in match.group(1).split(",")}


@lru_cache(maxsize=8)
def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n"))
