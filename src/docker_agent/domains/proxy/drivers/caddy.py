"""Caddy: one file for each site beside the Caddyfile, which imports them, with a part for each route."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Literal

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding, Severity, worst
from docker_agent.core.plan import Step
from docker_agent.domains.proxy.driver import Configured, Proxy, Splitter
from docker_agent.domains.proxy.files import caddy_site, caddyfile
from docker_agent.domains.proxy.files.directives import Directive
from docker_agent.domains.proxy.files.sites import (
    MAINTENANCE,
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
from docker_agent.domains.proxy.reading.caddy_files import config_path
from docker_agent.domains.proxy.reading.program_version import numbers
from docker_agent.domains.proxy.route import Route
from docker_agent.domains.proxy.splitting import caddy as splitting
from docker_agent.host.host import Reads
from docker_agent.host.models import Container

SUFFIX = ".caddy"
IMPORT = "\n# docker-agent: the sites of its routes\nimport *.caddy\n"


@dataclass(frozen=True)
class CaddyDriver:
    """Routes of a Caddy whose Caddyfile lies in the project."""

    kind: Literal["caddy"] = "caddy"

    def configure(self, route: Route, proxy: Proxy) -> Configured:
        """The site of the route's names, and the Caddyfile where it does not import it yet."""
        wrong = [*unmet(route, proxy), *_cannot(route)]
        if worst(wrong) is Severity.ERROR:
            return Configured(findings=tuple(wrong))
        path = site_path(proxy, route.hosts, SUFFIX)
        files = with_changes(proxy.files, without_route(proxy, route.name, SUFFIX))
        old = without(proxy.files.get(path, ""), route.name, f"{route.name}{MAINTENANCE}")
        try:
            frame, said = chosen_frame(route, path, old, [caddy_site.frame(each) for each in ways_of(route)])
            own = caddy_site.part(route, numbers(proxy.state.version))
            files[path] = merged(frame, [*parts_of(old), own])
        except InputError as error:
            return Configured(findings=(found(route, "caddy-text", error.message, error.next_step),))
        return replace(_written(route, proxy, path, files, [*_otherwise(route), *said]), secured=is_secured(frame))

    def remove(self, name: str, proxy: Proxy) -> Configured:
        """The sites without the route's part; with the last site the import goes as well."""
        changed = without_route(proxy, name, SUFFIX)
        left = with_changes(proxy.files, changed)
        if not any(path.endswith(SUFFIX) for path in left):
            changed |= {path: text.replace(IMPORT, "") for path, text in left.items() if IMPORT in text}
        return Configured(files=changed)

    def maintenance(self, route: Route, proxy: Proxy, page: str) -> Configured:
        """What stands before the route in its site and answers 503 with the page."""
        wrong = [*unmet(route, proxy), *_cannot(route)]
        if worst(wrong) is Severity.ERROR:
            return Configured(findings=tuple(wrong))
        path, closing = site_path(proxy, route.hosts, SUFFIX), replace(route, name=f"{route.name}{MAINTENANCE}")
        old = proxy.files.get(path, "")
        parts = [each for each in parts_of(old) if each.name != closing.name]
        try:
            frame = bare(old) if parts else caddy_site.frame(route)
            files = {**proxy.files, path: merged(frame, [*parts, caddy_site.closed_part(closing, page)])}
        except InputError as error:
            return Configured(findings=(found(route, "caddy-text", error.message, error.next_step),))
        return _written(route, proxy, path, files, wrong)

    def split(self, reads: Reads, proxy: Proxy, backend: Container, port: int) -> Splitter:
        """Divide the traffic between the upstreams of a `reverse_proxy`."""
        return splitting.split(reads, proxy, backend, port)

    def reload(self, proxy: Proxy, name: str, why: str) -> tuple[Step, ...]:
        """Caddy checks its Caddyfile and takes it over as a whole; what has begun is answered."""
        del name
        return (splitting.reload(proxy, why),)


CADDY = CaddyDriver()


