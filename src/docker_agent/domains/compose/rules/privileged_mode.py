"""Containers with every right on the host."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.images import image_name
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit, remove_service_key

USUAL = "Take privileged out and grant the one capability or device that is needed."

# What images that ask for it do with less, by the last part of their name.
INSTEAD = {
    "cadvisor": "It runs without, with /dev/kmsg under devices for out-of-memory kills.",
    "home-assistant": "Name its USB sticks under devices, and mount /run/dbus read-only for Bluetooth.",
    "homeassistant": "Name its USB sticks under devices, and mount /run/dbus read-only for Bluetooth.",
    "frigate": "Name /dev/dri and /dev/bus/usb under devices, and add PERFMON for the load of the GPU.",
    "docker": "Use the rootless image (docker:dind-rootless), or build by BuildKit; keep its network to itself.",
    "buildkit": "Use moby/buildkit:rootless.",
    "netdata": "SYS_PTRACE, SYS_ADMIN and pid: host are enough for it.",
    "scrutiny": "Name the disks under devices with SYS_RAWIO, and SYS_ADMIN for NVMe.",
    "k3s": "Nodes of clusters have to be; keep the machine for them alone.",
    "ipsec-vpn-server": "NET_ADMIN with /dev/ppp and its list of sysctls is enough for it.",
}


@rule(severity=Severity.ERROR, area="security")
def privileged_mode(model: ComposeModel) -> Iterator[Finding]:
    """A privileged container can do everything that root on the host can.

    Why
    ---
    `privileged: true` turns off seccomp, AppArmor and the device list, and grants all capabilities: whoever breaks into
    the container owns the host. It sees every disk as a device, mounts one, and has written a key for root in two
    commands. For images whose makers ask for it the severity is lower, and the advice says what they do with less.
    Capabilities, devices and switched-off filters beside it add nothing, and are not flagged until it is taken out.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            privileged: true

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            cap_add: [NET_BIND_SERVICE]

    Instead
    -------
    Grant the one capability (`cap_add`) or device (`devices`) that is needed. `docker logs` shows what is refused after
    it was taken out: "operation not permitted" asks for a capability, "no such device" for a device.

    See
    ---
    CIS Docker Benchmark 5.5 · OWASP Docker Security Cheat Sheet, rule 3 · cap_host_exec, host_device
    """
    for service in model.services.values():
        if service.privileged:
            place = model.place(("services", service.name, "privileged"))
            message = f"{service.name} runs privileged, with every right on the host."
            less = INSTEAD.get(image_name(service.image))
            found = fault(model, place, service.name, message, less or USUAL)
            yield replace(found, severity=Severity.WARN) if less else found


@privileged_mode.fix("behaviour")
def take_out(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take the key out; a container that needs a right then says which."""
    return remove_service_key(model, finding.object, ("privileged",))
