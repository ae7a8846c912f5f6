"""A port is published on an address that this host does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"(?:failed to bind host port (?:for )?|listen \w+ )(?P<ip>[\w.\[\]:]*?):\d+\S*: (?:bind: )?cannot assign requested address"
)


@signature(code="port-addr", area="network")
def port_addr(snapshot: Snapshot) -> Iterator[Finding]:
    """A port is published on an address that this host does not have.

    The error speaks of the address, not of the port: `port-allocated` and `port-inuse-host` say that the port
    is taken.

    Seen
    ----
        failed to bind host port for 192.0.2.9:28721:172.16.0.4:80/tcp: cannot assign requested address
        Error starting userland proxy: listen tcp4 192.0.2.9:80: bind: cannot assign requested address
    """
    for refusal in refusals(snapshot, PATTERN):
        yield refusal.found(
            refusal.written("ports"),
            message=f"{refusal.match['ip']}, where a port is published, is no address of this host.",
            cause="The address before the port is wrong or its network card is down.",
            fix="Use 127.0.0.1, 0.0.0.0 or an address of this host.",
        )
