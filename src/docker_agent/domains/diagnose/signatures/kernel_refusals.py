"""The kernel refuses a container what only the host, or a container with more rights, may do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import host_config, inspected, was_dropped
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container

CALL = re.compile(
    r"\b(?P<call>unshare|clone|setns|pivot_root|mount|keyctl|add_key|io_uring_\w+|perf_event_open|ptrace|bpf)\b"
    r"[^\n]{0,80}Operation not permitted",
    re.IGNORECASE,
)
MOUNT = re.compile(r"\bu?mount: [^\n]{0,200}(?:permission denied|must be superuser)", re.IGNORECASE)
PING = re.compile(
    r"\bping6?: (?:permission denied \(are you root\?\)|(?:socktype: \w+ )?socket: Operation not permitted)"
)
SYSCTL = re.compile(
    r"(?P<key>/proc/sys/[\w./-]+)[^\n]{0,80}Read-only file system"
    r"|sysctl: [^\n]{0,40}key [\"']?(?P<name>[\w./-]+)[\"']?[^\n]{0,40}Read-only file system",
    re.IGNORECASE,
)
CLOCK = re.compile(
    r"(?:can(?:'|no)t set (?:the )?(?:date|time|system clock)|(?:clock_settime|settimeofday|adjtimex?)\b)"
    r"[^\n]{0,80}Operation not permitted"
    r"|certificate is not yet valid|not yet valid: current time \S+ is before",
    re.IGNORECASE,
)


@signature(code="seccomp", area="process")
def seccomp(snapshot: Snapshot) -> Iterator[Finding]:
    """A system call was refused that the default seccomp profile or the missing SYS_ADMIN forbids.

    The message names the call: unshare, clone, keyctl, io_uring, perf. For chown and setuid it is a dropped
    capability (`cap-chown`), for a mount that says `permission denied` it is `mount-denied`.

    Seen
    ----
        unshare: unshare(0x10000000): Operation not permitted
        perf_event_open(...) failed: Operation not permitted
    """
    for refusal in heard(snapshot, CALL):
        yield refusal.found(
            refusal.written("security_opt"),
            message=f"The system call {refusal.match['call']} was refused.",
            cause="Docker's default seccomp profile forbids it to containers without SYS_ADMIN.",
            fix="Switch the feature off (sandbox, io_uring), or allow this one call by a seccomp profile of your own.",
            confidence="likely",
        )


@signature(code="mount-denied", area="process")
def mount_denied(snapshot: Snapshot) -> Iterator[Finding]:
    """A program in the container tried to mount a file system.

    Root in a container lacks SYS_ADMIN, so `permission denied` is said even to root; no file mode is the matter.

    Seen
    ----
        mount: permission denied (are you root?)
        mount: /mnt: permission denied.
    """
    for refusal in heard(snapshot, MOUNT):
        yield refusal.found(
            message="A mount inside the container was refused.",
            cause="Mounting needs SYS_ADMIN, which containers do not have.",
            fix="Let Docker mount it (volumes, tmpfs, driver_opts of a volume); cap_add SYS_ADMIN as a last resort.",
        )


@signature(code="ping-denied", area="process")
def ping_denied(snapshot: Snapshot) -> Iterator[Finding]:
    """The container may not send pings.

    NET_RAW was dropped and the user's group is not in net.ipv4.ping_group_range. The network itself may well work: a
    ping that is sent and not answered is another failure. Where a normal user has NET_RAW to gain it is
    `bk-xattr-lost`.

    Seen
    ----
        ping: permission denied (are you root?)
        ping: socket: Operation not permitted
    """
    for refusal in heard(snapshot, PING):
        if refusal.container and _may_ping(refusal.container):
            continue
        yield refusal.found(
            refusal.written("cap_drop"),
            message="It may not open a socket for pings.",
            cause="The capability NET_RAW is dropped, and net.ipv4.ping_group_range leaves this group out.",
            fix='Check with a TCP connection instead, or set sysctls: net.ipv4.ping_group_range: "0 2147483647".',
            confidence="certain" if refusal.container else "likely",
        )


@ping_denied.fix
def let_ping(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Pings without NET_RAW, which is the smaller right."""
    if service_value(snapshot, container_in(snapshot, finding), "sysctls", "net.ipv4.ping_group_range") is None:
        why = "All groups in this container may send pings; NET_RAW stays dropped."
        return recreate(snapshot, finding, {("sysctls", "net.ipv4.ping_group_range"): "0 2147483647"}, why)
    return None


