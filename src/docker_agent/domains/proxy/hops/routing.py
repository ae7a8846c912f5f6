"""Which routers of a proxy a request may be for: what the proxy knows, and what labels of containers describe."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.entry import port_of
from docker_agent.domains.proxy.hops.walk import Walk
from docker_agent.domains.proxy.matchers import Request
from docker_agent.domains.proxy.rules import Rule, parse_rule, without_host
from docker_agent.domains.proxy.state import ProxyState, Router, Server, Upstream
from docker_agent.host.models import Container

LABEL = re.compile(r"traefik\.http\.(?P<kind>routers|services)\.(?P<name>[^.]+)\.(?P<option>.+)", re.IGNORECASE)
TRUE = frozenset({"1", "t", "true"})
PORT = "loadbalancer.server.port"
# Nginx ends the connection without an answer for `return 444`.
CLOSED = 444
OWN_STATUS = re.compile(r"\w+ (\d{3})\b")


@dataclass(frozen=True)
class Labelled:
    """A router that a container's labels describe."""

    router: Router
    container: Container


def rule_of(router: Router) -> Rule | None:
    """A router's rule, None where it cannot be read."""
    try:
        return parse_rule(router.rule)
    except InputError:
        return None


def names(router: Router, host: str) -> bool:
    """Whether a router's rule speaks of a host by its name."""
    rule = rule_of(router)
    return rule is not None and host in rule.hosts


def judged(router: Router, request: Request) -> bool | None:
    """Whether a router's rule matches, None where that cannot be said from here."""
    rule = rule_of(router)
    if rule is None:
        return None if router.enabled and not router.errors and request.host in router.rule.lower() else False
    return rule.judge(request)


def fits(router: Router, request: Request) -> bool:
    """Whether a router's rule matches."""
    rule = rule_of(router)
    return rule is not None and rule.matches(request)


def listens(walk: Walk, router: Router) -> bool:
    """Whether a router takes what comes in where the URL does: its entry point, and TLS or none."""
    return at_entry(walk, router) and (walk.kind != "traefik" or router.tls == (walk.parts.scheme == "https"))


def at_entry(walk: Walk, router: Router) -> bool:
    """Whether a router listens on the entry point where the URL comes in; without any it listens on all."""
    inside = walk.entry.port if walk.entry else 0
    ports = {port_of(each if ":" in each else f":{each}") for each in router.entrypoints}
    return not router.entrypoints or walk.entrypoint in router.entrypoints or inside in ports


def takers(walk: Walk) -> tuple[Router | None, list[Router]]:
    """The router that gets the request, and those that may get it instead: their rules cannot be judged from here."""
    here = [each for each in walk.state.routers if each.enabled and listens(walk, each)]
    verdicts = [(each, judged(each, walk.request)) for each in here]
    found = [each for each, held in verdicts if held] or [each for each in here if _is_default(walk, each)]
    sure = max(found, key=lambda each: each.priority, default=None)
    open_ = [each for each, held in verdicts if held is None and may_have_answered(walk, each)]
    return sure, [each for each in open_ if sure is None or each.priority >= sure.priority]


def best(walk: Walk) -> Router | None:
    """The router that gets the request, None where none does or it is not known which."""
    sure, others = takers(walk)
    if sure is None and len(others) == 1 and walk.answer.status and not is_no_route(walk):
        return others[0]
    return None if others else sure


def may_have_answered(walk: Walk, router: Router) -> bool:
    """Whether what came may be from a router: one that answers by itself always does so with the same status."""
    status = OWN_STATUS.match(router.own)
    return status is None or int(status[1]) == (walk.answer.status or CLOSED)


def is_no_route(walk: Walk) -> bool:
    """Whether what came is what the proxy says where no router is for a request."""
    answer = walk.answer
    if walk.kind == "traefik":
        return answer.status == 404 and answer.body.strip() == "404 page not found"
    by_caddy = answer.headers.get("server", "") == "Caddy" and "via" not in answer.headers
    return walk.kind == "caddy" and answer.status == 200 and not answer.body and by_caddy


