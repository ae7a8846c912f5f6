"""The engine's part in networking: its firewall rules, and forwarding by the kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals, spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

FLUSHED = re.compile(
    r"(?:Unable to enable \w+ rule|iptables failed|programming external connectivity)[^\n]{0,400}?"
    r"No chain/target/match by that name",
)
FORWARD = re.compile(r"IPv4 forwarding is disabled")


@signature(code="net-iptables-flushed", area="network")
def net_iptables_flushed(snapshot: Snapshot) -> Iterator[Finding]:
    """The engine's firewall chains are gone, so no port can be published.

    Something on the host flushed iptables while the engine ran: firewalld or ufw on a reload, or a script. Ports that
    are taken (`port-allocated`, `port-inuse-host`) have other words.

    Seen
    ----
        Unable to enable DNAT rule: (iptables failed: iptables --wait -t nat -A DOCKER -p tcp -d 0/0 --dport 8084 -j DNAT --to-destination 172.17.0.2:80 ! -i docker0: iptables: No chain/target/match by that name.
    """
    for refusal in refusals(snapshot, FLUSHED):
        yield refusal.found(
            message="The engine's chain in iptables is missing, so its rule for the port cannot be added.",
            cause="The firewall's rules were flushed or reloaded after the engine had started.",
            fix="Restart the engine (sudo systemctl restart docker), which makes its chains anew, and let the firewall "
            "start before it.",
        )


@signature(code="net-ipforward", area="network")
def net_ipforward(snapshot: Snapshot) -> Iterator[Finding]:
    """The kernel forwards no packets, so containers reach nothing outside and published ports are dead.

    The engine warns of it in `docker info` and when a container starts. Containers on one network still reach each other,
    which tells it from `net-isolation`.

    Seen
    ----
        WARNING: IPv4 forwarding is disabled
        WARNING: IPv4 forwarding is disabled. Networking will not work.
    """
    for refusal in spoken(snapshot, FORWARD):
        yield refusal.found(
            message="IPv4 forwarding is switched off on this host.",
            cause="net.ipv4.ip_forward is 0: the engine was told not to set it (ip-forward), or could not.",
            fix="Set net.ipv4.ip_forward=1 in /etc/sysctl.d, load it (sudo sysctl --system), and restart the engine.",
            about="engine",
        )
