"""What passed through a proxy: each request in its access log with the server that it went to, status and time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from docker_agent.core.errors import InputError
from docker_agent.host.host import Reads
from docker_agent.host.models import Container

MOST_LINES = 50_000
# `docker_agent` lines are those that the split configuration of Nginx asks for; see `splitting/nginx.py`.
NGINX = re.compile(r'docker_agent "(?P<servers>[^"]*)" "(?P<statuses>[^"]*)" (?P<seconds>[\d.]+)')
TRAEFIK = re.compile(r'" (?P<status>\d{3}) \S+ "[^"]*" "[^"]*" \d+ "[^"]*" "(?P<url>[^"]*)" (?P<ms>\d+)ms\s*$')


@dataclass(frozen=True)
class Hit:
    """One request: the server as `HOST:PORT`, the status that the client got, and how long it took, in seconds."""

    server: str
    status: int
    seconds: float


def hits(reads: Reads, proxy: Container, *, since: float, until: float = 0.0) -> list[Hit]:
    """The requests in a proxy's log between two times, seconds since the epoch; none where it cannot be read."""
    try:
        lines = reads.logs(proxy.name, tail=MOST_LINES, since=since, until=until)
    except InputError:
        return []
    return [hit for line in lines for hit in _hits_in(line.text)]


def _hits_in(text: str) -> Iterator[Hit]:
    if text.startswith("{"):
        yield from _in_json(text)
    elif found := NGINX.match(text):
        # Where the first server failed, Nginx asked the next one, and names both.
        pairs = zip(found["servers"].split(", "), found["statuses"].split(", "), strict=False)
        yield from (Hit(server, int(code), float(found["seconds"])) for server, code in pairs if code.isdigit())
    elif found := TRAEFIK.search(text):
        yield Hit(urlsplit(found["url"]).netloc, int(found["status"]), int(found["ms"]) / 1000)


def _in_json(text: str) -> Iterator[Hit]:
    """A line of Traefik or of Caddy with JSON as its format."""
    try:
        line: dict[str, Any] = json.loads(text)
        if "DownstreamStatus" in line and line.get("ServiceAddr"):
            yield Hit(str(line["ServiceAddr"]), int(line["DownstreamStatus"]), float(line.get("Duration", 0)) / 1e9)
        elif "docker_agent" in line and "status" in line:
            yield Hit(str(line["docker_agent"]), int(line["status"]), float(line.get("duration", 0)))
    except (ValueError, TypeError, AttributeError):
        return
