"""Nginx: what it serves, from the files that are mounted into its container."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.files.directives import Directive, walk
from docker_agent.domains.proxy.files.nginx_config import parse
from docker_agent.domains.proxy.reading.mounted import mounted_files
from docker_agent.domains.proxy.reading.program_version import version_of
from docker_agent.domains.proxy.state import ProxyState, Router, Server, Upstream
from docker_agent.host.host import Reads
from docker_agent.host.models import Container

FOLDER = "/etc/nginx"
# What the configuration in the image includes; it cannot be read from outside.
IN_IMAGE = f"{FOLDER}/conf.d/*.conf"
TARGET = re.compile(r"(?P<scheme>https?)://(?P<host>\[[^\]]*\]|[^/:]+)(?P<port>:\d+)?")
EXACT, REGULAR = 20_000, 10_000


@dataclass(frozen=True)
class Files:
    """The configuration files of a container."""

    reads: Reads
    container: Container

    def directives(self, pattern: str, within: tuple[str, ...] = ()) -> Iterator[Directive]:
        """The directives of the files of a path, those of included files in place of the include.

        Parameters
        ----------
        within: the files that include it, none of which is read again.
        """
        inside = pattern if pattern.startswith("/") else f"{FOLDER}/{pattern}"
        for path, text in mounted_files(self.reads, self.container, inside):
            try:
                yield from self._included(parse(text, path) if path not in within else (), (*within, path))
            except InputError:
                continue

    def _included(self, directives: Iterable[Directive], within: tuple[str, ...]) -> Iterator[Directive]:
        for each in directives:
            if each.name == "include" and each.args:
                yield from self.directives(each.value, within)
            elif each.block is not None:
                yield replace(each, block=tuple(self._included(each.block, within)))
            else:
                yield each


def read(reads: Reads, container: Container, state: ProxyState) -> ProxyState:
    """Add its version, and the routers and services that its files describe."""
    words = (*container.entrypoint, *container.command)
    main = next((after for word, after in pairwise(words) if word == "-c"), f"{FOLDER}/nginx.conf")
    files = Files(reads, container)
    routers, services = served([*files.directives(main)] or [*files.directives(IN_IMAGE)])
    return replace(
        state, version=version_of(container, "NGINX_VERSION"), routers=tuple(routers), services=tuple(services)
    )


def served(directives: Iterable[Directive]) -> tuple[list[Router], list[Upstream]]:
    """What a configuration passes on, and where to; what `nginx -T` prints is one as well."""
    everything = [each for each in walk(each for each in directives if each.name != "stream") if each.block is not None]
    upstreams = {each.value: each for each in everything if each.name == "upstream"}
    routers: list[Router] = []
    services: dict[str, Upstream] = {}
    for server in everything:
        for location in _locations(server) if server.name == "server" else ():
            passed = next(location.named("proxy_pass"), None)
            if passed is None:
                continue
            service = _service(_replaced(passed.value, (server, location)), upstreams)
            services[service.name] = service
            routers.append(_router(server, location, service.name))
    return routers, list(services.values())


def _locations(server: Directive) -> Iterator[Directive]:
    return (each for each in walk(server.block or ()) if each.name == "location")


def _router(server: Directive, location: Directive, service: str) -> Router:
    names = [word for each in server.named("server_name") for word in each.words if word] or ["_"]
    listens = [each.words for each in server.named("listen")] or [("80",)]
    ports = tuple(dict.fromkeys(f":{words[0].rpartition(':')[2]}" for words in listens if words))
    kind, path = location.words[-2] if len(location.words) > 1 else "", (location.words or ("/",))[-1]
    return Router(
        name=f"{names[0]}{ports[0]}{path}",
        rule=_rule(names, kind, path),
        service=service,
        entrypoints=ports,
        middlewares=tuple(f"{each.name} {each.value}" for each in location.named("return", "auth_basic")),
        tls=any("ssl" in words[1:] for words in listens),
        priority=_priority(names[0], kind, path),
    )


def _rule(names: list[str], kind: str, path: str) -> str:
    """A list of names and a path, or, where Nginx goes by a pattern, the rule that says the same."""
    patterns = [name for name in names if name.startswith("~")]
    if kind not in {"~", "~*", "="} and not patterns:
        return f"{', '.join(names)} {path}" if path != "/" else ", ".join(names)
    hosts = [f"HostRegexp(`{name[1:]}`)" if name in patterns else f"Host(`{name}`)" for name in names if name != "_"]
    matcher = "Path" if kind == "=" else "PathRegexp" if kind.startswith("~") else "PathPrefix"
    where = f"{matcher}(`{'(?i)' if kind == '~*' else ''}{path}`)"
    return f"({' || '.join(hosts)}) && {where}" if hosts else where


def _priority(name: str, kind: str, path: str) -> int:
    """A full name before one with a star, that before a pattern; then the exact path, a pattern, the longest path."""
    host = 0 if name in {"_", ""} else 1 if name.startswith("~") else 2 if "*" in name else 3
    return host * 100_000 + (EXACT if kind == "=" else REGULAR if kind.startswith("~") else len(path))


def _replaced(text: str, places: Iterable[Directive]) -> str:
    """A text with the variables that a `set` beside it gives a plain value."""
    for each in (found for place in places for found in place.named("set")):
        if len(each.words) == 2 and "$" not in each.words[1]:
            name = re.escape(each.words[0].removeprefix("$"))
            text = re.sub(rf"\$(?:{name}\b|\{{{name}\}})", lambda _match, value=each.words[1]: value, text)
    return text


def _service(target: str, upstreams: Mapping[str, Directive]) -> Upstream:
    found = TARGET.match(target)
    if found is None or "$" in found[0]:
        return Upstream(target, kind="variable")
    scheme, host = found["scheme"], found["host"]
    if not found["port"] and host in upstreams:
        servers = [each for each in upstreams[host].named("server") if each.args and "down" not in each.words]
        addresses = [each.value for each in servers if not each.value.startswith("unix:")]
        with_ports = (each if re.search(r":\d+$", each) else f"{each}:80" for each in addresses)
        return Upstream(host, kind="upstream", servers=tuple(Server(f"{scheme}://{each}") for each in with_ports))
    return Upstream(found[0], kind="proxy_pass", servers=(Server(found[0]),))
