"""Between the router and its servers: middlewares, and the service with its servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

from docker_agent.core.finding import Evidence
from docker_agent.domains.proxy.changing.answers import is_loop
from docker_agent.domains.proxy.hops.routing import labelled, left_out, nearest
from docker_agent.domains.proxy.hops.walk import Hop, Place, Walk, broken, ok, unknown
from docker_agent.domains.proxy.reading.api import ask, table, words
from docker_agent.domains.proxy.state import Server, Upstream
from docker_agent.host.models import Container

API_S = 2.0
MAX_PLACES = 10
MAX_NESTED = 5
NO_SERVER = 503
INTERNAL = "@internal"


def middleware(walk: Walk) -> Hop:
    """See that every middleware of the router exists and works, and that redirects do not go round."""
    names = _named(walk)
    known = {each.lower() for each in walk.state.middlewares}
    missing = next((each for each in names if walk.state.api and each.lower() not in known), "")
    if missing:
        meant = _meant(missing, walk.state.middlewares)
        return broken(
            "middleware",
            f"The middleware {missing} of the router does not exist.",
            walk.by_api("http/middlewares", ", ".join(walk.state.middlewares) or "none"),
            code="tr-404-middleware",
            cause="The name is misspelt, its container does not run, or it is defined in another provider.",
            fix=f"Write {meant} instead." if meant else "Define it, or name its provider, as in NAME@file.",
        )
    settings = {each: _settings(walk, each) for each in names}
    for each, raw in settings.items():
        if errors := words(raw.get("error")):
            return broken(
                "middleware",
                f"The middleware {each} does not work: {errors[0]}.",
                walk.by_api(f"http/middlewares/{each}", errors[0]),
                cause="Its options are wrong for this version of Traefik.",
                fix="Correct its options.",
            )
        walk.strips += words(table(raw.get("stripPrefix")).get("prefixes"))
    if is_loop(walk.chain):
        return _loop(walk, [each for each, raw in settings.items() if str(raw.get("type", "")).startswith("redirect")])
    if walk.router is None:
        return unknown("middleware", "Which middlewares are in between is not known.")
    kinds = ", ".join(f"{each} ({raw['type']})" if "type" in raw else each for each, raw in settings.items())
    return ok("middleware", f"In between: {kinds}." if kinds else "None is in between.")


def service(walk: Walk) -> Hop:
    """See that the router's service exists, is enabled and has servers that may get the request."""
    if walk.router is None:
        return unknown("service", f"What {walk.name} passes requests on to is not known.")
    if walk.router.own:
        return unknown("service", f"{walk.name} answers it itself: {walk.router.own}.")
    name = _qualified(walk, walk.router.service)
    if name.endswith(INTERNAL):
        return unknown("service", f"{name} is {walk.name}'s own.")
    walk.upstream = walk.state.service(name) or walk.state.service(walk.router.service)
    if walk.upstream is None:
        there = [each.name for each in walk.state.services if not each.name.endswith(INTERNAL)]
        meant = nearest(name, there)
        return broken(
            "service",
            f"The service {name} of the router does not exist.",
            walk.by_api("http/services", ", ".join(there) or "none"),
            cause="Its name is misspelt, its container does not run, or another provider defines it.",
            fix=f"Write {meant} instead." if meant else "Define it, or name its provider, as in NAME@docker.",
        )
    upstreams, without = _leaves(walk, walk.upstream)
    shown = walk.by_api(f"http/services/{walk.upstream.name}", _in_words(upstreams, walk.upstream))
    if without:
        return broken("service", without[0], shown, code=without[1], cause=without[2], fix=without[3])
    faulty = next((each for each in upstreams if not each.enabled or each.errors), None)
    if faulty is not None:
        why = faulty.errors[0] if faulty.errors else "it is disabled"
        return broken(
            "service", f"The service {faulty.name} does not work: {why}.", shown, cause=why, fix="Correct it."
        )
    servers = [server for each in upstreams for server in each.servers]
    walk.places = tuple(_place(walk, server) for server in servers[:MAX_PLACES])
    return _served(walk, servers, shown)


def _served(walk: Walk, servers: list[Server], shown: Evidence) -> Hop:
    """What is to be said of the servers as a whole."""
    name = walk.upstream.name if walk.upstream else ""
    if not servers and (walk.kind == "nginx" or (walk.kind == "caddy" and walk.answer.status != NO_SERVER)):
        return unknown("service", f"Which servers are behind {name} is not known here.", shown)
    if not servers:
        return broken(
            "service",
            f"The service {name} has no servers.",
            shown,
            code=walk.code(traefik="tr-503", caddy="caddy-503"),
            cause="No running, healthy container belongs to it, or its list is empty.",
            fix="Start its containers, or list its servers.",
        )
    wrong = next((each for each in walk.places if each.server.tried == "not-tls"), None)
    if wrong is not None:
        return broken(
            "service",
            f"{walk.name} speaks HTTPS with {wrong.address}, which speaks plain HTTP.",
            *(shown, walk.seen("network", wrong.server.url, "speaks plain HTTP")),
            code=walk.code(traefik="tr-504-tls"),
            cause="The scheme of the server is https; visitors' HTTPS ends at the proxy and has no part in it.",
            fix="Set the scheme of the server to http.",
        )
    down = [each for each in walk.places if each.server.up.upper() == "DOWN"]
    reached = all(
        each.server.tried in {"", "open"} and not (each.container and left_out(each.container)) for each in down
    )
    if down and len(down) == len(walk.places) and reached:
        return broken(
            "service",
            f"The health check of {name} calls all its servers down.",
            shown,
            code=walk.code(traefik="tr-503", caddy="caddy-503"),
            cause="The path or port of the health check answers no 2xx or 3xx, though the server can be reached.",
            fix="Correct the health check's path in the labels or file, or the application's answer to it.",
        )
    where = ", ".join(each.address for each in walk.places[:4])
    return ok("service", f"{name} sends to {where}.", shown)


