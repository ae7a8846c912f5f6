"""Caddy: the servers of a `reverse_proxy` by name with weights, and which of them answered in the access log.

A service's name is resolved for each request, so the container that serves is written by its own name before a second
one starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Engine
from docker_agent.domains.proxy.driver import Change, Proxy
from docker_agent.domains.proxy.files.caddy_site import quoted
from docker_agent.domains.proxy.files.caddyfile import parse
from docker_agent.domains.proxy.files.directives import Directive, Word, walk
from docker_agent.domains.proxy.reading.caddy_files import config_path
from docker_agent.domains.proxy.route import Canary, Share
from docker_agent.domains.proxy.splitting.texts import Patch, indent_of, names_of, patched, with_parents
from docker_agent.host.host import Reads
from docker_agent.host.models import Container

SCHEMES = ("http://", "https://", "h2c://")
MATCHERS = ("@", "/", "*")
SERVERS = ("to", "dynamic")
# What a block has once, or what is not seen from here.
SETTLED = (*SERVERS, "lb_policy", "import")
UPSTREAM = "{http.reverse_proxy.upstream.hostport}"


@dataclass(frozen=True)
class Target:
    """A `reverse_proxy` that leads to the service, and the site that it stands in.

    `servers` are the places that name it: words, or a `dynamic` line.
    """

    directive: Directive
    servers: tuple[Word | Directive, ...]
    site: Directive


@dataclass(frozen=True)
class CaddySplitter:
    """Divides the traffic of one service of Caddy; `targets` are the places that lead to it, by file."""

    proxy: Proxy
    name: str
    targets: Mapping[str, tuple[Target, ...]]
    pins: bool = True

    def share(self, shares: Sequence[Share], canary: Canary) -> Change:
        """The files with the weights in them."""
        files: dict[str, str | None] = {}
        for path, targets in self.targets.items():
            text = self.proxy.files[path]
            places = [patch for target in targets for patch in self._patches(text, target, shares, canary)]
            files[path] = patched(text, dict.fromkeys(places))
        return Change(files, after=(reload(self.proxy, "Caddy checks the shares and reads them."),))

    def end(self, server: str) -> Change:
        """The files as they were."""
        del server
        files = {path: self.proxy.files[path] for path in self.targets}
        return Change(dict(files), after=(reload(self.proxy, "Caddy checks its own configuration and reads it."),))

    def _patches(self, text: str, target: Target, shares: Sequence[Share], canary: Canary) -> Iterator[Patch]:
        directive, first = target.directive, target.servers[0]
        indent = indent_of(text, directive.start)
        scheme = next((each for each in SCHEMES if isinstance(first, Word) and first.text.startswith(each)), "")
        chosen = [share for share in shares if share.weight]
        addresses = " ".join(f"{scheme}{share.address}" for share in chosen)
        yield Patch(first.start, first.end, addresses if isinstance(first, Word) else f"to {addresses}")
        yield from (Patch(word.start, word.end, "") for word in target.servers[1:])
        yield from self._policy(text, target, chosen, canary)
        yield from self._log(text, target.site)
        if canary.header and len(shares) > 1:
            if directive.value.startswith(MATCHERS):
                raise InputError(
                    f"reverse_proxy {directive.args[0].text} has a matcher already, so a header cannot choose there.",
                    "Release in stages without a header.",
                )
            matcher = f"@docker_agent_{self.name}"
            line = f"reverse_proxy {matcher} {scheme}{shares[1].address}{_options(text, directive)}"
            lines = f"{matcher} header {canary.header} {quoted(canary.value)}\n{indent}{line}\n{indent}"
            yield Patch(directive.start, directive.start, lines)

    def _policy(self, text: str, target: Target, chosen: Sequence[Share], canary: Canary) -> Iterator[Patch]:
        """How a server is chosen for a request, in place of what is said of that now."""
        directive = target.directive
        present = next(directive.named("lb_policy"), None)
        if len(chosen) < 2:
            return
        sticky = present.words[1] if present is not None and present.value == "cookie" and present.args[1:] else ""
        cookie = canary.cookie or sticky
        indent = indent_of(text, directive.start)
        weights = f"weighted_round_robin {' '.join(str(share.weight) for share in chosen)}"
        inner = f"{indent}\t\tfallback {weights}\n{indent}\t}}"
        policy = f"lb_policy cookie {cookie} {{\n{inner}" if cookie else f"lb_policy {weights}"
        if directive.block is None:
            yield Patch(directive.end, directive.end, f" {{\n{indent}\t{policy}\n{indent}}}")
            return
        if present is not None:
            yield Patch(present.start, present.end, policy)
        else:
            yield Patch(directive.block_start, directive.block_start, f"\n{indent}\t{policy}")

    def _log(self, text: str, site: Directive) -> Iterator[Patch]:
        """The line of log for each request says which server answered."""
        inner = next((indent_of(text, each.start) for each in site.block or ()), "\t")
        wanted = [] if any(site.named("log")) or site.name.startswith("(") else ["log"]
        lines = [*wanted, f"log_append docker_agent {UPSTREAM}"]
        at = site.block_start
        yield Patch(at, at, "".join(f"\n{inner}{line}" for line in lines))


def reload(proxy: Proxy, why: str) -> Engine:
    """The step with which Caddy checks its Caddyfile and takes it over as a whole; what has begun is answered."""
    name = proxy.container.name
    args: dict[str, str | int | float | bool] = {"program": "caddy", "config": config_path(proxy.container)}
    return Engine(why=why, touches=(name,), action="container_reload", target=name, args=args)


def split(reads: Reads, proxy: Proxy, backend: Container, port: int) -> CaddySplitter:
    """Take over the traffic that Caddy sends to a running container.

    Raises
    ------
    InputError: no file that can be written leads to it.
    """
    del reads
    if not proxy.folder:
        raise InputError(f"{proxy.unwritable}.", "Then ask again.")
    names = {f"{name}:{port}" for name in names_of(backend)} | {name for name in names_of(backend) if port == 80}
    parsed = {path: parse(text, path) for path, text in proxy.files.items()}
    snippets = {each.name: each for blocks in parsed.values() for each in blocks if each.name.startswith("(")}
    targets: dict[str, tuple[Target, ...]] = {}
    for path, blocks in parsed.items():
        if places := tuple(_targets(blocks, names)):
            targets[path] = places
            for target in places:
                _refuse_others(path, target, names, snippets)
    if not targets:
        raise InputError(
            f"No Caddyfile in {proxy.folder} passes anything to {backend.service}:{port}.",
            f"Write `reverse_proxy {backend.service}:{port}` in its site.",
        )
    return CaddySplitter(proxy, backend.service or backend.name, targets)


def _targets(directives: Sequence[Directive], names: set[str]) -> Iterator[Target]:
    for directive, parents in with_parents(directives):
        if directive.name == "reverse_proxy" and parents:
            servers = [each for each in _servers(directive) if _address(each) in names]
            if servers:
                yield Target(directive, tuple(servers), parents[0])


def _refuse_others(path: str, target: Target, names: set[str], snippets: Mapping[str, Directive]) -> None:
    """Raise where a `reverse_proxy` leads elsewhere too, or may by what it imports, so that no share would be true."""
    others = [_address(each) for each in _servers(target.directive) if _address(each) not in names]
    if others:
        raise InputError(
            f"A reverse_proxy in {path} has other servers too ({', '.join(others)}); a release divides the traffic of "
            "one.",
            "Give them a reverse_proxy of their own.",
        )
    for each in target.directive.named("import"):
        snippet = snippets.get(f"({each.value})")
        if snippet is None or any(inner.name in SETTLED for inner in walk(snippet.block or ())):
            raise InputError(
                f"A reverse_proxy in {path} imports {each.value}, which may choose the server itself.",
                "Write what it imports into its own block.",
            )


def _servers(directive: Directive) -> Iterator[Word | Directive]:
    """Where a `reverse_proxy` leads to: words, then `dynamic` lines."""
    has_matcher = directive.value.startswith(MATCHERS)
    yield from directive.args[1:] if has_matcher else directive.args
    yield from (word for line in directive.named("to") for word in line.args)
    yield from directive.named("dynamic")


def _address(server: Word | Directive) -> str:
    if isinstance(server, Directive):
        return ":".join(server.words[1:3])
    return _bare(server.text)


def _options(text: str, directive: Directive) -> str:
    """The block of a `reverse_proxy` for a single server: all but where it leads to and how it chooses."""
    if all(each.name in (*SERVERS, "lb_policy") for each in directive.block or ()):
        return ""
    at = directive.block_start
    gone = [
        Patch(len(text[at : each.start].rstrip()), each.end - at, "") for each in directive.named(*SERVERS, "lb_policy")
    ]
    return f" {{{patched(text[at : directive.block_end], gone)}}}"


def _bare(address: str) -> str:
    return next((address.removeprefix(each) for each in SCHEMES if address.startswith(each)), address)
