"""Services in the host's own network."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.images import image_name
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel

_FINDS = "It finds devices of the local network by broadcasts, which no published port lets through."
_GUARDS = "It works on the host's own network."
_COUNTS = "It counts the host's own network traffic."
_CALLS = "It opens more ports than can be published."

# Images whose work needs it, by the last part of their name, with the reason.
NEEDED = {
    "home-assistant": _FINDS,
    "homeassistant": _FINDS,
    "homebridge": _FINDS,
    "matter-server": _FINDS,
    "python-matter-server": _FINDS,
    "plex": _FINDS,
    "pms-docker": _FINDS,
    "jellyfin": _FINDS,
    "emby": _FINDS,
    "embyserver": _FINDS,
    "minidlna": _FINDS,
    "avahi": _FINDS,
    "upsnap": _FINDS,
    "watchyourlan": _FINDS,
    "netalertx": _FINDS,
    "pihole": _FINDS,
    "adguardhome": _FINDS,
    "music-assistant-server": _FINDS,
    "tailscale": _GUARDS,
    "zerotier": _GUARDS,
    "netbird": _GUARDS,
    "fail2ban": _GUARDS,
    "keepalived": _GUARDS,
    "metallb": _GUARDS,
    "dnsmasq": _GUARDS,
    "kea-dhcp4": _GUARDS,
    "node-exporter": _COUNTS,
    "node_exporter": _COUNTS,
    "netdata": _COUNTS,
    "glances": _COUNTS,
    "ntopng": _COUNTS,
    "suricata": _COUNTS,
    "beszel-agent": _COUNTS,
    "coturn": _CALLS,
    "livekit-server": _CALLS,
    "freeswitch": _CALLS,
    "asterisk": _CALLS,
}

KEEP_IN = "Let what it serves listen on one address only, and keep it off hosts that the internet reaches."


@rule(severity=Severity.WARN, area="security")
def host_network(model: ComposeModel) -> Iterator[Finding]:
    """A service shares the host's network.

    Why
    ---
    Every port it opens is open on the host, published or not, and `ports:` means nothing. It reaches whatever listens
    on 127.0.0.1 there: databases, metrics, the cloud's metadata address. Abstract sockets are shared too, through which
    CVE-2020-15257 made root on the host out of root in such a container (containerd-shim). And it cannot find the other
    services by name, nor they it.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            network_mode: host

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            ports: ["80:80"]
          job:
            image: app:1
            network_mode: none

    Instead
    -------
    Publish the ports; a service of the host is reached as `host.docker.internal` with `extra_hosts:
    ["host.docker.internal:host-gateway"]`. For broadcasts on the local network a macvlan network gives the container an
    address of its own there. Images made for the host's network (Home Assistant, Plex, node-exporter) get a remark
    only: bind their web pages to one address where they let you. On Docker Desktop "the host" is its virtual machine.

    See
    ---
    CIS Docker Benchmark 5.10
    """
    for service in model.services.values():
        if service.network_mode != "host":
            continue
        found = fault(
            model,
            model.place(("services", service.name, "network_mode")),
            service.name,
            f"{service.name} shares the host's network and reaches everything that listens there.",
            "Take network_mode out and publish its ports.",
        )
        reason = NEEDED.get(image_name(service.image))
        yield replace(found, severity=Severity.INFO, cause=reason, fix=KEEP_IN) if reason else found
