"""Take a route away from a reverse proxy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.proxy.changing.asked import route_name
from docker_agent.domains.proxy.changing.edits import ComposeEdits
from docker_agent.domains.proxy.changing.planning import Wanted, driver_of, plan_of, refuse_errors
from docker_agent.domains.proxy.driver import Configured, Proxy
from docker_agent.domains.proxy.find import find_proxy
from docker_agent.domains.stack import stack_needed
from docker_agent.project.stack import Stack
from docker_agent.project.workspace import Workspace

# What says nothing of its own once all routes of a service are gone.
REST = frozenset({"traefik.enable", "traefik.docker.network"})


@tool(
    risk=Risk.CHANGE,
    examples=(
        "docker-agent proxy remove-route shop.example.com",
        "docker-agent proxy remove-route shop.example.com/api",
    ),
)
def remove_route(
    ws: Workspace,
    route: Annotated[str, "Its name in proxy_list, or the host and path it was made for."],
    proxy: Annotated[str, "The proxy's container or service, where there are several."] = "",
) -> Plan:
    """Plan to take a route away: what was written for it goes, and the proxy reads its configuration again.

    It takes routes that `proxy_add_route` made, or that are written in the same way. The service goes on running; its
    container is made new where its labels change.
    """
    stack, found = stack_needed(ws), find_proxy(ws, proxy)
    word = route.partition("@")[0]
    for name in (route_name([word], "", ""), word):
        configured, edits, changed = _removal(ws, stack, found, name)
        if changed or configured.files:
            break
    else:
        known = sorted(router.name for router in found.state.routers if not router.name.endswith("@internal"))
        raise InputError(
            f"There is no route {route!r} that is written in this project.", f"Known: {', '.join(known) or 'none'}."
        )
    wanted = Wanted(
        title=f"Remove the route {route} from {found.container.name} ({found.state.kind})",
        name=name,
        proxy=found,
        configured=Configured({}, configured.files, configured.findings),
        edits=edits,
        services=tuple(changed),
        proof=(),
    )
    return plan_of(ws, wanted, renew=bool(changed))


def _removal(ws: Workspace, stack: Stack, proxy: Proxy, name: str) -> tuple[Configured, ComposeEdits, list[str]]:
    """What goes with a route of this name: files, and labels with the services that lose them."""
    configured = driver_of(proxy).remove(name, proxy)
    refuse_errors(configured)
    gone = [key for key, value in configured.labels.items() if not value]
    edits, changed = ComposeEdits(ws, stack), list[str]()
    for service, described in stack.model.services.items():
        left = _left(described.labels, gone)
        if len(left) < len(described.labels):
            changed.append(service)
            only_rest = {key for key in left if key.startswith("traefik.")} <= REST
            # Without a router of its own, a container with traefik.enable gets one by Traefik's default rule.
            off = {"traefik.enable": "false"} if only_rest and "traefik.enable" in left else {}
            edits.labels(service, off, [*gone, "traefik.docker.network"] if off else gone)
    return configured, edits, changed


def _left(labels: Mapping[str, str | None], gone: Sequence[str]) -> set[str]:
    return {key for key in labels if not any(key == one or (one[-1:] == "." and key.startswith(one)) for one in gone)}
