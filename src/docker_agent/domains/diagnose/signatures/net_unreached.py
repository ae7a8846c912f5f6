"""What a container cannot reach because of the networks that it is on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan, Probe
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, label, logged, sure, written
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.networks import DEFAULT, join, remake
from docker_agent.domains.diagnose.reaching import Unreached, attached, networks_of, unreached
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.diagnose.starting import connect

GATEWAY = "host.docker.internal"
BUILT_IN = frozenset({"bridge", "host", "none"})


@signature(code="net-isolation", area="network")
def net_isolation(snapshot: Snapshot) -> Iterator[Finding]:
    """Two containers look for each other, and no network has both.

    The other one runs and is well, but its name is unknown here and its address does not answer: the engine drops what
    goes from one of its networks to another. With a network in common and a refusal it is `net-conn-refused`.
    """
    for each in unreached(snapshot, "apart"):
        if each.other is None:
            continue
        one, other = label(snapshot, each.container), label(snapshot, each.other)
        mine, its = (", ".join(sorted(attached(container))) for container in (each.container, each.other))
        yield found(
            snapshot,
            each.container,
            logged(snapshot, each.container, each.line),
            networks_of(snapshot, each.container),
            networks_of(snapshot, each.other),
            written(snapshot, each.container, "networks"),
            message=f"{one} cannot reach {other}: no network has both ({one} is on {mine}, {other} on {its}).",
            cause="Services find each other only on a network that both are on.",
            fix=f"Put {one} on a network of {other} (under `networks:` of {one}), or both on a new one.",
            confidence="certain" if snapshot.broken(each.container) else "likely",
        )


@net_isolation.fix
def share_a_network(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """The service joins the first network of the one that it looks for."""
    container = container_in(snapshot, finding)
    apart = [each for each in unreached(snapshot, "apart") if each.container is container and each.other]
    other = apart[0].other if apart else None
    if other is not None and not snapshot.owns_file_of(container):
        networks = [place.network for place in other.networks if place.network not in BUILT_IN]
        why = f"{other.name} is on the network {networks[0]}, so both meet there." if networks else ""
        return _known(apart[0], connect(snapshot, finding, networks[0], why)) if networks else None
    if other is None or snapshot.model is None or not snapshot.owns_file_of(other):
        return None
    network = next(iter(snapshot.model.services[other.service].networks), DEFAULT)
    why = f"{other.service} is on the network {network}, so both meet there."
    return _known(apart[0], join(snapshot, finding, network, why))


def _known(missed: Unreached, plan: Plan | None) -> Plan | None:
    """The plan, with the name that was missed asked at its end, from inside."""
    if plan is None or not re.search(r"[a-zA-Z]", missed.name):
        return plan
    why = f"{missed.container.name} has to know the name {missed.name} now."
    asked = Probe(url=f"dns:{missed.name}", inside=missed.container.name, why=why)
    return plan.model_copy(update={"steps": (*plan.steps, asked)})


@signature(code="dns-default-bridge", area="network")
def dns_default_bridge(snapshot: Snapshot) -> Iterator[Finding]:
    """Containers on the default bridge do not know each other's names.

    The engine's DNS serves networks made by somebody only; addresses work on the bridge, which tells it from
    `net-isolation`.
    """
    for each in unreached(snapshot, "bridge"):
        yield found(
            snapshot,
            each.container,
            logged(snapshot, each.container, each.line),
            networks_of(snapshot, each.container),
            written(snapshot, each.container, "network_mode"),
            message=f"{each.name} is not known on the default bridge.",
            cause="The default bridge has no DNS for names of containers.",
            fix="Put both containers on a network of their own (docker network create), and drop network_mode: bridge.",
            confidence="certain" if snapshot.broken(each.container) else "likely",
        )


@dns_default_bridge.fix
def leave_the_bridge(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Leave the default bridge for the project's own network, where the service that it looks for is."""
    container = container_in(snapshot, finding)
    looked_for = [each.other for each in unreached(snapshot, "bridge") if each.container is container]
    other = looked_for[0] if looked_for else None
    if other is None or snapshot.model is None or not snapshot.owns_file_of(other):
        return None
    service = snapshot.model.services[other.service]
    if service.network_mode or DEFAULT not in (service.networks or (DEFAULT,)):
        return None
    why = f"{other.service} is on the project's own network, whose names every service on it knows."
    return recreate(snapshot, finding, {}, why, without=[("network_mode",)])


@signature(code="net-none", area="network")
def net_none(snapshot: Snapshot) -> Iterator[Finding]:
    """A container without any network tries to reach something.

    network_mode: none leaves it with loopback alone; on an internal network (`net-internal`) it still reaches the
    containers there.
    """
    for each in unreached(snapshot, "none"):
        yield found(
            snapshot,
            each.container,
            logged(snapshot, each.container, each.line),
            written(snapshot, each.container, "network_mode"),
            message=f"It has no network, and looks for {each.name or 'one'}.",
            cause="network_mode: none gives it loopback only.",
            fix="Drop network_mode: none, or attach the networks that it needs.",
            confidence="certain" if snapshot.broken(each.container) else "likely",
        )


@signature(code="net-internal", area="network")
def net_internal(snapshot: Snapshot) -> Iterator[Finding]:
    """A container that is on internal networks only tries to reach something outside.

    An internal network has no way out on purpose: no default route, and no names but those of its containers. With a
    network that leads out, and no answer, it is `dns-timeout` or the other end.
    """
    for each in unreached(snapshot, "internal"):
        yield found(
            snapshot,
            each.container,
            logged(snapshot, each.container, each.line),
            networks_of(snapshot, each.container),
            written(snapshot, each.container, "networks"),
            message=f"It looks for {each.name or 'an address outside'}, and all its networks are internal.",
            cause="`internal: true` cuts a network off from everything outside it.",
            fix="Put the service on a second network that is not internal, or drop `internal: true`.",
            confidence=sure(snapshot, each.container),
        )


@signature(code="net-host-gateway", area="network")
def net_host_gateway(snapshot: Snapshot) -> Iterator[Finding]:
    """The host's name inside Docker Desktop, host.docker.internal, is used where nobody defines it.

    On Linux the name exists only with an entry in extra_hosts; any other unknown name is `dns-servfail`.
    """
    for each in unreached(snapshot, "gateway"):
        yield found(
            snapshot,
            each.container,
            logged(snapshot, each.container, each.line),
            written(snapshot, each.container, "environment"),
            message=f"{each.name} is not known on Linux by itself.",
            cause="Docker Desktop defines that name; the engine on Linux does not.",
            fix='Add extra_hosts: ["host.docker.internal:host-gateway"] to the service.',
            confidence="certain" if each.name == GATEWAY else "likely",
        )


@net_host_gateway.fix
def name_the_host(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """An entry in extra_hosts that the engine fills in with the host's address."""
    written_now = service_value(snapshot, container_in(snapshot, finding), "extra_hosts")
    if any(str(each).startswith(GATEWAY) for each in written_now or ()):
        return remake(snapshot, finding, "The file names the host, and the container does not yet.")
    why = "The engine puts the host's address in the place of host-gateway."
    if isinstance(written_now, dict):
        return recreate(snapshot, finding, {("extra_hosts", GATEWAY): "host-gateway"}, why)
    entries = [*(written_now or ()), f"{GATEWAY}:host-gateway"]
    return recreate(snapshot, finding, {("extra_hosts",): entries}, why)
