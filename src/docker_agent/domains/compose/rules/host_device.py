"""Devices of the host by which its disks or its memory are reached."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.host_paths import clean_path
from docker_agent.domains.compose.facts.images import image_name
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_items
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Place
from docker_agent.project.compose.types import Service

DISKS = ("/dev/sd", "/dev/hd", "/dev/vd", "/dev/xvd", "/dev/nvme", "/dev/mmcblk", "/dev/dm-", "/dev/mapper/", "/dev/md")
DEVICES = {
    "/dev": "every device",
    "/dev/mem": "the machine's memory",
    "/dev/kmem": "the kernel's memory",
    "/dev/port": "the machine's I/O ports",
    "/dev/uinput": "a keyboard of its own making",
    "/dev/input": "the keyboards and mice",
}
WORDS = ("a *:* ", "b *:* ", "c *:* ")

# Images that watch disks, by the last part of their name.
WATCHERS = frozenset({"scrutiny", "smartctl-exporter", "smartctl_exporter", "netdata", "beszel-agent"})


@rule(severity=Severity.WARN, area="security")
def host_device(model: ComposeModel) -> Iterator[Finding]:
    """A container has a disk or the memory of the host as a device.

    Why
    ---
    A disk read as a device has no file permissions: `debugfs` prints /etc/shadow out of it, and a written block puts a
    key into root's home, past every mount option. /dev/mem is the kernel itself; /dev/input is every key that is typed.
    A rule for all devices (`a *:* rwm`) opens the same, because the engine lets containers make device files.

    Serial ports, graphics cards, /dev/net/tun, /dev/fuse and /dev/kvm are not flagged.

    Flagged
    -------
        services:
          tool:
            image: tool:1
            devices: ["/dev/sda:/dev/sda"]

    Fine
    ----
        services:
          media:
            image: jellyfin/jellyfin:10.10
            devices: ["/dev/dri:/dev/dri", "/dev/ttyUSB0:/dev/ttyUSB0"]

    Instead
    -------
    Mount the file system on the host and bind the folder. What reads the health of disks (scrutiny, smartctl-exporter)
    gets a remark only: give it each disk with `:r`, SYS_RAWIO and nothing else, or run its collector on the host.

    See
    ---
    CIS Docker Benchmark 5.18
    """
    for service in model.services.values():
        opened = [] if service.privileged else list(_opened(service))
        if not opened:
            continue
        names = ", ".join(dict.fromkeys(name for name, _ in opened))
        message = f"{service.name} reaches {names} of the host as devices."
        found = fault(model, opened[0][1], service.name, message, "Mount a folder instead of the device.")
        others = (Evidence(source="compose", where=str(place), quote=name) for name, place in opened[1:])
        found = replace(found, evidence=(*found.evidence, *others))
        if image_name(service.image) in WATCHERS:
            found = replace(found, severity=Severity.INFO, cause="It watches disks.", fix="Give it each disk with :r.")
        yield found


def _opened(service: Service) -> Iterator[tuple[str, Place]]:
    for device in service.devices:
        path = clean_path(device.source)
        if path in DEVICES or path.startswith(DISKS) or path.startswith("/dev/input/"):
            yield DEVICES.get(path, path), device.place
    for item in known_items(service, "device_cgroup_rules"):
        if item.value.startswith(WORDS):
            yield "every device", item.place
