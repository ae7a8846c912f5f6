"""A program does not trust the certificate of the server that it calls."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import sure
from docker_agent.domains.diagnose.messages import heard_lines
from docker_agent.domains.diagnose.reaching import TOLD_ELSEWHERE
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"x509: certificate signed by unknown authority|unable to get local issuer certificate"
    r"|self[- ]signed certificate in certificate chain|unable to verify the first certificate"
    r"|UNABLE_TO_VERIFY_LEAF_SIGNATURE|PKIX path building failed"
)


@signature(code="tls-unknown-authority", area="network")
def tls_unknown_authority(snapshot: Snapshot) -> Iterator[Finding]:
    """A program does not trust the certificate of the server that it calls.

    Images without the package ca-certificates know no authority at all; an authority of one's own is known nowhere. The
    engine's own words about a registry are `img-x509`.

    Seen
    ----
        Post "https://api.example.com/v1/pay": tls: failed to verify certificate: x509: certificate signed by unknown authority
        x509: certificate signed by unknown authority
        curl: (60) SSL certificate problem: unable to get local issuer certificate
        Error: self-signed certificate in certificate chain
        javax.net.ssl.SSLHandshakeException: PKIX path building failed: unable to find valid certification path to requested target
    """
    for refusal in heard_lines(snapshot, PATTERN, unless=TOLD_ELSEWHERE):
        yield refusal.found(
            message="A server's certificate is not trusted.",
            cause="The image has no list of authorities (ca-certificates), or one of your own or a proxy signed it.",
            fix="Install ca-certificates in the image; mount your own authority's certificate and name it to the program.",
            confidence=sure(snapshot, refusal.container) if refusal.container else "likely",
        )
