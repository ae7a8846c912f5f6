"""How processes end, and what the kernel refuses them, each from its reproduction on a real engine."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lab import fixtures
from tests.live.failures import Broken, broken_project, check, docker, examined

from docker_agent.core.finding import Finding, Severity

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

PROJECT = "dalab-process"
NO_NETWORK = "network_mode: none, "
# A normal user's ping, which needs the capability on the file /d/ping.
PING = NO_NETWORK + (
    'command: ["/d/ping", "-c1", "-W1", "127.0.0.1"], user: "65534", sysctls: {net.ipv4.ping_group_range: "1 0"}, '
)
NET_RAW = bytes.fromhex("0100000200200000000000000000000000000000")
CASES = {
    "policy": Broken(
        "restart-policy-not-applied",
        NO_NETWORK + 'command: ["true"], restart: always, sysctls: {kernel.shm_rmid_forced: "9"}',
    ),
    "engine": Broken("exit-128-engine", NO_NETWORK + 'command: ["true"], sysctls: {kernel.shm_rmid_forced: "9"}'),
    "again": Broken(
        "start-err-on-old-container",
        NO_NETWORK + 'command: ["true"], devices: ["ROOT/device:/dev/x"]',
    ),
    "term": Broken("exit-143", NO_NETWORK + 'command: ["sh", "-c", "kill -TERM $$$$"], init: true'),
    "int": Broken("exit-130", NO_NETWORK + 'command: ["sh", "-c", "kill -INT $$$$"], init: true'),
    "pipe": Broken("exit-141", NO_NETWORK + 'command: ["sh", "-c", "kill -PIPE $$$$"], init: true'),
    "segv": Broken("exit-139", NO_NETWORK + 'command: ["sh", "-c", "kill -SEGV $$$$"], init: true'),
    "trap": Broken("exit-139-test-trap", NO_NETWORK + 'command: ["wget", "-T2", "http://10.0.0.1/"]'),
    "nocheck": Broken("", NO_NETWORK + 'command: ["sleep", "600"]'),
    "waits": Broken(
        "cmp-dep-nohealth",
        NO_NETWORK + 'command: ["sleep", "600"], depends_on: {nocheck: {condition: service_healthy}}',
        start=False,
    ),
    "share": Broken("vol-nfs", NO_NETWORK + 'command: ["true"], volumes: ["share:/d"]'),
    "journald": Broken("log-journald", NO_NETWORK + 'command: ["true"], logging: {driver: journald}'),
    "inodes": Broken(
        "disk-full-inodes",
        NO_NETWORK + 'command: ["sh", "-c", "touch /d/1 /d/2 /d/3 /d/4 /d/5"], volumes: ["few:/d"]',
    ),
    "disk": Broken(
        "disk-full-container",
        NO_NETWORK + 'command: ["dd", "if=/dev/zero", "of=/d/x", "bs=1M", "count=2"], volumes: ["small:/d"]',
    ),
    "cgroup": Broken("cgroup-version", NO_NETWORK + 'command: ["cat", "CGROUP"], mem_limit: 32m'),
    "unshare": Broken("seccomp", NO_NETWORK + 'command: ["unshare", "-U", "true"]'),
    "mount": Broken("mount-denied", NO_NETWORK + 'command: ["mount", "-t", "tmpfs", "x", "/mnt"]'),
    "ping": Broken(
        "ping-denied",
        'command: ["ping", "-c1", "-W1", "127.0.0.1"], cap_drop: [NET_RAW], '
        'sysctls: {net.ipv4.ping_group_range: "1 0"}, ' + NO_NETWORK.rstrip(", "),
    ),
    "restored": Broken("bk-xattr-lost", PING + 'volumes: ["./restored:/d"]'),
    "original": Broken("", PING + 'volumes: ["./original:/d"]'),
    "profile": Broken(
        "apparmor-missing", NO_NETWORK + 'command: ["sleep", "600"], security_opt: ["apparmor=dalab-nosuch"]'
    ),
    "sysctl": Broken("sysctl-ro", NO_NETWORK + 'command: ["sh", "-c", "echo 1 > /proc/sys/kernel/panic"]'),
    "clock": Broken("clock-set", NO_NETWORK + 'command: ["sh", "-c", "date -s 2020-01-01; exit 1"]'),
    "nofile": Broken(
        "nofile",
        NO_NETWORK + 'command: ["sh", "-c", "ulimit -n 3; cat /etc/passwd /etc/group"]',
    ),
    # Healthy: somebody asked for the stop.
    "stopped": Broken("", NO_NETWORK + 'command: ["sleep", "600"], init: true', after=(("stop", "-t", "5", "{}"),)),
    "interrupted": Broken(
        "", NO_NETWORK + 'command: ["sleep", "600"], init: true', after=(("kill", "-s", "INT", "{}"),)
    ),
    "stoppedwell": Broken(
        "",
        NO_NETWORK + """command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep .1; done"]""",
        after=(("stop", "-t", "5", "{}"),),
    ),
}
VOLUMES = """volumes:
  share: {driver_opts: {type: nfs, o: "addr=127.0.0.1", device: ":/p"}}
  few: {driver_opts: {type: tmpfs, device: tmpfs, o: "size=1m,nr_inodes=3"}}
  small: {driver_opts: {type: tmpfs, device: tmpfs, o: "size=1m"}}
"""


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Finding]]:
    """All cases started side by side, one of them a second time without its device, and looked at once."""
    root = tmp_path_factory.mktemp("process")
    device = root / "device"
    os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    write_ping(root)
    with broken_project(root, PROJECT, written(root), more=VOLUMES, settle_s=2.0) as workspace:
        device.unlink()
        docker("start", f"{PROJECT}-again-1")
        yield examined(workspace)


def write_ping(root: Path) -> None:
    """A BusyBox whose file may open raw sockets, and what its own tar makes of it."""
    image, original, restored = "docker-agent-lab/busybox:1", root / "original", root / "restored"
    for folder in (original, restored):
        folder.mkdir(mode=0o755)
    docker("run", "--rm", "--network=none", "-v", f"{original}:/d", image, "cp", "/bin/busybox", "/d/ping")
    os.setxattr(original / "ping", "security.capability", NET_RAW)
    copied = "tar -cf - -C /from ping | tar -xf - -C /to"
    mounts = ("-v", f"{original}:/from", "-v", f"{restored}:/to")
    docker("run", "--rm", "--network=none", *mounts, image, "sh", "-c", copied)


def written(root: Path) -> dict[str, Broken]:
    """The cases with what depends on this host: a device that can be taken away, and the file of the other cgroups."""
    other = "memory.max" if Path("/sys/fs/cgroup/memory").is_dir() else "memory/memory.limit_in_bytes"
    places = {"ROOT": str(root), "CGROUP": f"/sys/fs/cgroup/{other}"}
    return {
        name: Broken(case.code, re.sub("ROOT|CGROUP", lambda word: places[word[0]], case.body), case.start, case.after)
        for name, case in CASES.items()
    }


def test_each_end_is_recognised_and_an_asked_for_stop_is_none(findings: list[Finding]) -> None:
    check(CASES, findings)


def test_a_restart_policy_is_told_after_the_cause_of_the_failed_start(findings: list[Finding]) -> None:
    told = [finding for finding in findings if finding.object == "policy"]
    assert [(finding.code, finding.severity) for finding in told] == [("restart-policy-not-applied", Severity.ERROR)]
