"""Close a route for a while, and open it again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.proxy.changing.asked import checked_hosts, checked_path, route_name
from docker_agent.domains.proxy.changing.edits import ComposeEdits
from docker_agent.domains.proxy.changing.planning import Wanted, driver_of, needed_stack, plan_of, refuse_errors
from docker_agent.domains.proxy.changing.proof import answers
from docker_agent.domains.proxy.driver import Proxy
from docker_agent.domains.proxy.find import find_proxy
from docker_agent.domains.proxy.route import Route, Tls
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
    status: Annotated[int, "For off: what the service answers when all is well; the proof expects it."] = 200,
    ca: Annotated[str, "A PEM file that the proof trusts, for a certificate of no public authority."] = "",
    proxy: Annotated[str, "The proxy's container or service, where there are several."] = "",
) -> Plan:
    """Plan to close a route with 503 for all requests, or to open it again; the service itself is left alone.

    Traefik has no page of its own and says so; Nginx and Caddy show the one that is given.
    """
    stack, found = needed_stack(ws), find_proxy(ws, proxy)
    host, slash, path = route.partition("/")
    name = route_name([route], "", "")
    closing = Route(
        name=name,
        service=host,
        port=0,
        hosts=checked_hosts([host]),
        path=checked_path(f"{slash}{path}"),
        tls=Tls() if _has_tls(found, host) else None,
    )
    driver = driver_of(found)
    if state == "on":
        text = ws.host.read_file(ws.root / Path(page)).decode("utf-8", "replace") if page else ""
        configured = driver.maintenance(closing, found, text)
    else:
        configured = replace(driver.remove(f"{name}{ENDING}", found), labels={})
        if not configured.files:
            raise InputError(f"{route} is not closed.", "See `docker-agent proxy list`.")
    refuse_errors(configured)
    wanted = Wanted(
        title=f"{'Close' if state == 'on' else 'Open'} {route} at {found.container.name} ({found.state.kind})",
        proxy=found,
        configured=configured,
        edits=ComposeEdits(ws, stack),
        services=(),
        proof=answers(closing, found, status=503 if state == "on" else status, ca=ca and str((ws.root / ca).resolve())),
    )
    return plan_of(ws, wanted, renew=False)


def _has_tls(proxy: Proxy, host: str) -> bool:
    """Whether a router for a host is served over TLS; those that keep it closed do not count."""
    return any(router.tls and host in router.rule and ENDING not in router.name for router in proxy.state.routers)