def _written(route: Route, proxy: Proxy, path: str, files: dict[str, str], wrong: list[Finding]) -> Configured:
    """The files that change, with the Caddyfile's import, unless something is in the way."""
    wrong += _in_the_way(route, path, files)
    main = proxy.path(PurePosixPath(config_path(proxy.container)).name)
    if main not in files:
        said = f"{main} is not there, so nothing imports the site."
        wrong.append(found(route, "caddy-import", said, "Write it, with the line: import *.caddy"))
    elif worst(wrong) is not Severity.ERROR:
        try:
            files[main] = _importing(main, files[main], f"{proxy.inside}/{PurePosixPath(path).name}")
        except InputError as error:
            wrong.append(found(route, "caddy-import", error.message, error.next_step))
    if worst(wrong) is Severity.ERROR:
        return Configured(findings=tuple(wrong))
    return Configured(files=differing(proxy.files, files), findings=tuple(wrong))


def _importing(main: str, text: str, site: str) -> str:
    """A Caddyfile that imports a site, given by its path in the container."""
    sites = caddyfile.parse(text, main)
    folder = PurePosixPath(site).parent
    patterns = [str(folder / word) for each in sites if each.name == "import" for word in each.words[:1]]
    if any(fnmatchcase(site, pattern) for pattern in patterns):
        return text
    if any(each.block is not None and each.name and text[each.block_end : each.end] != "}" for each in sites):
        raise InputError(f"{main} is one site without braces, beside which none can be.", "Put braces around it.")
    return f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{IMPORT}"


def _cannot(route: Route) -> Iterator[Finding]:
    if route.protocol == "tcp":
        said = "Caddy serves HTTP only; TCP needs a build with the module layer4."
        yield found(route, "caddy-tcp", said, "Publish the service's own port.")
    elif route.entrypoint:
        yield found(route, "caddy-entrypoint", "Caddy has no entry points.", "Leave it out: 80 and 443 are served.")
    if route.tls and route.tls.resolver and any("*" in host for host in route.hosts):
        said = "A certificate for a wildcard is proved by DNS, for which Caddy's standard build has no module."
        yield found(route, "caddy-wildcard", said, "Name the hosts one by one, or give an own certificate.")
    if route.tls and bool(route.tls.certificate) != bool(route.tls.key):
        yield found(route, "caddy-certificate", "A certificate needs its key.", "Give certificate and key.")


def _otherwise(route: Route) -> Iterator[Finding]:
    if route.rate:
        said = "Caddy's standard build limits no rates: this route has no limit."
        fix = "Build Caddy with the module mholt/caddy-ratelimit, or limit in the application."
        yield found(route, "caddy-rate", said, fix, Severity.WARN)
    if route.tls and route.tls.resolver not in {"", "acme"}:
        said = f"Caddy has no resolver {route.tls.resolver!r}; it fetches the certificate its own way."
        yield found(route, "caddy-resolver", said, severity=Severity.WARN)
    if route.sticky and route.health:
        said = "Caddy asks no server whether it is well where a cookie chooses between all containers of a service."
        yield found(route, "caddy-health", said, "Leave out one of the two.", Severity.WARN)
    if route.priority:
        said = "Caddy knows no priorities: the longest path wins."
        yield found(route, "caddy-priority", said, severity=Severity.WARN)


def _in_the_way(route: Route, path: str, files: Mapping[str, str]) -> Iterator[Finding]:
    """Other files that serve these names, and another route of the site for the same path."""
    wanted = {_host(address) for addresses in caddy_site.addresses(route) for address in addresses}
    for file, text in files.items():
        for each in _parsed(text, file) if file != path else ():
            taken = (
                wanted & {_host(word) for word in (each.name, *each.words)} if each.block is not None else set[str]()
            )
            if taken and each.name and not each.name.startswith(("(", "&(")):
                said = f"{file} serves {', '.join(sorted(taken)) or 'every name'} already."
                yield found(route, "site-taken", said, "Take the name out there, or add the route there by hand.")
    heads = [(part.body.partition("\n")[0]) for part in parts_of(files[path]) if not part.name.endswith(MAINTENANCE)]
    if len(heads) != len({*heads}):
        said = "Another route of this site serves the same path already."
        yield found(route, "site-taken", said, "Remove that route, or give this one another path.")


def _host(address: str) -> str:
    """The name in an address, "" for every name."""
    bare_address = address.lower().partition("://")[2] or address.lower()
    return bare_address.partition("/")[0].partition(":")[0]


def _parsed(text: str, file: str) -> list[Directive]:
    """The blocks of a file; what Caddy cannot read either it refuses itself."""
    try:
        return caddyfile.parse(text, file)
    except InputError:
        return []
