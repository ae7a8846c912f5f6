"""The host's file system refuses: remounted read-only after an error, or closed by a SELinux label."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import closed_mount, complaints, found, inspected, logged, under, written
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container

READ_ONLY = re.compile(r"read-only file ?system(?!\?)|EROFS", re.IGNORECASE)
DENIED = re.compile(r"permission denied|EACCES", re.IGNORECASE)
PSEUDO = ("/proc", "/sys", "/dev")


@signature(code="fs-remounted-ro", area="storage")
def fs_remounted_ro(snapshot: Snapshot) -> Iterator[Finding]:
    """The host's disk became read-only under a container that may write.

    Neither `read_only: true` (`ro-rootfs`) nor a mount with :ro (`ro-mount`) explains it, nor does /proc/sys
    (`sysctl-ro`). The kernel remounts a disk so after an error; then all containers on it complain.
    """
    for container, line, _ in complaints(snapshot, READ_ONLY):
        closed = [each.target for each in container.mounts if each.read_only]
        told = any(under(line.text, each) or each in line.text for each in (*closed, *PSEUDO))
        if container.read_only or told or closed_mount(container, line.text):
            continue
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            inspected(snapshot, container, "HostConfig.ReadonlyRootfs", "false"),
            message="A disk that it may write to is read-only.",
            cause="The host's kernel found an error on the disk and remounted it read-only.",
            fix="Read the host's kernel log (dmesg: `Remounting filesystem read-only`), save the data, run fsck.",
            confidence="likely",
        )


@signature(code="selinux", area="storage")
def selinux(snapshot: Snapshot) -> Iterator[Finding]:
    """SELinux keeps the container from a folder of the host that lacks the label for containers.

    Root is refused with `Permission denied` under a bind mount, and the container has an SELinux label; without one
    it is the owner of the folder (`perm-bind`).
    """
    for container, line, _ in complaints(snapshot, DENIED):
        mount = next((each for each in container.mounts if each.kind == "bind" and under(line.text, each.target)), None)
        if mount is None or container.user not in {"", "0", "root"} or not _labelled(container):
            continue
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            inspected(snapshot, container, "ProcessLabel", container.raw["ProcessLabel"]),
            written(snapshot, container, "volumes"),
            message=f"SELinux keeps it from {mount.target}.",
            cause="The folder on the host has no label that containers may use.",
            fix="Add :z (shared) or :Z (this container alone) to the entry under volumes; ausearch -m avc shows it.",
            confidence="likely",
        )


def _labelled(container: Container) -> bool:
    return bool(container.raw.get("ProcessLabel"))
