"""Traefik has a service, and none of its servers may get requests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.routing import Routed, concerned, serving, shown
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"\bno available server\b")
FAILED = re.compile(r'Health check failed\. error="?(?P<why>[^"]*)"? serviceName=(?P<name>[^@\s]+)')


@signature(code="tr-503", area="proxy")
def tr_503(snapshot: Snapshot) -> Iterator[Finding]:
    """Traefik's own health check finds all servers of a service down, or all weights are 0: it answers 503.

    That check is set by the label loadbalancer.healthcheck and has nothing to do with the container's HEALTHCHECK.

    Seen
    ----
        no available server
    """
    for each in serving(snapshot):
        for name, server in each.servers():
            service = each.proxy.service(f"{name}@docker")
            if server.up == "DOWN" and service and all(other.up == "DOWN" for other in service.servers):
                yield _down(each, name, server.url)
                break
    for proxy in snapshot.proxies:
        for service in proxy.services:
            if service.kind == "weighted" and service.children and not any(service.children.values()):
                hit = concerned(snapshot, proxy, service)
                if hit:
                    yield found(
                        snapshot,
                        hit,
                        shown(snapshot, proxy, f"http/services/{service.name}", "every weight is 0"),
                        message=f"All weights of Traefik's service {service.name} are 0: requests to it get 503.",
                        cause="A weight of 0 takes a service out, and here that is done to all.",
                        fix="Give one of them a weight above 0 in the file.",
                        severity=Severity.ERROR,
                    )
    for refusal in spoken(snapshot, PATTERN):
        yield refusal.found(
            message="Traefik has no server for the request that it may use.",
            cause="Its own health check finds all of them down, or all weights are 0.",
            fix="Look at serverStatus in Traefik's /api/http/services; correct path and status of the check.",
        )


def _down(each: Routed, name: str, url: str) -> Finding:
    line = each.told_by_name(FAILED, name)
    why = FAILED.search(line.text) if line else None
    keys = ("path", "status", "port", "interval")
    label = next(filter(None, (each.option("services", name, f"loadbalancer.healthcheck.{key}") for key in keys)), None)
    return each.found(
        each.place(label[0]) if label else None,
        each.heard(line) if line else None,
        each.shown(f"http/services/{name}@docker", f"{url}: DOWN"),
        message="Traefik's own health check finds it down, so requests get 503.",
        cause=f"The check says: {why['why']}."
        if why
        else "The path or the status that it expects is wrong, or the application is down.",
        fix=f"Correct the labels traefik.http.services.{name}.loadbalancer.healthcheck, or what the application answers.",
    )
