"""A logging option is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"failed to (?:initialize|create) logging driver: (?:invalid|unknown|unsupported)|unknown log opt")


@signature(code="log-opt", area="resource")
def log_opt(snapshot: Snapshot) -> Iterator[Finding]:
    """A logging option is wrong.

    The container never starts; `log-remote-down` is the same place with a server that does not answer.

    Seen
    ----
        docker: Error response from daemon: failed to initialize logging driver: invalid size: 'zz'
        docker: Error response from daemon: unknown log opt 'nosuch' for json-file log driver
    """
    for refusal in refusals(snapshot, PATTERN):
        yield refusal.found(
            refusal.written("logging"),
            message="A logging option is not understood.",
            cause="The value or the name of an option under `logging:` does not fit the driver.",
            fix='Correct it; sizes are written like 10m, counts like "3".',
        )
