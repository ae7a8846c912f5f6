"""Traefik's connection to a container comes to nothing until it gives up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlsplit

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import inspected, written
from docker_agent.domains.diagnose.mend import recreate, service_value
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.routing import NETWORK, Routed, again, relabel, serving
from docker_agent.domains.diagnose.snapshot import Snapshot

NO_NETWORK = re.compile(r'Could not find network named \\?"(?P<net>[^"\\]+)\\?" for container \\?"/?(?P<name>[^"\\]+)')
TIMED_OUT = re.compile(r'504 Gateway Timeout error=\\?"dial tcp (?P<where>\S+): i/o timeout')
HANDSHAKE = re.compile(
    r'50[04] [\w ]+ error=\\?"(?:net/http: TLS handshake timeout|tls: first record does not look like a TLS handshake)'
)
NOT_FOUND = re.compile(f"{NO_NETWORK.pattern}|{TIMED_OUT.pattern}")


@signature(code="tr-504-network", area="proxy")
def tr_504_network(snapshot: Snapshot) -> Iterator[Finding]:
    """A container is not on Traefik's network, or Traefik takes another of its networks: 504 after 30 seconds.

    The name of a network has the project's prefix (`shop_back`, not `back`). Of several networks Traefik takes any,
    unless traefik.docker.network names one.

    Seen
    ----
        WRN Could not find network named "back" for container "/web-1". Maybe you're missing the project's prefix in the label?
        DBG 504 Gateway Timeout error="dial tcp 172.19.0.5:8080: i/o timeout"
    """
    for each in serving(snapshot):
        if each.proxy.host_network or not each.container.networks:
            continue
        if not each.networks:
            yield _apart(each)
        elif len(each.networks) < len(each.container.networks):
            yield from _wrong_one(each)
    for refusal in spoken(snapshot, NOT_FOUND):
        net, where = refusal.match["net"], refusal.match["where"]
        yield refusal.found(
            message=f"The container has no network {net}." if net else f"Traefik cannot reach {where}.",
            cause="The label lacks the project's prefix." if net else "The container is not on a network of Traefik's.",
            fix="Name the network as `docker network ls` does, in traefik.docker.network, and put Traefik on it.",
        )


@tr_504_network.fix
def join(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Name the network that both share, or put the service on one of Traefik's that the file declares."""
    each = again(snapshot, finding)
    if each is None or snapshot.model is None:
        return None
    label = each.label(NETWORK)
    if len(each.networks) == 1:
        key = label[0] if label else NETWORK
        return relabel(snapshot, finding, {key: each.networks[0]}, "It is the network that both are on.")
    # The default network need not be declared.
    keys = dict.fromkeys(("default", *snapshot.model.networks))
    declared = [key for key in keys if _name(each, key) in each.proxy.networks]
    if each.networks or len(declared) != 1:
        return None
    named = {("labels", label[0] if label else NETWORK): _name(each, declared[0])}
    now = service_value(snapshot, each.container, "networks")
    why = f"Traefik is on {declared[0]}, and of several networks it takes the one that is named."
    if isinstance(now, dict):
        return recreate(snapshot, finding, {("networks", declared[0]): {}, **named}, why)
    kept = [str(key) for key in cast("list[Any]", now)] if isinstance(now, list) else ["default"]
    return recreate(snapshot, finding, {("networks",): [*dict.fromkeys([*kept, declared[0]])], **named}, why)


@signature(code="tr-504-tls", area="proxy")
def tr_504_tls(snapshot: Snapshot) -> Iterator[Finding]:
    """Traefik speaks HTTPS with a container that speaks plain HTTP: 504 after 10 seconds, or 500 at once.

    The label loadbalancer.server.scheme=https means the way from Traefik to the container, not that of the visitor.

    Seen
    ----
        DBG 504 Gateway Timeout error="net/http: TLS handshake timeout"
        ERR 500 Internal Server Error error="tls: first record does not look like a TLS handshake"
    """
    for each in serving(snapshot):
        for name, server in each.servers():
            if server.tried == "not-tls":
                label = each.option("services", name, "loadbalancer.server.scheme")
                line = next((line for line in reversed(each.proxy.log) if HANDSHAKE.search(line.text)), None)
                yield each.found(
                    each.place(label[0]) if label else None,
                    each.shown(f"http/services/{name}@docker", f"{server.url}: speaks plain HTTP"),
                    each.heard(line) if line else None,
                    message=f"Traefik speaks HTTPS with {urlsplit(server.url).netloc}, which speaks plain HTTP.",
                    cause="The scheme of the server is https; visitors' HTTPS ends at Traefik and has no part in it.",
                    fix="Take the label loadbalancer.server.scheme out, or set it to http.",
                )
                break
    for refusal in spoken(snapshot, HANDSHAKE):
        yield refusal.found(
            message="Traefik speaks HTTPS with a container that speaks plain HTTP.",
            cause="The label loadbalancer.server.scheme is https.",
            fix="Take the label out, or set it to http; visitors' HTTPS ends at Traefik.",
            confidence="likely",
        )


@tr_504_tls.fix
def plain(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Set the scheme to http where a label says https."""
    each = again(snapshot, finding)
    for name, server in each.servers() if each else ():
        label = each.option("services", name, "loadbalancer.server.scheme") if each else None
        if server.tried == "not-tls" and label:
            return relabel(snapshot, finding, {label[0]: "http"}, "The container speaks plain HTTP.")
    return None


def _apart(each: Routed) -> Finding:
    own = ", ".join(place.network for place in each.container.networks)
    return each.found(
        written(each.snapshot, each.container, "networks"),
        inspected(each.snapshot, each.container, "NetworkSettings.Networks", own),
        message=f"It shares no network with Traefik ({each.proxy.container}), so requests end in 504.",
        cause=f"It is on {own}, and Traefik on {', '.join(each.proxy.networks)}.",
        fix=f"Put the service on {each.proxy.networks[0] if each.proxy.networks else 'a network of Traefik'}, or Traefik on {own}.",
    )


def _wrong_one(each: Routed) -> Iterator[Finding]:
    """Several networks, not all of them Traefik's, and none or a wrong one is named."""
    label = each.label(NETWORK)
    wanted = label[1] if label else each.proxy.settings.get("providers.docker.network", "")
    own = {place.network: place.ip for place in each.container.networks}
    if wanted in each.networks:
        return
    shared = {own[name] for name in each.networks}
    taken = {urlsplit(server.url).hostname for _, server in each.servers()}
    hit = each.said(NO_NETWORK)
    missing = f"It has no network {wanted}" if wanted and wanted not in own else f"{wanted} is not Traefik's"
    yield each.found(
        each.place(label[0]) if label else written(each.snapshot, each.container, "networks"),
        each.heard(hit[0]) if hit else None,
        inspected(each.snapshot, each.container, "NetworkSettings.Networks", ", ".join(own)),
        message=f"Traefik takes any of its {len(own)} networks, and is itself only on {', '.join(each.networks)}.",
        cause=f"{missing}: the name needs the project's prefix." if wanted else f"No label {NETWORK} names one.",
        fix=f"Set the label {NETWORK} to {each.networks[0]}.",
        severity=Severity.ERROR if taken and not taken & shared else Severity.WARN,
    )


def _name(each: Routed, key: str) -> str:
    """What the engine calls a network of the file."""
    network = each.snapshot.model.networks.get(key) if each.snapshot.model else None
    if network is not None and (network.name or network.external):
        return network.name or key
    return f"{each.container.project}_{key}"
