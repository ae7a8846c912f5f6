"""A logging option is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"failed to (?:initialize|create) logging driver: (?:invalid|unknown|unsupported)|unknown log opt")
SIZE = re.compile(r"invalid size: '(?P<size>[^']*)'")
USUAL = "10m"


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


@log_opt.fix
def usual_size(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """The usual size in the place of one that is none."""
    container = container_in(snapshot, finding)
    bad = SIZE.search(container.error)
    path = ("logging", "options", "max-size")
    if bad is None or str(service_value(snapshot, container, *path)) != bad["size"]:
        return None
    return recreate(snapshot, finding, {path: USUAL}, f"{bad['size']!r} is no size; {USUAL} a file is usual.")
