"""Follow a URL through the reverse proxy to the application, and name the hop that breaks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.proxy.hops.behind import middleware, service
from docker_agent.domains.proxy.hops.ends import application, container
from docker_agent.domains.proxy.hops.naming import dns
from docker_agent.domains.proxy.hops.reach import network, port
from docker_agent.domains.proxy.hops.router import router
from docker_agent.domains.proxy.hops.target import chosen, is_service, seen_proxies, url_for, url_of
from docker_agent.domains.proxy.hops.walk import Hop, HopName, HopState, Walk
from docker_agent.domains.proxy.hops.way_in import entry, tls
from docker_agent.domains.proxy.read import kind_of
from docker_agent.host.models import Container
from docker_agent.project.workspace import Workspace

HOPS: tuple[tuple[HopName, Callable[[Walk], Hop]], ...] = (
    ("dns", dns),
    ("entry", entry),
    ("tls", tls),
    ("router", router),
    ("middleware", middleware),
    ("service", service),
    ("network", network),
    ("port", port),
    ("container", container),
    ("application", application),
)
MAX_SAID = 400
# A proxy reads of a new container within seconds: before that, what looks broken may just be new.
SETTLED_S = 6.0


class Seen(BaseModel):
    """One hop: what was read of it, each with its place in front, and the code of `diagnose` for its fault."""

    model_config = ConfigDict(frozen=True)

    hop: HopName
    state: HopState
    said: str
    read: tuple[str, ...] = ()
    code: str = ""


class Traced(BaseModel):
    """The way of a request, hop by hop.

    Attributes
    ----------
    verdict: in a sentence, where it breaks or that it works.
    findings: a `route-HOP` for each hop that breaks; `code` of a hop is one for `diagnose_fix`.
    service: the service at the end of the way, for `diagnose` and `diagnose_fix`.
    status, seconds: what came through the proxy, 0 for no answer.
    """

    model_config = ConfigDict(frozen=True)

    url: str
    verdict: str
    findings: tuple[Finding, ...] = ()
    proxy: str = ""
    router: str = ""
    service: str = ""
    status: int = 0
    seconds: float = 0.0
    hops: tuple[Seen, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What the tool was asked."""

    target: str
    proxy: str
    ca: str
    insecure: bool
    timeout_s: float


@tool(
    risk=Risk.READ,
    untrusted="what the proxy and the application answer",
    examples=(
        "docker-agent proxy trace https://app.example.com/api",
        "docker-agent proxy trace web --timeout-s 20",
        "docker-agent proxy trace https://app.localhost --insecure",
    ),
)
def trace(
    ws: Workspace,
    target: Annotated[str, "The URL that a browser asks for (https://app.example.com/api), or a compose service."],
    proxy: Annotated[
        str, "The proxy's service or container, where there are several; empty for the one that fits."
    ] = "",
    ca: Annotated[str, "A PEM file whose authorities are trusted; empty for the system's."] = "",
    insecure: Annotated[bool, "Whether a certificate that does not hold is no fault."] = False,
    timeout_s: Annotated[float, "How long to wait for the site's answer, in seconds, at most 60."] = 10.0,
) -> Traced:
    """Find out why a site behind a proxy answers 404, 502, 503 or 504, redirects for ever or has a bad certificate.

    Looks at each hop in order - name, entry point, certificate, router, middlewares, service, network, port, container,
    application - of the way through Traefik, Nginx or Caddy, and says which one breaks, with what was read and where.
    Asks the site once or twice with GET, at this machine's own address. Where a hop has a `code`, `diagnose_fix` with
    it and the service may mend it.
    """
    asked = Asked(target, proxy, ca, insecure, max(1.0, min(timeout_s, 60.0)))
    traced, age = _once(ws, asked)
    if traced.findings and age < SETTLED_S:
        ws.host.sleep(SETTLED_S - age)
        return _once(ws, asked)[0]
    return traced


def _once(ws: Workspace, asked: Asked) -> tuple[Traced, float]:
    """One look, and how long ago the youngest container started that it may concern."""
    everything = ws.host.containers()
    found = seen_proxies(ws, everything, asked.proxy)
    if not found:
        return _without_proxy(ws, asked.target, asked.proxy, everything), SETTLED_S
    if is_service(ws, everything, asked.target):
        own = [each for each in everything if ws.owns_container(each)]
        url, (state, itself) = url_for(asked.target, found, own)
    else:
        url = url_of(asked.target, found)
        state, itself = chosen(ws, found, url, everything)
    walk = Walk(ws, url, state, itself, everything, ca=asked.ca, insecure=asked.insecure, timeout_s=asked.timeout_s)
    traced = _told(walk, url, _walked(walk))
    ages = (ws.host.now() - started(each) for each in everything if walk.concerns(each))
    return traced, max(0.0, min(ages, default=SETTLED_S))


