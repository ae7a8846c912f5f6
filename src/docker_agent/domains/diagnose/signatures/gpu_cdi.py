"""CDI: devices that the specifications on this host do not have, or no longer describe as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import Refusal, refusals, spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

UNRESOLVED = re.compile(r"unresolvable CDI devices (?P<names>[^\n]+)")
SLICE = re.compile(r"=\d+:\d+\b|=MIG-")
BAD_SPEC = re.compile(r"CDI: Error associated with spec file (?P<file>[^:\n]+): (?P<why>[^\n]+)")
NO_DEVICE = re.compile(
    r"failed to stat CDI host device \"(?P<path>[^\"]+)\": (?P<why>no such file or directory|[^\n]+)"
)
STALE = re.compile(
    r"error mounting \"(?P<path>[^\"\n]{0,200}(?:nvidia|lib(?:cuda|nv|EGL|GLES)[^\"/\n]{0,80}\.so)[^\"\n]{0,80})\" to rootfs"
    r"[^\n]{0,500}no such (?:file or directory|device)"
)
GENERATE = "nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"


@signature(code="gpu-cdi-unresolvable", area="gpu")
def gpu_cdi_unresolvable(snapshot: Snapshot) -> Iterator[Finding]:
    """A CDI device is asked for that no specification on this host describes.

    There is none in /etc/cdi and /var/run/cdi, or the device has another name. A slice of a card (`=0:1`, `=MIG-...`)
    is `gpu-mig-bad`, a device of AMD `amd-cdi`.

    Seen
    ----
        docker: Error response from daemon: CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=all
    """
    yield from _unresolved(
        snapshot, "", "No CDI specification is there, or its devices have other names.", f"Run `{GENERATE}`"
    )


@signature(code="gpu-mig-bad", area="gpu")
def gpu_mig_bad(snapshot: Snapshot) -> Iterator[Finding]:
    """A slice of a GPU (MIG) is asked for that is not there.

    The layout changed since, or the card is not in MIG mode. A whole card that is unknown is `gpu-cdi-unresolvable`.

    Seen
    ----
        docker: Error response from daemon: CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=0:1
        error running hook #0: exit status 1, stdout: , stderr: nvidia-container-cli: device error: MIG-1c2d: unknown device
    """
    cause = "The card is not divided so: the MIG layout changed, or was lost with a restart of the host."
    yield from _unresolved(snapshot, "slice", cause, f"Compare with `nvidia-smi -L`, then run `{GENERATE}`")
    for refusal in refusals(snapshot, re.compile(r"nvidia-container-cli: device error: (?P<name>\S+): unknown device")):
        yield refusal.found(
            refusal.written("deploy"),
            message=f"There is no device {refusal.match['name']} on this host.",
            cause=cause,
            fix="Name one that `nvidia-smi -L` lists.",
        )


@signature(code="amd-cdi", area="gpu")
def amd_cdi(snapshot: Snapshot) -> Iterator[Finding]:
    """A card of AMD is asked for by CDI, and no specification on this host describes it.

    Nothing is wrong with the card itself: a missing driver shows as `amd-kfd-missing`.

    Seen
    ----
        docker: Error response from daemon: CDI device injection failed: unresolvable CDI devices amd.com/gpu=0
    """
    yield from _unresolved(
        snapshot,
        "amd",
        "AMD's CDI specification was never made.",
        "Run `amd-ctk cdi generate --output=/etc/cdi/amd.json`",
    )


@signature(code="gpu-cdi-bad-spec", area="gpu")
def gpu_cdi_bad_spec(snapshot: Snapshot) -> Iterator[Finding]:
    """The engine cannot read a CDI specification, so none of its devices can be asked for.

    The engine warns of it in `docker info` only; a container that asks for such a device fails with
    `gpu-cdi-unresolvable`.

    Seen
    ----
        CDI: Error associated with spec file /etc/cdi/nvidia.yaml: failed to load CDI Spec failed to parse CDI Spec "/etc/cdi/nvidia.yaml": failed to unmarshal CDI Spec: error converting YAML to JSON: yaml: line 1: did not find expected ',' or '}'
    """
    for said in spoken(snapshot, BAD_SPEC):
        yield said.found(
            message=f"The engine cannot use the CDI specification {said.match['file']}.",
            cause="The file is cut off, edited by hand, or of a version that the engine does not know.",
            fix=f"Make it again (`{GENERATE}`) or remove it; the engine reads it anew by itself.",
            about=said.match["file"],
            severity=Severity.WARN,
        )


@signature(code="gpu-cdi-nodev", area="gpu")
def gpu_cdi_nodev(snapshot: Snapshot) -> Iterator[Finding]:
    """A CDI specification names a device file that is not on this host.

    The specification is older than the last change of driver, card or MIG layout, or the driver's module is not loaded.
    A library that is not there is `gpu-cdi-stale-lib`.

    Seen
    ----
        docker: Error response from daemon: CDI device injection failed: failed to inject devices: failed to stat CDI host device "/dev/nvidia9": no such file or directory
    """
    for refusal in refusals(snapshot, NO_DEVICE):
        yield _stale(refusal, f"The device {refusal.match['path']} of the CDI specification is not there.")


@signature(code="gpu-cdi-stale-lib", area="gpu")
def gpu_cdi_stale_lib(snapshot: Snapshot) -> Iterator[Finding]:
    """A CDI specification mounts a library of a driver version that is no longer there.

    The driver was updated after the specification was made. A mount of your own that fails says another path.

    Seen
    ----
        failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting "/usr/lib/libcuda.so.550.54" to rootfs at "/usr/lib/libcuda.so.550.54": mount /usr/lib/libcuda.so.550.54 (via /proc/self/fd/6): no such file or directory
    """
    for refusal in refusals(snapshot, STALE):
        yield _stale(refusal, f"{refusal.match['path']}, which the CDI specification mounts, is not there.")


def _stale(refusal: Refusal, message: str) -> Finding:
    return refusal.found(
        refusal.written("devices") or refusal.written("deploy"),
        message=message,
        cause="The specification is older than the driver, the cards or their MIG layout.",
        fix=f"Run `{GENERATE}` again, and enable nvidia-cdi-refresh.service so that it follows the driver.",
    )


def _unresolved(snapshot: Snapshot, kind: str, cause: str, fix: str) -> Iterator[Finding]:
    for refusal in refusals(snapshot, UNRESOLVED):
        names = refusal.match["names"].strip()
        is_kind = "amd" if names.startswith("amd.com/") else "slice" if SLICE.search(names) else ""
        if is_kind == kind:
            yield refusal.found(
                refusal.written("devices") or refusal.written("deploy"),
                message=f"The engine knows no device {names}.",
                cause=cause,
                fix=f"{fix}; `docker info` lists the devices that it found.",
            )
