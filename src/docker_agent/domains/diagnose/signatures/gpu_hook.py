"""NVIDIA's hook, which prepares a container before it starts, refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

MISMATCH = re.compile(
    r"nvml error: driver/library version mismatch|Failed to initialize NVML: Driver/library version mis"
)
NO_LIBRARY = re.compile(
    r"nvidia-container-cli: initialization error: load library failed: (?P<library>lib[\w.-]+\.so[\w.]*)"
)
TOO_OLD = re.compile(r"nvidia-container-cli: requirement error: unsatisfied condition: (?P<need>[^,\n]+)")
CGROUP = re.compile(
    r"bpf_prog_query\(BPF_CGROUP_DEVICE\) failed: operation not permitted"
    r"|nvidia-container-cli: mount error: [^\n]{0,200}cgroup[^\n]{0,200}(?:permission denied|no such file)"
)
LDCONFIG = re.compile(r"nvidia-container-cli: ldcache error: (?P<why>[^\n]+)")
WSL = re.compile(r"WSL environment detected but no adapters were found")


@signature(code="gpu-hook-nvml-mismatch", area="gpu")
def gpu_hook_nvml_mismatch(snapshot: Snapshot) -> Iterator[Finding]:
    """The driver was updated and its kernel module is still the old one.

    Libraries and module must have the same version. `nvidia-smi` on the host says the same, so no container is to
    blame; a driver that is not there at all is `gpu-hook-libml`.

    Seen
    ----
        error running hook #0: error running hook: exit status 1, stdout: , stderr: nvidia-container-cli: initialization error: nvml error: driver/library version mismatch
        Failed to initialize NVML: Driver/library version mismatch
    """
    for refusal in refusals(snapshot, MISMATCH):
        yield refusal.found(
            message="NVIDIA's libraries and its kernel module have different versions.",
            cause="The driver was updated, often by itself, and the host was not restarted since.",
            fix="Restart the host, or stop all that uses the GPU and load the nvidia modules again.",
        )


@signature(code="gpu-hook-libml", area="gpu")
def gpu_hook_libml(snapshot: Snapshot) -> Iterator[Finding]:
    """The container toolkit is installed, and NVIDIA's driver is not.

    The hook looks for libnvidia-ml.so.1 on the host in vain: no driver, or the engine runs in a virtual machine without
    the card, as Docker Desktop's on Linux and macOS does.

    Seen
    ----
        error running hook #0: exit status 1, stdout: , stderr: nvidia-container-cli: initialization error: load library failed: libnvidia-ml.so.1: cannot open shared object file: no such file or directory: unknown
    """
    for refusal in refusals(snapshot, NO_LIBRARY):
        yield refusal.found(
            message=f"The host has no {refusal.match['library']}: NVIDIA's driver is missing.",
            cause="The driver is not installed where the engine runs; the toolkit does not bring one.",
            fix="Install the driver until `nvidia-smi` works on the host; use a native engine in place of Docker Desktop.",
        )


@signature(code="gpu-hook-cuda-req", area="gpu")
def gpu_hook_cuda_req(snapshot: Snapshot) -> Iterator[Finding]:
    """The image needs a newer driver than the host has.

    Images of CUDA say in NVIDIA_REQUIRE_CUDA what they need. Without that check the program itself fails later with
    `gpu-driver-insufficient`.

    Seen
    ----
        error running hook #0: exit status 1, stdout: , stderr: nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.6, please update your driver to a newer version, or use an earlier cuda container: unknown
    """
    for refusal in refusals(snapshot, TOO_OLD):
        need = refusal.match["need"].replace("\\u003e", ">")
        yield refusal.found(
            refusal.written("image"),
            message=f"The image needs {need}, and the host's driver is older.",
            cause="A driver runs programs of its own CUDA version and older ones; `nvidia-smi` shows which.",
            fix="Update the driver, or take an image of an older CUDA; NVIDIA_DISABLE_REQUIRE=1 only skips the check.",
        )


@signature(code="gpu-hook-bpf", area="gpu")
def gpu_hook_bpf(snapshot: Snapshot) -> Iterator[Finding]:
    """The hook may not open the devices for the container's control group.

    So it is in rootless Docker and in LXC, where nobody may load such a program; the card itself is well.

    Seen
    ----
        nvidia-container-cli: mount error: failed to add device rules: unable to find any existing device filters attached to the cgroup: bpf_prog_query(BPF_CGROUP_DEVICE) failed: operation not permitted: unknown
        nvidia-container-cli: mount error: open failed: /sys/fs/cgroup/devices/docker/1f0c/devices.allow: permission denied: unknown
    """
    for refusal in refusals(snapshot, CGROUP):
        yield refusal.found(
            message="NVIDIA's hook may not set the device rules of the control group.",
            cause="The engine runs rootless or inside another container, and the old hook needs root for that.",
            fix="Set no-cgroups = true in /etc/nvidia-container-runtime/config.toml, or use CDI instead of the hook.",
        )


@signature(code="gpu-hook-ldconfig", area="gpu")
def gpu_hook_ldconfig(snapshot: Snapshot) -> Iterator[Finding]:
    """The hook does not find ldconfig where its configuration says.

    Usual on NixOS and other systems without /sbin/ldconfig; the driver is there.

    Seen
    ----
        nvidia-container-cli: ldcache error: open failed: /sbin/ldconfig.real: no such file or directory: unknown
    """
    for refusal in refusals(snapshot, LDCONFIG):
        yield refusal.found(
            message=f"NVIDIA's hook cannot make the list of libraries: {refusal.match['why']}.",
            cause="ldconfig lies elsewhere on this system than in the toolkit's configuration.",
            fix="Correct ldconfig in /etc/nvidia-container-runtime/config.toml, or use CDI instead of the hook.",
        )


@signature(code="gpu-wsl", area="gpu")
def gpu_wsl(snapshot: Snapshot) -> Iterator[Finding]:
    """In the Windows Subsystem for Linux no GPU is seen.

    The driver belongs to Windows there; one that is installed inside of Linux hides it.

    Seen
    ----
        nvidia-container-cli: initialization error: WSL environment detected but no adapters were found: unknown
    """
    for refusal in refusals(snapshot, WSL):
        yield refusal.found(
            message="The Windows Subsystem for Linux shows no GPU.",
            cause="Windows has no driver that serves WSL 2, or this is WSL 1.",
            fix="Update NVIDIA's driver in Windows and `wsl --update`; take drivers out of the Linux side.",
        )
