"""Two containers describe one router or service of Traefik in different ways."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.routing import Routed, options_of, serving
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container

SERVICE = re.compile(r"(?i)service defined multiple times with different configurations.*?serviceName=(?P<name>\S+)")
CONSTRAINTS = "providers.docker.constraints"
ROUTER = re.compile(r"(?i)router defined multiple times with different configurations.*?routerName=(?P<name>\S+)")


@signature(code="tr-404-conflict-service", area="proxy")
def tr_404_conflict_service(snapshot: Snapshot) -> Iterator[Finding]:
    """Two containers describe one service of Traefik in different ways, and it takes neither.

    Any difference but the server's port and scheme counts, such as a health check that only the new version has.
    Requests to both get 404; the log says that the service does not exist.

    Seen
    ----
        ERR HTTP service defined multiple times with different configurations configuration=["csa-shop-1f","csb-shop-2e"] providerName=docker serviceName=app
    """
    for each, name, other, key in _rivals(snapshot, "services"):
        if each.proxy.service(f"{name}@docker") is None and _is_told(each, "services", name):
            yield _conflict(each, "services", name, other, key)
    for refusal in spoken(snapshot, SERVICE):
        yield refusal.found(
            message=f"Containers describe Traefik's service {refusal.match['name']} in different ways.",
            cause="They share the service's name, but their load balancer labels differ; Traefik then takes neither.",
            fix="Give both the same load balancer labels, or each a service name of its own.",
        )


@signature(code="tr-404-conflict-router", area="proxy")
def tr_404_conflict_router(snapshot: Snapshot) -> Iterator[Finding]:
    """Two containers describe one router of Traefik in different ways, and it takes neither.

    That happens where a new version changes the rule and keeps the router's name. Requests to both get 404.

    Seen
    ----
        ERR HTTP router defined multiple times with different configurations configuration=["cra-shop-1f","crb-shop-2e"] providerName=docker routerName=app
    """
    for each, name, other, key in _rivals(snapshot, "routers"):
        if each.proxy.router(f"{name}@docker") is None and _is_told(each, "routers", name):
            yield _conflict(each, "routers", name, other, key)
    for refusal in spoken(snapshot, ROUTER):
        yield refusal.found(
            message=f"Containers describe Traefik's router {refusal.match['name']} in different ways.",
            cause="They share the router's name, but its labels differ; Traefik then takes neither.",
            fix="Give the new one a router name of its own, with a higher priority where both rules fit.",
        )


def _rivals(snapshot: Snapshot, kind: str) -> Iterator[tuple[Routed, str, Container, str]]:
    """Containers, and another one that describes the same thing in another way: its name, and where they differ."""
    everybody = [each for each in (*snapshot.containers, *snapshot.others) if each.status == "running"]
    for each in serving(snapshot):
        for name, options in (each.services if kind == "services" else each.routers).items():
            rivals = [other for other in everybody if other.name != each.container.name and _taken(each, other)]
            described = [(other, options_of(other, kind).get(name)) for other in rivals]
            differing = ((other, _difference(options, theirs)) for other, theirs in described if theirs is not None)
            hit = next(((other, key) for other, key in differing if key), None)
            if hit:
                yield each, name, *hit


def _is_told(each: Routed, kind: str, name: str) -> bool:
    """Whether both are for this Traefik: one with constraints may leave out the other, unless its log names them."""
    line = each.told_by_name(ROUTER if kind == "routers" else SERVICE, name)
    return line is not None or CONSTRAINTS not in each.proxy.settings


def _taken(each: Routed, other: Container) -> bool:
    there = Routed(each.snapshot, other, each.proxy)
    return there.enabled and not there.left_out


def _difference(ours: dict[str, str], theirs: dict[str, str]) -> str:
    """The first option that differs; those of the server may."""
    keys = sorted({*ours, *theirs})
    return next((key for key in keys if ours.get(key) != theirs.get(key) and ".server." not in f".{key}"), "")


def _conflict(each: Routed, kind: str, name: str, other: Container, key: str) -> Finding:
    thing = kind.removesuffix("s")
    own = each.option(kind, name, key)
    first = next(label for label in each.container.labels if label.lower().startswith(f"traefik.http.{kind}.{name}."))
    line = each.told_by_name(ROUTER if kind == "routers" else SERVICE, name)
    return each.found(
        each.place(own[0] if own else first),
        each.heard(line) if line else None,
        each.shown(f"http/{kind}", f"no {name}@docker") if each.proxy.api else None,
        message=f"It and {other.name} describe Traefik's {thing} {name} in different ways, so Traefik takes neither.",
        cause=f"They differ in {key}: {_said(each.container, kind, name, key)} here, {_said(other, kind, name, key)} there.",
        fix=f"Give both the same labels of {thing} {name}, or each a {thing} name of its own.",
    )


def _said(container: Container, kind: str, name: str, key: str) -> str:
    value = options_of(container, kind)[name].get(key)
    return "nothing" if value is None else repr(value)
