"""Traefik: a file of higher priority than the service's own routers, with weights; taken away when all is done.

Labels cannot change while a container runs and know no weights; the file provider can do both. As the file's routers
stand before those of the labels, a new container that has the same labels gets nothing until the file says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from docker_agent.core.errors import CheckFailed, InputError
from docker_agent.core.plan import Check
from docker_agent.domains.proxy.driver import Change, Proxy
from docker_agent.domains.proxy.labels.versions import is_old
from docker_agent.domains.proxy.reading.api import ask, rows, table, words
from docker_agent.domains.proxy.reading.traefik import api_of
from docker_agent.domains.proxy.route import Canary, Share
from docker_agent.domains.proxy.splitting.traefik_routes import (
    API_S,
    MOST,
    Leading,
    by_container,
    full_name,
    leading_to,
    priority_of,
    refuse_ties,
    servers_of,
)
from docker_agent.host.check import Scalar, named_check
from docker_agent.host.host import Reads, Tell
from docker_agent.host.models import Container

SEEN_WITHIN_S = 20.0
# Traefik reads the labels of a container that has just started up to two seconds later.
KNOWN_WITHIN_S = 3.0
ABOVE = 1
# What a load balancer of the API's answer may keep; its servers are what changes.
KEPT = ("sticky", "healthCheck", "passiveHealthCheck", "passHostHeader", "responseForwarding", "strategy")


class _Plain(yaml.SafeDumper):
    """Writes what occurs twice twice, where YAML would put an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        """Whether to write something out again: always."""
        del data
        return True


@dataclass(frozen=True)
class TraefikSplitter:
    """Divides the traffic of one service of Traefik.

    Attributes
    ----------
    name: the service's name in the file.
    leading: the services that lead to it, each of which is divided.
    """

    proxy: Proxy
    name: str
    leading: tuple[Leading, ...]
    pins: bool = True

    @property
    def path(self) -> str:
        """The file that is written while traffic is divided."""
        return self.proxy.path(f"docker-agent-{self.name}.yaml")

    def share(self, shares: Sequence[Share], canary: Canary) -> Change:
        """Weighted services before the service's own routers."""
        configuration = self._configuration(shares, canary)
        text = yaml.dump({"http": configuration}, Dumper=_Plain, sort_keys=False, allow_unicode=True)
        given = ",".join(f"{share.address}={share.weight}" for share in shares if share.weight)
        check = Check(
            why=f"{self.proxy.container.name} should divide the traffic so.",
            name="traefik-shares",
            args={
                "proxy": self.proxy.container.name,
                "service": f"{self.name}@file",
                "shares": given,
                "routers": ",".join(f"{each}@file" for each in configuration["routers"]),
            },
        )
        return Change({self.path: text}, after=(check,))

    def end(self, server: str) -> Change:
        """No file, once the service's own load balancer has this server only."""
        proxy = self.proxy.container.name
        alone = tuple(
            Check(
                why=f"{proxy} should know {server} alone for {each.name}.",
                name="traefik-shares",
                args={"proxy": proxy, "service": each.name, "shares": f"{each.alone(server)}=100"},
            )
            for each in self.leading
        )
        gone = Check(
            why=f"{proxy} should route by its own configuration again.",
            name="traefik-shares",
            args={"proxy": proxy, "service": f"{self.name}@file", "shares": ""},
        )
        return Change({self.path: None}, before=alone, after=(gone,))

    def _configuration(self, shares: Sequence[Share], canary: Canary) -> dict[str, dict[str, Any]]:
        routers: dict[str, Any] = {}
        services: dict[str, Any] = {}
        for number, each in enumerate(self.leading, 1):
            name = self.name if number == 1 else f"{self.name}-{number}"
            services |= _weighted(name, each, shares, canary)
            routers |= _routers(name, each, canary if len(shares) > 1 else Canary(), self._syntax)
        return {"routers": routers, "services": services}

    @property
    def _syntax(self) -> str:
        """The syntax of a rule that names none."""
        old = is_old(self.proxy.state.version)
        return "v2" if old else self.proxy.state.settings.get("core.defaultrulesyntax", "")


def _weighted(name: str, leading: Leading, shares: Sequence[Share], canary: Canary) -> dict[str, Any]:
    """A service of this name that divides, and those of the versions."""
    kept = {key: leading.balancer[key] for key in KEPT if leading.balancer.get(key) is not None}
    names = [f"{name}-{role}" for role in ("old", "new")]
    services: dict[str, Any] = {
        each: {"loadBalancer": {**kept, "servers": [{"url": f"{leading.scheme}://{share.address}"}]}}
        for each, share in zip(names, shares, strict=False)
    }
    weighted: dict[str, Any] = {
        "services": [
            {"name": each, "weight": share.weight} for each, share in zip(names, shares, strict=False) if share.weight
        ]
    }
    if canary.cookie:
        weighted["sticky"] = {"cookie": {"name": canary.cookie, "httpOnly": True}}
    return {**services, name: {"weighted": weighted}}


