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

PATTERN = re.compile(r'exec: \\?"(?P<tool>[^"\\]+)\\?": (?:executable file not found|stat .*no such file)')
CODES = {-1, 125, 126, 127, 255}


@signature(code="health-tool-missing-exec", area="health")
def health_tool_missing_exec(snapshot: Snapshot) -> Iterator[Finding]:
    """The engine itself could not start the tool of the check: exit code -1 and a runtime error as output.

    With a shell that does not find it, it is `health-tool-missing-shell`.
    """
    for container in snapshot.containers:
        last = container.health_log[-1] if container.health_log else None
        match = PATTERN.search(last.output) if last and last.exit_code in CODES else None
        if not container.running or not match:
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


@health_tool_missing_exec.fix
def use_what_is_there(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """The same question asked with nc, where the image provably has it."""
    return replace_check(snapshot, finding)
