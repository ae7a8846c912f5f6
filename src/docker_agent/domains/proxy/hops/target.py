"""What is to be traced: the URL, and the proxy that takes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import unquote, urlsplit

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.hops.routing import fits, labelled, names, rule_of, with_labels
from docker_agent.domains.proxy.matchers import Request, ascii_host
from docker_agent.domains.proxy.read import kind_of, read_proxies
from docker_agent.domains.proxy.state import ProxyState, Router
from docker_agent.host.models import Container
from docker_agent.project.workspace import Workspace

MAX_URL = 2_000


def seen_proxies(ws: Workspace, everything: Sequence[Container], name: str = "") -> list[tuple[ProxyState, Container]]:
    """The running proxies that have to do with the project, or the one of this name, with their containers."""
    own = [each.name for each in everything if ws.owns_container(each)]
    by_name = {each.name: each for each in everything}
    if name:
        own += [each.name for each in everything if each.name == name and kind_of(each)]
    found = [
        (with_labels(state, everything), by_name[state.container]) for state in read_proxies(ws.host, everything, own)
    ]
    return [(state, each) for state, each in found if name in {"", each.name, each.service}]


def chosen(
    ws: Workspace, found: Sequence[tuple[ProxyState, Container]], url: str, everything: Iterable[Container]
) -> tuple[ProxyState, Container]:
    """The proxy that a URL is most likely for: it has a router for it, publishes its port, or is what proxies are."""
    parts = urlsplit(url)
    request = _request(url)
    wanted = parts.port or (443 if parts.scheme == "https" else 80)
    described = any(fits(each.router, request) for each in labelled(everything))

    def fitness(pair: tuple[ProxyState, Container]) -> tuple[bool, ...]:
        state, container = pair
        naming = [each for each in state.routers if names(each, request.host)]
        return (
            any(fits(each, request) for each in naming),
            bool(naming) or (described and state.kind == "traefik"),
            parts.port is not None and any(each.host_port == wanted for each in container.ports),
            state.kind == ws.context.reverse_proxy,
            state.kind != "nginx" or not ws.owns_container(container),
            any(each.host_port == wanted for each in container.ports),
            ws.owns_container(container),
        )

    return max(found, key=fitness)


def is_service(ws: Workspace, everything: Iterable[Container], word: str) -> bool:
    """Whether a word means a service of the project or one of its containers."""
    return any(word in {each.service, each.name} for each in everything if ws.owns_container(each))


def url_of(text: str, found: Sequence[tuple[ProxyState, Container]]) -> str:
    """A URL as a browser would ask for it; without a scheme that of the router for the host counts.

    Raises
    ------
    InputError: it is none.
    """
    try:
        if "://" not in text:
            request = _request(f"//{text}")
            fitting = [each for state, _ in found for each in state.routers if fits(each, request)]
            text = f"{'https' if any(each.tls for each in fitting) else 'http'}://{text}"
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or len(text) > MAX_URL or any(each.isspace() for each in text):
        raise InputError(f"{text[:100]!r} is no URL of a site.", "Give one such as https://app.example.com/api.")
    return text


def url_for(
    word: str, found: Sequence[tuple[ProxyState, Container]], own: Sequence[Container]
) -> tuple[str, tuple[ProxyState, Container]]:
    """The URL by which a service is reached, and the proxy; what the proxy knows counts before labels.

    Raises
    ------
    InputError: no route leads to the service.
    """
    mine = [each for each in own if word in {each.service, each.name}]
    found = sorted(found, key=lambda pair: pair[1] not in own)
    leading = [(each, pair) for pair in found for each in pair[0].routers if _leads_to(pair[0], each, mine)]
    leading += [(each.router, pair) for pair in found if pair[0].kind == "traefik" for each in labelled(mine)]
    for router, pair in leading:
        if rule_of(router) and (url := _url(router, pair[1])):
            return url, pair
    if leading:
        said = f"{leading[0][0].name} leads to {word} by the rule {leading[0][0].rule}, which names no URL."
        raise InputError(said, "Give the URL that is asked for.")
    seen = ", ".join(f"{each.name} ({state.kind})" for state, each in found)
    raise InputError(
        f"No route of {seen} leads to {word}.", "Give the URL that is asked for, or add a route with proxy_add_route."
    )


def _request(url: str) -> Request:
    parts = urlsplit(url)
    return Request(ascii_host(parts.hostname or ""), unquote(parts.path or "/"))


def _leads_to(state: ProxyState, router: Router, mine: Sequence[Container]) -> bool:
    """Whether a router's servers are one of these containers, by address or, on a network in common, by name."""
    provider = router.name.partition("@")[2]
    service = state.service(router.service) or state.service(f"{router.service}@{provider}")
    beside = [each for each in mine if {place.network for place in each.networks} & set(state.networks)]
    names = {name for each in beside for name in (each.name, each.service) if name}
    names |= {place.ip for each in mine for place in each.networks if place.ip}
    return service is not None and any(urlsplit(server.url).hostname in names for server in service.servers)


def _url(router: Router, proxy: Container) -> str:
    """What a browser would ask for to come to a router, "" where its rule does not say."""
    rule = rule_of(router)
    host = next(iter(rule.hosts if rule else ()), "") or "localhost"
    path = next(iter(rule.prefixes if rule else ()), "/")
    scheme = "https" if router.tls else "http"
    usual = 443 if router.tls else 80
    published = {each.container_port: each.host_port for each in proxy.ports if each.host_port}
    outside = published.get(usual, usual)
    host = host.replace("*", "www")
    if rule is not None and rule.judge(Request(host, path)) is False:
        return ""
    return f"{scheme}://{host}{'' if outside == usual else f':{outside}'}{path}"
