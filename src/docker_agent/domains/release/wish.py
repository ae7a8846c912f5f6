"""What a release shall do, and between which two versions."""

from __future__ import annotations

from dataclasses import dataclass, field

from docker_agent.domains.proxy import Canary, Proxy, Splitter
from docker_agent.domains.release.image import ImageChange
from docker_agent.host.models import Container
from docker_agent.project.stack import Stack


@dataclass(frozen=True)
class Wish:
    """How a release shall go; times in seconds.

    Attributes
    ----------
    stages: the new version's shares in percent before it gets all.
    watch_s: how long each stage is watched, and the whole in the end.
    drain_s: how long a server that gets no new requests may take to answer the old ones.
    migrate: a command for a one-off job with the new image, before anything is shifted.
    keep_min: how many minutes the old version is kept at least.
    proxy, port: where the traffic comes from and where the service listens; "" and 0 for what is found.
    """

    strategy: str = "blue-green"
    stages: tuple[int, ...] = ()
    watch_s: float = 10.0
    drain_s: float = 10.0
    max_error_percent: float = 1.0
    max_p95_ms: float = 1000.0
    path: str = "/"
    canary: Canary = field(default_factory=Canary)
    migrate: tuple[str, ...] = ()
    keep_min: int = 0
    proxy: str = ""
    port: int = 0


@dataclass(frozen=True)
class Retag:
    """A tag that leads elsewhere by now than to the wanted image; `before` is where it leads, "" for nowhere."""

    name: str
    image_id: str
    before: str


@dataclass(frozen=True)
class Versions:
    """The two containers of a release: the old one as it is, the new one by the name that it has or will have."""

    stack: Stack
    service: str
    old: Container
    new: str
    new_image_id: str
    port: int
    proxy: Proxy
    splitter: Splitter
    image: ImageChange | None
    retag: Retag | None = None

    def address(self, name: str) -> str:
        """A container as the proxy reaches it."""
        return f"{name}:{self.port}"