@signature(code="bk-xattr-lost", area="storage")
def bk_xattr_lost(snapshot: Snapshot) -> Iterator[Finding]:
    """A program that gives a normal user one right, by a capability on its file, has lost it.

    File capabilities are extended attributes, which the tar of BusyBox, docker cp and many backups drop. The
    container may have NET_RAW, but its user gets it from the file alone; with NET_RAW dropped or as root it is
    `ping-denied`.
    """
    for refusal in heard(snapshot, PING):
        container = refusal.container
        if container is None or not _needs_file_capability(container):
            continue
        yield refusal.found(
            inspected(snapshot, container, "Config.User", container.user),
            refusal.written("volumes"),
            message="ping has no file capability that would let a normal user send pings.",
            cause="A copy, restore or image build dropped the extended attributes, or the file never had any.",
            fix="Copy with GNU tar --xattrs --xattrs-include='*' --acls, or set it anew: setcap cap_net_raw+ep FILE.",
            confidence="likely",
        )


@signature(code="sysctl-ro", area="process")
def sysctl_ro(snapshot: Snapshot) -> Iterator[Finding]:
    """The container tried to change a kernel setting under /proc/sys.

    /proc/sys is read-only in every container, `read_only: true` or not (`ro-rootfs`); a disk that the host remounted
    is `fs-remounted-ro`.

    Seen
    ----
        sh: can't create /proc/sys/kernel/panic: Read-only file system
        sysctl: setting key "vm.max_map_count": Read-only file system
    """
    for refusal in heard(snapshot, SYSCTL):
        key = refusal.match["name"] or refusal.match["key"].removeprefix("/proc/sys/").replace("/", ".")
        own = key.startswith(("net.", "kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."))
        yield refusal.found(
            refusal.written("sysctls"),
            message=f"It may not set {key} from inside.",
            cause="/proc/sys is read-only in containers.",
            fix=f"Set it under sysctls: of the service ({key})."
            if own
            else f"Set it on the host: sysctl -w {key}=VALUE.",
        )


@signature(code="clock-set", area="process")
def clock_set(snapshot: Snapshot) -> Iterator[Finding]:
    """The clock is the host's: a container may not set it, and if it is wrong there, it is wrong here.

    `Operation not permitted` comes from a time daemon in a container; a certificate that is `not yet valid` means
    that the host's clock is behind. One that has expired is another matter.

    Seen
    ----
        date: can't set date: Operation not permitted
        verify error:num=9:certificate is not yet valid
    """
    for refusal in heard(snapshot, CLOCK):
        yield refusal.found(
            message="The clock cannot be set here, or the host's clock is behind.",
            cause="Containers share the host's clock and lack SYS_TIME.",
            fix="Set the time on the host or virtual machine (chrony); run no time daemon in a container.",
            confidence="likely",
        )


def _needs_file_capability(container: Container) -> bool:
    """Whether its user is a normal one, who may have NET_RAW, but gets it from a program's file alone."""
    return container.user not in {"", "0", "root"} and not was_dropped(container, "NET_RAW")


def _may_ping(container: Container) -> bool:
    """Whether its settings allow pings: NET_RAW is left, or the sysctl lets all groups send them."""
    sysctls: dict[str, str] = host_config(container).get("Sysctls") or {}
    groups = sysctls.get("net.ipv4.ping_group_range", "")
    return not was_dropped(container, "NET_RAW") or groups.split() == ["0", "2147483647"]
