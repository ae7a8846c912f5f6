"""Linux capabilities that reach beyond the container: what each one lets do, and which rule speaks of it."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import record, replace
from docker_agent.domains.compose.facts.images import image_name
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_item, known_items
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.compose.types import Service


@record
class Grant:
    """What a capability lets do; `code` is the rule that speaks of it, `instead` what usually does without it."""

    code: str
    means: str
    instead: str


_NONE = "Take it out, or name in a comment what needs it."

GRANTS = {
    "ALL": Grant(
        "cap_host_exec",
        "grants every capability, which is most of what privileged grants",
        "Name the one capability that the service asks for in its error.",
    ),
    "SYS_ADMIN": Grant(
        "cap_host_exec",
        "mounts file systems and joins namespaces, and so leads to root on the host",
        "For FUSE mount on the host and bind the folder; for a browser's sandbox use a seccomp profile.",
    ),
    "SYS_MODULE": Grant(
        "cap_host_exec",
        "loads modules, which is code in the host's kernel",
        "Load the module on the host (modprobe, /etc/modules-load.d); the container then needs no right to.",
    ),
    "SYS_RAWIO": Grant(
        "cap_host_exec",
        "speaks to hardware and disks below the file system",
        "Read disk health on the host and hand the result in.",
    ),
    "BPF": Grant(
        "cap_host_adjacent",
        "loads programs into the host's kernel",
        "Run the tracer on the host, or only while it is used.",
    ),
    "SYS_BOOT": Grant(
        "cap_host_adjacent",
        "reboots the host once it shares its processes or runs without seccomp",
        _NONE,
    ),
    "NET_ADMIN": Grant(
        "cap_bounded",
        "changes addresses, routes and packet filters of its own network",
        "Only VPNs, DHCP servers and firewalls need it.",
    ),
    "SYS_PTRACE": Grant(
        "cap_bounded",
        "reads and changes the memory of every process beside it",
        "Grant it while debugging, in an override file that production does not use.",
    ),
    "NET_BROADCAST": Grant("cap_bounded", "is used by nothing in today's kernels", _NONE),
    "SYS_TTY_CONFIG": Grant("cap_host_reach", "reconfigures the host's terminals", _NONE),
    "SYS_TIME": Grant(
        "cap_host_reach",
        "sets the clock, of which the host has only one",
        "Run the time client on the host; containers follow its clock.",
    ),
    "SYS_PACCT": Grant("cap_host_reach", "turns the host's process accounting on and off", _NONE),
    "AUDIT_CONTROL": Grant("cap_host_reach", "turns the host's audit log off and changes its rules", _NONE),
    "MAC_ADMIN": Grant("cap_host_reach", "changes the host's AppArmor or Smack policy", _NONE),
    "MAC_OVERRIDE": Grant("cap_host_reach", "goes past the host's mandatory access control", _NONE),
    "LINUX_IMMUTABLE": Grant("cap_host_reach", "makes files on mounted folders undeletable or deletable again", _NONE),
    "IPC_LOCK": Grant(
        "cap_host_availability",
        "keeps any amount of memory from being swapped out",
        "Set a memory limit; the lock counts against it.",
    ),
    "SYS_NICE": Grant(
        "cap_host_availability",
        "takes real-time priority over everything on the host",
        "Share processors with cpu_shares or cpuset; databases start without it.",
    ),
    "SYS_RESOURCE": Grant(
        "cap_host_availability",
        "goes past quotas, reserved disk blocks and ulimits",
        "Raise the one limit under ulimits.",
    ),
    "LEASE": Grant("cap_host_availability", "makes others wait for files that it holds a lease on", _NONE),
    "WAKE_ALARM": Grant("cap_host_availability", "wakes the host from sleep", _NONE),
    "BLOCK_SUSPEND": Grant("cap_host_availability", "keeps the host from sleeping", _NONE),
    "DAC_READ_SEARCH": Grant(
        "cap_host_disclosure",
        "opens files of the host by their number, past the container's own file system",
        "Let a group or an ACL give the right to read; DAC_OVERRIDE, which is granted anyway, reads mounted files.",
    ),
    "SYSLOG": Grant(
        "cap_host_disclosure",
        "reads the host's kernel log and the addresses in it",
        "Ship the kernel log from the host's journal.",
    ),
    "PERFMON": Grant(
        "cap_host_disclosure",
        "watches every process of the host by performance counters",
        "Profile on the host, or only while it is needed.",
    ),
    "AUDIT_READ": Grant("cap_host_disclosure", "reads the host's audit log", "Ship the audit log from the host."),
}

# With the host's own namespace a capability that was bounded by the container's is bounded by nothing.
WIDENED = {
    "NET_ADMIN": Grant(
        "cap_host_adjacent",
        "changes the host's own addresses, routes and packet filters, because it shares the host's network",
        "Give it a network of its own, or run it on the host.",
    ),
    "SYS_PTRACE": Grant(
        "cap_host_exec",
        "writes into the memory of the host's processes, because it shares them",
        "Take pid: host or SYS_PTRACE out; each of them alone shows far less.",
    ),
}

# Images whose work is what the capability allows, by the last part of their name.
NEEDED = {
    "SYS_ADMIN": frozenset({"scrutiny", "netdata"}),
    "NET_ADMIN": frozenset(
        {"wireguard", "wg-easy", "tailscale", "gluetun", "openvpn", "openvpn-as", "pihole", "adguardhome", "netbird"}
        | {
            "zerotier",
            "fail2ban",
            "crowdsec-firewall-bouncer",
            "keepalived",
            "dnsmasq",
            "kea-dhcp4",
            "firezone",
            "docker-mailserver",
        }
        | {
            "transmission-openvpn",
            "arch-qbittorrentvpn",
            "binhex-qbittorrentvpn",
            "newt",
            "gerbil",
            "nebula",
            "home-assistant",
            "homeassistant",
        }
    ),
    "SYS_PTRACE": frozenset({"netdata", "falco", "pyroscope", "parca-agent"}),
    "IPC_LOCK": frozenset({"vault", "openbao"}),
    "SYS_TIME": frozenset({"chrony", "ntp", "docker-ntp", "pihole"}),
    "SYS_NICE": frozenset({"pihole", "mysql", "mariadb", "frigate"}),
    "SYS_RAWIO": frozenset({"scrutiny", "smartctl-exporter", "smartctl_exporter"}),
    "BPF": frozenset({"falco", "tetragon", "parca-agent", "beyla", "cilium"}),
    "PERFMON": frozenset({"frigate", "falco", "beyla", "parca-agent"}),
}


def granted(model: ComposeModel, code: str) -> Iterator[Finding]:
    """The added capabilities that a rule speaks of; where they are the image's work a remark at most."""
    for service in model.services.values():
        for name, item in _added(service).items():
            grant = _grant(service, name)
            if grant is None or grant.code != code:
                continue
            found = fault(
                model, item.place, service.name, f"{service.name} has {name}, which {grant.means}.", grant.instead
            )
            if image_name(service.image) in NEEDED.get(name, ()):
                if code == "cap_bounded":
                    continue
                found = replace(found, severity=Severity.INFO, cause=f"{image_name(service.image)} is made to use it.")
            yield found


def _added(service: Service) -> dict[str, Scalar]:
    """Each added capability once by its bare name, only ALL where that is among them: it says all of it."""
    if service.privileged:
        return {}
    items = reversed(list(known_items(service, "cap_add")))
    added = {item.value.strip().upper().removeprefix("CAP_"): item for item in items}
    return {"ALL": added["ALL"]} if "ALL" in added else dict(reversed(added.items()))


def _grant(service: Service, name: str) -> Grant | None:
    if name == "NET_ADMIN" and service.network_mode == "host":
        return WIDENED[name]
    if name == "SYS_PTRACE":
        pid = known_item(service, "pid")
        if pid is not None and pid.value == "host":
            return WIDENED[name]
    return GRANTS.get(name)
