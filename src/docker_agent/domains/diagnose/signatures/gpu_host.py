"""NVIDIA cards that fail, and what the exporter of their metrics may not do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.snapshot import Snapshot

XID = re.compile(r"NVRM: Xid \((?P<card>[^)\n]*)\): (?P<number>\d+)")
MEANINGS = {
    "13": "a program computed with a wrong address",
    "31": "a program used a wrong address (memory page fault)",
    "43": "a program was stopped after it failed",
    "48": "memory has an error that cannot be corrected",
    "63": "a faulty row of memory is to be taken out of use",
    "64": "a faulty row of memory could not be taken out of use",
    "74": "a link between cards failed",
    "79": "the card fell off the bus",
    "94": "a memory error, kept within one program",
    "95": "a memory error that reached several programs",
}
HARMLESS = frozenset({"13", "31", "43"})
PROFILING = re.compile(
    r"doesn't have sufficient privileges to expose profiling metrics|Profiling is not supported for this group of GPUs"
)


@signature(code="gpu-xid", area="gpu")
def gpu_xid(snapshot: Snapshot) -> Iterator[Finding]:
    """The driver reports an error of the card, with a number that says of what kind.

    31 and 13 are faults of a program, 79 and 48 of the card or its seat. The line stands in the kernel's log of the
    host (`dmesg`), not in a container's.

    Seen
    ----
        NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, GPU has fallen off the bus.
        [ 123.4] NVRM: Xid (PCI:0000:65:00): 31, pid=77, MMU Fault
    """
    for said in heard(snapshot, XID):
        number = said.match["number"]
        yield said.found(
            message=f"The driver reports Xid {number} of {said.match['card']}: {MEANINGS.get(number, 'an error')}.",
            cause="A fault of the program on the card."
            if number in HARMLESS
            else "The card, its memory or its seat fails.",
            fix=(
                "Mend or update the program; compute-sanitizer finds the access."
                if number in HARMLESS
                else "Take the work off this card, reset it or restart the host; if it comes back, have it replaced."
            ),
        )


@signature(code="gpu-dcgm-cap", area="gpu")
def gpu_dcgm_cap(snapshot: Snapshot) -> Iterator[Finding]:
    """The exporter of GPU metrics may not read the profiling ones.

    They need the capability SYS_ADMIN and a card for data centres; all other metrics are there.

    Seen
    ----
        Host engine is running as root, but the container doesn't have sufficient privileges to expose profiling metrics. To get profiling metrics, run with --cap-add SYS_ADMIN
        Profiling is not supported for this group of GPUs or GPU
    """
    for said in heard(snapshot, PROFILING):
        supported = "not supported" not in said.match[0]
        yield said.found(
            said.written("cap_add"),
            message="The profiling metrics of the GPU cannot be read.",
            cause="The container lacks SYS_ADMIN." if supported else "The card does not offer profiling metrics.",
            fix="Take DCGM_FI_PROF_* out of the list of metrics"
            + (", or add cap_add: [SYS_ADMIN]." if supported else "."),
            confidence="likely",
        )
