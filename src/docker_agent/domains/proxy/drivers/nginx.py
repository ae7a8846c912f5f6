"""Nginx: one file for each site in the folder that its configuration includes, with a part for each route."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding, Severity, worst
from docker_agent.core.plan import Step
from docker_agent.domains.proxy.driver import Configured, Proxy, Splitter
from docker_agent.domains.proxy.files import nginx_config, nginx_site
from docker_agent.domains.proxy.files.directives import Directive, walk
from docker_agent.domains.proxy.files.sites import (
    MAINTENANCE,
    MARK,
    bare,
    chosen_frame,
    differing,
    found,
    is_secured,
    merged,
    parts_of,
    site_path,
    unmet,
    ways_of,
    with_changes,
    without,
    without_route,
)
from docker_agent.domains.proxy.reading.program_version import numbers
from docker_agent.domains.proxy.route import Route
from docker_agent.domains.proxy.splitting import nginx as splitting
from docker_agent.host.host import Reads
from docker_agent.host.models import Container

SUFFIX, USERS, OTHERS = ".conf", ".htpasswd", "other-hosts.conf"
LONGEST_PAGE = 3_800


@dataclass(frozen=True)
class NginxDriver:
    """Routes of an Nginx whose `conf.d` lies in the project."""

    kind: Literal["nginx"] = "nginx"

    def configure(self, route: Route, proxy: Proxy) -> Configured:
        """The site of the route's names, and a file of passwords beside it."""
        wrong = [*unmet(route, proxy), *_cannot(route)]
        if worst(wrong) is Severity.ERROR:
            return Configured(findings=tuple(wrong))
        version, path = numbers(proxy.state.version), site_path(proxy, route.hosts, SUFFIX)
        files = with_changes(proxy.files, self.remove(route.name, proxy).files)
        old = without(proxy.files.get(path, ""), route.name, f"{route.name}{MAINTENANCE}")
        frame, said = chosen_frame(route, path, old, [nginx_site.frame(each, version) for each in ways_of(route)])
        own = nginx_site.http_part(route, version), nginx_site.server_part(route, proxy.inside)
        files[path] = merged(frame, [*parts_of(old), *own])
        if route.users:
            files[proxy.path(f"{route.name}{USERS}")] = "".join(f"{line}\n" for line in route.users)
        wrong += [*_otherwise(route, version), *said, *_in_the_way(route, path, files), *_first(route, path, files)]
        return replace(_written(proxy, files, wrong), secured=is_secured(frame))

    def remove(self, name: str, proxy: Proxy) -> Configured:
        """The sites without the route's parts, and without its passwords."""
        gone = {**without_route(proxy, name, SUFFIX), proxy.path(f"{name}{USERS}"): None}
        return _written(proxy, with_changes(proxy.files, gone), [])

    def maintenance(self, route: Route, proxy: Proxy, page: str) -> Configured:
        """A location that ends at once with 503 and the page, before a password is asked."""
        # A site that is there has its certificate.
        known = site_path(proxy, route.hosts, SUFFIX) in proxy.files
        wrong = [*unmet(route, proxy), *_cannot(replace(route, tls=None) if known else route)]
        if len(nginx_site.literal(page, route).encode()) > LONGEST_PAGE:
            said = f"Nginx takes a page of at most {LONGEST_PAGE} bytes, quotes and dollars counted more than once."
            wrong.append(found(route, "nginx-page", said, "Give a shorter one."))
        path, closing = site_path(proxy, route.hosts, SUFFIX), replace(route, name=f"{route.name}{MAINTENANCE}")
        old = proxy.files.get(path, "")
        parts = [each for each in parts_of(old) if each.name != closing.name]
        own = not any(each.name == route.name and each.indent for each in parts)
        parts = [
            nginx_site.closed(each, closing) if each.name == route.name and each.indent else each for each in parts
        ]
        frame = bare(old) if parts else nginx_site.frame(route, numbers(proxy.state.version))
        files = {
            **proxy.files,
            path: merged(frame, [*parts, *nginx_site.closed_parts(closing, page, own=own)]),
        }
        wrong += _in_the_way(route, path, files)
        return _written(proxy, files, wrong)

    def split(self, reads: Reads, proxy: Proxy, backend: Container, port: int) -> Splitter:
        """Divide the traffic between the servers of an `upstream`."""
        return splitting.split(reads, proxy, backend, port)

    def reload(self, proxy: Proxy, name: str, why: str) -> tuple[Step, ...]:
        """Nginx checks its files and starts new workers; the old ones answer what they have begun."""
        del name
        return (splitting.reload(proxy, why),)


NGINX = NginxDriver()


