"""Services without any security option."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.OFF, area="security")
def security_opt_absent(model: ComposeModel) -> Iterator[Finding]:
    """A service has no `security_opt` at all.

    Why
    ---
    Some audits ask for the key to be there. By itself it means nothing: without it the engine's own seccomp and
    AppArmor profiles hold, and what is missing is said by no_new_privileges. So this rule is off until a policy asks
    for it.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            security_opt: [no-new-privileges:true]

    Instead
    -------
    Turn on no_new_privileges, which also looks at what the key says.

    See
    ---
    no_new_privileges, profile_disabled
    """
    for service in model.services.values():
        if "security_opt" not in service.raw.index and is_known(service):
            yield fault(
                model,
                service.place,
                service.name,
                f"{service.name} has no security_opt.",
                "Add security_opt: [no-new-privileges:true].",
            )
