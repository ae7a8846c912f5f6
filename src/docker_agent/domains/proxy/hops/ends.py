"""The end of the way: the containers behind the proxy, and what the application says."""

from __future__ import annotations

import re
from collections.abc import Mapping

from docker_agent.core.finding import Evidence
from docker_agent.domains.proxy.hops.reach import SILENT
from docker_agent.domains.proxy.hops.taken import OPEN
from docker_agent.domains.proxy.hops.walk import Hop, Place, Walk, broken, is_address, ok, unknown
from docker_agent.host.models import Answer, Container

SLOW_S = 1.0
UNAVAILABLE = 503
WAITED = frozenset({0, 502, 504})
BUSY = {502: "reaches nothing that answers", 503: "has no server to ask", 504: "did not get an answer in time"}


def container(walk: Walk) -> Hop:
    """See that the containers behind the proxy run and are healthy."""
    found = [walk.blamed] if walk.blamed else [each.container for each in walk.places if each.container is not None]
    if not found:
        return unknown("container", "No container is known to be behind it.")
    for each in found:
        seen = walk.inspected(each, "State.Status", f"{each.status}{f', {each.health}' if each.health else ''}")
        if each.status != "running":
            return _stopped(walk, each, seen)
        if each.health in {"unhealthy", "starting"} and (walk.kind == "traefik" or walk.blamed):
            said = each.health_log[-1].output if each.health_log else ""
            heard = (walk.seen("health", f"{each.name} State.Health.Log", said),) if said else ()
            return broken(
                "container",
                f"{each.name} is {each.health}, so {walk.name} sends nothing to it.",
                *(seen, *heard),
                code="tr-404-norouter" if walk.kind == "traefik" else "",
                cause="Its health check fails."
                if each.health == "unhealthy"
                else "Its health check has not succeeded yet.",
                fix="Mend what the health check says, or the health check itself."
                if each.health == "unhealthy"
                else "Wait, or see why it takes so long.",
            )
    states = ", ".join(f"{each.name} {each.health or each.status}" for each in found[:4])
    return ok("container", f"{states}.", walk.inspected(found[0], "State.Status", found[0].status))


def application(walk: Walk) -> Hop:
    """Compare what the application answers itself with what comes through the proxy."""
    answer, through = walk.answer, walk.answered(walk.entry.address if walk.entry else "", walk.answer)
    if answer.status and answer.status < 500 and answer.status != 404:
        words = {401: "asks for a password", 403: "refuses the request", 429: "says there are too many requests"}
        said = f"answers {answer.status}{_also(words, answer.status)}"
        if answer.status in words and walk.places:
            own = _ask(walk, walk.places[0], walk.parts.path or "/")
            if own.status and own.status != answer.status:
                seen = walk.seen("network", f"{walk.places[0].address} asked directly", _said(own))
                return ok(
                    "application", f"{walk.name} {said}; the application itself answers {own.status}.", seen, through
                )
        return ok("application", f"It {said}.", through)
    if not walk.places:
        return _through_only(walk, through)
    place = walk.places[0]
    direct = _ask(walk, place, walk.parts.path or "/")
    seen = walk.seen("network", f"{place.address} asked directly", _said(direct))
    if not direct.status:
        return _dumb(walk, place, direct, (seen, through))
    if answer.status in WAITED and direct.seconds > max(SLOW_S, answer.seconds):
        return broken(
            "application",
            f"The application answers only after {direct.seconds:.1f} s, and the proxy says {_said(answer)}.",
            *(seen, through, *walk.logged("timed out")),
            code=walk.code(traefik="tr-hang"),
            cause="It takes longer than the proxy waits.",
            fix="Make the answer quicker, or raise the time that the proxy waits for it.",
        )
    if direct.status >= 500:
        return broken(
            "application",
            f"The application itself answers {direct.status}.",
            *(seen, through),
            cause="The way there is whole; the fault is in the application.",
            fix="Read its log for the request.",
        )
    if direct.status == 404:
        return _no_page(walk, place, (seen, through))
    if answer.status == UNAVAILABLE and walk.kind == "traefik" and not walk.state.api:
        return broken(
            "application",
            f"The application answers {direct.status}, and the proxy says {_said(answer)}.",
            *(seen, through),
            cause="What files say to Traefik is not known, since its API does not answer: the route may be closed.",
            fix=f"Let its API answer (--api.insecure=true), or see its files. {OPEN}",
        )
    return broken(
        "application",
        f"The application answers {direct.status}, and the proxy makes {_said(answer)} of it.",
        *(seen, through, *walk.logged("upstream"), *walk.logged(str(answer.status), place.address)),
        code=walk.code(traefik="tr-502-eof", caddy="caddy-502-eof") if answer.status == 502 else "",
        cause=f"The proxy {BUSY.get(answer.status, 'answers otherwise')}: now and then, or for this request only.",
        fix="Ask again; if it stays so, read the proxy's log at this time.",
    )


