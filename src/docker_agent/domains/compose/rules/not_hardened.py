"""Services that lack what makes a break-in or a fault harmless, summed up."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.hardening import sum_up
from docker_agent.domains.compose.judge import all_rules
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.INFO, area="security", production=Severity.OFF)
def not_hardened(model: ComposeModel) -> Iterator[Finding]:
    """A service lacks some of the measures that keep a break-in, or a fault, inside its container.

    Why
    ---
    Nearly every public file lacks most of them, so that a list of them all hides what is really wrong. In the profile
    `dev` they are one remark a service; the profile `prod` lists each with its place and what to do, and so does a
    policy of the project that names the rule.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29

    Fine
    ----
        services: {}

    Instead
    -------
    Look at the list with the profile `prod` before the service meets the internet, and take what it bears.

    See
    ---
    OWASP Docker Security Cheat Sheet
    """
    found = (replace(each, code=rule.code) for rule in all_rules() if rule.hardening for each in rule.check(model))
    yield from sum_up(model, found)
