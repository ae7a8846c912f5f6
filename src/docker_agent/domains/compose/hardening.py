"""One remark a service in place of the many measures that most good files lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.record import replace
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel

NOT_HARDENED = "not_hardened"


def sum_up(model: ComposeModel, findings: Iterable[Finding]) -> Iterator[Finding]:
    """One finding for each object that the findings of hardening rules are about; its message lists their codes."""
    of: dict[str, list[Finding]] = {}
    for finding in findings:
        of.setdefault(finding.object, []).append(finding)
    for name, found in of.items():
        codes = ", ".join(dict.fromkeys(finding.code for finding in found))
        hint = "See each of them and what to do: docker-agent check --profile prod."
        message = f"{name} is not hardened for production: {codes}."
        if name in model.services:
            yield fault(model, model.services[name].place, name, message, hint)
        else:
            yield replace(found[0], message=message, fix=hint, cause="", fixable=False)