def _written(proxy: Proxy, files: dict[str, str], wrong: list[Finding]) -> Configured:
    """The files that change, unless something is in the way; among them the answer for names of no site."""
    if worst(wrong) is Severity.ERROR:
        return Configured(findings=tuple(wrong))
    others, everybody = proxy.path(OTHERS), site_path(proxy, (), SUFFIX)
    ours = {path for path, text in files.items() if path.endswith(SUFFIX) and text.startswith(MARK)}
    if (not ours or everybody in ours) and _is_ours(files.get(others, "")):
        files.pop(others, None)
    elif not any(_listens(files, files.keys() - ours - {others})) and _is_ours(files.get(others, "")):
        files[others] = nginx_site.other_hosts(numbers(proxy.state.version))
    return Configured(files=differing(proxy.files, files), findings=tuple(wrong))


def _is_ours(others: str) -> bool:
    """Whether the answer for names of no site is missing, or was written here."""
    return not others or others.startswith(nginx_site.OTHER_HOSTS)


def _first(route: Route, path: str, files: Mapping[str, str]) -> Iterator[Finding]:
    """Whether names that no site has go to this one now, as Nginx takes the first of all files for them."""
    by_hand = [file for file, text in files.items() if not text.startswith(MARK) and any(_listens(files, [file]))]
    default = any("default_server" in words for words in _listens(files, by_hand))
    if by_hand and not default and path < min(by_hand):
        said = f"Requests for names that no file has go to {path} now, the first of all."
        fix = f"Write `listen 80 default_server;` into {min(by_hand)}, which had them."
        yield found(route, "nginx-first", said, fix, Severity.WARN)


def _listens(files: Mapping[str, str], paths: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """What each server in some files listens on, in words."""
    for path in paths:
        for each in walk(_parsed(files[path], path)) if path.endswith(SUFFIX) else ():
            if each.name == "server" and each.block is not None:
                yield tuple(word for listen in each.named("listen") for word in listen.words)


def _cannot(route: Route) -> Iterator[Finding]:
    if route.protocol == "tcp":
        said = "Nginx serves TCP from a stream block in nginx.conf only; the files of conf.d are for HTTP."
        yield found(route, "nginx-tcp", said, "Publish the service's own port, or write a stream block by hand.")
    elif route.entrypoint:
        yield found(route, "nginx-entrypoint", "Nginx has no entry points.", "Leave it out: 80 and 443 are served.")
    if route.tls and route.tls.resolver:
        said = "Nginx fetches no certificate by itself."
        fix = "Get one with certbot or acme.sh, mount it, and give its files; Traefik and Caddy fetch them themselves."
        yield found(route, "nginx-acme", said, fix)
    elif route.tls and not (route.tls.certificate and route.tls.key):
        yield found(route, "nginx-certificate", "Nginx has no certificate of its own.", "Give certificate and key.")


def _otherwise(route: Route, version: tuple[int, ...]) -> Iterator[Finding]:
    if route.health:
        said = f"Nginx asks no server how it is: three failed requests take it out for {route.health.interval_s} s."
        fix = "Give the service a HEALTHCHECK of its own."
        yield found(route, "nginx-health", said, fix, Severity.WARN)
    if route.sticky:
        said = "A client stays at its server only until Nginx reads its configuration again."
        yield found(route, "nginx-sticky", said, "Keep sessions where all containers find them.", Severity.WARN)
    if route.priority:
        said = "Nginx knows no priorities: the longest path wins."
        yield found(route, "nginx-priority", said, severity=Severity.WARN)
    if version < nginx_site.RESOLVES:
        said = f"This Nginx looks up {route.service} when it reads its configuration, and never again."
        fix = f"Reload it whenever {route.service} is made anew; Nginx 1.27.3 and later look again by themselves."
        yield found(route, "nginx-resolve", said, fix, Severity.INFO)


def _in_the_way(route: Route, path: str, files: Mapping[str, str]) -> Iterator[Finding]:
    """What other files, or the other routes of the site, have already."""
    hosts = {host.lower() for host in route.hosts}
    for file, text in files.items():
        for each in walk(_parsed(text, file)) if file.endswith(SUFFIX) else ():
            taken = hosts & {word.lower() for word in each.words} if each.name == "server_name" else set[str]()
            if file != path and taken:
                said = f"{file} serves {', '.join(sorted(taken))} already; of two, Nginx takes one."
                yield found(route, "site-taken", said, "Take the name out there, or add the location there by hand.")
            if file != path and each.name == "upstream" and each.value == route.name:
                said = f"{file} has an upstream {route.name!r} already."
                yield found(route, "site-taken", said, "Give the route another name.")
    for server in _parsed(files[path], path):
        for words, times in Counter(each.words for each in server.named("location")).items():
            if times > 1:
                said = f"Another route of this site serves {' '.join(words)} already."
                yield found(route, "site-taken", said, "Remove that route, or give this one another path.")


def _parsed(text: str, file: str) -> list[Directive]:
    """The directives of a file; what Nginx cannot read either it refuses itself."""
    try:
        return nginx_config.parse(text, file)
    except InputError:
        return []
