"""The health check calls a tool that is not in the image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import checked, found, written
from docker_agent.domains.diagnose.mend import replace_check
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"(?:^|: )(?P<tool>[\w./+-]+): (?:command )?not found")
IN_SHELL = re.compile(r"^\S*sh: (?:(?:line )?\d+: )?(?P<tool>[\w./+-]+): (?:command )?not found", re.MULTILINE)
NOT_FOUND = 127


@signature(code="health-tool-missing-shell", area="health")
def health_tool_missing_shell(snapshot: Snapshot) -> Iterator[Finding]:
    """The check runs in the image's shell, and the shell does not find the tool: exit code 127, or another after `||`.

    Without a shell in the image it is `health-tool-missing-exec`.
    """
    for container in snapshot.containers:
        last = container.health_log[-1] if container.health_log else None
        if not container.running or not last or not last.exit_code:
            continue
        match = (PATTERN if last.exit_code == NOT_FOUND else IN_SHELL).search(last.output)
        if not match:
            continue
        yield found(
            snapshot,
            container,
            checked(snapshot, container),
            written(snapshot, container, "healthcheck", "test"),
            message=f"The health check calls {match['tool']}, which is not in the image.",
            cause="The check can never succeed, however well the application runs.",
            fix="Check with what the image has (wget, nc, the application's own command), or install the tool.",
            severity=Severity.ERROR,
        )


@health_tool_missing_shell.fix
def use_what_is_there(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """The same question asked with nc, where the image provably has it."""
    return replace_check(snapshot, finding)
