"""Labels that Traefik cannot make a service of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.routing import Routed, again, relabel, routed, serving
from docker_agent.domains.diagnose.snapshot import Snapshot

BAD_LABEL = re.compile(r"field not found, node: (?P<node>[\w-]+)")
FILE_ONLY = re.compile(r'service \\?"(?P<name>[^"\\]+)\\?" error: load-balancer is not defined')
MULTI = re.compile(r"Router (?P<name>\S+) cannot be linked automatically with multiple Services: \[(?P<all>[^\]]*)\]")
NO_PORT = re.compile(r'service \\?"(?P<name>[^"\\]+)\\?" error: port is missing')
CHECKED_PORT = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d{2,5})")
KINDS = (".weighted.", ".mirroring.", ".failover.", ".highestrandomweight.")


@signature(code="tr-404-badlabel", area="proxy")
def tr_404_badlabel(snapshot: Snapshot) -> Iterator[Finding]:
    """A label has a key that Traefik does not know, and it skips the whole container for it.

    One misspelt key below `traefik.http` is enough; all its routers answer 404. The log names the word, not the label.

    Seen
    ----
        ERR error="field not found, node: weighted" container=web-shop-1fb781530d84 providerName=docker
    """
    for each in routed(snapshot):
        hit = each.said(BAD_LABEL)
        if hit:
            line, match = hit
            node = match["node"].lower()
            keys = [key for key in each.container.labels if node in key.lower().replace("[", ".").split(".")]
            yield each.found(
                each.place(keys[0]) if keys else None,
                each.heard(line),
                message=f"Traefik skips it: it knows no label {keys[0] if keys else f'with {node}'}.",
                cause=f"{node} is misspelt, in the wrong place, or not known to this version of Traefik.",
                fix="Correct the label's key, or take the label out, and make the container new.",
            )
    for refusal in spoken(snapshot, BAD_LABEL):
        yield refusal.found(
            message=f"Traefik knows no label with {refusal.match['node']}, and skips the whole container.",
            cause="The key is misspelt, in the wrong place, or not known to this version.",
            fix="Correct or remove the label with that word.",
        )


@signature(code="tr-404-weighted-label", area="proxy")
def tr_404_weighted_label(snapshot: Snapshot) -> Iterator[Finding]:
    r"""A service is weighted, mirrored or has a spare by label, which Traefik takes from files only.

    It then finds no load balancer in the labels and makes no service.

    Seen
    ----
        ERR error="service \"app\" error: load-balancer is not defined" container=web-shop-1fb781530d84 providerName=docker
    """
    for each in serving(snapshot):
        keys = [key for key in each.container.labels if any(kind in key.lower() for kind in KINDS)]
        hit = each.said(FILE_ONLY)
        if hit and keys:
            yield each.found(
                each.place(keys[0]),
                each.heard(hit[0]),
                message=f"Traefik makes no service {hit[1]['name']} of its labels.",
                cause=f"{keys[0]} is no label: weighted, mirroring and failover services exist in files only.",
                fix="Move it to a file of Traefik's file provider, which names this container's service NAME@docker.",
            )
    for refusal in spoken(snapshot, FILE_ONLY):
        yield refusal.found(
            message=f"Traefik makes no service {refusal.match['name']}: its labels define no load balancer.",
            cause="Weighted, mirroring and failover services cannot be written as labels.",
            fix="Write them in a file of Traefik's file provider, and name NAME@docker there.",
        )


@signature(code="tr-404-multi", area="proxy")
def tr_404_multi(snapshot: Snapshot) -> Iterator[Finding]:
    """A container has several services for Traefik and a router that names none of them.

    With one service Traefik links them by itself; with two it cannot know.

    Seen
    ----
        ERR Router app cannot be linked automatically with multiple Services: ["app" "app2"] providerName=docker routerName=app
    """
    for each in serving(snapshot):
        for name in _unlinked(each):
            line = each.told_by_name(MULTI, name)
            rule = each.option("routers", name, "rule")
            yield each.found(
                each.place(rule[0]) if rule else None,
                each.heard(line) if line else None,
                message=f"The router {name} names no service, and the labels define {len(each.services)}.",
                cause=f"Traefik cannot choose between {', '.join(each.services)}.",
                fix=f"Set traefik.http.routers.{name}.service to one of them.",
            )
            break
    for refusal in spoken(snapshot, MULTI):
        yield refusal.found(
            message=f"The router {refusal.match['name']} names no service, and the labels define several.",
            cause=f"Traefik cannot choose between {refusal.match['all']}.",
            fix=f"Set traefik.http.routers.{refusal.match['name']}.service to one of them.",
        )


@tr_404_multi.fix
def link(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Let the router name the service that is called like it."""
    each = again(snapshot, finding)
    alike = [name for name in _unlinked(each) if name in each.services] if each else []
    labels = {f"traefik.http.routers.{name}.service": name for name in alike}
    return relabel(snapshot, finding, labels, "The router takes the service of its own name.") if labels else None


@signature(code="tr-404-noport", area="proxy")
def tr_404_noport(snapshot: Snapshot) -> Iterator[Finding]:
    r"""Traefik does not know the port of a container.

    Its image exposes none, and no label loadbalancer.server.port says it.

    Seen
    ----
        ERR error="service \"web-shop\" error: port is missing" container=web-shop-a4368a0da38d providerName=docker
    """
    for each in serving(snapshot):
        hit = each.said(NO_PORT)
        if hit and not _has_port(each):
            rules = [each.option("routers", name, "rule") for name in each.routers]
            yield each.found(
                *(each.place(rule[0]) for rule in rules[:1] if rule),
                each.heard(hit[0]),
                message="Traefik does not know which port it listens on.",
                cause="Its image exposes no port, and no label names one.",
                fix=f"Set the label {_port_key(each)} to the port inside the container.",
            )
    for refusal in spoken(snapshot, NO_PORT):
        yield refusal.found(
            message=f"Traefik does not know the port of the service {refusal.match['name']}.",
            cause="The image exposes no port, and no label names one.",
            fix="Set the label traefik.http.services.NAME.loadbalancer.server.port to the port inside the container.",
        )


@tr_404_noport.fix
def name_port(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Name the port that the health check asks, where that is one."""
    each = again(snapshot, finding)
    ports = set(CHECKED_PORT.findall(" ".join(each.container.health_test))) if each else set[str]()
    if each is None or len(ports) != 1:
        return None
    return relabel(snapshot, finding, {_port_key(each): ports.pop()}, "It is the port that the health check asks.")


def _unlinked(each: Routed) -> list[str]:
    """The routers that name no service where there are several."""
    if len(each.services) < 2:
        return []
    return [name for name, options in each.routers.items() if "service" not in options and "rule" in options]


def _has_port(each: Routed) -> bool:
    return any(key.endswith((".port", ".url")) for options in each.services.values() for key in options)


def _port_key(each: Routed) -> str:
    name = next(iter([*each.services, *each.routers]), each.container.service)
    return f"traefik.http.services.{name}.loadbalancer.server.port"
