"""Routers that Traefik disables, or that cannot match what is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.routing import TRUE, Routed, again, nearest, relabel, serving
from docker_agent.domains.diagnose.snapshot import Snapshot

BAD_RULE = re.compile(
    r"error while parsing rule (?P<rule>.{1,300}?): (?P<why>[^\"]*?(?:unsupported function: (?P<word>\w+)|[^\":]+))(?:\"|$)"
)
NO_MIDDLEWARE = re.compile(r'middleware \\?"(?P<name>[^"\\]+)\\?" does not exist')
NO_ENTRYPOINT = re.compile(
    r"(?i)entryPoint (?:\\?\"(?P<name>[^\"\\]+)\\?\" doesn't exist|doesn't exist entryPointName=(?P<logged>\S+))"
)
MATCHERS = (
    *("Host", "HostRegexp", "Path", "PathPrefix", "PathRegexp", "Method", "Header", "HeaderRegexp", "Query"),
    *("QueryRegexp", "ClientIP"),
)


@signature(code="tr-404-badrule", area="proxy")
def tr_404_badrule(snapshot: Snapshot) -> Iterator[Finding]:
    """A router's rule cannot be read, and Traefik disables the router.

    The log names the function that it does not know; rules of Traefik 2 such as Headers have other names in version 3.

    Seen
    ----
        ERR error="error while parsing rule Hots(`app`): parsing rule Hots(`app`): unsupported function: Hots" entryPointName=web routerName=app@docker
    """
    for each in serving(snapshot):
        for name, match, evidence in each.complaints(BAD_RULE):
            rule = each.option("routers", name, "rule")
            meant = nearest(match["word"] or "", MATCHERS)
            yield each.found(
                each.place(rule[0]) if rule else None,
                evidence,
                message=f"The rule of the router {name} cannot be read: {match['why'].partition(': ')[2] or match['why']}.",
                cause=f"{match['word']} is no function of rules." if match["word"] else "The rule's syntax is wrong.",
                fix=f"Write {meant} instead." if meant else "Correct the rule; backquotes stand around its values.",
            )
    for refusal in spoken(snapshot, BAD_RULE):
        yield refusal.found(
            message=f"Traefik cannot read the rule {refusal.match['rule']}.",
            cause=f"{refusal.match['word']} is no function of rules."
            if refusal.match["word"]
            else "Its syntax is wrong.",
            fix="Correct the rule in the labels or the file that defines this router.",
        )


@tr_404_badrule.fix
def correct_rule(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Write the function that is meant."""
    each = again(snapshot, finding)
    for name, match, _ in each.complaints(BAD_RULE) if each else ():
        rule, meant = each.option("routers", name, "rule") if each else None, nearest(match["word"] or "", MATCHERS)
        if rule and meant:
            value = re.sub(rf"\b{re.escape(match['word'])}(?=\()", meant, rule[1])
            return relabel(snapshot, finding, {rule[0]: value}, f"{match['word']} means {meant}.")
    return None


@signature(code="tr-404-middleware", area="proxy")
def tr_404_middleware(snapshot: Snapshot) -> Iterator[Finding]:
    r"""A router uses a middleware that does not exist, and Traefik disables the router.

    A name without a provider means the router's own: `auth` in a label is `auth@docker`, and one of a file has to be
    called `auth@file`.

    Seen
    ----
        ERR error="middleware \"nosuch@docker\" does not exist" entryPointName=web routerName=app@docker
    """
    for each in serving(snapshot):
        for name, match, evidence in each.complaints(NO_MIDDLEWARE):
            label = each.option("routers", name, "middlewares")
            meant = _middleware(each, match["name"])
            yield each.found(
                each.place(label[0]) if label else None,
                evidence,
                message=f"The router {name} uses the middleware {match['name']}, which does not exist.",
                cause="The name is misspelt, its container does not run, or it is defined in another provider.",
                fix=f"Write {meant} instead." if meant else "Define it, or name its provider, as in NAME@file.",
            )
    for refusal in spoken(snapshot, NO_MIDDLEWARE):
        yield refusal.found(
            message=f"Traefik knows no middleware {refusal.match['name']}.",
            cause="The name is misspelt, its container does not run, or it is defined in another provider.",
            fix="Define it, or name its provider, as in NAME@file.",
        )


