"""The program crashed in native code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import ended, found, inspected, last_line, logged, written
from docker_agent.domains.diagnose.snapshot import Snapshot

CODE = 139
LOOKS_UP = re.compile(r"(?:^|[\s/;&|])(?P<tool>wget|nslookup|telnet|ftpget|ping|nc)\s")


@signature(code="exit-139", area="process")
def exit_139(snapshot: Snapshot) -> Iterator[Finding]:
    """The program crashed in native code.

    Killed by SIGSEGV: it used memory that is not its own. `exit-134` is a program that noticed and gave up by itself;
    `exit-139-test-trap` is a tool of BusyBox that looks a name up.
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


@signature(code="exit-139-test-trap", area="process")
def exit_139_test_trap(snapshot: Snapshot) -> Iterator[Finding]:
    """A statically linked BusyBox crashed when it looked a name up.

    Linked with glibc, as Debian's busybox-static is, it loads libraries for names that a bare image lacks, and ends
    by SIGSEGV. The service that it asked is not the matter; any other program with this code is `exit-139`.
    """
    for container, _ in ended(snapshot, CODE):
        tool = LOOKS_UP.search(" ".join((*container.entrypoint, *container.command, "")))
        if tool is None or "busybox" not in container.image:
            continue
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.ExitCode", "139 (SIGSEGV)"),
            inspected(snapshot, container, "Config.Cmd", " ".join((*container.entrypoint, *container.command))),
            written(snapshot, container, "command"),
            message=f"BusyBox crashed in {tool['tool']}, not the service that it asked.",
            cause="A BusyBox linked statically with glibc cannot look names up in an image without glibc's libraries.",
            fix="Ask with nc and an address, or use a BusyBox made with musl (the official image's default).",
            confidence="likely",
        )
