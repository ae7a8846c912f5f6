"""Which router gets the request, and why none does."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from docker_agent.core.finding import Evidence
from docker_agent.domains.proxy.hops.routing import (
    Labelled,
    at_entry,
    best,
    fits,
    is_enabled,
    labelled,
    left_out,
    listens,
    named_hosts,
    nearest,
    rule_of,
)
from docker_agent.domains.proxy.hops.walk import Hop, Walk, broken, ok, unknown
from docker_agent.domains.proxy.rules import MATCHERS, Request
from docker_agent.domains.proxy.state import Router
from docker_agent.host.models import Container

_broken = functools.partial(broken, "router")
FUNCTION = re.compile(r"(\w+)\s*\(")
LATER_HOPS = re.compile(r"(?i)middleware|service")
NO_ENTRYPOINT = re.compile(r"(?i)entry ?point")
# What Traefik's log says of a container that it takes no router from, and the signature for it.
SKIPPED = {
    "field not found": "tr-404-badlabel",
    "port is missing": "tr-404-noport",
    "load-balancer is not defined": "tr-404-weighted-label",
    "Router defined multiple times": "tr-404-conflict-router",
    "Service defined multiple times": "tr-404-conflict-service",
    "service defined multiple times": "tr-404-conflict-service",
    "cannot be linked automatically": "tr-404-multi",
}


def router(walk: Walk) -> Hop:
    """Find the router that matches host and path of the URL."""
    hop = _found(walk)
    name = (
        walk.router.name
        if walk.router
        else next((each.where for each in hop.evidence if "/routers/" in each.where), "")
    )
    alike = [each for each in labelled(walk.everything) if name.lower().endswith(each.router.name)]
    walk.described = walk.described or next((each.container for each in alike), None)
    return hop


def _found(walk: Walk) -> Hop:
    walk.router = best(walk)
    own = [each for each in walk.state.routers if not each.name.endswith("@internal")]
    matching = [each for each in own if fits(each, walk.request)]
    if walk.router is not None:
        others = sum(each.enabled and listens(walk, each) for each in matching) - 1
        more = f"; of {others + 1} that match it has the highest priority" if others else ""
        seen = _shown(walk, walk.router)
        return ok("router", f"{walk.router.name} matches: {walk.router.rule or 'every request'}{more}.", seen)
    if not walk.state.routers and walk.kind != "traefik":
        return unknown("router", f"The configuration of {walk.name} could not be read.")
    here = [each for each in matching if listens(walk, each)]
    later = next((each for each in here if LATER_HOPS.search(" ".join(each.errors))), None)
    if later is not None:
        walk.router = later
        said = f"{later.name} matches, but {walk.name} has disabled it: {later.errors[0]}."
        return ok("router", said, _shown(walk, later))
    return _disabled(walk, matching) or _by_labels(walk) or _elsewhere(walk, matching) or _nothing(walk)


def _disabled(walk: Walk, matching: Sequence[Router]) -> Hop | None:
    """A router of this name that the proxy does not understand."""
    unread = [each for each in walk.state.routers if rule_of(each) is None and walk.host in each.rule.lower()]
    faulty = next((each for each in (*unread, *matching) if each.errors or each in unread), None)
    if faulty is None:
        return None
    why = faulty.errors[0] if faulty.errors else "its rule cannot be read"
    if NO_ENTRYPOINT.search(why):
        there = ", ".join(sorted(walk.state.entrypoints))
        return _broken(
            f"{faulty.name} listens on {', '.join(faulty.entrypoints)}, which {walk.name} does not have.",
            *(_shown(walk, faulty), walk.by_api("entrypoints", there)),
            code="tr-404-entrypoint",
            cause=f"The entry points are {there}.",
            fix=f"Write {nearest(faulty.entrypoints[0], walk.state.entrypoints) or 'one that it has'} instead.",
        )
    known = {name.lower() for name in MATCHERS}
    word = next((each for each in FUNCTION.findall(faulty.rule) if each.lower() not in known), "")
    meant = nearest(word.lower(), known)
    return _broken(
        f"The rule of {faulty.name} cannot be read: {faulty.rule}.",
        _shown(walk, faulty),
        code="tr-404-badrule",
        cause=f"{word} is no function of rules." if word else why,
        fix=f"Write {meant.capitalize()} instead."
        if meant
        else "Correct the rule; backquotes stand around its values.",
    )


def _by_labels(walk: Walk) -> Hop | None:
    """A container whose labels describe the router, while the proxy has none."""
    if walk.kind != "traefik":
        return None
    have = {each.name.lower() for each in walk.state.routers}
    near = sorted(filter(walk.concerns, walk.everything), key=lambda each: not walk.ws.owns_container(each))
    found = [each for each in labelled(near) if fits(each.router, walk.request)]
    missing = [each for each in found if each.router.name.lower() not in have]
    if not missing:
        return None
    container = next((each.container for each in missing if left_out(each.container)), None)
    if container is not None:
        walk.blamed = container
        state = container.health if container.running else container.status
        return unknown(
            "router",
            f"{walk.name} has no router for it, since it leaves out {container.name}, which is {state}.",
            _label(walk, next(each for each in missing if each.container is container)),
        )
    return _skipped(walk, missing[0])


def _skipped(walk: Walk, each: Labelled) -> Hop:
    container = walk.described = each.container
    if not is_enabled(walk.state, container):
        return _broken(
            f"{walk.name} leaves out {container.name}: it has no label traefik.enable=true.",
            _label(walk, each),
            code="tr-404-norouter",
            cause="Traefik was started with exposedbydefault=false, or the label says false.",
            fix="Set the label traefik.enable to true.",
        )
    name = each.router.name.partition("@")[0]
    told, code = _told(walk, container, name)
    return _broken(
        f"{walk.name} has made no router of the labels of {container.name}.",
        *(_label(walk, each), *told),
        code=code or "tr-404-norouter",
        cause="Its log says why."
        if told
        else "Its constraints or its connection to the engine leave the container out.",
        fix="Correct what the log names and make the container new."
        if told
        else "See providers.docker in its options.",
    )


def _told(walk: Walk, container: Container, name: str) -> tuple[tuple[Evidence, ...], str]:
    for words, code in SKIPPED.items():
        subjects = (container.id, f"{container.service}-{container.project}", f"Name={name} ", f"Name={name}")
        for subject in subjects:
            if subject.strip("-") and (lines := walk.logged(words, subject)):
                return lines, code
    return (), ""


def _elsewhere(walk: Walk, matching: Sequence[Router]) -> Hop | None:
    """A router that matches, and does not listen where the URL comes in."""
    other = max(matching, key=lambda each: each.priority, default=None)
    if other is None:
        return None
    if not at_entry(walk, other):
        on = ", ".join(other.entrypoints)
        return _broken(
            f"{other.name} matches, but listens on {on}, and the URL comes in at {walk.entrypoint or 'another port'}.",
            _shown(walk, other),
            code="tr-404-tls" if other.tls and walk.parts.scheme == "http" else "",
            cause=f"The URL comes in at {walk.entry.address if walk.entry else ''}.",
            fix=f"Add {walk.entrypoint or 'that entry point'} to the router, or ask at {on}.",
        )
    wants = "TLS" if other.tls else "plain HTTP"
    return _broken(
        f"{other.name} matches, but takes {wants} only, and {walk.url} comes without it."
        if other.tls
        else f"{other.name} matches, but takes {wants} only, and {walk.url} comes with TLS.",
        _shown(walk, other),
        code="tr-404-tls",
        cause=f"A router {'with' if other.tls else 'without'} tls never matches it.",
        fix="Let it listen on the entry point of port 443 alone, or take tls out."
        if other.tls
        else f"Set tls=true on the router {other.name.partition('@')[0]}, or add one with TLS.",
    )


def _nothing(walk: Walk) -> Hop:
    """No rule fits: the path is another one, or the host."""
    hosts = named_hosts(walk)
    any_path = [each for each in walk.state.routers if _knows_host(each, walk.host)]
    if any_path:
        rules = "; ".join(each.rule for each in any_path[:4])
        return _broken(
            f"No router for {walk.host} takes the path {walk.request.path}.",
            *(_shown(walk, each) for each in any_path[:3]),
            cause=f"The rules for this host are {rules}.",
            fix="Correct the path in the rule or in the URL.",
        )
    meant = nearest(walk.host, hosts)
    there = ", ".join(sorted(hosts)[:8]) or "none"
    named = next((each for each in walk.state.routers if meant and meant in each.rule.lower()), None)
    return _broken(
        f"No router of {walk.name} is for {walk.host}.",
        _shown(walk, named) if named else walk.by_api("http/routers", f"hosts: {there}"),
        cause=f"There is one for {meant}, which is spelt nearly so." if meant else f"It knows these hosts: {there}.",
        fix=f"Correct the rule {named.rule}, or ask for {meant}." if named else f"Add a route for {walk.host}.",
    )


def _knows_host(each: Router, host: str) -> bool:
    rule = rule_of(each)
    paths = ("/", *rule.prefixes) if rule else ()
    return rule is not None and bool(rule.hosts) and any(rule.matches(Request(host, path)) for path in paths)


def _shown(walk: Walk, each: Router) -> Evidence:
    errors = f" errors={'; '.join(each.errors)}" if each.errors else ""
    on = f" on {', '.join(each.entrypoints)}" if each.entrypoints else ""
    tls = " with tls" if each.tls else ""
    return walk.by_api(f"http/routers/{each.name}", f"{each.rule}{on}{tls} -> {each.service}{errors}")


def _label(walk: Walk, each: Labelled) -> Evidence:
    key = f"traefik.http.routers.{each.router.name.partition('@')[0]}.rule"
    return walk.inspected(each.container, f"Config.Labels.{key}", each.router.rule)
