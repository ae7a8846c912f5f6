"""What is to be said of the router that gets the request."""

from __future__ import annotations

from collections.abc import Sequence

from docker_agent.core.finding import Evidence
from docker_agent.domains.proxy.files.sites import MAINTENANCE
from docker_agent.domains.proxy.hops.routing import fits, is_no_route, listens, may_have_answered, rule_of
from docker_agent.domains.proxy.hops.walk import Hop, Walk, broken, ok, unknown
from docker_agent.domains.proxy.state import Router

FAULT = 400
UNAVAILABLE = 503
OPEN = "Where the route was closed for maintenance, open it: docker-agent proxy maintenance HOST off."


def taken(walk: Walk, router: Router, matching: Sequence[Router]) -> Hop:
    """Say why a router gets the request, and whether the proxy answers there itself."""
    seen, status = shown(walk, router), walk.answer.status
    if _is_closed(walk, router):
        return _closed(walk, router)
    if not may_have_answered(walk, router):
        walk.router = None
        said = (
            f"{router.name} matches and has {router.own}, and {status or 'no answer'} came: more is to it than is read."
        )
        return unknown("router", said, seen)
    others = sum(each.enabled and listens(walk, each) for each in matching) - 1
    more = f"; of {others + 1} that match it has the highest priority" if others > 0 else ""
    why = f"{router.name} matches: {router.rule or 'every request'}{more}"
    if router.default_at and not fits(router, walk.request):
        why = f"{router.name} is the default one, and no server_name is {walk.host}"
        if not 0 < status < FAULT:
            cause = f"Nginx takes the default server for a name that it does not know, and {status or 'nothing'} came."
            fix = f"Add {walk.host} to a server_name, or ask for a name that is one."
            return broken("router", f"No server of {walk.name} is for {walk.host}.", seen, cause=cause, fix=fix)
    if not router.own:
        return ok("router", f"{why}.", seen)
    if not is_no_route(walk) and 0 < status < FAULT:
        return ok("router", f"{why}, and {walk.name} answers it itself: {router.own}.", seen)
    return broken(
        "router",
        f"{why}, and {walk.name} answers {status or 'nothing'} itself: {router.own}.",
        seen,
        cause="The proxy passes nothing on to an application here.",
        fix=OPEN if status == UNAVAILABLE else f"Pass {walk.request.path} on there, or correct the URL.",
    )


def shown(walk: Walk, each: Router) -> Evidence:
    """Evidence of what the proxy says of a router."""
    errors = f" errors={'; '.join(each.errors)}" if each.errors else ""
    on = f" on {', '.join(each.entrypoints)}" if each.entrypoints else ""
    tls = " with tls" if each.tls else ""
    return walk.by_api(f"http/routers/{each.name}", f"{each.rule}{on}{tls} -> {each.own or each.service}{errors}")


def _is_closed(walk: Walk, router: Router) -> bool:
    """Whether a router is what `docker-agent proxy maintenance` writes: 503, or a service without servers."""
    if walk.answer.status != UNAVAILABLE or walk.kind != "traefik":
        return walk.answer.status == UNAVAILABLE and router.own.endswith(MAINTENANCE)
    name = router.service.partition("@")[0]
    upstream = walk.state.service(f"{name}@file")
    ours = router.name.endswith("@file") and name.endswith(MAINTENANCE)
    return ours and upstream is not None and not upstream.servers and not upstream.children


def _closed(walk: Walk, router: Router) -> Hop:
    rule = rule_of(router)
    host = next(iter(rule.hosts if rule else ()), "HOST")
    path = next((each.rstrip("/") for each in (rule.prefixes if rule else ())), "")
    return broken(
        "router",
        f"{walk.host}{path} is closed for maintenance: {router.name} has 503 for everybody.",
        shown(walk, router),
        cause="It was closed with `docker-agent proxy maintenance`.",
        fix=f"Open it: docker-agent proxy maintenance {host}{path} off.",
    )
