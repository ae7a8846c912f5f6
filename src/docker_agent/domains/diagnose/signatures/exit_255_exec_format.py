"""The program is built for another processor, or is no program at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, written
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container

PATTERN = re.compile(r"^exec (?P<what>\S{1,500}): exec format error", re.MULTILINE)
# What the kernel calls a processor, and what images call it.
PROCESSORS = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
FOREIGN_FIX = "Build or pull it for this platform (`platform:`, --platform), or install QEMU emulation (binfmt)."
SCRIPT_FIX = "Give the script the line #!/bin/sh without a byte order mark before it; look whether the file is whole."


@signature(code="exit-255-exec-format", area="process")
def exit_255_exec_format(snapshot: Snapshot) -> Iterator[Finding]:
    """The program is built for another processor, or is no program at all.

    State.Error is empty and the text is only in the log; the exit code is 255 or, with older runtimes, 1. Where the
    image is for this processor, it is the file: a script without #!, an empty file. An interpreter that is missing says
    `no such file or directory` (`exec-no-such-file`).

    Seen
    ----
        exec /entrypoint.sh: exec format error
    """
    for container, line, match in complaints(snapshot, PATTERN):
        platforms = _platforms(snapshot, container)
        cause = "The image is for another processor, or a script lacks its first line #!."
        fix = f"{FOREIGN_FIX} {SCRIPT_FIX}"
        if platforms is not None:
            image, host = platforms
            foreign = image.quote != host
            cause = "The image is for this processor: the file is empty, a script without #!, or comes from elsewhere."
            cause = f"The image is for {image.quote}, and this machine is {host}." if foreign else cause
            fix = FOREIGN_FIX if foreign else SCRIPT_FIX
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            platforms[0] if platforms else None,
            written(snapshot, container, "platform") or written(snapshot, container, "image"),
            message=f"{match['what']} cannot be run by this processor.",
            cause=cause,
            fix=fix,
        )
    for refusal in spoken(snapshot, PATTERN):
        if "image's platform" not in refusal.match.string:
            yield refusal.found(
                message=f"{refusal.match['what']} cannot be run by this processor.",
                cause="The image is for another processor, or a script lacks its first line #!.",
                fix=f"{FOREIGN_FIX} {SCRIPT_FIX}",
            )


def _platforms(snapshot: Snapshot, container: Container) -> tuple[Evidence, str] | None:
    """The processor that the image is for, as evidence, and that of the machine; None where one is not known."""
    image = snapshot.images.get(container.image)
    machine = snapshot.engine.architecture if snapshot.engine else ""
    if image is None or not image.architecture or not machine:
        return None
    evidence = Evidence(source="inspect", where=f"{container.image} Architecture", quote=image.architecture)
    return evidence, PROCESSORS.get(machine, machine)
