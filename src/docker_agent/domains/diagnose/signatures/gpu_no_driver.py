"""A GPU is asked for with `--gpus` or as a reserved device, and the engine has no driver for that."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import Refusal, refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"could not select device driver \"(?P<driver>[^\"]*)\" with capabilities")


@signature(code="gpu-no-driver", area="gpu")
def gpu_no_driver(snapshot: Snapshot) -> Iterator[Finding]:
    """A GPU is asked for and the engine has no driver for it.

    dockerd looks for nvidia-container-runtime-hook on its PATH once, at its start: the toolkit is missing, or the engine
    was not restarted since. For a card of AMD it is `amd-gpus-flag`; with CDI it is `gpu-cdi-unresolvable`.

    Seen
    ----
        docker: Error response from daemon: could not select device driver "" with capabilities: [[gpu]]
        Error response from daemon: could not select device driver "nvidia" with capabilities: [[gpu]]
    """
    for refusal in refusals(snapshot, PATTERN):
        if not _is_amd(refusal):
            yield refusal.found(
                refusal.written("deploy") or refusal.written("gpus"),
                message="The engine has no driver for GPUs.",
                cause="The NVIDIA container toolkit is not installed, or dockerd runs since before it was.",
                fix=(
                    "Install nvidia-container-toolkit, run `nvidia-ctk runtime configure --runtime=docker` and restart "
                    "the engine; for another vendor's card use --device VENDOR/gpu=all; or drop the GPU."
                ),
            )


@signature(code="amd-gpus-flag", area="gpu")
def amd_gpus_flag(snapshot: Snapshot) -> Iterator[Finding]:
    """A card of AMD is asked for as if it were one of NVIDIA.

    `--gpus` and reserved devices ask a driver of the engine, and before Engine 29.3 there is one for NVIDIA only. Told
    from `gpu-no-driver` by the driver's name, or by an image for ROCm.

    Seen
    ----
        Error response from daemon: could not select device driver "amd" with capabilities: [[gpu]]
    """
    for refusal in refusals(snapshot, PATTERN):
        if _is_amd(refusal):
            yield refusal.found(
                refusal.written("deploy") or refusal.written("gpus"),
                message="The engine has no driver for AMD's GPUs.",
                cause="--gpus and reserved devices of AMD need Engine 29.3 or newer with a CDI specification.",
                fix=(
                    "Give the devices themselves: devices: [/dev/kfd, /dev/dri] with group_add of their groups, or "
                    "amd.com/gpu=all after `amd-ctk cdi generate --output=/etc/cdi/amd.json`."
                ),
            )


def _is_amd(refusal: Refusal) -> bool:
    image = refusal.container.image if refusal.container else ""
    return refusal.match["driver"] == "amd" or "rocm" in image.lower()
