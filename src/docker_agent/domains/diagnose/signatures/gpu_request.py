"""Requests for GPUs that contradict themselves, or mean something else than they seem to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, host_config, inspected, label, written
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.refused import refused, told
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container

BOTH = re.compile(r"cannot set both Count and DeviceIDs on device request")
EXCLUSIVE = re.compile(r"\"count\" and \"device_ids\" attributes are exclusive")
NO_CAPABILITIES = re.compile(r"devices\.\d+ missing property 'capabilities'")


@signature(code="gpu-count-ids", area="gpu")
def gpu_count_ids(snapshot: Snapshot) -> Iterator[Finding]:
    """GPUs are asked for by number and by name at once.

    The engine says so when the container starts, Compose when it reads the file.

    Seen
    ----
        docker: Error response from daemon: cannot set both Count and DeviceIDs on device request
        services.web.gpus.[]: "count" and "device_ids" attributes are exclusive
    """
    yield from refused(snapshot, "gpu-count-ids")
    for refusal in (*refusals(snapshot, BOTH), *told(snapshot, "gpu-count-ids", EXCLUSIVE)):
        yield refusal.found(
            refusal.written("deploy") or refusal.written("gpus"),
            message="GPUs are asked for by count and by device_ids.",
            cause="Either so many, or these ones: the two exclude each other.",
            fix="Keep device_ids where containers must not share a card, else count.",
        )


@signature(code="gpu-compose-nocap", area="gpu")
def gpu_compose_nocap(snapshot: Snapshot) -> Iterator[Finding]:
    """A reserved device has no capabilities, which the specification demands.

    Without `capabilities: [gpu]` Compose refuses the file; the short form `gpus: all` needs none.

    Seen
    ----
        validating /srv/shop/compose.yaml: services.web.deploy.resources.reservations.devices.0 missing property 'capabilities'
    """
    yield from refused(snapshot, "gpu-compose-nocap")
    for said in told(snapshot, "gpu-compose-nocap", NO_CAPABILITIES):
        yield said.found(
            message="A reserved device lacks its capabilities.",
            cause="They tell the engine which driver to ask, so the specification demands them.",
            fix="Add capabilities: [gpu] to the device, or write gpus: all at the service.",
        )


@signature(code="gpu-count-same", area="gpu")
def gpu_count_same(snapshot: Snapshot) -> Iterator[Finding]:
    """Containers that ask for a number of GPUs all get the same ones: the first so many.

    A count is no allocation. Said where several containers ask for two or more, and for fewer where one of them is
    broken; with device_ids, or with all, it is meant.
    """
    asking = {each.name: _count(each) for each in (*snapshot.containers, *snapshot.others) if each.running}
    for container in snapshot.containers:
        count = asking.get(container.name, 0)
        rivals = [name for name, other in asking.items() if name != container.name and other > 0]
        if not rivals or count < 1 or (count == 1 and not snapshot.broken(container)):
            continue
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "HostConfig.DeviceRequests[0].Count", count),
            written(snapshot, container, "deploy") or written(snapshot, container, "gpus"),
            message=f"{label(snapshot, container)} shares its GPUs with {', '.join(rivals[:3])}: each has the first {count}.",
            cause="count: N means the first N cards for every container, whoever has them already.",
            fix="Give each its own with device_ids: ['0'], ['1'] ..., unless they are meant to share.",
            confidence="likely",
            severity=Severity.WARN,
        )


def _count(container: Container) -> int:
    """How many GPUs a container asks for by number alone, 0 for none."""
    for request in host_config(container).get("DeviceRequests") or ():
        if (
            not request.get("DeviceIDs")
            and request.get("Count", 0) > 0
            and ["gpu"] in (request.get("Capabilities") or ())
        ):
            return int(request["Count"])
    return 0
