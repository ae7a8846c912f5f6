"""A host name cannot be resolved from the container."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.nearest import nearest
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, inspected, label, logged, setting, sure, written
from docker_agent.domains.diagnose.mend import container_in
from docker_agent.domains.diagnose.messages import spoken_lines
from docker_agent.domains.diagnose.reaching import NAMED, TOLD_ELSEWHERE, Unreached, asked_for, unreached
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.diagnose.starting import start_other


@signature(code="dns-servfail", area="network")
def dns_servfail(snapshot: Snapshot) -> Iterator[Finding]:
    """A host name cannot be resolved from the container.

    The name is unknown, not the connection refused: the other service is stopped or misspelt, or the host's DNS is
    down. Where the networks show why, it is `net-isolation`, `dns-default-bridge`, `net-internal` or
    `net-host-gateway`; a name server that does not answer at all is `dns-timeout`.

    Seen
    ----
        ** server can't find nosuchsvc: SERVFAIL
        ** server can't find nosuchsvc: NXDOMAIN
        ping: bad address 'nosuchsvc'
        Error: getaddrinfo ENOTFOUND db
        psql: error: could not translate host name "db" to address: Name or service not known
    """
    for each in unreached(snapshot, "", "absent"):
        if not NAMED.search(each.line.text[:1_000]):
            continue
        state = inspected(snapshot, each.other, "State.Status", each.other.status) if each.other else None
        down = each.other if each.kind == "absent" else None
        yield found(
            snapshot,
            each.container,
            logged(snapshot, each.container, each.line),
            state,
            written(snapshot, each.container, "networks"),
            setting(snapshot, each.container, each.name),
            message=f"The host name {each.name} could not be resolved." if each.name else "A host name is unknown.",
            cause=f"{label(snapshot, down)} does not run, and only running containers have a name."
            if down
            else "No container of that name runs on a network that both share, or the name is wrong.",
            fix=f"{_meant(snapshot, each)}Check the spelling, start the other service, and put both on one network.",
            confidence=sure(snapshot, each.container),
        )
    for refusal in spoken_lines(snapshot, NAMED, unless=TOLD_ELSEWHERE):
        name = asked_for(refusal.match)
        yield refusal.found(
            message=f"The host name {name} could not be resolved." if name else "A host name is unknown.",
            cause="No container of that name runs on a network that both share, or the upstream DNS does not know it.",
            fix="Check the spelling and that both are on one network; for names outside, check `dns` of the daemon.",
            confidence="likely",
        )


@dns_servfail.fix
def start_the_other(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Start the service of this project that is looked for and stopped, then what looked for it."""
    container = container_in(snapshot, finding)
    others = [each.other for each in unreached(snapshot, "absent") if each.container is container]
    other = others[0] if others else None
    if other is None or other not in snapshot.containers or snapshot.broken(other):
        return None
    return start_other(snapshot, finding, other)


def _meant(snapshot: Snapshot, missed: Unreached) -> str:
    """The service or container whose name is like the one that is not known."""
    others = [each for each in snapshot.containers if each is not missed.container]
    known = {name for each in others for name in (each.service, each.name) if name}
    close = nearest(missed.name, sorted(known)) if missed.name and not missed.other else ""
    return f"Did you mean {close}? " if close else ""
