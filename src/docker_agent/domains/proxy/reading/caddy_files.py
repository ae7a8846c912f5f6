"""Caddy: what it serves, from the Caddyfile that is mounted into its container."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import PurePosixPath

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.files.caddyfile import parse
from docker_agent.domains.proxy.files.directives import Directive
from docker_agent.domains.proxy.reading.mounted import mounted_files
from docker_agent.domains.proxy.state import ProxyState, Router, Server, Upstream
from docker_agent.host.host import Reads
from docker_agent.host.models import Container

PATHS = ("handle", "handle_path", "route", "reverse_proxy")


@dataclass(frozen=True)
class Files:
    """The configuration files of a container."""

    reads: Reads
    container: Container

    def directives(self, pattern: str, within: tuple[str, ...] = ()) -> Iterator[Directive]:
        """The blocks of the files of a path, those of imported files and snippets in place of the import.

        Parameters
        ----------
        within: the files and snippets that import it, none of which is read again.
        """
        for path, text in mounted_files(self.reads, self.container, pattern):
            try:
                blocks = parse(text, path) if path not in within else []
            except InputError:
                continue
            snippets = {each.name: each for each in blocks if each.name.startswith("(")}
            yield from self._imported(blocks, snippets, (*within, path))

    def _imported(
        self, directives: Iterable[Directive], snippets: Mapping[str, Directive], within: tuple[str, ...]
    ) -> Iterator[Directive]:
        for each in directives:
            name = f"({each.value})"
            if each.name == "import" and name in snippets:
                block = snippets[name].block if name not in within else ()
                yield from self._imported(block or (), snippets, (*within, name))
            elif each.name == "import" and each.args:
                file = next(word for word in reversed(within) if word.startswith("/"))
                yield from self.directives(str(PurePosixPath(file).parent / each.value), within)
            elif each.block is not None:
                yield replace(each, block=tuple(self._imported(each.block, snippets, within)))
            else:
                yield each


def config_path(container: Container) -> str:
    """The Caddyfile as a container sees it."""
    words = (*container.entrypoint, *container.command)
    given = next((after for word, after in pairwise(words) if word in {"--config", "-c"}), "")
    return given or "/etc/caddy/Caddyfile"


def read(reads: Reads, container: Container, state: ProxyState) -> ProxyState:
    """Add the routers and services that the Caddyfile describes."""
    sites = Files(reads, container).directives(config_path(container))
    found = [pair for site in sites if site.name and site.name[0] not in "(&" for pair in _served(site)]
    services = {service.name: service for _, service in found}
    return replace(state, routers=tuple(router for router, _ in found), services=tuple(services.values()))


def _served(site: Directive) -> Iterator[tuple[Router, Upstream]]:
    addresses = [each for each in (site.name, *site.words) if each]
    hosts = [_host(each) for each in addresses]
    listens = tuple(dict.fromkeys(_listen(each) for each in addresses))
    for path, directive in _proxies(site.block or (), ""):
        servers = tuple(_servers(directive))
        service = Upstream(" ".join(servers), kind="reverse_proxy", servers=tuple(Server(each) for each in servers))
        yield (
            Router(
                name=f"{addresses[0]}{path}",
                rule=", ".join(dict.fromkeys(hosts)) + (f" {path}*" if path else ""),
                service=service.name,
                entrypoints=listens,
                tls=any(each != ":80" for each in listens),
                priority=len(path),
            ),
            service,
        )


def _proxies(directives: Iterable[Directive], path: str) -> Iterator[tuple[str, Directive]]:
    """Each `reverse_proxy` with the path that leads there, through the handlers around it."""
    known = {each.name: each.args[1].text for each in directives if each.name[:1] == "@" and each.value == "path"}
    for each in directives:
        matcher = known.get(each.value, each.value) if each.name in PATHS else ""
        below = path + matcher.rstrip("*").rstrip("/") if matcher.startswith("/") else path
        if each.name == "reverse_proxy":
            yield below, each
        elif each.block is not None and each.name != "handle_errors":
            yield from _proxies(each.block, below)


def _servers(directive: Directive) -> Iterator[str]:
    lines = (directive, *directive.named("to"))
    for word in (word for line in lines for word in line.words):
        if word[:1] not in {"@", "/", "*", ""}:
            yield word if "://" in word else f"http://{word}"
    for each in directive.named("dynamic"):
        if each.words[:1] == ("a",) and len(each.words) > 2:
            yield f"http://{each.words[1]}:{each.words[2]}"


def _host(address: str) -> str:
    host = address.rpartition("://")[2].partition("/")[0]
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return name or "*"


def _listen(address: str) -> str:
    scheme, _, rest = address.rpartition("://")
    port = rest.partition("/")[0].rpartition(":")[2]
    if port.isdigit() and ":" in rest:
        return f":{port}"
    return ":80" if scheme == "http" else ":443"
