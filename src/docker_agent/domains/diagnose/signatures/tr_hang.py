"""Requests through Traefik get no answer at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Engine, Observe, Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import inspected
from docker_agent.domains.diagnose.mend import unpause
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.routing import Routed, again, routed
from docker_agent.domains.diagnose.snapshot import Snapshot

GAVE_UP = re.compile(r'499 Client Closed Request error=\\?"?context canceled')
NO_ADDRESS = re.compile(r"unable to find the IP address for the container")
OWN_NETWORK = re.compile(r"none|host|container:.*|")


@signature(code="tr-hang", area="proxy")
def tr_hang(snapshot: Snapshot) -> Iterator[Finding]:
    """Traefik waits for a container that cannot answer: it is paused, or was taken off its network.

    By default Traefik waits for ever, and a visitor's browser with it. After the next event of any container Traefik
    leaves a paused one out, and the answer is 404 from then on.

    Seen
    ----
        DBG 499 Client Closed Request error="context canceled"
    """
    for each in routed(snapshot):
        if not each.enabled or not each.container.running or not (each.routers or each.services):
            continue
        if each.container.status == "paused":
            yield each.found(
                inspected(snapshot, each.container, "State.Status", "paused"),
                message="It is paused, and requests through Traefik wait for it without end.",
                cause="A paused container accepts connections and answers none; Traefik has no time limit by default.",
                fix="Unpause it; set responseHeaderTimeout in a serversTransport so that visitors get an answer.",
            )
        elif _cut_off(each):
            hit = each.said(NO_ADDRESS)
            yield each.found(
                inspected(snapshot, each.container, "NetworkSettings.Networks", "none"),
                each.heard(hit[0]) if hit else None,
                message="It is on no network any more, so Traefik cannot reach it: requests hang.",
                cause=f"It was disconnected from {each.container.network_mode} while it ran; no event tells Traefik.",
                fix=f"Connect it to {each.container.network_mode} again; let traffic drain before disconnecting.",
            )
    for refusal in spoken(snapshot, GAVE_UP):
        yield refusal.found(
            message="The visitor gave up before the container behind Traefik answered.",
            cause="The container is paused, hangs, or was taken off its network.",
            fix="Look at its state and log; set responseHeaderTimeout in a serversTransport.",
            confidence="likely",
        )


@tr_hang.fix
def let_go_on(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Unpause the container, or connect it to its network again."""
    each = again(snapshot, finding)
    if each is None or each.container.status == "paused":
        return unpause(snapshot, finding) if each else None
    network = each.container.network_mode
    if network not in {known.name for known in snapshot.networks}:
        return None
    connect = Engine(
        why="It is the network that it was made with.",
        touches=(each.container.name, network),
        action="network_connect",
        target=network,
        args={"container": each.container.name},
    )
    watch = Observe(why="It should stay up.", target=each.container.name, project=each.container.project, seconds=2.0)
    return Plan(
        title=f"Connect {each.container.name} to {network}",
        steps=(connect, watch),
        project=snapshot.project,
        reason=finding.message,
        findings=(finding.identity,),
    )


def _cut_off(each: Routed) -> bool:
    addressed = any(place.ip for place in each.container.networks)
    return not addressed and not OWN_NETWORK.fullmatch(each.container.network_mode)
