"""Nginx: an upstream with weights in place of the service's own server, and a line of log for each request.

Names are resolved when the configuration is read, so the container that serves is written by its own name until the
service's name means the new one alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Engine
from docker_agent.domains.proxy.driver import Change, Proxy
from docker_agent.domains.proxy.files.directives import Directive
from docker_agent.domains.proxy.files.nginx_config import parse
from docker_agent.domains.proxy.files.nginx_site import quoted
from docker_agent.domains.proxy.route import Canary, Share
from docker_agent.domains.proxy.splitting.texts import Patch, indent_of, names_of, patched, with_parents
from docker_agent.host.host import Reads
from docker_agent.host.models import Container

TARGET = re.compile(r"(?P<scheme>https?)://(?P<host>[^/:$]+)(?::(?P<port>\d+))?(?P<path>/.*)?")
PORTS = {"http": 80, "https": 443}
NOTE = "# Written by docker-agent while a release is under way; it takes it away again."
LOG = """log_format docker_agent_{name} 'docker_agent "$upstream_addr" "$upstream_status" $request_time';"""
LOGGED = "access_log /dev/stdout docker_agent_{name} if=$upstream_addr;"


@dataclass(frozen=True)
class Target:
    """A place that leads to the service: a `proxy_pass` of its own, or a `server` in an upstream."""

    directive: Directive
    parents: tuple[Directive, ...]


@dataclass(frozen=True)
class NginxSplitter:
    """Divides the traffic of one service of Nginx.

    `targets` are the places that lead to it, by file; `passes` those where a variable can choose between versions.
    """

    proxy: Proxy
    name: str
    targets: Mapping[str, tuple[Target, ...]]
    passes: Mapping[str, tuple[Target, ...]]
    pins: bool = False

    def share(self, shares: Sequence[Share], canary: Canary) -> Change:
        """The files with the weights in them."""
        chosen = self.passes if canary.header or canary.cookie else self.targets
        files = dict(self._files)
        for index, (path, targets) in enumerate(chosen.items()):
            text = self.proxy.files[path]
            head = [Patch(0, 0, self._head(chosen, shares, canary))] if index == 0 else []
            places = [patch for target in targets for patch in self._patches(text, target, shares, canary)]
            files[path] = patched(text, [*head, *dict.fromkeys(places)])
        return Change(files, after=(reload(self.proxy, "Nginx checks the shares and reads them."),))

    def end(self, server: str) -> Change:
        """The files as they were, not read again: Nginx has resolved the one server that the service's name means now.

        Each reload closes the idle connections of clients, and a request that is on its way on one is lost.
        """
        del server
        return Change(self._files)

    @property
    def _files(self) -> dict[str, str | None]:
        """Every file that a share may change, as it was."""
        return {path: self.proxy.files[path] for path in (*self.targets, *self.passes)}

    @property
    def _upstream(self) -> str:
        return f"{self.name}-release"

    def _head(self, chosen: Mapping[str, tuple[Target, ...]], shares: Sequence[Share], canary: Canary) -> str:
        lines = [NOTE, LOG.format(name=self._word)]
        if not any(self._logs_itself(target) for targets in chosen.values() for target in targets):
            lines.append(LOGGED.format(name=self._word))
        servers = "".join(f" server {share.address} weight={share.weight};" for share in shares if share.weight)
        lines.append(f"upstream {self._upstream} {{{servers} }}")
        if canary.header or canary.cookie:
            lines += self._choice(shares, canary)
        return "\n".join(lines) + "\n"

    def _choice(self, shares: Sequence[Share], canary: Canary) -> Iterator[str]:
        """Maps that choose a version for each request; a client is known again by its address and program."""
        old, new = (f"{self._upstream}-{role}" for role in ("old", "new"))
        for upstream, share in zip((old, new), shares, strict=False):
            yield f"upstream {upstream} {{ server {share.address}; }}"
        drawn = '"$remote_addr$http_user_agent"' if canary.cookie else '"$request_id"'
        yield f"split_clients {drawn} $docker_agent_{self._word}_draw {{ {shares[1].weight}% {new}; * {old}; }}"
        header = canary.header.lower().replace("-", "_") or "docker_agent"
        # Behind a backslash, `default` and what begins with a tilde are texts like any other.
        value = quoted(f"\\{canary.value}")
        chosen = f"{value} {new}; " if canary.header else ""
        yield f"map $http_{header} $docker_agent_{self._word} {{ {chosen}default $docker_agent_{self._word}_draw; }}"

    @property
    def _word(self) -> str:
        return re.sub(r"\W", "_", self.name)

    def _patches(self, text: str, target: Target, shares: Sequence[Share], canary: Canary) -> Iterator[Patch]:
        directive, parents = target.directive, target.parents
        indent = indent_of(text, directive.start)
        for parent in parents:
            if any(parent.named("access_log")):
                at = parent.block_start
                yield Patch(at, at, f"\n{indent}{LOGGED.format(name=self._word)}")
        if directive.name == "proxy_pass":
            word = directive.args[0]
            found = TARGET.fullmatch(word.text)
            scheme, path = (found["scheme"], found["path"] or "") if found else ("http", "")
            chooses = bool(canary.header or canary.cookie)
            if chooses and path:
                raise InputError(
                    f"proxy_pass {word.text} has a path, with which Nginx cannot choose by a header or cookie.",
                    "Release in stages without one, or take the path out.",
                )
            yield from self._host(text, target, word.text)
            upstream = f"$docker_agent_{self._word}" if chooses else self._upstream
            yield Patch(word.start, word.end, f"{scheme}://{upstream}{path}")
        else:
            more = "".join(f" {word}" for word in directive.words[1:] if not word.startswith("weight="))
            servers = [f"server {share.address} weight={share.weight}{more};" for share in shares if share.weight]
            yield Patch(directive.start, directive.end, f"\n{indent}".join(servers))

    @staticmethod
    def _host(text: str, target: Target, address: str) -> Iterator[Patch]:
        """The Host header that the service gets without being told one, since it is made of the address."""
        telling = [parent for parent in target.parents if any(parent.named("proxy_set_header"))]
        place = telling[-1] if telling else target.parents[-1]
        told = {each.value.lower() for each in place.named("proxy_set_header")}
        if "host" not in told:
            indent = indent_of(text, target.directive.start)
            named = address.partition("://")[2].partition("/")[0]
            yield Patch(place.block_start, place.block_start, f"\n{indent}proxy_set_header Host {named};")

    def _logs_itself(self, target: Target) -> bool:
        return any(next(parent.named("access_log"), None) for parent in target.parents)


def reload(proxy: Proxy, why: str) -> Engine:
    """The step with which Nginx checks its files and starts new workers; the old ones answer what they have begun."""
    name = proxy.container.name
    return Engine(why=why, touches=(name,), action="container_reload", target=name, args={"program": "nginx"})


def split(reads: Reads, proxy: Proxy, backend: Container, port: int) -> NginxSplitter:
    """Take over the traffic that Nginx sends to a running container.

    Raises
    ------
    InputError: no file that can be written leads to it.
    """
    del reads
    if not proxy.folder:
        raise InputError(f"{proxy.unwritable}.", "Then ask again.")
    names = names_of(backend)
    files = {path: text for path, text in proxy.files.items() if path.endswith(".conf")}
    parsed = {path: parse(text, path) for path, text in files.items()}
    targets = _by_file({path: _targets(directives, names, port) for path, directives in parsed.items()})
    upstreams = frozenset(
        target.parents[-1].value
        for places in targets.values()
        for target in places
        if target.directive.name == "server"
    )
    passes = _by_file({path: _passes(each, names, port, upstreams) for path, each in parsed.items()})
    if not targets:
        raise InputError(
            f"No file in {proxy.folder} passes anything to {backend.service}:{port}.",
            f"Write `proxy_pass http://{backend.service}:{port};` there, without variables in it.",
        )
    return NginxSplitter(proxy, backend.service or backend.name, targets, passes)


def _by_file(found: Mapping[str, Iterable[Target]]) -> dict[str, tuple[Target, ...]]:
    tuples = {path: tuple(places) for path, places in found.items()}
    return {path: places for path, places in tuples.items() if places}


def _passes(
    directives: Sequence[Directive], names: frozenset[str], port: int, upstreams: frozenset[str]
) -> Iterator[Target]:
    """Every `proxy_pass` to the service itself or to one of its upstreams."""
    for directive, parents in with_parents(directives):
        found = TARGET.fullmatch(directive.value) if directive.name == "proxy_pass" else None
        if found is None:
            continue
        is_service = found["host"] in names and int(found["port"] or PORTS[found["scheme"]]) == port
        if is_service or (found["host"] in upstreams and not found["port"]):
            yield Target(directive, parents)


def _targets(directives: Sequence[Directive], names: frozenset[str], port: int) -> Iterator[Target]:
    yield from _passes(directives, names, port, frozenset())
    for directive, parents in with_parents(directives):
        if directive.name == "server" and directive.block is None and _is_of(directive, names, port):
            _refuse_others(parents[-1], names, port)
            yield Target(directive, parents)


def _refuse_others(upstream: Directive, names: frozenset[str], port: int) -> None:
    """Raise where an upstream has servers that are not the service's, beside which no share of it would be true."""
    others = [
        each.value
        for each in upstream.named("server")
        if not _is_of(each, names, port) and not {"backup", "down"} & {*each.words}
    ]
    if others:
        raise InputError(
            f"upstream {upstream.value} has other servers too ({', '.join(others)}); a release divides the traffic of "
            "one.",
            "Give them an upstream of their own.",
        )


def _is_of(server: Directive, names: frozenset[str], port: int) -> bool:
    host, _, number = server.value.partition(":")
    return host in names and (number or "80") == str(port)
