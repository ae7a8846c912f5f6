"""First hop: the name of the URL leads to this machine."""

from __future__ import annotations

import ipaddress

from docker_agent.core.errors import AgentError
from docker_agent.domains.proxy.hops.routing import named_hosts
from docker_agent.domains.proxy.hops.walk import Hop, Walk, is_address, ok, unknown

LAB_ENDS = ("localhost", "test", "example", "invalid", "local", "internal", "lan", "home.arpa", "localdomain")
LAB_NAMES = ("example.com", "example.net", "example.org")
LOOKUP_S = 5.0


def dns(walk: Walk) -> Hop:
    """Look the name up where a router speaks of it; a name of a lab is asked for by Host alone."""
    host = walk.host
    if is_address(host):
        return ok("dns", f"{host} is an address.")
    if "." not in host or any(host == end or host.endswith(f".{end}") for end in (*LAB_ENDS, *LAB_NAMES)):
        return unknown("dns", f"{host} is no public name; the proxy was asked at its own address.")
    if host not in named_hosts(walk):
        return unknown("dns", f"No router names {host}, and looking it up would carry it out of this machine.")
    try:
        ran = walk.ws.host.program("getent", "ahosts", host, timeout_s=LOOKUP_S)
        here = walk.ws.host.program("hostname", "-I", timeout_s=LOOKUP_S).out.split()
    except AgentError as error:
        return unknown("dns", f"{host} was not looked up: {error.message}")
    found = list(dict.fromkeys(line.split()[0] for line in ran.out.splitlines() if line.split()))
    seen = walk.seen("network", f"getent ahosts {host}", ", ".join(found) or "no address")
    if not found:
        return Hop(
            hop="dns",
            state="broken",
            said=f"{host} has no address.",
            evidence=(seen,),
            cause="The name has no A or AAAA record that this machine can find.",
            fix=f"Add a record for {host} that points at this machine, or wait until a new one is known.",
            blocks=False,
        )
    mine = set(found) & set(here) or any(ipaddress.ip_address(each).is_loopback for each in found if is_address(each))
    words = "this machine" if mine else "no address of this machine itself, so something may stand before it"
    return ok("dns", f"{host} leads to {', '.join(found[:3])}: {words}.", seen)