def started(container: Container) -> float:
    """When a container started, in seconds since the epoch; 0 for one that does not run or does not say."""
    try:
        return datetime.fromisoformat(container.started_at).timestamp() if container.running else 0.0
    except ValueError:
        return 0.0


def _walked(walk: Walk) -> list[Hop]:
    """Every hop in order; after the one where the request ends, none is reached."""
    hops: list[Hop] = []
    for name, look in HOPS:
        ended = next((each for each in hops if each.state == "broken" and each.blocks), None)
        if ended is not None:
            hops.append(Hop(hop=name, state="not reached", said=f"The request ends at {ended.hop}."))
        elif walk.blamed is not None and name != "container":
            hops.append(Hop(hop=name, state="not reached", said=f"It depends on {walk.blamed.name}."))
        else:
            hops.append(look(walk))
    return hops


def _told(walk: Walk, asked: str, hops: Sequence[Hop]) -> Traced:
    wrong = [each for each in hops if each.state == "broken"]
    reached = next((each.container for each in walk.places if each.container is not None), None)
    last = walk.blamed or reached or walk.described
    end = (last.service or last.name) if last else ""
    if wrong:
        came = f" ({walk.answer.status} came)" if walk.answer.status else ""
        verdict = f"{asked} breaks at {wrong[0].hop}{came}: {wrong[0].said}"
    else:
        way = " -> ".join(each for each in (walk.proxy.name, walk.router.name if walk.router else "", end) if each)
        verdict = f"{walk.url} works: {walk.answer.status} in {walk.answer.seconds * 1000:.0f} ms, by {way}."
    return Traced(
        url=asked,
        verdict=walk.ws.quote(verdict, MAX_SAID),
        findings=tuple(_finding(walk, each, end) for each in wrong),
        proxy=walk.proxy.name,
        router=walk.router.name if walk.router else "",
        service=end,
        status=walk.answer.status,
        seconds=walk.answer.seconds,
        hops=tuple(_seen(each) for each in hops),
    )


def _seen(hop: Hop) -> Seen:
    read = tuple(f"{each.where}: {each.quote}" for each in hop.evidence)
    return Seen(hop=hop.hop, state=hop.state, said=hop.said, read=read, code=hop.code)


def _finding(walk: Walk, hop: Hop, end: str) -> Finding:
    behind = hop.hop not in {"dns", "entry", "tls"} and end
    return Finding(
        code=f"route-{hop.hop}",
        severity=Severity.ERROR,
        object=end if behind else (walk.proxy.service or walk.proxy.name),
        message=walk.ws.quote(hop.said, MAX_SAID),
        cause=walk.ws.quote(hop.cause, MAX_SAID),
        fix=walk.ws.quote(hop.fix, MAX_SAID),
        evidence=hop.evidence,
    )


def _without_proxy(ws: Workspace, target: str, name: str, everything: Sequence[Container]) -> Traced:
    """No proxy runs; one that has ended is named."""
    ended = next(
        (
            each
            for each in everything
            if kind_of(each) and not each.running and (ws.owns_container(each) or each.name == name)
        ),
        None,
    )
    said = f"{ended.name} is {ended.status}." if ended else "No Traefik, Nginx or Caddy runs that serves this project."
    hop = Hop(
        hop="entry",
        state="broken",
        said=said,
        cause="The reverse proxy does not run." if ended else "There is no proxy, or it runs outside of containers.",
        fix=f"Start {ended.service or ended.name}." if ended else "Start one, or name its container with `proxy`.",
    )
    rest = [Hop(hop=each, state="not reached", said="The request ends at entry.") for each, _ in HOPS[2:]]
    dns_hop = Hop(hop="dns", state="not looked at", said="No proxy runs to ask.")
    finding = Finding(
        code="route-entry",
        severity=Severity.ERROR,
        object=(ended.service or ended.name) if ended else ws.project,
        message=said,
        cause=hop.cause,
        fix=hop.fix,
    )
    return Traced(
        url=target,
        verdict=ws.quote(f"{target} breaks at entry: {said}", MAX_SAID),
        findings=(finding,),
        proxy=ended.name if ended else "",
        service=(ended.service or ended.name) if ended else "",
        hops=tuple(_seen(each) for each in (dns_hop, hop, *rest)),
    )
