"""Nginx cannot pass requests on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.mend import container_in
from docker_agent.domains.diagnose.messages import Refusal, heard
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.diagnose.starting import restart, start
from docker_agent.host.models import Container

BAD_GATEWAY = re.compile(
    r"(?P<what>connect\(\) failed \(11[13]: [^)]*\) while connecting to upstream"
    r"|upstream prematurely closed connection|no live upstreams while connecting to upstream)"
    r'(?:.*?upstream: "(?:\w+://)?(?P<host>[\w.-]+|\[[\da-f:]+\])(?::(?P<port>\d+))?)?'
)
NO_HOST = re.compile(r'host not found in upstream "(?P<host>[^"]+)"(?: in (?P<place>\S+:\d+))?')
RELOAD = "Reload Nginx"


@signature(code="ngx-502", area="proxy")
def ngx_502(snapshot: Snapshot) -> Iterator[Finding]:
    """Nginx cannot reach what it passes requests to, and answers 502.

    It resolves names once, when it starts: after the other container was made new, the old address stays. With the
    right address, the application is down, or listens on another port or on 127.0.0.1 only.

    Seen
    ----
        2026/11/26 18:00:00 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 172.18.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://172.18.0.3:8080/", host: "shop"
        2026/11/26 18:00:00 [error] 7#7: *4 upstream prematurely closed connection while reading response header from upstream, client: 172.18.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://172.18.0.3:8080/", host: "shop"
        2026/11/26 18:00:00 [error] 7#7: *9 no live upstreams while connecting to upstream, client: 172.18.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://app/", host: "shop"
    """
    for refusal in heard(snapshot, BAD_GATEWAY):
        yield _bad_gateway(snapshot, refusal)


@ngx_502.fix
def look_up_again(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Start Nginx again, where no container has the address that it remembers."""
    container = container_in(snapshot, finding)
    stale = any(each.cause == finding.cause and each.fix.startswith(RELOAD) for each in ngx_502.look(snapshot))
    if not stale or not container.running:
        return None
    return restart(snapshot, finding, container, "Nginx looks its upstreams up again when it starts.")


@signature(code="ngx-host-not-found", area="proxy")
def ngx_host_not_found(snapshot: Snapshot) -> Iterator[Finding]:
    """Nginx does not start, because it cannot resolve the name of an upstream.

    It looks up all names of its configuration at the start: that container must run by then and share a network.

    Seen
    ----
        nginx: [emerg] host not found in upstream "app" in /etc/nginx/conf.d/default.conf:3
    """
    for refusal in heard(snapshot, NO_HOST):
        host = refusal.match["host"].partition(":")[0]
        known = _named(snapshot, host)
        yield refusal.found(
            refusal.written("depends_on"),
            message=f"Nginx cannot resolve {host} of {refusal.match['place'] or 'its configuration'}.",
            cause=_why_unknown(refusal.container, host, known),
            fix=f"Let it depend on {host}, on one network with it, or use `resolver 127.0.0.11;` and a variable in proxy_pass.",
        )


@ngx_host_not_found.fix
def start_again(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Start Nginx again, where all that it looked for runs now on a network with it."""
    container = container_in(snapshot, finding)
    hosts = [each.match["host"].partition(":")[0] for each in heard(snapshot, NO_HOST) if each.container is container]
    known = [_named(snapshot, host) for host in hosts]
    own = {place.network for place in container.networks}
    meet = all(each and each.running and own & {place.network for place in each.networks} for each in known)
    if container.running or not known or not meet:
        return None
    return start(snapshot, finding, container, f"{', '.join(hosts)} came up later than Nginx and runs now.")


def _bad_gateway(snapshot: Snapshot, refusal: Refusal) -> Finding:
    host, port = refusal.match["host"] or "", refusal.match["port"] or "80"
    everybody = (*snapshot.containers, *snapshot.others)
    there = next((each for each in everybody for place in each.networks if host and place.ip == host), None)
    closed = "prematurely" in refusal.match["what"]
    stale = refusal.container is not None and there is None and bool(re.fullmatch(r"[\d.]+", host)) and not closed
    if stale:
        cause = f"No container has the address {host} now; Nginx resolved the name when it started."
        fix = f"{RELOAD}; for good, use `resolver 127.0.0.11 valid=10s;` and a variable in proxy_pass."
    elif closed:
        cause = "The application broke off while it answered: it crashed, or closes idle connections early."
        fix = "Look into the application's log at that time."
    else:
        cause = "The application there is down, or listens on another port or on 127.0.0.1 only."
        fix = f"Start it, listen on 0.0.0.0:{port}, and name the port inside the container in proxy_pass."
    what = f"{there.name} ({host}:{port})" if there else f"{host}:{port}" if host else "its upstream"
    return refusal.found(
        message=f"Nginx cannot get an answer from {what}.",
        cause=cause,
        fix=fix,
        confidence="certain" if stale else "likely",
    )


def _named(snapshot: Snapshot, host: str) -> Container | None:
    return next((each for each in snapshot.containers if host in {each.service, each.name}), None)


def _why_unknown(nginx: Container | None, host: str, known: Container | None) -> str:
    if known is None:
        return f"No container is called {host}."
    if not known.running:
        return f"{known.name} does not run."
    shared = {place.network for place in known.networks} & {place.network for place in nginx.networks} if nginx else ()
    return f"{known.name} came up later than Nginx." if shared else f"{known.name} is on no network with Nginx."
