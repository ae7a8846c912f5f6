"""The program crashed in native code."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import ended, found, inspected, last_line, logged
from docker_agent.domains.diagnose.snapshot import Snapshot

CODE = 139


@signature(code="exit-139", area="process")
def exit_139(snapshot: Snapshot) -> Iterator[Finding]:
    """The program crashed in native code.

    Killed by SIGSEGV: it used memory that is not its own. `exit-134` is a program that noticed and gave up by itself.
    """
    for container, _ in ended(snapshot, CODE):
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.ExitCode", "139 (SIGSEGV)"),
            logged(snapshot, container, last_line(snapshot, container)),
            message="Ended by SIGSEGV.",
            cause="A bug in native code, musl and glibc mixed, or a very old image on a new kernel.",
            fix="Use an image built for one C library, update it, or go back to the version before.",
            confidence="likely",
        )
