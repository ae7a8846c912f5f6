"""A legacy link names a container that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"could not get container for (?P<name>[\w.-]+): No such container")


@signature(code="net-link-missing", area="network")
def net_link_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """A legacy link (--link, external_links on the default bridge) names a container that is not there.

    It is the linked container that is missing, not the one whose network is shared (`net-container-missing`).

    Seen
    ----
        docker: Error response from daemon: could not get container for nosuch: No such container: nosuch
    """
    for refusal in refusals(snapshot, PATTERN):
        name = refusal.match["name"]
        yield refusal.found(
            refusal.written("external_links"),
            message=f"The link names {name}, and there is no such container.",
            cause="It was removed or has another name; links are fixed when a container is made.",
            fix="Put both on one network of their own, where each finds the other by name, and drop the link.",
            about=name,
        )
