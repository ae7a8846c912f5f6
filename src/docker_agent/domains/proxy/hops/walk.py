"""What a trace carries from hop to hop, and what it says of each."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import BaseModel, ConfigDict

from docker_agent.core.finding import Evidence, EvidenceSource
from docker_agent.domains.proxy.entry import Entry
from docker_agent.domains.proxy.matchers import Request, ascii_host
from docker_agent.domains.proxy.state import Kind, ProxyState, Router, Server, Upstream
from docker_agent.host.models import Answer, Container
from docker_agent.project.workspace import Workspace

HopName = Literal[
    "dns", "entry", "tls", "router", "middleware", "service", "network", "port", "container", "application"
]
HopState = Literal["ok", "broken", "not reached", "not looked at"]
MAX_QUOTE = 240
# What a probe says of itself; all that a browser sends besides is not sent.
SENT = {"User-Agent": "docker-agent", "Accept-Encoding": "identity"}


class Hop(BaseModel):
    """One part of the way of a request: how it is, what was read of it, and where.

    `code` is the signature of `diagnose` for the same fault, "" where there is none.
    """

    model_config = ConfigDict(frozen=True)

    hop: HopName
    state: HopState
    said: str
    evidence: tuple[Evidence, ...] = ()
    code: str = ""
    cause: str = ""
    fix: str = ""
    blocks: bool = True


@dataclass(frozen=True)
class Place:
    """One server behind the proxy: its address as the proxy has it, and the container that is there, if one is."""

    server: Server
    host: str
    port: int
    scheme: str
    container: Container | None

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


@dataclass
class Walk:
    """One trace on its way.

    Attributes
    ----------
    everything: all containers of the host.
    chain: the URLs that redirects led through, the one that is traced last; where it comes back it is a loop.
    answer: what the proxy answered for the URL.
    blamed: the container that is the cause before its hop is reached.
    described: the container whose labels describe the router.
    strips: prefixes that middlewares take off the path.
    """

    ws: Workspace
    url: str
    state: ProxyState
    proxy: Container
    everything: Sequence[Container]
    ca: str = ""
    insecure: bool = False
    timeout_s: float = 10.0
    chain: tuple[str, ...] = ()
    entry: Entry | None = None
    entrypoint: str = ""
    answer: Answer = field(default_factory=Answer)
    router: Router | None = None
    upstream: Upstream | None = None
    places: tuple[Place, ...] = ()
    blamed: Container | None = None
    described: Container | None = None
    strips: tuple[str, ...] = ()

    @property
    def parts(self) -> SplitResult:
        """The URL in parts."""
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        """The name that is asked for."""
        return ascii_host(self.parts.hostname or "")

    @property
    def request(self) -> Request:
        """What a router sees."""
        path = unquote(self.parts.path or "/")
        # Caddy alone does not care about the case of paths.
        path = path.lower() if self.kind == "caddy" else path
        return Request(self.host, path, query=self.parts.query, headers=SENT)

    @property
    def kind(self) -> Kind:
        """Which proxy it is."""
        return self.state.kind

    @property
    def name(self) -> str:
        """The proxy in words."""
        return f"{self.kind.capitalize()} ({self.proxy.name})"

    def concerns(self, container: Container) -> bool:
        """Whether a container may be behind the proxy: one of the project, or one on a network of the proxy."""
        on = {place.network for place in container.networks}
        return self.ws.owns_container(container) or bool(on & set(self.state.networks))

    def code(self, *, traefik: str = "", nginx: str = "", caddy: str = "") -> str:
        """The signature's code for this kind of proxy."""
        return {"traefik": traefik, "nginx": nginx, "caddy": caddy}[self.kind]

    def seen(self, source: EvidenceSource, where: str, quote: str) -> Evidence:
        """Evidence, its quote cut with secrets masked."""
        return Evidence(source=source, where=where, quote=self.ws.quote(" ".join(quote.split()), MAX_QUOTE))

    def inspected(self, container: Container, field_name: str, value: str) -> Evidence:
        """Evidence from what the engine says of a container."""
        return self.seen("inspect", f"{container.name} {field_name}", value)

    def by_api(self, path: str, quote: str) -> Evidence:
        """Evidence from what the proxy says of itself, or its labels and options say where its API does not answer."""
        if self.kind == "traefik" and not self.state.api:
            return self.seen("inspect", f"labels and options ({self.proxy.name}'s API does not answer)", quote)
        where = f"{self.proxy.name} /api/{path}" if self.kind == "traefik" else f"{self.proxy.name} {path}"
        return self.seen("proxy", where, quote)

    def answered(self, via: str, answer: Answer) -> Evidence:
        """Evidence from an answer."""
        words = f"{answer.status} in {answer.seconds * 1000:.0f} ms" if answer.status else answer.error
        return self.seen("network", f"{self.url} via {via}", f"{words} {answer.body[:120]}")

    def logged(self, *words: str) -> tuple[Evidence, ...]:
        """The last line of the proxy's log with all these words."""
        for line in reversed(self.state.log):
            if all(word in line.text for word in words):
                return (self.seen("log", f"{self.proxy.name}:{line.number}", line.text),)
        return ()


def ok(hop: HopName, said: str, *evidence: Evidence) -> Hop:
    """A hop that does its part."""
    return Hop(hop=hop, state="ok", said=said, evidence=evidence)


def unknown(hop: HopName, said: str, *evidence: Evidence) -> Hop:
    """A hop that was not looked at, with the reason."""
    return Hop(hop=hop, state="not looked at", said=said, evidence=evidence)


def broken(
    hop: HopName, said: str, *evidence: Evidence, code: str = "", cause: str = "", fix: str = "", blocks: bool = True
) -> Hop:
    """A hop at which the request ends, or, where it does not block, one that a browser does not get past."""
    return Hop(hop=hop, state="broken", said=said, evidence=evidence, code=code, cause=cause, fix=fix, blocks=blocks)


def is_address(word: str) -> bool:
    """Whether a word is an IP address."""
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True
