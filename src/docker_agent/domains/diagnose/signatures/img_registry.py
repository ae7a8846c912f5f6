"""Registries that cannot be reached, are ill or have had enough."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.pulls import REQUEST, STATUS, failed_pulls
from docker_agent.domains.diagnose.snapshot import Snapshot

TOO_MANY = re.compile(rf"toomanyrequests: |{STATUS}429 ")
ILL = re.compile(rf"(?:received unexpected HTTP status: |{STATUS}|error parsing HTTP )(?P<status>5\d\d [\w ]{{1,40}})")
DOWN = re.compile(
    REQUEST + r"dial tcp (?P<address>\S{1,80}): (?:connect: )?(?P<why>connection refused|no route to host)"
)
FAR = re.compile(
    REQUEST + r"(?P<proxy>proxyconnect )?[^\n]{0,200}?(?P<why>no such host|server misbehaving|network is unreachable"
    r"|i/o timeout|Temporary failure in name resolution|TLS handshake timeout|Client\.Timeout exceeded"
    r"|context deadline exceeded"
    r"|(?<=proxyconnect tcp: )[^\n]{1,200})"
)


@signature(code="img-ratelimit", area="image")
def img_ratelimit(snapshot: Snapshot) -> Iterator[Finding]:
    """The registry's limit of pulls is used up for this address or account.

    The images are there and nothing is wrong with the name; the same pull works again when the limit is over.

    Seen
    ----
        Error response from daemon: toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit
        Error response from daemon: unknown: failed to resolve reference "docker.io/library/nginx:1": unexpected status from HEAD request to https://registry-1.docker.io/v2/library/nginx/manifests/1: 429 Too Many Requests
    """
    for pull in failed_pulls(snapshot, TOO_MANY):
        yield pull.found(
            message="The registry counts too many pulls and refuses more for now.",
            cause="Its limit for this address (all who share it count together) or this account is reached.",
            fix="Log in, use a mirror or a registry of your own for what is pulled often, or wait some hours.",
        )


@signature(code="img-5xx", area="image")
def img_5xx(snapshot: Snapshot) -> Iterator[Finding]:
    """The registry answers that it, or what stands behind it, is out of order.

    It was reached, and name and login are not what fails. One that does not answer at all is `img-registry-down`.

    Seen
    ----
        Error response from daemon: received unexpected HTTP status: 503 Service Unavailable
        Error response from daemon: unknown: failed to resolve reference "registry.example.com/app:1": unexpected status from HEAD request to https://registry.example.com/v2/app/manifests/1: 503 Service Unavailable
    """
    for pull in failed_pulls(snapshot, ILL):
        yield pull.found(
            message=f"The registry fails with {pull.refusal.match['status'].strip()}.",
            cause="The registry, its storage or the proxy before it is out of order.",
            fix="Try again in some minutes; if it is your own registry, read its log.",
        )


@signature(code="img-registry-down", area="image")
def img_registry_down(snapshot: Snapshot) -> Iterator[Finding]:
    """Nothing listens at the registry's address.

    The name is known and the way there is open; the port is closed. A name that is not known is `img-dns`.

    Seen
    ----
        Error response from daemon: Get "http://127.0.0.1:5999/v2/": dial tcp 127.0.0.1:5999: connect: connection refused
        ERROR: failed to solve: localhost:5999/app:1: failed to resolve source metadata for localhost:5999/app:1: failed to do request: Head "https://localhost:5999/v2/app/manifests/1": dial tcp 127.0.0.1:5999: connect: connection refused
    """
    for pull in failed_pulls(snapshot, DOWN):
        match = pull.refusal.match
        yield pull.found(
            message=f"No registry answers at {match['host']}: {match['why']}.",
            cause=f"Nothing listens at {match['address']}, or a firewall rejects it; the engine asks from its host.",
            fix="Start the registry, or correct its address in the image's name.",
        )


@signature(code="img-dns", area="image")
def img_dns(snapshot: Snapshot) -> Iterator[Finding]:
    """The engine cannot reach the registry: its name is not known, or the way there is closed.

    It is the engine's own network that fails, not the shell's: its name server, its route, its proxy settings. A port
    that is closed is `img-registry-down`.

    Seen
    ----
        Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 192.0.2.53:53: no such host
        Error response from daemon: Get "https://registry-1.docker.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)
        Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp 192.0.2.9:443: connect: network is unreachable
        Error response from daemon: Get "https://registry-1.docker.io/v2/": proxyconnect tcp: dial tcp 192.0.2.9:3128: connect: connection refused
        ERROR: failed to solve: nginx:1: failed to resolve source metadata for docker.io/library/nginx:1: failed to do request: Head "https://registry-1.docker.io/v2/library/nginx/manifests/1": dial tcp: lookup registry-1.docker.io on 192.0.2.53:53: no such host
    """
    for pull in failed_pulls(snapshot, FAR):
        match = pull.refusal.match
        cause = "The engine's host has no network to there, no working name server, or must go through a proxy."
        if match["proxy"]:
            cause = "The engine is set to go through a proxy, and the proxy does not answer."
        yield pull.found(
            message=f"The engine does not reach {match['host']}: {match['why']}.",
            cause=cause,
            fix="Try the name on the engine's host; correct its DNS, its route or the proxy in the engine's settings.",
        )