def _also(words: Mapping[int, str], status: int) -> str:
    return f" and {words[status]}" if status in words else ""


def _said(answer: Answer) -> str:
    return f"{answer.status} in {answer.seconds:.2f} s" if answer.status else (answer.error or "no answer")


def _ask(walk: Walk, place: Place, path: str) -> Answer:
    for prefix in walk.strips:
        path = path.removeprefix(prefix.rstrip("/")) if path.startswith(prefix.rstrip("/")) else path
    path = path if path.startswith("/") else f"/{path}"
    own = place.container.networks if place.container else ()
    host = place.host if is_address(place.host) else next((each.ip for each in own if each.ip), place.host)
    query = f"?{walk.parts.query}" if walk.parts.query else ""
    url = f"{place.scheme}://{host}:{place.port}{path}{query}"
    headers = (("Host", walk.host), ("X-Forwarded-Proto", walk.parts.scheme))
    return walk.ws.host.probe(url, timeout_s=walk.timeout_s, headers=headers, insecure=True)


def _through_only(walk: Walk, through: Evidence) -> Hop:
    """What the proxy answers where nothing is known of what is behind it."""
    status = walk.answer.status
    said = f"{walk.name} {BUSY[status]}" if status in BUSY else f"It answers {_said(walk.answer)}"
    return broken(
        "application",
        f"{said}.",
        *(through, *walk.logged("upstream")),
        cause="What is behind the proxy could not be read, so it is not known where it breaks.",
        fix="Read the proxy's log at this time.",
    )


def _dumb(walk: Walk, place: Place, direct: Answer, seen: tuple[Evidence, ...]) -> Hop:
    slow = bool(SILENT.search(direct.error))
    return broken(
        "application",
        f"{place.address} takes the connection and has not answered after {walk.timeout_s:.0f} s."
        if slow
        else f"{place.address} takes the connection and breaks it off: {direct.error}.",
        *seen,
        code=walk.code(traefik="tr-hang") if slow else walk.code(traefik="tr-502-eof", caddy="caddy-502-eof"),
        cause="The application hangs, or works longer than the proxy waits."
        if slow
        else "The application ends the request, or speaks another protocol than HTTP.",
        fix="See what it waits for, or let the proxy wait longer." if slow else "Read the application's log.",
    )


def _no_page(walk: Walk, place: Place, seen: tuple[Evidence, ...]) -> Hop:
    """The application knows no such page; perhaps it does without the prefix of the route."""
    path, rule = walk.parts.path or "/", walk.router.rule if walk.router else ""
    for prefix in re.findall(r"PathPrefix\(`(/[^`]+)`", rule):
        shorter = path.removeprefix(prefix) or "/"
        if path.startswith(prefix) and prefix not in walk.strips and _ask(walk, place, shorter).status == 200:
            return broken(
                "application",
                f"The application has no {path}, but it has {shorter}.",
                *seen,
                cause=f"It does not know the prefix {prefix}, which the proxy hands on.",
                fix=f"Take {prefix} off on the way (a StripPrefix middleware), or tell the application its prefix.",
            )
    return broken(
        "application",
        f"The application itself answers 404 for {path}.",
        *seen,
        cause="The way there is whole; the application has no such page.",
        fix="Correct the URL, or the application's own routes.",
    )


def _stopped(walk: Walk, each: Container, seen: Evidence) -> Hop:
    ended = f" with code {each.exit_code}" if each.status in {"exited", "dead", "restarting"} else ""
    return broken(
        "container",
        f"{each.name} is {each.status}{ended}.",
        seen,
        code="tr-hang" if each.status == "paused" and walk.kind == "traefik" else "",
        cause=each.error or ("It was paused." if each.status == "paused" else "It ended, or was never started."),
        fix="Let it go on." if each.status == "paused" else "Start it; where it ends again, see why.",
    )