@tr_404_middleware.fix
def correct_middleware(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Name the middleware that is meant."""
    each = again(snapshot, finding)
    for name, match, _ in each.complaints(NO_MIDDLEWARE) if each else ():
        label = each.option("routers", name, "middlewares") if each else None
        meant = _middleware(each, match["name"]) if each else ""
        if label and meant:
            return _swap(snapshot, finding, label, {match["name"], match["name"].removesuffix("@docker")}, meant)
    return None


@signature(code="tr-404-entrypoint", area="proxy")
def tr_404_entrypoint(snapshot: Snapshot) -> Iterator[Finding]:
    """A router listens on an entry point that Traefik does not have.

    Entry points are static: they are in Traefik's own arguments or file, as `--entrypoints.NAME.address`.

    Seen
    ----
        ERR EntryPoint doesn't exist entryPointName=websecure routerName=app@docker
    """
    for each in serving(snapshot):
        for name, match, evidence in each.complaints(NO_ENTRYPOINT):
            label = each.option("routers", name, "entrypoints")
            wrong = match["name"] or match["logged"]
            meant = nearest(wrong, _entrypoints(each))
            there = ", ".join(sorted(_entrypoints(each)))
            yield each.found(
                each.place(label[0]) if label else None,
                evidence,
                message=f"The router {name} listens on {wrong}, an entry point that Traefik does not have.",
                cause=f"Traefik has {there}." if there else "Traefik was not started with such an entry point.",
                fix=f"Write {meant} instead." if meant else "Name one that it has, or add it to Traefik's arguments.",
            )
    for refusal in spoken(snapshot, NO_ENTRYPOINT):
        yield refusal.found(
            message=f"Traefik has no entry point {refusal.match['name'] or refusal.match['logged']}.",
            cause="The name in the router's label is misspelt, or Traefik was started without it.",
            fix="Name one that it has, or add --entrypoints.NAME.address=:PORT to Traefik's arguments.",
        )


@tr_404_entrypoint.fix
def correct_entrypoint(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Name the entry point that is meant."""
    each = again(snapshot, finding)
    for name, match, _ in each.complaints(NO_ENTRYPOINT) if each else ():
        label = each.option("routers", name, "entrypoints") if each else None
        wrong = match["name"] or match["logged"]
        meant = nearest(wrong, _entrypoints(each)) if each else ""
        if label and meant:
            return _swap(snapshot, finding, label, {wrong}, meant)
    return None


@signature(code="tr-404-tls", area="proxy")
def tr_404_tls(snapshot: Snapshot) -> Iterator[Finding]:
    """A router wants TLS on an entry point for plain HTTP, where it never matches.

    There is no line in the log: the request has no router, so it gets 404.
    """
    for each in serving(snapshot):
        for name, options in each.routers.items():
            key = next((key for key in options if key == "tls" or key.startswith("tls.")), "")
            label = each.option("routers", name, key)
            plain = _plain_ports(each, options.get("entrypoints", ""))
            if label and plain and (key != "tls" or options[key].lower() in TRUE):
                yield each.found(
                    each.place(label[0]),
                    each.shown("entrypoints", plain),
                    message=f"The router {name} wants TLS and listens only on {plain}, where plain HTTP comes in.",
                    cause="A router with TLS does not match plain HTTP, so every request to it gets 404.",
                    fix="Listen on the entry point of port 443, and let the one of port 80 redirect to it; or drop tls.",
                    confidence="likely",
                    severity=Severity.WARN,
                )


def _plain_ports(each: Routed, entrypoints: str) -> str:
    """The entry points of a router in words where none of them is for TLS, else nothing."""
    addresses = {
        name: each.proxy.entrypoints.get(name, "") or each.proxy.settings.get(f"entrypoints.{name.lower()}.address", "")
        for name in _entrypoints(each)
    }
    chosen = [name.strip() for name in entrypoints.split(",") if name.strip()]
    ports = [addresses.get(name, "").partition("/")[0].rpartition(":")[2] for name in chosen]
    traefik = next(
        (c for c in (*each.snapshot.containers, *each.snapshot.others) if c.name == each.proxy.container), None
    )
    secure = (
        {str(port.container_port) for port in traefik.ports if str(port.host_port).endswith("443")}
        if traefik
        else set[str]()
    )
    if not ports or any(not port or port.endswith("443") or port in secure for port in ports):
        return ""
    return ", ".join(f"{name} (:{port})" for name, port in zip(chosen, ports, strict=True))


def _entrypoints(each: Routed) -> set[str]:
    settings = (key.split(".") for key in each.proxy.settings if key.startswith("entrypoints."))
    return set(each.proxy.entrypoints) or {parts[1] for parts in settings if len(parts) > 1}


def _middleware(each: Routed, wrong: str) -> str:
    """The middleware that is meant: the same name in another provider, else one that is spelt nearly so."""
    name = wrong.partition("@")[0]
    others = [each for each in each.proxy.middlewares if not each.endswith("@internal")]
    same = [other for other in others if other.partition("@")[0] == name]
    return same[0] if len(same) == 1 else nearest(wrong, others)


def _swap(snapshot: Snapshot, finding: Finding, label: tuple[str, str], wrong: set[str], meant: str) -> Plan | None:
    """Put another word into a label that is a list of words."""
    words = [meant if word.strip() in wrong else word.strip() for word in label[1].split(",")]
    return relabel(snapshot, finding, {label[0]: ",".join(words)}, f"It has to be {meant}.")
