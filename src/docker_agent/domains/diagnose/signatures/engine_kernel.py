"""The engine lacks something of the kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

CGROUPS = re.compile(r"Devices cgroup isn't mounted")
IPVS = re.compile(r"error reading the kernel parameter (?P<key>net\.ipv4\.vs\.\w+)")
SWAP = re.compile(r"No (?P<what>swap|memory|cpu cfs quota|pids|cpuset|oom kill disable) (?:limit )?support")


@signature(code="cgroup-devices", area="engine")
def cgroup_devices(snapshot: Snapshot) -> Iterator[Finding]:
    """The engine does not start, because it sees no control groups.

    `ip netns exec` mounts /sys anew and hides them; so does a chroot or an outer container without /sys/fs/cgroup.

    Seen
    ----
        failed to start daemon: Devices cgroup isn't mounted
    """
    for refusal in spoken(snapshot, CGROUPS):
        yield refusal.found(
            message="The engine sees no control groups and does not start.",
            cause="/sys/fs/cgroup is empty or hidden where dockerd was started, as under `ip netns exec`.",
            fix="Start it with nsenter --net=FILE (which leaves /sys alone), or mount the control groups first.",
        )


@signature(code="ipvs-missing", area="engine")
def ipvs_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """The kernel has no IPVS, so published ports and virtual addresses of Swarm services lead nowhere.

    Only the engine's log says so; the services themselves run. Without Swarm it is of no account.

    Seen
    ----
        error reading the kernel parameter net.ipv4.vs.expire_nodest_conn
    """
    for refusal in spoken(snapshot, IPVS):
        yield refusal.found(
            message="The kernel has no IPVS: Swarm's routing mesh does not work here.",
            cause="The module ip_vs is neither built in nor loaded.",
            fix="Load it (modprobe ip_vs), or publish with mode: host and use endpoint_mode: dnsrr.",
            severity=Severity.WARN,
        )


@signature(code="swap-limit-missing", area="engine")
def swap_limit_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """The kernel cannot enforce one of the limits, and the engine warns of it by itself.

    Limits of that kind are accepted and do nothing: a container with a memory limit may swap as it likes.

    Seen
    ----
        WARNING: No swap limit support
        WARNING: No memory limit support
    """
    for refusal in spoken(snapshot, SWAP):
        what = refusal.match["what"]
        yield refusal.found(
            message=f"The host does not enforce limits of {what}.",
            cause="The kernel was started without that control group.",
            fix="On the host add cgroup_enable=memory swapaccount=1 to the kernel's command line, and reboot.",
            severity=Severity.INFO,
        )
