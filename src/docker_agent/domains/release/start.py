"""Release a new version of one service with nothing dropped."""

from __future__ import annotations

import shlex
from typing import Annotated, Literal

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.proxy import Canary
from docker_agent.domains.release.image import image_of, wanted_image
from docker_agent.domains.release.plan import release_plan
from docker_agent.domains.release.wish import Wish
from docker_agent.domains.stack import stack_needed
from docker_agent.project.workspace import Workspace

Strategy = Literal["blue-green", "canary"]
CANARY = "10,50"


@tool(
    risk=Risk.CHANGE,
    examples=(
        "docker-agent release start web v1.1.0",
        "docker-agent release start web v1.1.0 --strategy canary --stages 10,50 --watch-s 300 --yes",
        "docker-agent release start web   # after its image was changed in the compose file",
        "docker-agent release start web registry.example.com/web:1.1.0 --migrate 'bin/migrate up'",
        "docker-agent release start web v1.1.0 --strategy canary --canary-header 'X-Canary: 1'",
    ),
)
def start(
    ws: Workspace,
    service: Annotated[str, "The compose service, served by a reverse proxy."],
    image: Annotated[
        str,
        "The new image, or one word as a tag of the one it runs (`v1.1.0`); by default what the compose file names.",
    ] = "",
    strategy: Annotated[Strategy, "blue-green: all traffic at once; canary: in stages."] = "blue-green",
    stages: Annotated[str, "Shares of the new version for canary, in percent, such as 10,50."] = "",
    watch_s: Annotated[float, "How long each stage is watched, seconds."] = 10.0,
    max_error_percent: Annotated[float, "How many of the new version's answers may be 5xx."] = 1.0,
    max_p95_ms: Annotated[float, "How slow 95 % of its answers may be, milliseconds."] = 1000.0,
    path: Annotated[str, "What it is asked before it gets traffic."] = "/",
    canary_header: Annotated[str, "Requests with this header go to the new version, such as `X-Canary: 1`."] = "",
    canary_cookie: Annotated[str, "A cookie that keeps each client at the version that it met first."] = "",
    migrate: Annotated[str, "A command run once in the new image before anything is shifted."] = "",
    drain_s: Annotated[float, "How long the old version may answer what it was asked, seconds."] = 10.0,
    keep_min: Annotated[int, "How many minutes the old version is kept at least, for going back at once."] = 30,
    port: Annotated[int, "Where the service listens; found where it is clear."] = 0,
    proxy: Annotated[str, "The proxy's container, where there are several."] = "",
) -> Plan:
    """Plan to release a new version of a service behind Traefik, Nginx or Caddy with no request lost.

    The new version starts beside the old one, is checked, gets the traffic at once (blue-green) or in stages (canary),
    and is watched: errors, slow answers or failing health take everything back by itself. The old one is stopped last
    and kept: `release_rollback` goes back at once. The compose file gets the new image. If it is stopped in the middle,
    `release_resume` goes on and `release_abort` takes it back.
    """
    stack = stack_needed(ws)
    now = image_of(stack, service) if service in stack.model.services else ""
    wish = Wish(
        strategy=strategy,
        proxy=proxy,
        port=port,
        keep_min=keep_min,
        stages=_stages(strategy, stages),
        watch_s=_within("watch_s", watch_s, 1, 86_400),
        drain_s=_within("drain_s", drain_s, 0, 3_600),
        max_error_percent=_within("max_error_percent", max_error_percent, 0, 100),
        max_p95_ms=_within("max_p95_ms", max_p95_ms, 1, 3_600_000),
        path=path if path.startswith("/") else f"/{path}",
        canary=_canary(canary_header, canary_cookie),
        migrate=tuple(shlex.split(migrate)),
    )
    return release_plan(ws, service, wanted_image(now, image) if image else now, wish)


def _stages(strategy: Strategy, text: str) -> tuple[int, ...]:
    if strategy == "blue-green":
        if text:
            raise InputError("Stages are for a canary.", "Add --strategy canary.")
        return ()
    try:
        stages = tuple(int(each.strip().removesuffix("%")) for each in (text or CANARY).split(","))
    except ValueError as error:
        raise InputError(f"{text!r} is no list of shares.", "Give percent from 1 to 99, such as 10,50.") from error
    if not all(0 < each < 100 for each in stages) or list(stages) != sorted(set(stages)):
        raise InputError(f"{text!r}: shares go up from 1 to 99 percent.", "Give them like 10,50.")
    return stages


def _canary(header: str, cookie: str) -> Canary:
    name, colon, value = (part.strip() for part in header.partition(":"))
    if header and not (name and colon and value):
        raise InputError(f"{header!r} is no header with a value.", "Give it like `X-Canary: 1`.")
    if not set(f"{name}{value}{cookie}").isdisjoint("\"'`{}\\\n$;"):
        raise InputError("A header or cookie with quotes, braces or dollars is not taken.", "Give a plain one.")
    return Canary(header=name, value=value, cookie=cookie.strip())


def _within(name: str, value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise InputError(f"{name} is {value:g}.", f"Give a number from {low:g} to {high:g}.")
    return value
