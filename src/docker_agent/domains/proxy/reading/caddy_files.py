"""Caddy: what it serves, from the Caddyfile that is mounted into its container."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import PurePosixPath

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.files.caddyfile import parse
from docker_agent.domains.proxy.files.directives import Directive
from docker_agent.domains.proxy.reading.caddy_rules import condition, paths, rank, rule
from docker_agent.domains.proxy.reading.mounted import mounted_files
from docker_agent.domains.proxy.state import ProxyState, Router, Server, Upstream
from docker_agent.host.host import Reads
from docker_agent.host.models import Container

# What may answer a request, in the order in which Caddy goes through the directives of a block.
ORDER = (
    *("redir", "handle", "handle_path", "route", "abort", "error", "respond"),
    *("reverse_proxy", "php_fastcgi", "file_server"),
)
BLOCKS = ("handle", "handle_path", "route")
# Where one of these stands, the path that the directives after it see is not the one that was asked for.
MOVING = ("rewrite", "uri", "try_files", "php_fastcgi")
NAMED_CODES = {"permanent": "301", "temporary": "302", "html": "200"}
NOTHING = "an empty answer"
VARIABLE = re.compile(r"\{\$(?P<name>[^}:]+)(?::(?P<default>[^}]*))?\}")
CLOSED = re.compile(r"(?P<mark>^[ \t]*# route (?P<name>\S+-maintenance)\n[ \t]*handle[^\n]*\{)$", re.MULTILINE)
# Stands in what is read, first in the block that a closed route has.
CLOSING = "docker_agent_closed"


@dataclass(frozen=True)
class Leaf:
    """A directive that may answer, the conditions that lead to it, and the path that its name has."""

    directive: Directive
    conditions: tuple[str, ...]
    path: str = ""
    closed: str = ""


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
        for path, written in mounted_files(self.reads, self.container, pattern):
            text = CLOSED.sub(rf"\g<mark>\n{CLOSING} \g<name>\n", _with_environment(written, self.container))
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
    services = {service.name: service for _, service in found if service.name}
    return replace(state, routers=tuple(router for router, _ in found), services=tuple(services.values()))


def _with_environment(text: str, container: Container) -> str:
    """A Caddyfile with the variables of the environment in it, which Caddy puts there before it reads the text."""
    known: dict[str, str] = {each.partition("=")[0]: each.partition("=")[2] for each in container.env}
    return VARIABLE.sub(lambda match: known.get(match["name"], "") or match["default"] or "", text)


def _served(site: Directive) -> Iterator[tuple[Router, Upstream]]:
    addresses = [each for each in (site.name, *site.words) if each]
    groups: dict[tuple[str, bool, str], list[str]] = {}
    for each in addresses:
        host = _host(each)
        groups.setdefault((_listen(each), _is_tls(each), host if "*" in host else ""), []).append(host)
    block = site.block or ()
    every = [*_leaves(block, Leaf(site, ())), Leaf(site, ())]
    leaves = [each for at, each in enumerate(every) if not any(_takes_all(one, each) for one in every[:at])]
    for (listen, tls, _), hosts in groups.items():
        for at, leaf in enumerate(leaves):
            service, own = _end(leaf, site)
            router = Router(
                name=f"{next(each for each in addresses if _host(each) == hosts[0])}{leaf.path}",
                rule=rule(hosts, leaf.conditions),
                service=service.name,
                entrypoints=(listen,),
                tls=tls,
                priority=rank(hosts[0]) - at,
                own=own,
            )
            yield router, service


def _takes_all(one: Leaf, other: Leaf) -> bool:
    """Whether nothing is left for another directive that is asked later."""
    return {*one.conditions} <= {*other.conditions}


def _end(leaf: Leaf, site: Directive) -> tuple[Upstream, str]:
    """What a directive passes requests on to, and what Caddy answers there itself, one of the two."""
    each = leaf.directive
    if each.name == "reverse_proxy":
        servers = tuple(_servers(each))
        name = " ".join(servers) or f"reverse_proxy {each.value}"
        return Upstream(name, kind="reverse_proxy", servers=tuple(Server(one) for one in servers)), ""
    if each.name == "php_fastcgi":
        return Upstream(f"php_fastcgi {each.value}", kind="php_fastcgi"), ""
    if each is site or each.name in BLOCKS:
        return Upstream(""), NOTHING
    words = [word for word in each.words if word[:1] not in {"@", "*"}]
    codes = [word for word in words if word.isdigit() and len(word) == len("200")]
    usual = {"respond": "200", "redir": "302", "error": "500"}.get(each.name, "")
    code = next((NAMED_CODES[word] for word in words if each.name == "redir" and word in NAMED_CODES), usual)
    code = codes[-1] if codes else code
    return Upstream(""), " ".join(word for word in (each.name, code, leaf.closed) if word)


def _leaves(
    directives: Sequence[Directive], above: Leaf, taken_off: str = "", *, moved: bool = False
) -> Iterator[Leaf]:
    """The directives of a block that may answer, through the blocks in it, in the order in which they are asked."""
    named = {each.name: each for each in directives if each.name[:1] == "@"}
    closed = next((each.value for each in directives if each.name == CLOSING), above.closed)
    moved = moved or any(each.name in MOVING for each in directives)
    found = [(each, _matched(each, named, taken_off, moved=moved)) for each in directives if each.name in ORDER]
    if above.directive.name != "route":
        found.sort(key=lambda pair: (ORDER.index(pair[0].name), -_length(pair[0]), not pair[1]))
    for each, conditions in found:
        shown = taken_off + each.value.rstrip("*").rstrip("/") if each.value.startswith("/") else above.path
        leaf = Leaf(each, (*above.conditions, *conditions), shown, closed)
        if each.name not in BLOCKS:
            yield leaf
            continue
        gone = each.value.rstrip("*").rstrip("/") if each.name == "handle_path" else ""
        yield from _leaves(each.block or (), leaf, taken_off + gone, moved=moved)
        if each.name != "route":
            yield leaf


def _length(each: Directive) -> int:
    """How long the path is that stands beside a directive; Caddy does not count those of named matchers."""
    return len(each.value) if each.value.startswith("/") else 0


def _matched(each: Directive, named: Mapping[str, Directive], within: str, *, moved: bool) -> tuple[str, ...]:
    """The conditions of a directive's own matcher."""
    if each.value.startswith("/"):
        return (condition(f"path {each.value}") if moved else paths([each.value], within),)
    if not each.value.startswith("@"):
        return ()
    matcher = named.get(each.value)
    if matcher is None:
        return (condition(each.value),)
    lines = [line.words for line in (matcher,) if line.words] or [
        (line.name, *line.words) for line in matcher.block or ()
    ]
    found: list[str] = []
    for name, *values in lines:
        if name == "path" and not moved and sum(line[0] == "path" for line in lines) == 1:
            found.append(paths(values, within))
        elif name == "method" and sum(line[0] == "method" for line in lines) == 1:
            found.append(f"Method({', '.join(f'`{value}`' for value in values)})")
        else:
            found.append(condition(" ".join((name, *values))))
    return tuple(found) or (condition(each.value),)


def _servers(directive: Directive) -> Iterator[str]:
    lines = (directive, *directive.named("to"))
    for word in (word for line in lines for word in line.words):
        if word[:1] not in {"@", "/", "*", ""} and "{" not in word and not word.startswith("unix/"):
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


def _is_tls(address: str) -> bool:
    """Whether Caddy serves an address over TLS: by default all that has a name of a host."""
    scheme, listen = address.rpartition("://")[0], _listen(address)
    return scheme == "https" or listen == ":443" or (not scheme and listen != ":80" and _host(address) != "*")
