"""A GPU is asked for and the engine has no driver for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import failed_starts, found, inspected, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"could not select device driver|unresolvable CDI devices (?P<cdi>\S+)")


@signature(code="gpu-no-driver", area="resource")
def gpu_no_driver(snapshot: Snapshot) -> Iterator[Finding]:
    """A GPU is asked for and the engine has no driver for it.

    The engine finds no nvidia-container-runtime-hook; an unknown device of an installed driver says
    `unresolvable CDI devices` instead.
    """
    for container, _ in failed_starts(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.Error", container.error),
            written(snapshot, container, "deploy")
            or written(snapshot, container, "gpus")
            or written(snapshot, container, "devices"),
            message="The engine cannot give the container a GPU.",
            cause="The container toolkit or its device specification is missing on this host.",
            fix=(
                "Install the NVIDIA container toolkit (`nvidia-ctk runtime configure` or `cdi generate`) and "
                "restart the engine, or drop the GPU."
            ),
        )
