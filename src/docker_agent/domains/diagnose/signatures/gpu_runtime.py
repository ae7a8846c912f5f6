"""A container asks for a runtime that the engine does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

UNKNOWN = re.compile(r"unknown or invalid runtime name: (?P<name>\S+)")
GONE = re.compile(
    r"unable to retrieve OCI runtime error[^\n]{0,500}fork/exec (?P<path>\S{1,300}): no such file or directory"
)


@signature(code="gpu-runtime-unknown", area="gpu")
def gpu_runtime_unknown(snapshot: Snapshot) -> Iterator[Finding]:
    """A container asks for a runtime that the engine's configuration does not name.

    `runtime: nvidia` is the old way to a GPU; it needs an entry in daemon.json. A runtime that is named there and whose
    program is gone is `gpu-runtime-path`.

    Seen
    ----
        docker: Error response from daemon: unknown or invalid runtime name: nvidia
    """
    for refusal in refusals(snapshot, UNKNOWN):
        name = refusal.match["name"]
        yield refusal.found(
            refusal.written("runtime"),
            message=f"The engine has no runtime {name}.",
            cause="daemon.json names no such runtime, or the engine was not restarted since it does.",
            fix=(
                "Ask for the GPU with gpus: or devices: instead, or run `nvidia-ctk runtime configure --runtime=docker` "
                "(amd-ctk for AMD) and restart the engine."
                if name in {"nvidia", "amd"}
                else f"Add {name} under runtimes in daemon.json and restart the engine, or take runtime: out."
            ),
        )


@signature(code="gpu-runtime-path", area="gpu")
def gpu_runtime_path(snapshot: Snapshot) -> Iterator[Finding]:
    """The engine knows the runtime, but its program is not there.

    The container's own program is not concerned, though docker gives code 127 as for a missing one
    (`exit-127-notfound`).

    Seen
    ----
        OCI runtime create failed: unable to retrieve OCI runtime error (open /run/docker/log.json: no such file or directory): fork/exec /usr/bin/nvidia-container-runtime: no such file or directory
    """
    for refusal in refusals(snapshot, GONE):
        yield refusal.found(
            refusal.written("runtime"),
            message=f"The runtime's program {refusal.match['path']} is not there.",
            cause="It was removed or moved, and daemon.json still names it.",
            fix="Install it again (nvidia-container-toolkit), or correct runtimes in daemon.json and restart the engine.",
        )
