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
    is_no_route,
    labelled,
    left_out,
    listens,
    named_hosts,
    names,
    nearest,
    rule_of,
    takers,
)
from docker_agent.domains.proxy.hops.taken import shown, taken
from docker_agent.domains.proxy.hops.walk import Hop, Walk, broken, ok, unknown
from docker_agent.domains.proxy.matchers import MATCHERS, Request
from docker_agent.domains.proxy.state import Router
from docker_agent.host.models import Container

_broken = functools.partial(broken, "router")
FUNCTION = re.compile(r"(\w+)\s*\(")
LATER_HOPS = re.compile(r"(?i)middleware|service")
SERVER_ERROR = 500
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
        return taken(walk, walk.router, matching)
    if not walk.state.routers and walk.kind != "traefik":
        return unknown("router", f"The configuration of {walk.name} could not be read.")
    if hop := _not_understood(walk):
        return hop
    here = [each for each in matching if listens(walk, each)]
    later = next((each for each in here if LATER_HOPS.search(" ".join(each.errors))), None)
    if later is not None:
        walk.router = later
        said = f"{later.name} matches, but {walk.name} has disabled it: {later.errors[0]}."
        return ok("router", said, shown(walk, later))
    return _disabled(walk, matching) or _by_labels(walk) or _elsewhere(walk, matching) or _nothing(walk)


def _not_understood(walk: Walk) -> Hop | None:
    """A rule that cannot be judged from here, or an answer by one that is not known: no fault is to be named then."""
    _, others = takers(walk)
    if others:
        rules = "; ".join(f"{each.name}: {each.rule}" for each in others[:3])
        said = f"Which router gets it is not known, since a rule cannot be judged from here ({rules})."
        return unknown("router", said, *(shown(walk, each) for each in others[:3]))
    status = walk.answer.status
    if not status or is_no_route(walk):
        return None
    by_labels = _by_labels(walk) if status >= SERVER_ERROR else None
    return by_labels or unknown("router", f"{walk.name} answers {status}, by a rule that is not understood here.")


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
            *(shown(walk, faulty), walk.by_api("entrypoints", there)),
            code="tr-404-entrypoint",
            cause=f"The entry points are {there}.",
            fix=f"Write {nearest(faulty.entrypoints[0], walk.state.entrypoints) or 'one that it has'} instead.",
        )
    known = {name.lower() for name in MATCHERS}
    word = next((each for each in FUNCTION.findall(faulty.rule) if each.lower() not in known), "")
    meant = nearest(word.lower(), known)
    return _broken(
        f"The rule of {faulty.name} cannot be read: {faulty.rule}.",
        shown(walk, faulty),
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
            shown(walk, other),
            code="tr-404-tls" if other.tls and walk.parts.scheme == "http" else "",
            cause=f"The URL comes in at {walk.entry.address if walk.entry else ''}.",
            fix=f"Add {walk.entrypoint or 'that entry point'} to the router, or ask at {on}.",
        )
    wants = "TLS" if other.tls else "plain HTTP"
    return _broken(
        f"{other.name} matches, but takes {wants} only, and {walk.url} comes without it."
        if other.tls
        else f"{other.name} matches, but takes {wants} only, and {walk.url} comes with TLS.",
        shown(walk, other),
        code="tr-404-tls",
        cause=f"A router {'with' if other.tls else 'without'} tls never matches it.",
        fix="Let it listen on the entry point of port 443 alone, or take tls out."
        if other.tls
        else f"Set tls=true on the router {other.name.partition('@')[0]}, or add one with TLS.",
    )


def _nothing(walk: Walk) -> Hop:
    """No rule fits: the path is another one, or the host."""
    hosts = named_hosts(walk) - {walk.host}
    any_path = [each for each in walk.state.routers if _knows_host(each, walk.host)]
    for_host = any_path or [each for each in walk.state.routers if names(each, walk.host)]
    if for_host:
        rules = "; ".join(each.rule for each in for_host[:4])
        what = f"the path {walk.request.path}" if any_path else f"GET {walk.request.path}"
        return _broken(
            f"No router for {walk.host} takes {what}.",
            *(shown(walk, each) for each in for_host[:3]),
            cause=f"The rules for this host are {rules}.",
            fix="Correct the path in the rule or in the URL." if any_path else "Correct the rule, or ask as it says.",
        )
    meant = _nearest_host(walk.host, hosts)
    there = ", ".join(sorted(hosts)[:8]) or "none"
    named = next((each for each in walk.state.routers if meant and meant in each.rule.lower()), None)
    return _broken(
        f"No router of {walk.name} is for {walk.host}.",
        shown(walk, named) if named else walk.by_api("http/routers", f"hosts: {there}"),
        cause=f"There is one for {meant}, which is spelt nearly so." if meant else f"It knows these hosts: {there}.",
        fix=f"Correct the rule {named.rule}, or ask for {meant}." if named else f"Add a route for {walk.host}.",
    )


def _nearest_host(host: str, known: set[str]) -> str:
    """A known host that differs by a slip in one of its labels; what is below the same domain is not near by that."""
    wanted = host.split(".")
    for other in sorted(known):
        pairs = [(one, two) for one, two in zip(wanted, other.split("."), strict=False) if one != two]
        if len(wanted) == other.count(".") + 1 and len(pairs) == 1 and nearest(pairs[0][0], [pairs[0][1]]):
            return other
    return ""


def _knows_host(each: Router, host: str) -> bool:
    rule = rule_of(each)
    paths = ("/", *rule.prefixes) if rule else ()
    return rule is not None and bool(rule.hosts) and any(rule.matches(Request(host, path)) for path in paths)


def _label(walk: Walk, each: Labelled) -> Evidence:
    key = f"traefik.http.routers.{each.router.name.partition('@')[0]}.rule"
    return walk.inspected(each.container, f"Config.Labels.{key}", each.router.rule)