def _is_default(walk: Walk, router: Router) -> bool:
    """Whether a router gets what is for no router's host at the entry point where the URL comes in."""
    rule, inside = rule_of(router), walk.entry.port if walk.entry else 0
    return f":{inside}" in router.default_at and rule is not None and without_host(rule).matches(walk.request)


def named_hosts(walk: Walk) -> set[str]:
    """Every name of a host in the routers and labels."""
    routers = [*walk.state.routers, *(each.router for each in labelled(walk.everything))]
    rules = (rule_of(router) for router in routers)
    return {host for rule in rules if rule is not None for host in rule.hosts}


def labelled(containers: Iterable[Container]) -> Iterator[Labelled]:
    """The routers with a rule that labels of containers describe, for Traefik."""
    for container in containers:
        for name, options in options_of(container, "routers").items():
            if "rule" in options:
                tls = any(key.startswith("tls.") or (key == "tls" and options[key].lower() in TRUE) for key in options)
                router = Router(
                    name=f"{name}@docker",
                    rule=options["rule"],
                    service=options.get("service", ""),
                    entrypoints=_words(options.get("entrypoints", "")),
                    middlewares=_words(options.get("middlewares", "")),
                    tls=tls,
                    priority=int(options["priority"])
                    if options.get("priority", "").isdecimal()
                    else len(options["rule"]),
                )
                yield Labelled(router, container)


def options_of(container: Container, kind: str) -> dict[str, dict[str, str]]:
    """What labels say of routers or services, by name; keys in lower case."""
    options: dict[str, dict[str, str]] = {}
    for key, value in container.labels.items():
        match = LABEL.fullmatch(key)
        if match and match["kind"].lower() == kind:
            options.setdefault(match["name"].lower(), {})[match["option"].lower()] = value
    return options


def is_enabled(state: ProxyState, container: Container) -> bool:
    """Whether Traefik is to serve a container."""
    said = next((value for key, value in container.labels.items() if key.lower() == "traefik.enable"), "")
    return (said or state.settings.get("providers.docker.exposedbydefault", "true")).lower() in TRUE


def left_out(container: Container) -> bool:
    """Whether Traefik leaves a container out because of its state."""
    return container.status != "running" or container.health in {"unhealthy", "starting"}


def with_labels(state: ProxyState, containers: Sequence[Container]) -> ProxyState:
    """A Traefik whose API does not answer, with what labels say in the place of it."""
    if state.kind != "traefik" or state.api:
        return state
    found = [
        each for each in labelled(containers) if is_enabled(state, each.container) and not left_out(each.container)
    ]
    entrypoints = {
        key.split(".")[1]: value
        for key, value in state.settings.items()
        if key.startswith("entrypoints.") and key.endswith(".address")
    }
    services = [_service_of(state, each) for each in found]
    return replace(
        state,
        routers=tuple(
            replace(each.router, service=each.router.service or service.name)
            for each, service in zip(found, services, strict=True)
        ),
        services=tuple(services),
        entrypoints=state.entrypoints or entrypoints,
    )


def nearest(word: str, choices: Iterable[str]) -> str:
    """The one that is meant by a misspelt word, "" for none."""
    return next(iter(difflib.get_close_matches(word, [*dict.fromkeys(choices)], n=1, cutoff=0.75)), "")


def _service_of(state: ProxyState, each: Labelled) -> Upstream:
    options = options_of(each.container, "services")
    name = each.router.service.partition("@")[0].lower() or next(iter(options), each.router.name.partition("@")[0])
    ports = [entry.container_port for entry in each.container.ports]
    port = options.get(name, {}).get(PORT) or str(ports[0] if ports else 80)
    scheme = options.get(name, {}).get("loadbalancer.server.scheme", "http")
    wanted = each.container.labels.get("traefik.docker.network", state.settings.get("providers.docker.network", ""))
    places = sorted(
        each.container.networks, key=lambda place: (place.network != wanted, place.network not in state.networks)
    )
    server = Server(f"{scheme}://{places[0].ip}:{port}" if places and places[0].ip else "")
    return Upstream(f"{name}@docker", kind="loadbalancer", servers=(server,))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
