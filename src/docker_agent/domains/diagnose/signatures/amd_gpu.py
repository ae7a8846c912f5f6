"""Containers that cannot use a card of AMD."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import inspected
from docker_agent.domains.diagnose.messages import heard, refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

MISSING = re.compile(
    r"error gathering device information while adding custom device \"(?P<path>/dev/(?:kfd|dri)[^\"]*)\": no such file"
)
DENIED = re.compile(r"Unable to open /dev/kfd read-write: Permission denied")
INVALID = re.compile(r"Unable to open /dev/kfd read-write: Invalid argument")
UNSUPPORTED = re.compile(
    r"hipErrorNoBinaryForGpu|TensileLibrary\S{0,100}\.dat\b[^\n]{0,200}for GPU arch : (?P<arch>gfx\w+)"
    r"|HIP error: invalid device function|hipErrorInvalidDeviceFunction"
)
EXCLUSIVE = re.compile(r"GPUs \[(?P<cards>[^\]]*)\] are exclusive and already in use")


@signature(code="amd-kfd-missing", area="gpu")
def amd_kfd_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """The device of AMD's driver is not on this host.

    /dev/kfd comes with the module amdgpu: it is not loaded, the card is not there, or the engine runs in a virtual
    machine. A device that is there and may not be opened is `amd-kfd-perm`.

    Seen
    ----
        docker: Error response from daemon: error gathering device information while adding custom device "/dev/kfd": no such file or directory
    """
    for refusal in refusals(snapshot, MISSING):
        yield refusal.found(
            refusal.written("devices"),
            message=f"The host has no {refusal.match['path']}.",
            cause="The module amdgpu is not loaded, or the engine runs where the card is not (Docker Desktop).",
            fix="Load it (modprobe amdgpu) and see that /dev/kfd and /dev/dri are there; use a native engine.",
        )


@signature(code="amd-kfd-perm", area="gpu")
def amd_kfd_perm(snapshot: Snapshot) -> Iterator[Finding]:
    """The container's user may not open AMD's device.

    On the host it belongs to the group render, whose number in the image is another one: names are equal, numbers
    count. A device that is missing is `amd-kfd-missing`.

    Seen
    ----
        Unable to open /dev/kfd read-write: Permission denied
    """
    for said in heard(snapshot, DENIED):
        user = said.container.user if said.container else ""
        yield said.found(
            inspected(snapshot, said.container, "Config.User", user or "root") if said.container else None,
            said.written("group_add"),
            message="The container's user may not open /dev/kfd.",
            cause="It is not in the group that owns the device on the host, counted by number.",
            fix="Add the numbers of `stat -c %g /dev/kfd /dev/dri/renderD128` under group_add:.",
        )


@signature(code="amd-kfd-einval", area="gpu")
def amd_kfd_einval(snapshot: Snapshot) -> Iterator[Finding]:
    """AMD's driver refuses one more opening of its device.

    Neither missing nor forbidden (`amd-kfd-missing`, `amd-kfd-perm`): a process opens it from another namespace than
    before, or too many have it open.

    Seen
    ----
        Unable to open /dev/kfd read-write: Invalid argument
    """
    for said in heard(snapshot, INVALID):
        yield said.found(
            message="AMD's driver refuses to open /dev/kfd once more.",
            cause="Too many processes have it open, or one process opens it from two namespaces.",
            fix="Stop what else uses the card, then make the container new.",
            confidence="likely",
        )


@signature(code="amd-gfx", area="gpu")
def amd_gfx(snapshot: Snapshot) -> Iterator[Finding]:
    """ROCm has no code for this card of AMD.

    The device opens well. Consumer cards are often not on ROCm's list, though close relatives are.

    Seen
    ----
        hipErrorNoBinaryForGpu: Unable to find code object for all current devices!
        rocBLAS error: Cannot read /opt/rocm/lib/rocblas/library/TensileLibrary.dat: No such file or directory for GPU arch : gfx1103
        RuntimeError: HIP error: invalid device function
    """
    for said in heard(snapshot, UNSUPPORTED):
        arch = said.match["arch"]
        yield said.found(
            said.written("image"),
            message=f"The program has no code for this GPU{f' ({arch})' if arch else ''}.",
            cause="The card's architecture is not among those that the image was built for.",
            fix="Take an image that names the card; HSA_OVERRIDE_GFX_VERSION (such as 11.0.0) may pass it off as a relative.",
            confidence="likely",
        )


@signature(code="amd-exclusive", area="gpu")
def amd_exclusive(snapshot: Snapshot) -> Iterator[Finding]:
    """A card of AMD is kept by another container for itself alone.

    AMD's container runtime counts who uses which card, and writes so in /var/log/amd-container-runtime.log.

    Seen
    ----
        GPUs [0] are exclusive and already in use
    """
    for said in heard(snapshot, EXCLUSIVE):
        yield said.found(
            message=f"The GPUs {said.match['cards']} are kept by another container alone.",
            cause="They were set to exclusive use.",
            fix="Stop the container that has them, or share them: `amd-ctk gpu-tracker` shows and changes it.",
        )
