"""What the engine and its host hold at the moment, as far as rules ask for it."""

from __future__ import annotations

from docker_agent.core.record import record


@record
class TakenPort:
    """A port of the host that is in use; `holder` says by what, as in "the container web"."""

    port: int
    protocol: str
    host_ip: str
    holder: str


@record
class EngineState:
    """The ports that others than this project hold, and the names of all networks and volumes."""

    ports: tuple[TakenPort, ...] = ()
    networks: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
