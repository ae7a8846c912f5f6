"""Capabilities that lead to root on the host."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.capabilities import granted
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="security", production=Severity.ERROR)
def cap_host_exec(model: ComposeModel) -> Iterator[Finding]:
    """A container has a capability by which its root becomes root of the host.

    Why
    ---
    SYS_ADMIN mounts file systems: with one control group mounted, its `release_agent` makes the host's kernel run any
    program. SYS_MODULE loads a module, which is the kernel. SYS_RAWIO talks to disks below the file system. ALL is all
    of these. SYS_PTRACE together with `pid: host` writes code into the host's own processes. What is left between such
    a container and `privileged: true` is a filter, not a wall.

    Flagged
    -------
        services:
          storage:
            image: rclone/rclone:1.71
            devices: [/dev/fuse]
            cap_add: [SYS_ADMIN]

    Fine
    ----
        services:
          vpn:
            image: linuxserver/wireguard:1.0.20250521
            cap_add: [NET_ADMIN]

    Instead
    -------
    SYS_MODULE is asked for by VPN images and is not needed where the host loads the module (`wireguard` is part of
    every kernel since 5.6). FUSE mounts (rclone, mergerfs, s3fs) can be made on the host and bound. Chromium's sandbox
    needs a seccomp profile that allows `clone` and `unshare`, not SYS_ADMIN. If it has to be, keep the container off
    networks that others reach, and its image pinned to a digest.

    See
    ---
    CIS Docker Benchmark 5.4 · capabilities(7) · privileged_mode
    """
    yield from granted(model, "cap_host_exec")
