"""Traefik: labels on the service's container, and a file of the file provider for what labels cannot say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import yaml

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Check, Step
from docker_agent.domains.proxy.driver import Configured, Proxy, Splitter
from docker_agent.domains.proxy.labels import http, tcp
from docker_agent.domains.proxy.labels.entrypoints import EntryPoints, entry_points
from docker_agent.domains.proxy.labels.versions import check_labels, is_old
from docker_agent.domains.proxy.route import Route
from docker_agent.domains.proxy.splitting import traefik as splitting
from docker_agent.host.host import Reads
from docker_agent.host.models import Container

FIRST = 100_000
MAINTENANCE = "-maintenance"
SECURE = "-tls"
NO_PAGE = "Traefik has no page of its own: visitors see the plain text of a 503."
NO_FILES = "Give Traefik --providers.file.directory with a folder of the project mounted there"


@dataclass(frozen=True)
class TraefikDriver:
    """Routes of Traefik, whose Docker provider reads labels and whose file provider reads a folder."""

    kind: Literal["traefik"] = "traefik"

    def configure(self, route: Route, proxy: Proxy) -> Configured:
        """Labels, with a file beside them for an own certificate or a time limit."""
        points = entry_points(proxy)
        wrong = [*_unmet(route, proxy, points)]
        if any(each.severity is Severity.ERROR for each in wrong):
            return Configured(findings=tuple(wrong))
        old = is_old(proxy.state.version)
        labels = {"traefik.enable": "true"}
        if route.network:
            labels["traefik.docker.network"] = route.network
        if route.protocol == "tcp":
            labels |= dict(tcp.tcp_labels(route, points.named(route.entrypoint), old=old))
        else:
            transport = f"{route.name}@file" if route.timeout_s else ""
            labels |= dict(http.http_labels(route, points, old=old, transport=transport))
        path, content = _path(route.name, proxy), dict(_beside(route))
        files: dict[str, str | None] = {}
        if content:
            files = {path: _file(f"What labels cannot say of the route {route.name}.", content)}
        elif path in proxy.files:
            files = {path: None}
        return Configured(labels, files, (*wrong, *check_labels(labels, proxy.state.version, route.service)))

    def remove(self, name: str, proxy: Proxy) -> Configured:
        """The keys below which all labels of the route lie, and its file where there is one."""
        keys = [f"traefik.{kind}.{what}.{name}." for kind in ("http", "tcp") for what in ("routers", "services")]
        keys.append(f"traefik.http.routers.{name}{http.PLAIN}.")
        keys += [f"traefik.http.middlewares.{name}-{suffix}." for suffix in http.SUFFIXES]
        keys += [f"traefik.tcp.middlewares.{name}-{suffix}." for suffix in tcp.SUFFIXES]
        path = _path(name, proxy)
        return Configured(dict.fromkeys(keys, ""), {path: None} if path in proxy.files else {})

    def maintenance(self, route: Route, proxy: Proxy, page: str) -> Configured:
        """Routers that stand before all others and lead to a service with no server, which is answered with 503."""
        if route.protocol == "tcp":
            return Configured(findings=(_cannot(route, "TCP knows no 503.", "Stop the service instead."),))
        if not _reads_files(proxy):
            return Configured(findings=(_needs_files(route, proxy, "a route can be closed by a file only"),))
        name, points = f"{route.name}{MAINTENANCE}", entry_points(proxy)
        router: dict[str, Any] = {
            "rule": http.rule(route, old=is_old(proxy.state.version)),
            "service": name,
            "priority": route.priority + FIRST,
        }
        routers: dict[str, Any] = {}
        if points.plain:
            routers[name] = {**router, "entryPoints": [points.plain]}
        if points.secure:
            routers[f"{name}{SECURE}"] = {**router, "entryPoints": [points.secure], "tls": {}}
        content: dict[str, Any] = {"http": {"routers": routers, "services": {name: {"loadBalancer": {"servers": []}}}}}
        said = Finding("proxy-no-page", Severity.WARN, route.name, NO_PAGE, fix="Leave the page out, or serve one.")
        text = _file(f"The route {route.name} is closed: 503.", content)
        return Configured(files={_path(name, proxy): text}, findings=(said,) if page else ())

    def split(self, reads: Reads, proxy: Proxy, backend: Container, port: int) -> Splitter:
        """Weighted services in a file that stands before the labels."""
        return splitting.split(reads, proxy, backend, port)

    def reload(self, proxy: Proxy, name: str, why: str) -> tuple[Step, ...]:
        """Traefik watches by itself: a look that waits until its API shows what labels and files say of the route."""
        closed = f"{name}{MAINTENANCE}"
        routers = ",".join((name, f"{name}{http.PLAIN}", closed, f"{closed}{SECURE}"))
        args = {"proxy": proxy.container.name, "routers": routers}
        return (Check(name="proxy-loaded", args=dict(args), why=f"{why} Traefik should have read it."),)


DRIVER = TraefikDriver()


def _path(name: str, proxy: Proxy) -> str:
    return proxy.path(f"{name}.yaml")


def _file(said: str, content: Mapping[str, Any]) -> str:
    return f"# {said}\n{yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=1000)}"


def _beside(route: Route) -> Iterator[tuple[str, Any]]:
    """What no label can say: own certificates, and how long servers may take."""
    if route.tls and route.tls.certificate:
        yield "tls", {"certificates": [{"certFile": route.tls.certificate, "keyFile": route.tls.key}]}
    if route.timeout_s and route.protocol == "http":
        limit = {"forwardingTimeouts": {"responseHeaderTimeout": f"{route.timeout_s}s"}}
        yield "http", {"serversTransports": {route.name: limit}}


def _reads_files(proxy: Proxy) -> bool:
    """Whether a new file in the folder is read; a provider of one named file reads no other."""
    settings = proxy.state.settings
    single = "providers.file.filename" in settings and "providers.file.directory" not in settings
    return bool(proxy.folder) and not single


def _unmet(route: Route, proxy: Proxy, points: EntryPoints) -> Iterator[Finding]:
    """What the running Traefik has no means for, each as an error with what to do."""
    settings = proxy.state.settings
    if settings and not any(key.startswith(("providers.docker", "providers.swarm")) for key in settings):
        yield _cannot(route, "This Traefik reads no labels.", "Start it with --providers.docker=true.")
    if dict(_beside(route)) and not _reads_files(proxy):
        yield _needs_files(route, proxy, "an own certificate or a time limit is said in a file")
    if route.protocol == "tcp":
        if not points.named(route.entrypoint):
            port = route.entrypoint or str(route.port)
            fix = f"Start it with --entrypoints.tcp{port}.address=:{port} and publish that port."
            yield _cannot(route, f"This Traefik has no entry point {port}.", fix)
        return
    wanted = route.entrypoint or (points.secure if route.tls else points.plain)
    if not points.named(wanted):
        port, name = ("443", "websecure") if route.tls else ("80", "web")
        fix = f"Start it with --entrypoints.{name}.address=:{port} and publish port {port}."
        yield _cannot(route, f"This Traefik has no entry point {route.entrypoint or f'for port {port}'}.", fix)
    resolvers = sorted({key.split(".")[1] for key in settings if key.startswith("certificatesresolvers.")})
    if route.tls and route.tls.resolver and settings and route.tls.resolver.lower() not in resolvers:
        known = ", ".join(resolvers) or "none"
        fix = (
            f"Name one that it has ({known}), or give it --certificatesresolvers.{route.tls.resolver}.acme... options."
        )
        yield _cannot(route, f"This Traefik has no certificate resolver {route.tls.resolver}.", fix)
    wild = [host for host in route.hosts if "*" in host]
    proved = f"certificatesresolvers.{route.tls.resolver.lower()}.acme.dnschallenge" if route.tls else ""
    if route.tls and route.tls.resolver and wild and settings and not any(key.startswith(proved) for key in settings):
        said = f"A certificate for {wild[0]} is proved by DNS, and {route.tls.resolver} has no DNS challenge."
        yield _cannot(route, said, "Give that resolver --certificatesresolvers.NAME.acme.dnschallenge... options.")
    constraints = settings.get("providers.docker.constraints", "")
    # Compose gives every container of the project this label.
    own = "Label(`com.docker.compose.project`,`" + proxy.container.project + "`)"
    if constraints and re.sub(r"\s", "", constraints) != own:
        said = "This Traefik takes only containers that meet its constraints."
        fix = f"Give the service what {constraints} asks for."
        yield replace(_cannot(route, said, fix), severity=Severity.WARN)


def _needs_files(route: Route, proxy: Proxy, what: str) -> Finding:
    cause = proxy.unwritable or f"{proxy.container.name} reads one named file only"
    return replace(_cannot(route, f"This cannot be said to Traefik: {what}.", f"{NO_FILES}."), cause=f"{cause}.")


def _cannot(route: Route, message: str, fix: str) -> Finding:
    return Finding("proxy-cannot", Severity.ERROR, route.service or route.name, message, fix=fix)
