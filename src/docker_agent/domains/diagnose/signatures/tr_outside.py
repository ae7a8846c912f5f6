"""Traefik cannot use what it depends on: the engine's API, or the authority that gives certificates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.routing import overheard
from docker_agent.domains.diagnose.snapshot import Snapshot

OLD_CLIENT = re.compile(
    r"(?:providerName=docker.*)?client version (?P<have>[\d.]+) is too old\. Minimum supported API version is (?P<need>[\d.]+)(?=.*providerName=docker)"
)
NO_SOCKET = re.compile(
    r"(?:Failed to retrieve information of the docker client and server host|Provider error, retrying).*?(?P<why>permission denied|no such file or directory|Cannot connect to the Docker daemon|connection refused)"
)
ACME = re.compile(
    r"(?:unable to generate a certificate|Unable to obtain ACME certificate).*?"
    r"(?:acme:error:(?P<kind>\w+)|(?P<other>timeout|no such host|connection refused)|$)"
)
WHY = {
    "ratelimited": (
        "Too many certificates were asked for.",
        "Use the staging server for tests, keep acme.json in a volume, and wait.",
    ),
    "connection": (
        "The authority could not reach this host on port 80 or 443.",
        "Open the port in the firewall and publish it.",
    ),
    "dns": ("The name has no DNS record, or a wrong one.", "Point the name's A and AAAA records at this host."),
    "unauthorized": (
        "Another server answered for the name.",
        "Point the name's A and AAAA records at this host alone.",
    ),
    "rejectedidentifier": (
        "The authority gives no certificates for this name.",
        "Use a public name; not localhost or .local.",
    ),
}


@signature(code="tr-docker-api", area="proxy")
def tr_docker_api(snapshot: Snapshot) -> Iterator[Finding]:
    """Traefik is too old for the engine, sees no container, and answers 404 to everything.

    Engine 29 refuses clients of API versions before 1.44; Traefik before 3.6.1 speaks 1.24.

    Seen
    ----
        ERR Failed to retrieve information of the docker client and server host error="Error response from daemon: client version 1.24 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version" providerName=docker
    """
    for refusal in (*overheard(snapshot, OLD_CLIENT), *spoken(snapshot, OLD_CLIENT)):
        yield refusal.found(
            message=f"Traefik speaks version {refusal.match['have']} of the engine's API, which begins at {refusal.match['need']}.",
            cause="Traefik is older than 3.6.1, and the engine is version 29 or newer.",
            fix="Use traefik:3.6.1 or newer.",
        )


@signature(code="tr-docker-socket", area="proxy")
def tr_docker_socket(snapshot: Snapshot) -> Iterator[Finding]:
    """Traefik cannot talk to the engine, sees no container, and answers 404 to everything.

    The socket is not mounted, or Traefik's user may not open it; the log says which.

    Seen
    ----
        ERR Failed to retrieve information of the docker client and server host error="failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory" providerName=docker
    """
    for refusal in (*overheard(snapshot, NO_SOCKET), *spoken(snapshot, NO_SOCKET)):
        denied = refusal.match["why"] == "permission denied"
        yield refusal.found(
            refusal.written("volumes"),
            message="Traefik cannot talk to the engine, so it sees no container.",
            cause="Its user may not open the socket." if denied else "The engine's socket is not in the container.",
            fix="Add the socket's group (group_add)."
            if denied
            else "Mount /var/run/docker.sock, read-only, or a socket proxy.",
        )


@signature(code="tr-acme", area="proxy")
def tr_acme(snapshot: Snapshot) -> Iterator[Finding]:
    """Traefik gets no certificate from the authority, and serves its own default one.

    The words after `acme:error:` tell why: rateLimited, connection, dns, unauthorized.

    Seen
    ----
        ERR Unable to obtain ACME certificate for domains error="unable to generate a certificate for the domains [shop.test]: error: one or more domains had a problem: [shop.test] acme: error: 400 :: urn:ietf:params:acme:error:dns :: DNS problem: NXDOMAIN looking up A for shop.test" providerName=le.acme
        ERR Unable to obtain ACME certificate for domains error="unable to generate a certificate for the domains [shop.test]: acme: error: 429 :: POST :: https://acme.test/new-order :: urn:ietf:params:acme:error:rateLimited :: too many certificates" providerName=le.acme
    """
    for refusal in (*overheard(snapshot, ACME), *spoken(snapshot, ACME)):
        kind = refusal.match["kind"] or refusal.match["other"] or ""
        default = (
            "The authority cannot be reached, or refuses.",
            "Read the authority's words in the log; test with its staging server.",
        )
        cause, fix = WHY.get(kind.lower(), default)
        yield refusal.found(
            message=f"Traefik gets no certificate{f' ({kind})' if kind else ''}.",
            cause=cause,
            fix=fix,
            confidence="certain" if kind.lower() in WHY else "likely",
        )
