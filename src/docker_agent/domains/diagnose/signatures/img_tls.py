"""Registries whose certificate is not trusted, or that speak no TLS."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.pulls import REQUEST, failed_pulls
from docker_agent.domains.diagnose.snapshot import Snapshot

UNTRUSTED = re.compile(REQUEST + r"[^\n]{0,120}?x509: (?P<why>[^\n]{1,200})")
IN_THE_CLEAR = re.compile(
    REQUEST
    + r"(?:tls: first record does not look like a TLS handshake|http: server gave HTTP response to HTTPS client)"
)


@signature(code="img-x509", area="image")
def img_x509(snapshot: Snapshot) -> Iterator[Finding]:
    """The engine does not trust the registry's certificate.

    The message says why: an unknown authority (an own one, or a proxy that looks into TLS), a time that is over,
    another name. A registry without any TLS is `img-http-https`.

    Seen
    ----
        Error response from daemon: Get "https://registry.example.com/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority
        Error response from daemon: Get "https://192.0.2.2:5000/v2/": tls: failed to verify certificate: x509: cannot validate certificate for 192.0.2.2 because it doesn't contain any IP SANs
        ERROR: failed to solve: registry.example.com/app:1: failed to resolve source metadata for registry.example.com/app:1: failed to do request: Head "https://registry.example.com/v2/app/manifests/1": tls: failed to verify certificate: x509: certificate signed by unknown authority
    """
    for pull in failed_pulls(snapshot, UNTRUSTED):
        host, why = pull.refusal.match["host"], pull.refusal.match["why"]
        cause = (
            "The certificate is not for this name, or its time is over (or the clock of the engine's host is wrong)."
        )
        fix = "Renew the certificate for the name that is asked for; check the clock."
        if "unknown authority" in why:
            cause = "An authority of your own signed it, or a proxy on the way puts its own certificate in."
            fix = f"Put the authority's certificate into /etc/docker/certs.d/{host}/ca.crt on the engine's host."
        yield pull.found(message=f"The certificate of {host} is not trusted: {why}.", cause=cause, fix=fix)


@signature(code="img-http-https", area="image")
def img_http_https(snapshot: Snapshot) -> Iterator[Finding]:
    """The registry speaks no TLS, and the engine insists on it.

    Only addresses of the loopback are asked in the clear by themselves. A certificate that is not trusted is
    `img-x509`.

    Seen
    ----
        Error response from daemon: Get "https://192.0.2.2:5000/v2/": http: server gave HTTP response to HTTPS client
        Error response from daemon: Get "https://192.0.2.2:5000/v2/": tls: first record does not look like a TLS handshake
        Error response from daemon: failed to resolve reference "192.0.2.2:5000/app:1": failed to do request: Head "https://192.0.2.2:5000/v2/app/manifests/1": http: server gave HTTP response to HTTPS client
    """
    for pull in failed_pulls(snapshot, IN_THE_CLEAR):
        host = pull.refusal.match["host"]
        yield pull.found(
            message=f"{host} answers in the clear where TLS is asked for.",
            cause="The registry has no TLS, or the port is that of another service.",
            fix=f'Give it TLS, or add "{host}" to insecure-registries in the engine\'s daemon.json and restart it.',
        )
