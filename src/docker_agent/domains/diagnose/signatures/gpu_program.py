"""What programs in a container say when they cannot use an NVIDIA GPU."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import Confidence, host_config, inspected, sure
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.messages import Refusal, heard
from docker_agent.domains.diagnose.snapshot import Snapshot

NVML_UNKNOWN = re.compile(r"Failed to initialize NVML: Unknown Error")
NO_DEVICE = re.compile(r"no CUDA-capable device is detected|CUDA_ERROR_NO_DEVICE|Torch not compiled with CUDA enabled")
OLD_DRIVER = re.compile(
    r"CUDA driver version is insufficient for CUDA runtime version"
    r"|forward compatibility was attempted on non supported HW"
    r"|The NVIDIA driver on your system is too old"
)
NO_LIBCUDA = re.compile(r"libcuda\.so(?:\.1)?: cannot open shared object file")
ARCHITECTURE = re.compile(r"no kernel image is available for execution on the device|\bsm_\d+ is not compatible")
ALL_OF_NVIDIA = "nvidia.com/gpu=all"
MEMORY = re.compile(r"CUDA out of memory|CUBLAS_STATUS_ALLOC_FAILED|CUDA_ERROR_OUT_OF_MEMORY|CUDA error: out of memory")


@signature(code="gpu-nvml-unknown", area="gpu")
def gpu_nvml_unknown(snapshot: Snapshot) -> Iterator[Finding]:
    """A container lost its GPU while it ran.

    On the host all is well: `systemctl daemon-reload` or an update of systemd reset the device rules that the old hook
    had set. `Driver/library version mismatch` in the same place is `gpu-hook-nvml-mismatch`.

    Seen
    ----
        Failed to initialize NVML: Unknown Error
    """
    for said in heard(snapshot, NVML_UNKNOWN):
        yield said.found(
            message="The container may not open its GPU any more.",
            cause="systemd reloaded and took away the device rules, which the old hook sets behind its back.",
            fix="Make the container new; for good use CDI (--device nvidia.com/gpu=all) or name the devices.",
            confidence=_sure(said),
        )


@signature(code="gpu-no-cuda-device", area="gpu")
def gpu_no_cuda_device(snapshot: Snapshot) -> Iterator[Finding]:
    """A program looks for a GPU and the container has none.

    The container asks for none, or NVIDIA_VISIBLE_DEVICES (void, none, empty) or CUDA_VISIBLE_DEVICES hides it. A library
    that is missing is `gpu-libcuda-missing`.

    Seen
    ----
        CUDA error 100: no CUDA-capable device is detected
        AssertionError: Torch not compiled with CUDA enabled
    """
    for said in heard(snapshot, NO_DEVICE):
        yield said.found(
            _request(said),
            message="The program finds no GPU.",
            cause=_why_none(said),
            fix=(
                "Ask for it: gpus: all with NVIDIA's runtime, devices: [nvidia.com/gpu=all] with CDI; take a variable "
                "that hides it out."
            ),
            confidence=_sure(said),
        )


@gpu_no_cuda_device.fix
def ask_for_gpus(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """All GPUs for a service that asks for none, in the way that this engine has: NVIDIA's runtime, or CDI.

    Without that runtime `gpus: all` fails with `gpu-no-driver` even where CDI knows the card (seen on Engine 28.5 with a
    real H200).
    """
    container = container_in(snapshot, finding)
    asks = any(service_value(snapshot, container, key) is not None for key in ("gpus", "deploy", "devices", "runtime"))
    engine = snapshot.engine
    if asks or host_config(container).get("DeviceRequests") or engine is None:
        return None
    why = "It looks for a GPU and asks for none."
    if "nvidia" in engine.runtimes:
        return recreate(snapshot, finding, {("gpus",): "all"}, why, watch_s=10.0)
    if ALL_OF_NVIDIA in engine.cdi_devices:
        return recreate(snapshot, finding, {("devices",): [ALL_OF_NVIDIA]}, why, watch_s=10.0)
    return None


@signature(code="gpu-driver-insufficient", area="gpu")
def gpu_driver_insufficient(snapshot: Snapshot) -> Iterator[Finding]:
    """The host's driver is too old for the CUDA that the program brings.

    The same as `gpu-hook-cuda-req`, seen by the program instead of the hook. With `forward compatibility` the image
    brings a newer library that only data centre cards may use.

    Seen
    ----
        CUDA driver version is insufficient for CUDA runtime version
        CUDA error 804: forward compatibility was attempted on non supported HW
    """
    for said in heard(snapshot, OLD_DRIVER):
        compatibility = "forward" in said.match[0]
        yield said.found(
            said.written("image"),
            message="The host's NVIDIA driver is too old for the program's CUDA.",
            cause="The image's CUDA is newer than what the driver knows"
            + (", and this card may not use the compatibility library." if compatibility else "."),
            fix="Update the driver on the host, or take an image of a CUDA that `nvidia-smi` shows or an older one.",
            confidence=_sure(said),
        )


@signature(code="gpu-libcuda-missing", area="gpu")
def gpu_libcuda_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """The driver's library is not in the container.

    It comes from the host with the GPU: the container asks for none, or NVIDIA_DRIVER_CAPABILITIES lacks `compute`.
    Installing it in the image would not match the host's driver.

    Seen
    ----
        ImportError: libcuda.so.1: cannot open shared object file: No such file or directory
    """
    for said in heard(snapshot, NO_LIBCUDA):
        asks = said.container is not None and host_config(said.container).get("DeviceRequests")
        yield said.found(
            _request(said),
            message="The driver's library libcuda.so.1 is not in the container.",
            cause="NVIDIA_DRIVER_CAPABILITIES lacks compute." if asks else _why_none(said),
            fix="Ask for the GPU (gpus: all) with NVIDIA_DRIVER_CAPABILITIES=compute,utility, or run the CPU's version.",
            confidence=_sure(said),
        )


@signature(code="gpu-arch", area="gpu")
def gpu_arch(snapshot: Snapshot) -> Iterator[Finding]:
    """The program was not built for this generation of GPU.

    Driver and request are well. A newer card needs a newer build; a very old one may be left out of new builds.

    Seen
    ----
        RuntimeError: CUDA error: no kernel image is available for execution on the device
        NVIDIA GeForce RTX 5090 with CUDA capability sm_120 is not compatible with the current PyTorch installation.
    """
    for said in heard(snapshot, ARCHITECTURE):
        yield said.found(
            said.written("image"),
            message="The program has no code for this GPU.",
            cause="It was built for other compute capabilities than the card's.",
            fix="Take an image or a wheel of a CUDA version that knows the card.",
            confidence=_sure(said),
        )


@signature(code="gpu-oom", area="gpu")
def gpu_oom(snapshot: Snapshot) -> Iterator[Finding]:
    """The GPU's memory is used up.

    The container's memory limit has nothing to do with it (`exit-137-oom`). Others on the same card count too:
    containers with a count all get the first cards (`gpu-count-same`).

    Seen
    ----
        torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79.11 GiB
        CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)
    """
    for said in heard(snapshot, MEMORY):
        yield said.found(
            _request(said),
            message="The GPU's memory is used up.",
            cause="The model or batch is too large for the card, or another process holds its memory.",
            fix="See with `nvidia-smi` who holds it; give containers their own device_ids, or make the batch smaller.",
            confidence=_sure(said),
        )


def _sure(said: Refusal) -> Confidence:
    return sure(said.snapshot, said.container) if said.container else "certain"


def _request(said: Refusal) -> Evidence | None:
    if said.container is None:
        return None
    requests = host_config(said.container).get("DeviceRequests") or "none"
    return inspected(said.snapshot, said.container, "HostConfig.DeviceRequests", requests)


def _why_none(said: Refusal) -> str:
    if said.container is not None and not host_config(said.container).get("DeviceRequests"):
        return "The container asks for no GPU."
    return "The container asks for no GPU, or a variable such as CUDA_VISIBLE_DEVICES hides it."
