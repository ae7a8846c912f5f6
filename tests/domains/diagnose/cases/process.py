"""How processes end and what the kernel, the engine and the host refuse them; most words are those of Engine 28.5."""

from __future__ import annotations

from tests.domains.diagnose.places import Case, ended, mounted, never_started

DIE = "die"
UNKNOWN = "stat /dev/nosuch: no such file or directory"
BUSYBOX = "docker-agent-lab/busybox:1"

FAILURES = {
    "policy and a failed start": Case("restart-policy-not-applied", never_started(UNKNOWN, restart_policy="always")),
    "interrupted from inside": Case("exit-130", ended(130), events=[(DIE, 100, {"exitCode": "130"})]),
    "terminated from inside": Case("exit-143", ended(143), events=[(DIE, 100, {"exitCode": "143"})]),
    "broken pipe": Case("exit-141", ended(141), ["pipe"]),
    "wget of a static busybox": Case(
        "exit-139-test-trap", ended(139, image=BUSYBOX, command=("wget", "-T2", "http://10.0.0.1/"))
    ),
    "nslookup of a static busybox": Case(
        "exit-139-test-trap", ended(139, image=BUSYBOX, command=("sh", "-c", "nslookup db; exit 139"))
    ),
    "crash of another program": Case("exit-139", ended(139, image="app:1", command=("wget", "http://db/"))),
    "no AppArmor on the host": Case(
        "apparmor-missing", {"raw": {"AppArmorProfile": "", "HostConfig": {"SecurityOpt": ["apparmor=mine"]}}}
    ),
    "inodes": Case("disk-full-inodes", ended(1), ["touch: /data/x: No space left on device"]),
    "engine's disk at start": Case(
        "disk-full-engine", never_started("mkdir /var/lib/docker/overlay2/x/work: no space left on device")
    ),
    "cgroup file": Case("cgroup-version", ended(1), ["open /sys/fs/cgroup/memory.max: no such file or directory"]),
    "ping": Case(
        "ping-denied",
        ended(1, raw={"HostConfig": {"CapDrop": ["NET_RAW"]}}),
        ["ping: permission denied (are you root?)"],
        body=["cap_drop: [NET_RAW]"],
    ),
    "ping of a normal user": Case("bk-xattr-lost", ended(1, user="65534"), ["ping: permission denied (are you root?)"]),
    "mount inside": Case("mount-denied", ended(1), ["mount: permission denied (are you root?)"]),
    "namespace": Case("seccomp", ended(1), ["unshare: unshare(0x10000000): Operation not permitted"]),
    "sysctl, read-only root": Case(
        "sysctl-ro",
        ended(1, read_only=True),
        ["sh: can't create /proc/sys/kernel/panic: Read-only file system"],
    ),
    "clock": Case("clock-set", ended(1), ["date: can't set date: Operation not permitted"]),
    "locked memory": Case(
        "memlock", ended(1), ["memory locking requested for elasticsearch process but memory is not locked"]
    ),
    "maps": Case("vm-max-map", ended(78), ["max virtual memory areas vm.max_map_count [65530] is too low"]),
    "instances": Case("inotify-instances", ended(1), ["inotify_init: Too many open files"]),
    "old host": Case(
        "seccomp-old-libseccomp", ended(2), ["runtime/cgo: pthread_create failed: Operation not permitted"]
    ),
    "read-only working folder": Case(
        "ro-mount",
        ended(1, working_dir="/data", mounts=mounted("volume", "/data", read_only=True)),
        ["# Can't open or create append-only dir appendonlydir: Read-only file system"],
    ),
    "disk turned read-only": Case("fs-remounted-ro", ended(1), ["write /data/x: read-only file system"]),
    "label": Case(
        "selinux",
        ended(1, mounts=mounted("bind", "/d"), raw={"ProcessLabel": "system_u:system_r:container_t:s0:c1,c2"}),
        ["ls: can't open '/d': Permission denied"],
    ),
}

HEALTHY = {
    "stopped by SIGTERM": Case(
        "", ended(143), events=[("kill", 101, {"signal": "15"}), (DIE, 100, {"exitCode": "143"}), ("stop", 100, {})]
    ),
    "interrupted through the engine": Case(
        "", ended(130), events=[("kill", 101, {"signal": "2"}), (DIE, 100, {"exitCode": "130"})]
    ),
    "stopped, handled": Case(
        "", ended(0), events=[("kill", 101, {"signal": "15"}), (DIE, 100, {"exitCode": "0"}), ("stop", 100, {})]
    ),
    "ended by SIGTERM long ago": Case("", ended(143)),
    "AppArmor profile in force": Case(
        "", {"raw": {"AppArmorProfile": "mine", "HostConfig": {"SecurityOpt": ["apparmor=mine"]}}}
    ),
    "nginx that only guesses": Case(
        "",
        {},
        ["10-listen-on-ipv6-by-default.sh: info: can not modify /etc/nginx/conf.d/x.conf (read-only file system?)"],
    ),
    "words of others at level INFO": Case(
        "",
        {},
        [
            '2026-11-26 INFO  ticket 7 "Connection refused when I print" was closed',
            'level=info msg="search for: permission denied"',
            '{"level":"debug","msg":"no space left on device: 3 hits"}',
        ],
    ),
    "unconfined on purpose": Case(
        "", {"raw": {"AppArmorProfile": "", "HostConfig": {"SecurityOpt": ["apparmor=unconfined"]}}}
    ),
}
