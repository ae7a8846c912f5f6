"""The limit of open files is too low for the container even to start."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.mend import recreate
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.signatures.nofile import more_files
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"(?:scratch pipe|pipe2|OCI runtime|runc)[^\n]*too many open files")


@signature(code="nofile-runc", area="resource")
def nofile_runc(snapshot: Snapshot) -> Iterator[Finding]:
    """The limit of open files is too low for the container even to start.

    The runtime itself runs out of descriptors; an application that does later is `nofile`.

    Seen
    ----
        error disassembling original filter: error creating scratch pipe: pipe2: too many open files
    """
    for refusal in refusals(snapshot, PATTERN):
        yield refusal.found(
            refusal.written("ulimits"),
            message="The container cannot start with so few open files allowed.",
            cause="ulimits.nofile is below about 20.",
            fix="Raise ulimits.nofile (65536 is usual).",
        )


@nofile_runc.fix
def allow_more_files(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """As `nofile` raises it."""
    wanted = more_files(snapshot, finding)
    why = f"{wanted} is enough for most servers, and open files cost little."
    return recreate(snapshot, finding, {("ulimits", "nofile"): wanted}, why)
