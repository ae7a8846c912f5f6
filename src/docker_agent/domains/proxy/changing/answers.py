"""The check that ends a change of a route: what a browser would get comes, or the last answer is told in words."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from urllib.parse import urljoin, urlsplit

from docker_agent.core.errors import CheckFailed
from docker_agent.host.check import Scalar, named_check
from docker_agent.host.host import Reads, Tell
from docker_agent.host.models import Answer, Certificate

POLL_S = 0.5
TELL_EVERY_S = 5.0
ONE_ANSWER_S = 10.0
MAX_HOPS = 10
SERVER_ERROR = 500
DEFAULT_CERTIFICATE = "TRAEFIK DEFAULT CERT"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PAGES = {
    404: "no route of the proxy fits, or the application has no such page",
    502: "the proxy reaches nothing that answers there",
    503: "the proxy has no server to ask",
    504: "the server behind the proxy does not answer in time",
}


@named_check("route-answers")
def route_answers(reads: Reads, args: Mapping[str, Scalar], tell: Tell) -> str:
    """Ask a URL until it answers as it should or the time is up.

    Arguments of the step: `url`, `via` (`IP:PORT` to connect to), `status` (200; 0 for any answer of the application,
    which is none of the proxy's own 404 and no 5xx), `ca`, `insecure`, `header`
    (`X-Canary: 1`), `contains` and `timeout_s` (30).

    Raises
    ------
    CheckFailed: it does not; the message holds the last answer in words.
    """
    url, via = str(args.get("url", "")), str(args.get("via", ""))
    name, _, value = str(args.get("header", "")).partition(":")
    status, text = int(args.get("status", 200)), str(args.get("contains", ""))
    ca, insecure = str(args.get("ca", "")), bool(args.get("insecure", False))
    timeout_s = float(args.get("timeout_s", 30.0))
    began = told = reads.now()
    while True:
        left = began + timeout_s - reads.now()
        answer = reads.probe(
            url,
            timeout_s=max(1.0, min(ONE_ANSWER_S, left)),
            via=via,
            headers=((name.strip(), value.strip()),) if name.strip() else (),
            ca=ca,
            insecure=insecure,
        )
        if _fits(answer, status) and text in answer.body:
            return f"{url} answers {answer.status}{f' with {text!r}' if text else ''} in {answer.seconds * 1000:.0f} ms"
        now = reads.now()
        if now - began >= timeout_s:
            chain, _ = follow(functools.partial(_beside, reads, args), url, answer)
            wrong = not _fits(answer, status)
            words = said_of(answer, url) if wrong else f"it answers {answer.status} without {text!r}"
            looped = f"it redirects in a loop: {' -> '.join(chain)}" if is_loop(chain) else words
            wanted = status or "from the application"
            raise CheckFailed(f"{url} does not answer {wanted} after {timeout_s:.0f} s: {looped}.", "Trace the route.")
        if now - told >= TELL_EVERY_S:
            told = now
            tell(f"waiting for {url}: {said_of(answer, url)}")
        reads.sleep(POLL_S)


def _fits(answer: Answer, status: int) -> bool:
    if status:
        return answer.status == status
    return 0 < answer.status < SERVER_ERROR and not _is_traefiks(answer)


def _is_traefiks(answer: Answer) -> bool:
    return answer.status == 404 and answer.body.strip() == "404 page not found"


def _beside(reads: Reads, args: Mapping[str, Scalar], url: str) -> Answer:
    """What a redirect's end answers where the same address takes it, nothing for another scheme or port."""
    if urlsplit(url)[:2] != urlsplit(str(args.get("url", "")))[:2]:
        return Answer()
    ca, insecure = str(args.get("ca", "")), bool(args.get("insecure", False))
    return reads.probe(url, timeout_s=ONE_ANSWER_S, via=str(args.get("via", "")), ca=ca, insecure=insecure)


def said_of(answer: Answer, url: str) -> str:
    """What came, in words of one clause."""
    if answer.certificate is not None and answer.certificate.verify_error and not answer.status:
        return said_of_certificate(answer.certificate, urlsplit(url).hostname or "")
    if not answer.status:
        return f"no answer ({answer.error})"
    if answer.status in REDIRECTS:
        return f"{answer.status}, a redirect to {answer.headers.get('location', 'nowhere')}"
    if _is_traefiks(answer):
        return "404 page not found, as Traefik says where no router fits"
    why = PAGES.get(answer.status, "")
    return f"it answers {answer.status}{f': {why}' if why else ''}"


def said_of_certificate(certificate: Certificate, name: str) -> str:
    """What is wrong with a certificate that was shown for a name."""
    shown = ", ".join(certificate.names) or certificate.subject or "no name"
    if DEFAULT_CERTIFICATE in {certificate.issuer, certificate.subject}:
        return f"Traefik has no certificate for {name} and shows its default one"
    if "mismatch" in certificate.verify_error.lower():
        return f"the certificate is for {shown}, not for {name}"
    if "expired" in certificate.verify_error.lower():
        return f"the certificate for {shown} has expired"
    issuer = certificate.issuer or "nobody"
    return f"the certificate for {shown}, issued by {issuer}, is not trusted ({certificate.verify_error})"


def follow(ask: Callable[[str], Answer], url: str, answer: Answer) -> tuple[tuple[str, ...], Answer]:
    """The URLs that redirects lead to from an answer, and the last answer; ten at most, and none on another host."""
    chain = [url]
    while answer.status in REDIRECTS and answer.headers.get("location") and len(chain) <= MAX_HOPS:
        after = urljoin(chain[-1], answer.headers["location"])
        chain.append(after)
        if after in chain[:-1] or urlsplit(after).hostname != urlsplit(url).hostname:
            break
        answer = ask(after)
    return tuple(chain), answer


def is_loop(chain: tuple[str, ...]) -> bool:
    """Whether redirects came back to where they had been, or found no end."""
    return chain[-1] in chain[:-1] or len(chain) > MAX_HOPS
