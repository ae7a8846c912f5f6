"""Nginx: what it serves, from the files that are mounted into its container."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import PurePosixPath

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.files.directives import Directive, Word, walk
from docker_agent.domains.proxy.files.nginx_config import parse
from docker_agent.domains.proxy.files.sites import MAINTENANCE
from docker_agent.domains.proxy.reading.mounted import mounted_files
from docker_agent.domains.proxy.reading.program_version import version_of
from docker_agent.domains.proxy.state import ProxyState, Router, Server, Upstream
from docker_agent.host.host import Reads
from docker_agent.host.models import Container

FOLDER = "/etc/nginx"
# What the configuration in the image includes; it cannot be read from outside.
IN_IMAGE = f"{FOLDER}/conf.d/*.conf"
TARGET = re.compile(r"(?P<scheme>https?)://(?P<host>\[[^\]]*\]|[^/:]+)(?P<port>:\d+)?")
EXACT, REGULAR, NESTED = 30_000, 10_000, 100
HOST = 10_000_000
# What passes a request on to something that is no HTTP server.
PASSES = ("fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass")
PLACES = ("alias", "root")
# With one of these it is decided for each request what is answered, or by which location.
DECIDING = ("if", "rewrite", "try_files")


@dataclass(frozen=True)
class Place:
    """A location of a server, with those around it; the server itself where no location is for a path."""

    server: Directive
    block: Directive
    around: tuple[Directive, ...] = ()

    @property
    def kind(self) -> str:
        """What stands before the path: nothing, `=`, `^~`, `~` or `~*`."""
        return self.block.words[-2] if len(self.block.words) > 1 else ""

    @property
    def path(self) -> str:
        """The path or pattern."""
        return (self.block.words or ("/",))[-1]


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
    found = [*files.directives(main)] or [*files.directives(IN_IMAGE)]
    folders = [PurePosixPath(each.target) for each in container.mounts if each.kind == "bind"]
    whole = any(PurePosixPath(IN_IMAGE).is_relative_to(each) for each in folders)
    routers, services = served(found, whole=whole)
    return replace(
        state, version=version_of(container, "NGINX_VERSION"), routers=tuple(routers), services=tuple(services)
    )


def served(directives: Iterable[Directive], *, whole: bool = True) -> tuple[list[Router], list[Upstream]]:
    """What a configuration passes on or answers, and where to; what `nginx -T` prints is one as well.

    Parameters
    ----------
    whole: whether no file is missing, so that the first server of a port gets what is for no name.
    """
    everything = [each for each in walk(each for each in directives if each.name != "stream") if each.block is not None]
    upstreams = {each.value: each for each in everything if each.name == "upstream"}
    servers = [each for each in everything if each.name == "server"]
    defaults = _defaults(servers, whole=whole)
    routers: list[Router] = []
    services: dict[str, Upstream] = {}
    for server in servers:
        at = tuple(port for port, each in defaults.items() if each is server)
        places = [*_places(server)]
        for place in places:
            own, target = _end(place)
            service = _service(_replaced(target, (*place.around, server, place.block)), upstreams) if target else None
            if service is not None:
                services[service.name] = service
            routers += _routers(place, places, Router("", service=service.name if service else "", own=own), at)
    return routers, list(services.values())


def _defaults(servers: Iterable[Directive], *, whole: bool) -> dict[str, Directive]:
    """The server of each port that gets what is for no name: the one that says so, else the first."""
    said: dict[str, Directive] = {}
    first: dict[str, Directive] = {}
    for server in servers:
        for words in _listens(server):
            port = _port(words)
            if whole or not _names(server):
                first.setdefault(port, server)
            if {"default_server", "default"} & {*words[1:]}:
                said[port] = server
    return {**first, **said}


def _names(server: Directive) -> list[str]:
    """The names of a server, each of those with a dot in front as the two that it means."""
    names = [word for each in server.named("server_name") for word in each.words if word not in {"", "_"}]
    return [each for name in names for each in ((name[1:], f"*{name}") if name.startswith(".") else (name,))]


def _listens(server: Directive) -> list[tuple[str, ...]]:
    """What a server listens on, sockets and its own machine alone left out."""
    listens = [each.words for each in server.named("listen") if each.args] or [("80",)]
    return [words for words in listens if not words[0].startswith(("unix:", "127.", "localhost", "[::1]"))]


def _port(words: tuple[str, ...]) -> str:
    port = words[0].rpartition(":")[2]
    return f":{port}" if port.isdigit() else ":80"


def _places(server: Directive) -> Iterator[Place]:
    """Every location of a server that requests come to, and the server itself for all other paths."""
    found = [] if any(server.named("return")) else [*_locations(server, server.block or (), ())]
    yield from found
    if not any(each.path == "/" and each.kind in {"", "^~"} for each in found):
        root = Word("/", server.start, server.start)
        yield Place(server, replace(server, name="location", args=(root,)))


def _locations(server: Directive, block: Iterable[Directive], around: tuple[Directive, ...]) -> Iterator[Place]:
    for each in block:
        if each.name == "location" and not each.value.startswith("@"):
            yield Place(server, each, around)
            yield from _locations(server, each.block or (), (*around, each))


def _end(place: Place) -> tuple[str, str]:
    """What Nginx itself answers in a place, and what it passes requests on to; one of the two."""
    block, named = place.block, {each.value: each for each in place.server.named("location")}
    passed = next((each.value for each in block.named("proxy_pass")), "")
    if (answer := next(block.named("return"), None)) is not None and answer.args:
        page = next((each.words[-1] for each in block.named("error_page") if each.value == answer.value), "")
        words = answer.words if answer.value.isdigit() else ("302", *answer.words)
        closing = page if page.endswith(MAINTENANCE) else ""
        return " ".join(word for word in ("return", *words[:2], closing) if word), passed
    if passed:
        return "", passed
    tried = next(block.named("try_files"), None)
    if tried is not None and tried.words[-1] in named:
        passed = next((each.value for each in named[tried.words[-1]].named("proxy_pass")), "")
        return "", passed or f"try_files {tried.words[-1]}"
    other = next(block.named(*PASSES), None)
    deciding = next(chain(block.named(*DECIDING), place.server.named("if", "rewrite")), None)
    if (unclear := other or deciding) is not None:
        return "", " ".join((unclear.name, *unclear.words[:2]))
    outwards = (block, *reversed(place.around), place.server)
    where = next((found for each in outwards for found in each.named(*PLACES)), None)
    return f"{where.name} {where.value}" if where else "files of its own", ""


def _routers(place: Place, places: Iterable[Place], plain: Router, default_at: tuple[str, ...]) -> Iterator[Router]:
    """The routers of a place: one for the full names of its server, one for each other name."""
    server = place.server
    names = _names(server)
    exact = [name for name in names if not name.startswith("~") and "*" not in name]
    groups = [*([exact] if exact else []), *([name] for name in names if name not in exact)]
    listens = _listens(server)
    ports = tuple(dict.fromkeys(_port(words) for words in listens))
    plain = replace(
        plain,
        middlewares=tuple(f"{each.name} {each.value}" for each in place.block.named("return", "auth_basic")),
        tls=any("ssl" in words[1:] for words in listens),
    )
    for at, group in enumerate(groups or ([["_"]] if default_at else [])):
        yield replace(
            plain,
            name=f"{group[0]}{ports[0] if ports else ''}{place.path}",
            rule=_rule(group, place, places),
            entrypoints=ports if groups else default_at,
            priority=_priority(group[0], place),
            default_at=() if at else default_at,
        )


def _rule(names: list[str], place: Place, places: Iterable[Place]) -> str:
    """A list of names and a path, or, where Nginx goes by a pattern, the rule that says the same."""
    kind, path = place.kind, place.path
    patterns = [name for name in names if name.startswith("~")]
    nested = kind.startswith("~") and place.around
    beaten = [] if kind != "^~" else [each.path for each in places if _is_longer(each, path)]
    if kind not in {"~", "~*", "="} and not patterns and not beaten:
        return f"{', '.join(names)} {path}" if path != "/" else ", ".join(names)
    hosts = [f"HostRegexp(`{name[1:]}`)" if name in patterns else f"Host(`{name}`)" for name in names if name != "_"]
    matcher = "Path" if kind == "=" else "PathRegexp" if kind.startswith("~") else "PathPrefix"
    where = [f"PathPrefix(`{place.around[-1].words[-1]}`)"] if nested else []
    where.append(f"{matcher}(`{'(?i)' if kind == '~*' else ''}{path}`)")
    where += [f"!PathPrefix(`{each}`)" for each in beaten]
    return " && ".join([f"({' || '.join(hosts)})", *where] if hosts else where)


def _is_longer(other: Place, path: str) -> bool:
    """Whether another location is the longest prefix where it fits, so that patterns count again."""
    return other.kind == "" and other.path.startswith(path) and len(other.path) > len(path)


def _priority(name: str, place: Place) -> int:
    """A full name before one with a star, that before a pattern; then the exact path, a pattern, the longest path.

    A pattern does not count where the longest path has `^~`.
    """
    host = 0 if name == "_" else 1 if name.startswith("~") else 2 if name.endswith("*") else 3 if "*" in name else 4
    longest = len(name) * 100_000 if host in {2, 3} else 0
    kind, path = place.kind, place.path
    rank = EXACT if kind == "=" else REGULAR + len(place.around) if kind.startswith("~") else len(path)
    return host * HOST + longest + rank + (REGULAR + NESTED if kind == "^~" else 0)


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