def _routers(service: str, leading: Leading, canary: Canary, syntax: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The routers that stand before those of a service, and one more each where a header chooses the new version."""
    for raw in leading.routers:
        name, _, provider = str(raw.get("name", "")).partition("@")
        rule = str(raw.get("rule", ""))
        priority = priority_of(raw)
        router: dict[str, Any] = {
            "rule": rule,
            "entryPoints": list(words(raw.get("entryPoints"))),
            "middlewares": [full_name(each, provider) for each in words(raw.get("middlewares"))],
            "service": service,
            "priority": priority + ABOVE,
        }
        if raw.get("ruleSyntax"):
            router["ruleSyntax"] = raw["ruleSyntax"]
        if raw.get("tls") is not None:
            router["tls"] = dict(table(raw.get("tls")))
        router = {key: value for key, value in router.items() if value != []}
        yield f"docker-agent-{name}", router
        if canary.header:
            matcher = "Headers" if (raw.get("ruleSyntax") or syntax).lower() == "v2" else "Header"
            chosen = f"({rule}) && {matcher}(`{canary.header}`, `{canary.value}`)"
            yield (
                f"docker-agent-{name}-canary",
                {**router, "rule": chosen, "service": f"{service}-new", "priority": priority + 2 * ABOVE},
            )


def split(reads: Reads, proxy: Proxy, backend: Container, port: int) -> TraefikSplitter:
    """Take over the traffic that Traefik sends to a running container.

    Raises
    ------
    InputError: Traefik's API does not answer, it has no enabled route to this container, or reads no files from here.
    """
    name = proxy.container.name
    if not proxy.folder:
        raise InputError(f"{proxy.unwritable}.", "Then ask again.")
    if not proxy.state.api:
        raise InputError(
            f"The API of {name} does not answer.", "Start it with --api.insecure=true on an inner network."
        )
    until = reads.now() + KNOWN_WITHIN_S
    found = [*leading_to(reads, proxy.state.api, backend)]
    while not found and reads.now() < until:
        reads.sleep(1.0)
        found = [*leading_to(reads, proxy.state.api, backend)]
    leading = tuple(each for each in found if each.kind == "http" and each.servers[0].endswith(f":{port}"))
    if not leading:
        raise InputError(
            f"{name} routes nothing to {backend.name}:{port}.", f"See `docker-agent proxy trace {backend.service}`."
        )
    undivided = [f"{each.kind} {each.name}" for each in found if each not in leading]
    if undivided:
        raise InputError(
            f"{name} leads to {backend.name} by {', '.join(undivided)} too; only HTTP at port {port} is divided, so "
            "the new version would get that traffic untested.",
            "Take that route away, or deploy the service: docker-agent stack deploy.",
        )
    refuse_ties(reads, proxy.state.api, leading, 2 * ABOVE)
    for each in leading:
        if len(each.servers) > 1:
            raise InputError(
                f"{each.name} of {name} has other servers too ({', '.join(each.servers[1:])}); a release divides the "
                "traffic of one.",
                "Give them a Traefik service of their own.",
            )
    return TraefikSplitter(proxy, backend.service or backend.name, leading)


@named_check("traefik-shares")
def traefik_shares(reads: Reads, args: Mapping[str, Scalar], _tell: Tell) -> str:
    """Traefik's API shows a service with just these servers and shares, and all routers that were written enabled.

    Without shares, it shows that there is no such service.
    """
    proxy, service = reads.container(str(args["proxy"])), str(args["service"])
    wanted = dict(each.split("=") for each in str(args["shares"]).split(",") if each)
    routers = [each for each in str(args.get("routers", "")).split(",") if each]
    until = reads.now() + SEEN_WITHIN_S
    while True:
        api = api_of(reads, proxy, API_S)
        seen = dict(_shares(reads, api, service)) if api else {"no answer of the API": 0}
        named = {by_container(reads, address): str(weight) for address, weight in seen.items()}
        idle = [*_idle(reads, api, routers)] if routers and named == wanted else []
        if named == wanted and not idle:
            return f"{proxy.name} has {service} at {args['shares'] or 'nothing'}"
        if reads.now() >= until:
            if idle:
                raise CheckFailed(f"{proxy.name} does not use what was written for {service}: {'; '.join(idle)}.")
            raise CheckFailed(
                f"{proxy.name} does not have {service} at {args['shares'] or 'nothing'}: {named or 'no service'}."
            )
        reads.sleep(0.25)


def _idle(reads: Reads, api: str, names: Sequence[str]) -> Iterator[str]:
    """Which of these routers take no requests, and why."""
    found = {
        str(raw.get("name", "")): raw for raw in rows(ask(reads, f"{api}/api/http/routers?per_page={MOST}", API_S))
    }
    for name in names:
        if name not in found:
            yield f"{name} is not there"
        elif found[name].get("status") == "disabled":
            yield f"{name} is disabled: {', '.join(words(found[name].get('error')))}"


def _shares(reads: Reads, api: str, service: str) -> Iterator[tuple[str, int]]:
    """The servers of a service with their weights in percent, through its children."""
    raw = table(ask(reads, f"{api}/api/http/services/{service}", API_S))
    if raw.get("status") == "disabled":
        yield "disabled", 0
    children = rows(table(raw.get("weighted")).get("services"))
    for child in children:
        name = full_name(str(child.get("name", "")), service.partition("@")[2])
        for address, _ in _shares(reads, api, name):
            yield address, int(child.get("weight") or 0)
    servers = servers_of(raw)
    for server in servers:
        yield server, 100 // len(servers)