def _leaves(walk: Walk, upstream: Upstream) -> tuple[list[Upstream], tuple[str, str, str, str] | None]:
    """The services with servers below one, or what keeps it from having any: words, code, cause and fix."""
    level, found = [upstream], list[Upstream]()
    for _ in range(MAX_NESTED):
        found += [each for each in level if not each.children]
        after: list[Upstream] = []
        for parent in (each for each in level if each.children):
            weighted = [name for name, weight in parent.children.items() if weight > 0]
            if not weighted:
                fix = "Give one of them a weight above 0."
                return [], (
                    f"All services of {parent.name} have the weight 0.",
                    "tr-503",
                    "Nothing may be chosen.",
                    fix,
                )
            known = {name: walk.state.service(name) for name in weighted}
            absent = next((name for name, each in known.items() if each is None), "")
            if absent:
                said = f"{parent.name} is made of {', '.join(parent.children)}, and {absent} does not exist."
                fix = f"Start the container that defines {absent}, or take it out."
                return [], (said, "tr-404-weighted-child", "Its container does not run, or the name is wrong.", fix)
            after += [each for each in known.values() if each is not None]
        level = after
        if not level:
            break
    return found, None


def _place(walk: Walk, server: Server) -> Place:
    try:
        parts = urlsplit(server.url if "//" in server.url else f"//{server.url}")
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return Place(server, server.url, 0, "http", None)
    return Place(server, host, port, parts.scheme or "http", next(_containers(walk, host), None))


def _containers(walk: Walk, host: str) -> Iterator[Container]:
    """The containers that an address or name may be, the ones that the proxy shares a network with first."""
    if not host:
        services = walk.router.service.partition("@")[0].lower() if walk.router else ""
        for each in labelled(walk.everything):
            if each.router.service.lower() == services or each.router.name.partition("@")[0] == services:
                yield each.container
        return
    mine = set(walk.state.networks)
    yield from (each for each in walk.everything if any(place.ip == host for place in each.networks) and each.running)
    for each in walk.everything:
        names = {name for place in each.networks if place.network in mine for name in place.aliases}
        if host in names or (host in {each.name, each.service} and {place.network for place in each.networks} & mine):
            yield each
    own = [each for each in walk.everything if host in {each.name, each.service}]
    yield from sorted(own, key=lambda each: each.project != walk.proxy.project)


def _named(walk: Walk) -> list[str]:
    return [_qualified(walk, each) for each in walk.router.middlewares] if walk.router else []


def _qualified(walk: Walk, name: str) -> str:
    """A name with the provider of the router where it has none."""
    provider = walk.router.name.partition("@")[2] if walk.router else ""
    return name if "@" in name or not provider or walk.kind != "traefik" else f"{name}@{provider}"


def _settings(walk: Walk, name: str) -> dict[str, Any]:
    """What Traefik's API says of a middleware, nothing where there is no API to ask."""
    if walk.kind != "traefik" or not walk.state.api:
        return {}
    return table(ask(walk.ws.host, f"{walk.state.api}/api/http/middlewares/{quote(name, safe='@')}", API_S))


def _meant(name: str, known: tuple[str, ...]) -> str:
    same = [each for each in known if each.partition("@")[0] == name.partition("@")[0]]
    return same[0] if len(same) == 1 else nearest(name, [each for each in known if not each.endswith(INTERNAL)])


def _loop(walk: Walk, redirecting: list[str]) -> Hop:
    by = f"the middleware {', '.join(redirecting)}" if redirecting else "the application or a redirect of the proxy"
    return broken(
        "middleware",
        f"The redirects go round: {' -> '.join(walk.chain[:4])}{' -> ...' if len(walk.chain) > 4 else ''}.",
        walk.seen("network", walk.url, f"{walk.answer.status} to {walk.answer.headers.get('location', '')}"),
        cause=f"It is {by} that redirects, even where the URL is already what it redirects to.",
        fix="Put the redirect on the router for plain HTTP only."
        if redirecting
        else "Let the application trust X-Forwarded-Proto, or take out the redirect of either side.",
    )


def _in_words(upstreams: list[Upstream], top: Upstream) -> str:
    servers = [f"{server.url or 'no address'} {server.up}".strip() for each in upstreams for server in each.servers]
    children = [f"{name}={weight}" for name, weight in top.children.items()]
    return "; ".join((*children, *servers, *top.errors)) or "no servers"
