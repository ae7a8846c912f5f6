"""Traefik has no router for a container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import checked, inspected
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.routing import ENABLE, Routed, again, relabel, routed
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"\b404 page not found\b")
THROTTLE_S = 5.0


@signature(code="tr-404-norouter", area="proxy")
def tr_404_norouter(snapshot: Snapshot) -> Iterator[Finding]:
    """Traefik has no router for the request, and answers 404 within milliseconds.

    Its own words are `404 page not found`; an application's 404 looks otherwise. Traefik leaves out containers that are
    stopped, unhealthy or still starting, and with `exposedByDefault=false` all without `traefik.enable=true`. Where its
    log names a fault of the labels, that is told instead.

    Seen
    ----
        404 page not found
    """
    for each in routed(snapshot):
        if each.container.status != "running" or not (each.routers or each.label(ENABLE)):
            continue
        if each.enabled and each.left_out and snapshot.broken(each.container):
            yield _unwell(each)
        elif _forgotten(each):
            yield _not_enabled(each)
        elif each.enabled and not each.left_out and _unknown(each):
            yield _no_router(each)
    for refusal in spoken(snapshot, PATTERN):
        yield refusal.found(
            message="Traefik has no router for this request.",
            cause="No rule fits its host and path, or Traefik leaves the container out: stopped, unhealthy, not enabled.",
            fix="Compare host and path with the rules in Traefik's /api/http/routers, and look at `docker ps`.",
            confidence="likely",
        )


@tr_404_norouter.fix
def enable(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Set traefik.enable where it is missing."""
    each = again(snapshot, finding)
    if each is None or not _forgotten(each):
        return None
    return relabel(snapshot, finding, {ENABLE: "true"}, "Traefik serves only containers that say so.")


def _forgotten(each: Routed) -> bool:
    served = any(router.enabled for router in each.known())
    return bool(each.routers) and not each.enabled and each.label(ENABLE) is None and not served


def _unknown(each: Routed) -> bool:
    known = bool(each.proxy.api) and not any(each.known())
    return known and bool(each.routers) and each.snapshot.uptime(each.container) > THROTTLE_S


def _rule(each: Routed) -> str:
    """The key of the label with the first rule."""
    name = next(iter(each.routers), "")
    option = each.option("routers", name, "rule")
    return option[0] if option else ENABLE


def _unwell(each: Routed) -> Finding:
    return each.found(
        inspected(each.snapshot, each.container, "State.Health.Status", each.container.health),
        checked(each.snapshot, each.container),
        each.place(_rule(each)),
        message=f"Traefik does not serve it, because it is {each.container.health}.",
        cause="Its health check fails, and Traefik leaves out containers that are not healthy.",
        fix="Make the health check pass: see its output; the routing follows within seconds.",
    )


def _not_enabled(each: Routed) -> Finding:
    return each.found(
        each.place(_rule(each)),
        message="Traefik does not serve it: traefik.enable is missing.",
        cause="Traefik runs with exposedByDefault=false, so it takes only containers with traefik.enable=true.",
        fix="Add the label traefik.enable=true and make the container new.",
    )


def _no_router(each: Routed) -> Finding:
    limited = each.proxy.settings.get("providers.docker.constraints", "")
    return each.found(
        each.shown("http/routers", f"no router {', '.join(f'{name}@docker' for name in each.routers)}"),
        each.place(_rule(each)),
        message="Traefik has no router of this container.",
        cause=f"Its constraints may leave the container out: {limited}"
        if limited
        else "Traefik took no router from its labels.",
        fix="Look for the container in Traefik's log with --log.level=DEBUG; it says there why it is left out.",
        confidence="likely",
    )
