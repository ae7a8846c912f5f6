"""Caddy cannot pass requests on, does not start, or gets no certificate."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import cut, ended, found, inspected, last_line, logged, written
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.proxy import kind_of

ERROR = r'"logger":"http\.log\.error[^"]*","msg":"'
REFUSED = re.compile(ERROR + r"dial tcp (?P<where>\S+): connect: (?P<why>connection refused|no route to host)")
LOOKUP = re.compile(
    ERROR + r"dial tcp: lookup (?P<host>\S+)[^\"]*?: (?P<why>no such host|server misbehaving|i/o timeout)"
)
NONE_LEFT = re.compile(ERROR + r"no upstreams available")
BROKEN_OFF = re.compile(
    ERROR + r"(?P<how>EOF|read tcp [^\"]*connection reset by peer|http: server closed idle connection)"
)
CONFIG = re.compile(
    r"(?:Error: |\"msg\":\")(?:adapting config using caddyfile|parsing caddyfile|loading initial config|loading new config"
    r"|reading config from file): (?P<why>[^\"]{1,300})"
)
SILENT = re.compile(r"using (?:adjacent Caddyfile|config from file)")
ACME = re.compile(
    r'"logger":"tls\.obtain","msg":"(?:could not get certificate from issuer|will retry)".*?"error":"(?P<why>[^"]*)'
)


@signature(code="caddy-502-refused", area="proxy")
def caddy_502_refused(snapshot: Snapshot) -> Iterator[Finding]:
    """Nothing listens where Caddy passes requests to, and it answers 502.

    The port in reverse_proxy is not that inside the container, the application is down, or it listens on 127.0.0.1
    only. `localhost` in a Caddyfile is Caddy's own container.

    Seen
    ----
        {"level":"error","ts":1795717646.1,"logger":"http.log.error","msg":"dial tcp 172.18.0.3:9999: connect: connection refused","request":{"method":"GET","host":"shop","uri":"/"},"duration":0.001,"status":502}
    """
    for refusal in heard(snapshot, REFUSED):
        where = refusal.match["where"]
        host = where.rpartition(":")[0].strip("[]")
        everybody = (*snapshot.containers, *snapshot.others)
        there = next((each.name for each in everybody for place in each.networks if place.ip == host), "")
        own = host in {"127.0.0.1", "::1"}
        yield refusal.found(
            message=f"Nothing listens at {where}{f' ({there})' if there else ''}, where Caddy passes requests to.",
            cause="localhost is Caddy's own container."
            if own
            else "The port is wrong, or the application is down or on 127.0.0.1.",
            fix="Name the service and the port inside its container in reverse_proxy, and listen on 0.0.0.0 there.",
            confidence="certain" if own else "likely",
        )


@signature(code="caddy-502-lookup", area="proxy")
def caddy_502_lookup(snapshot: Snapshot) -> Iterator[Finding]:
    """Caddy cannot resolve the name that it passes requests to, and answers 502.

    The service is misspelt, stopped, or on another network; unlike Nginx, Caddy starts all the same.

    Seen
    ----
        {"level":"error","ts":1795717646.1,"logger":"http.log.error","msg":"dial tcp: lookup app on 127.0.0.11:53: no such host","request":{"method":"GET","host":"shop","uri":"/"},"duration":0.004,"status":502}
    """
    for refusal in heard(snapshot, LOOKUP):
        host = refusal.match["host"]
        known = next((each for each in snapshot.containers if host in {each.service, each.name}), None)
        state = f"{known.name} is {known.status}" if known else f"No container is called {host}"
        yield refusal.found(
            message=f"Caddy cannot resolve {host}, where it passes requests to.",
            cause=f"{state}, or shares no network with Caddy." if known else f"{state} on Caddy's networks.",
            fix="Correct the name in reverse_proxy, start the service, and put both on one network.",
        )


@signature(code="caddy-502-eof", area="proxy")
def caddy_502_eof(snapshot: Snapshot) -> Iterator[Finding]:
    """A container closes the connection while Caddy passes a request on, and Caddy answers 502.

    Now and then: the application closes idle connections early. Always: it breaks off, or speaks another protocol.

    Seen
    ----
        {"level":"error","ts":1795717646.1,"logger":"http.log.error","msg":"EOF","request":{"method":"GET","host":"shop","uri":"/"},"duration":0.002,"status":502}
    """
    for refusal in heard(snapshot, BROKEN_OFF):
        yield refusal.found(
            message="A container closed the connection while Caddy passed a request on.",
            cause="It closes idle connections early, breaks off under the request, or speaks another protocol.",
            fix="Let the application keep idle connections longer than Caddy's 2 minutes; else look into its log.",
            confidence="likely",
        )


@signature(code="caddy-503", area="proxy")
def caddy_503(snapshot: Snapshot) -> Iterator[Finding]:
    """Caddy's health checks find all upstreams of a reverse_proxy down, and it answers 503.

    Without health_uri or max_fails there is no such check, and a failure is 502.

    Seen
    ----
        {"level":"error","ts":1795717646.1,"logger":"http.log.error","msg":"no upstreams available","request":{"method":"GET","host":"shop","uri":"/"},"duration":0.0001,"status":503}
    """
    for refusal in heard(snapshot, NONE_LEFT):
        yield refusal.found(
            message="Caddy's health checks find all upstreams down, so requests get 503.",
            cause="health_uri or health_status do not fit the application, or it is down.",
            fix="Correct health_uri, health_port and health_status in reverse_proxy, or start the application.",
        )


@signature(code="caddy-config", area="proxy")
def caddy_config(snapshot: Snapshot) -> Iterator[Finding]:
    """Caddy does not start, because its configuration cannot be read.

    It names file and line, as do `caddy validate` and `caddy adapt`; from version 2.11 on a start in a container says
    nothing but that it used the file, and ends with code 1.

    Seen
    ----
        Error: adapting config using caddyfile: /etc/caddy/Caddyfile:2: unrecognized directive: revers_proxy
        {"level":"error","ts":1795718645.8,"msg":"adapting config using caddyfile: Caddyfile:2: unrecognized directive: revers_proxy"}
    """
    for refusal in heard(snapshot, CONFIG):
        yield refusal.found(
            refusal.written("volumes"),
            message=f"Caddy cannot use its configuration: {cut(snapshot, refusal.match['why'])}.",
            cause="The Caddyfile has a mistake at that line.",
            fix="Correct it there, and try it with `caddy validate --config /etc/caddy/Caddyfile`.",
        )
    for container, ending in ended(snapshot, 1):
        line = last_line(snapshot, container)
        if kind_of(container) == "caddy" and line and SILENT.search(line.text):
            yield found(
                snapshot,
                container,
                inspected(snapshot, container, "State.ExitCode", ending.code),
                logged(snapshot, container, line),
                written(snapshot, container, "volumes"),
                message="Caddy read its configuration and ended without a word.",
                cause="The Caddyfile has a mistake, which this version does not print when it starts.",
                fix="Have it named by `caddy validate --config /etc/caddy/Caddyfile` in the same image, and correct it.",
                confidence="likely",
            )


@signature(code="caddy-acme", area="proxy")
def caddy_acme(snapshot: Snapshot) -> Iterator[Finding]:
    """Caddy gets no certificate from the authority.

    The words after `acme:error:` tell why: rateLimited, connection, dns. Without ports 80 and 443 published, and
    with a name that leads elsewhere, it cannot work.

    Seen
    ----
        {"level":"error","ts":1795717646.1,"logger":"tls.obtain","msg":"will retry","error":"[shop.test] Obtain: [shop.test] solving challenge: shop.test: authorization failed: HTTP 400 urn:ietf:params:acme:error:dns - DNS problem: NXDOMAIN looking up A for shop.test","attempt":1}
    """
    for refusal in heard(snapshot, ACME):
        yield refusal.found(
            refusal.written("ports"),
            message="Caddy gets no certificate.",
            cause=f"The authority says: {snapshot.mask(refusal.match['why'])[-160:]}.",
            fix="Publish 80 and 443, point the name's DNS records at this host, and keep /data in a volume.",
            confidence="likely",
        )
