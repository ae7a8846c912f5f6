"""The way into the proxy: its published port, and TLS there."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.changing.answers import DEFAULT_CERTIFICATE, follow, is_loop, said_of_certificate
from docker_agent.domains.proxy.entry import find_entry, port_of
from docker_agent.domains.proxy.hops.routing import best
from docker_agent.domains.proxy.hops.walk import Hop, Walk, ok, unknown
from docker_agent.host.models import Answer, Certificate

OPEN_S = 2.0
DAY_S = 86_400.0
SOON_DAYS = 14


def entry(walk: Walk) -> Hop:
    """Find the port at which the URL comes in, and ask there; redirects are followed to what is traced then."""
    try:
        walk.entry = find_entry(walk.proxy, walk.state.entrypoints, walk.url)
    except InputError as error:
        return Hop(
            hop="entry", state="broken", said=error.message, cause="No way leads into the proxy.", fix=error.next_step
        )
    address = walk.entry.address
    opened = walk.ws.host.probe(f"tcp://{address}", timeout_s=OPEN_S)
    if opened.error:
        return _closed(walk, address, opened)
    asked = walk.url
    walk.chain, walk.answer = follow(lambda url: ask(walk, url), walk.url, ask(walk, walk.url))
    elsewhere = urlsplit(walk.chain[-1]).hostname != walk.parts.hostname
    if not is_loop(walk.chain) and not elsewhere and len(walk.chain) > 1:
        walk.url = walk.chain[-1]
        walk.entry = find_entry(walk.proxy, walk.state.entrypoints, walk.url)
    names = [name for name, where in walk.state.entrypoints.items() if port_of(where) == walk.entry.port]
    walk.entrypoint = next(iter(names), "")
    where = f"{walk.entry.address} is {walk.name}'s {f'entry point {names[0]}' if names else f'port {walk.entry.port}'}"
    led = f"; {asked} redirects to {walk.url}, which is traced" if walk.url != asked else ""
    seen = walk.answered(walk.entry.address, walk.answer)
    if not walk.entry.published and any(each.host_port for each in walk.proxy.ports):
        return Hop(
            hop="entry",
            state="broken",
            said=f"{walk.name} publishes no port for {walk.parts.scheme}.",
            evidence=(walk.inspected(walk.proxy, "NetworkSettings.Ports", _published(walk)), seen),
            cause=f"Only this machine reaches port {walk.entry.port} of the container, at {walk.entry.address}.",
            fix=f"Publish it: add {walk.parts.port or _usual(walk)}:{walk.entry.port} to the proxy's ports.",
            blocks=False,
        )
    return ok("entry", f"{where}{'' if walk.entry.published else ' (not published)'}{led}.", seen)


def ask(walk: Walk, url: str) -> Answer:
    """What the proxy answers for a URL, whatever its certificate."""
    try:
        address = find_entry(walk.proxy, walk.state.entrypoints, url).address
    except InputError as error:
        return Answer(error=error.message)
    return walk.ws.host.probe(url, timeout_s=walk.timeout_s, via=address, ca=walk.ca, insecure=True)


def tls(walk: Walk) -> Hop:
    """Look at the certificate that is shown for the name."""
    if walk.parts.scheme != "https":
        return ok("tls", "The URL is plain HTTP.")
    certificate = walk.answer.certificate
    if certificate is None:
        return _no_tls(walk)
    seen = walk.seen(
        "network", f"certificate at {walk.entry.address if walk.entry else walk.url}", _in_words(certificate)
    )
    if not certificate.verify_error:
        days = (certificate.not_after - walk.ws.host.now()) / DAY_S
        soon = f", for {days:.0f} more days only" if days < SOON_DAYS else ""
        return ok("tls", f"The certificate holds for {walk.host}{soon}.", seen)
    words = said_of_certificate(certificate, walk.host)
    if walk.insecure:
        return ok("tls", f"TLS comes about; {words}, which was said to be no fault.", seen)
    is_default = DEFAULT_CERTIFICATE in {certificate.issuer, certificate.subject}
    if best(walk) is None and (is_default or "mismatch" in certificate.verify_error.lower()):
        return unknown("tls", f"No router with TLS is for {walk.host}, so another certificate is shown: {words}.", seen)
    return _wrong(walk, certificate, words, seen_default=is_default).model_copy(
        update={"evidence": (seen, *walk.logged("acme", walk.host))}
    )


def _closed(walk: Walk, address: str, opened: Answer) -> Hop:
    there = ", ".join(f"{name} {where}" for name, where in walk.state.entrypoints.items()) or "not known"
    return Hop(
        hop="entry",
        state="broken",
        said=f"Nothing takes connections at {address}, where {walk.name} should be reached for {walk.parts.scheme}.",
        evidence=(
            walk.seen("network", f"tcp://{address}", opened.error),
            walk.inspected(walk.proxy, "NetworkSettings.Ports", _published(walk)),
        ),
        cause=f"The proxy does not listen on port {walk.entry.port if walk.entry else 0}; its entry points: {there}.",
        fix="Publish the port that the proxy listens on, or let it listen on the one that is published.",
    )


def _published(walk: Walk) -> str:
    found = [f"{each.host_ip}:{each.host_port} -> {each.container_port}" for each in walk.proxy.ports if each.host_port]
    return ", ".join(found) or "none published"


def _usual(walk: Walk) -> int:
    return 443 if walk.parts.scheme == "https" else 80


def _no_tls(walk: Walk) -> Hop:
    address = walk.entry.address if walk.entry else ""
    plain = walk.ws.host.probe(replace_scheme(walk.url), timeout_s=OPEN_S, via=address)
    speaks = f"{address} speaks plain HTTP" if plain.status else f"{address} ends the TLS handshake"
    return Hop(
        hop="tls",
        state="broken",
        said=f"{speaks}, so https does not work there.",
        evidence=(walk.seen("network", f"{walk.url} via {address}", walk.answer.error),),
        cause="No TLS is set up at this entry point."
        if plain.status
        else f"The proxy has no certificate for {walk.host}, or what listens there is not its entry point for TLS.",
        fix={
            "traefik": "Give the router tls=true on the entry point of port 443.",
            "nginx": "Write `listen 443 ssl` with ssl_certificate and ssl_certificate_key.",
            "caddy": f"Name the site {walk.host} (without http://), so that Caddy gets a certificate for it.",
        }[walk.kind],
    )


def replace_scheme(url: str) -> str:
    """The same URL in plain HTTP."""
    parts = urlsplit(url)
    return f"http://{parts.netloc}{parts.path or '/'}"


def _wrong(walk: Walk, certificate: Certificate, words: str, *, seen_default: bool) -> Hop:
    error = certificate.verify_error.lower()
    if seen_default:
        cause = "The router has TLS, but neither a resolver nor a file gives a certificate for this name."
        fix = "Set tls.certresolver on the router, or give a certificate for the name in a file (tls.certificates)."
    elif "mismatch" in error:
        cause = f"Its names do not cover {walk.host}."
        fix = f"Get a certificate for {walk.host}, and check that the proxy reads that one."
    elif "expired" in error:
        cause = f"It was valid until {_date(certificate.not_after)}, and nothing has renewed it."
        fix = "Renew it, let the proxy read the new file, and see why the renewal did not happen."
    else:
        cause = "Browsers do not know its issuer, or the intermediate certificate is missing from the file."
        fix = "Use a certificate of a public authority with its whole chain; trust an own one with `ca`."
    code = walk.code(traefik="tr-acme", caddy="caddy-acme") if walk.logged("acme", walk.host) else ""
    return Hop(
        hop="tls",
        state="broken",
        said=f"{words[:1].upper()}{words[1:]}.",
        code=code,
        cause=cause,
        fix=fix,
        blocks=False,
    )


def _in_words(certificate: Certificate) -> str:
    names = ", ".join(certificate.names) or certificate.subject or "no name"
    wrong = f"; {certificate.verify_error}" if certificate.verify_error else ""
    return f"for {names}; issued by {certificate.issuer}; until {_date(certificate.not_after)}{wrong}"


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC") if seconds else "unknown"
