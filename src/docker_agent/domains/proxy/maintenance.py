"""Close a route for a while, and open it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Literal

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.proxy.changing.asked import checked_hosts, checked_path, route_name
from docker_agent.domains.proxy.changing.edits import ComposeEdits
from docker_agent.domains.proxy.changing.planning import Wanted, driver_of, plan_of, refuse_errors
from docker_agent.domains.proxy.changing.proof import answers
from docker_agent.domains.proxy.driver import Proxy
from docker_agent.domains.proxy.find import find_proxy
from docker_agent.domains.proxy.route import Route, Tls
from docker_agent.domains.proxy.rules import Request, parse_rule
from docker_agent.domains.proxy.state import Router
from docker_agent.domains.stack import stack_needed
from docker_agent.host.plan_files import inside
from docker_agent.project.workspace import Workspace

ENDING = "-maintenance"


@tool(
    risk=Risk.CHANGE,
    examples=(
        "docker-agent proxy maintenance shop.example.com on --page pages/back-soon.html",
        "docker-agent proxy maintenance shop.example.com off",
    ),
)
def maintenance(
    ws: Workspace,
    route: Annotated[str, "The host, or host and path, such as shop.example.com/api."],
    state: Annotated[Literal["on", "off"], "on: everybody gets 503; off: the route serves again."],
    page: Annotated[str, "For on: a file of the project with the page that is shown."] = "",
    status: Annotated[int, "For off: what the service answers when all is well, 0 for anything but an error."] = 0,
    ca: Annotated[str, "A PEM file that the proof trusts, for a certificate of no public authority."] = "",
    proxy: Annotated[str, "The proxy's container or service, where there are several."] = "",
) -> Plan:
    """Plan to close a route with 503 for all requests, or to open it again; the service itself is left alone.

    Traefik has no page of its own and says so; Nginx and Caddy show the one that is given.
    """
    stack, found = stack_needed(ws), find_proxy(ws, proxy)
    host, slash, path = route.partition("/")
    name = route_name([route], "", "")
    closing = Route(
        name=name,
        service=host,
        port=0,
        hosts=checked_hosts([host]),
        path=checked_path(f"{slash}{path}"),
        tls=Tls() if any(router.tls for router in _routers(found, host, f"{slash}{path}")) else None,
    )
    driver = driver_of(found)
    if state == "on":
        _refuse_unknown(found, closing)
        text = ws.host.read_file(inside(ws.root, page)).decode("utf-8", "replace") if page else ""
        configured = driver.maintenance(closing, found, text)
    else:
        configured = replace(driver.remove(f"{name}{ENDING}", found), labels={})
        if not configured.files:
            raise InputError(f"{route} is not closed.", "See `docker-agent proxy list`.")
    refuse_errors(configured)
    wanted = Wanted(
        title=f"{'Close' if state == 'on' else 'Open'} {route} at {found.container.name} ({found.state.kind})",
        name=name,
        proxy=found,
        configured=configured,
        edits=ComposeEdits(ws, stack),
        services=(),
        proof=answers(closing, found, status=503 if state == "on" else status, ca=ca and str(inside(ws.root, ca))),
    )
    return plan_of(ws, wanted, renew=False)


def _routers(proxy: Proxy, host: str, path: str) -> Iterator[Router]:
    """The routers that take requests for a host and path.

    What keeps one closed, or what the proxy answers itself, does not count.
    """
    asked = Request(host.lower().replace("*", "docker-agent-check", 1), path or "/")
    for router in proxy.state.routers:
        with suppress(InputError):
            kept = ENDING in router.name or router.own or router.name.endswith("@internal")
            if not kept and parse_rule(router.rule).matches(asked):
                yield router


def _refuse_unknown(proxy: Proxy, closing: Route) -> None:
    """Refuse to close what nobody serves: a slip in the name would close nothing, and say that it did."""
    if proxy.state.routers and not any(True for _ in _routers(proxy, closing.hosts[0], closing.path)):
        shown = f"{closing.hosts[0]}{closing.path}"
        known = sorted({host for router in proxy.state.routers for host in _hosts(router)})
        fix = f"Name a host that it serves: {', '.join(known[:10]) or 'see `docker-agent proxy list`'}."
        raise InputError(f"{proxy.container.name} has no route for {shown}.", fix)


def _hosts(router: Router) -> tuple[str, ...]:
    with suppress(InputError):
        return parse_rule(router.rule).hosts
    return ()
