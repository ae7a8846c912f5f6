"""Make a reverse proxy pass requests for a host or a path to a service."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Literal

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.proxy.changing import asked
from docker_agent.domains.proxy.changing.edits import ComposeEdits
from docker_agent.domains.proxy.changing.planning import Wanted, driver_of, plan_of, refuse_errors
from docker_agent.domains.proxy.changing.proof import answers
from docker_agent.domains.proxy.changing.reach import shared_network
from docker_agent.domains.proxy.driver import Proxy
from docker_agent.domains.proxy.find import find_proxy
from docker_agent.domains.proxy.route import HealthCheck, Route, Tls
from docker_agent.domains.stack import stack_needed
from docker_agent.host.plan_files import inside
from docker_agent.project.stack import Stack
from docker_agent.project.workspace import Workspace

Https = Literal["none", "acme", "own"]
YEAR_S = 31_536_000


@tool(
    risk=Risk.CHANGE,
    examples=(
        "docker-agent proxy add-route web --hosts shop.example.com --https acme",
        "docker-agent proxy add-route api --hosts shop.example.com --path /api --strip-path --port 3000",
        "docker-agent proxy add-route web --hosts shop.lan --https own --certificate certs/a.pem --key certs/a.key",
        "docker-agent proxy add-route admin --hosts admin.lan --auth-user ann --auth-variable ADMIN_PASSWORD",
        "docker-agent proxy add-route db --tcp 5432",
    ),
)
def add_route(  # noqa: PLR0913, PLR0917
    ws: Workspace,
    service: Annotated[str, "The compose service that shall answer."],
    hosts: Annotated[list[str] | None, "Host names it answers to; *.example.com for all below one."] = None,
    port: Annotated[int, "Where the service listens in its container; 0 for what the compose file or image says."] = 0,
    path: Annotated[str, "Only requests below this prefix, such as /api."] = "",
    strip_path: Annotated[bool, "Take the prefix off before the service sees the request."] = False,
    https: Annotated[Https, "none: plain HTTP; acme: a certificate is fetched; own: one that you have."] = "none",
    certificate: Annotated[str, "For own: the PEM file, of the project or as the proxy sees it."] = "",
    key: Annotated[str, "For own: the PEM file of the key."] = "",
    ca: Annotated[str, "A PEM file that the proof trusts, for a certificate of no public authority."] = "",
    resolver: Annotated[str, "For acme: Traefik's certificate resolver by name, by default the one it has."] = "",
    redirect: Annotated[bool, "With https: send plain HTTP there."] = True,
    hsts: Annotated[bool, "With https: tell browsers to use nothing else for a year."] = False,
    auth_user: Annotated[str, "Ask for a password, of this user."] = "",
    auth_variable: Annotated[str, "The variable of .env that holds the password; it is never a parameter."] = "",
    allow: Annotated[list[str] | None, "Let in only these networks or addresses, such as 10.0.0.0/8."] = None,
    rate: Annotated[int, "At most so many requests a second from one client, 0 for no limit."] = 0,
    headers: Annotated[list[str] | None, "Headers on every answer, such as 'X-Frame-Options: DENY'."] = None,
    compress: Annotated[bool, "Compress answers."] = False,
    sticky: Annotated[bool, "Keep each client at one container, by a cookie."] = False,
    timeout_s: Annotated[int, "How long the service may take to answer, 0 for the proxy's own limit."] = 0,
    max_body: Annotated[str, "The largest request body, such as 50m."] = "",
    health_path: Annotated[str, "A path that the proxy itself asks to see which containers are well."] = "",
    tcp: Annotated[str, "Pass on TCP instead of HTTP: the proxy's port or entry point."] = "",
    status: Annotated[int, "What the service answers at this path when all is well; the proof expects it."] = 200,
    proxy: Annotated[str, "The proxy's container or service, where there are several."] = "",
) -> Plan:
    """Plan to route requests for hosts or a path through the running proxy (Traefik, Nginx or Caddy) to a service.

    The plan writes what this proxy reads (labels in the compose file for Traefik, its own files for Nginx and Caddy),
    puts the service on a network of the proxy where they share none, reloads without a pause, and proves that the route
    answers through the proxy; where that fails all is put back. The same hosts and path again replace the route. What
    the proxy or its version cannot do is refused with what to change.
    """
    stack, found = stack_needed(ws), find_proxy(ws, proxy)
    _refuse_service(stack, found, service)
    names, prefix = asked.checked_hosts(hosts or ()), asked.checked_path(path)
    if not names and not tcp and not prefix:
        raise InputError("A route needs a host or a path.", "Give hosts, such as shop.example.com.")
    files = "".join(found.files.values())
    written = "\n".join(str(value) for value in stack.model.services[service].labels.values())
    route = Route(
        name=asked.route_name(names, prefix, service if not tcp else f"{service}-tcp-{tcp}"),
        service=service,
        port=asked.checked_number("port", port, 65_535) or asked.port_of(ws.host, stack, service),
        hosts=names,
        path=prefix,
        strip_path=strip_path,
        protocol="tcp" if tcp else "http",
        entrypoint=tcp,
        tls=_tls(found, stack, https, (certificate, key, resolver), redirect=redirect, hsts=hsts),
        users=asked.user_line(auth_user, auth_variable, stack.variables, f"{files}\n{written}"),
        allow=asked.checked_networks(allow or ()),
        rate=asked.checked_number("rate", rate, 1_000_000),
        headers=asked.headers_of(headers or ()),
        compress=compress,
        sticky="docker_agent_server" if sticky else "",
        timeout_s=asked.checked_number("timeout_s", timeout_s, 86_400),
        body_bytes=asked.size_of(max_body),
        health=HealthCheck(asked.checked_path(health_path)) if health_path else None,
        network=shared_network(stack, service, found).network,
    )
    return _plan(ws, stack, found, route, {"status": status, "ca": ca and str(inside(ws.root, ca))})


def _refuse_service(stack: Stack, proxy: Proxy, service: str) -> None:
    """Refuse what is no service of the project, or is the proxy."""
    if service not in stack.model.services:
        near = difflib.get_close_matches(service, stack.model.services, n=3, cutoff=0.5) or sorted(stack.model.services)
        raise InputError(f"The compose file has no service {service!r}.", f"Nearest: {', '.join(near[:10])}.")
    if service == proxy.container.service and proxy.container.project == stack.name:
        raise InputError(f"{service} is the proxy itself, which would ask itself for ever.", "Name another service.")


def _tls(
    proxy: Proxy, stack: Stack, https: Https, own: tuple[str, str, str], *, redirect: bool, hsts: bool
) -> Tls | None:
    certificate, key, resolver = own
    if https == "none":
        return None
    hsts_s = YEAR_S if hsts else 0
    if https == "acme":
        known = [name.split(".")[1] for name in proxy.state.settings if name.startswith("certificatesresolvers.")]
        return Tls(resolver=resolver or (known[0] if known else "acme"), redirect=redirect, hsts_s=hsts_s)
    if bool(certificate) != bool(key) or (not certificate and proxy.state.kind != "traefik"):
        raise InputError("An own certificate needs its key, and a key its certificate.", "Give both files.")
    inside = [asked.seen_inside(proxy, stack, each) for each in (certificate, key)]
    return Tls(certificate=inside[0], key=inside[1], redirect=redirect, hsts_s=hsts_s)


def _plan(ws: Workspace, stack: Stack, proxy: Proxy, route: Route, proof: Mapping[str, str | int]) -> Plan:
    driver, service = driver_of(proxy), route.service
    configured = driver.configure(route, proxy)
    refuse_errors(configured)
    gone = [key for key, value in driver.remove(route.name, proxy).labels.items() if not value]
    _refuse_taken(stack, service, gone)
    edits, shared = ComposeEdits(ws, stack), shared_network(stack, service, proxy)
    edits.labels(service, configured.labels, gone)
    if shared.join:
        edits.join(service, shared.join, shared.network)
    running = any(each.service == service and each.running for each in ws.host.containers(stack.name))
    shown = f"{', '.join(route.hosts)}{route.path}" or f"TCP {route.entrypoint}"
    served = replace(route, tls=route.tls or (Tls() if configured.secured else None))
    wanted = Wanted(
        title=f"Route {shown} to {service}:{route.port} through {proxy.container.name} ({proxy.state.kind})",
        name=route.name,
        proxy=proxy,
        configured=configured,
        edits=edits,
        services=(service,),
        proof=answers(served, proxy, status=int(proof["status"]), ca=str(proof["ca"])),
    )
    return plan_of(ws, wanted, renew=bool(edits.writes("")) or not running)


def _refuse_taken(stack: Stack, service: str, gone: Sequence[str]) -> None:
    """Refuse a route that another service has already: two definitions of one router cancel each other."""
    for name, other in stack.model.services.items():
        taken = any(
            key == each or (each.endswith(".") and key.startswith(each)) for key in other.labels for each in gone
        )
        if name != service and taken:
            raise InputError(
                f"{name} has this route already.", "Remove it there first: docker-agent proxy remove-route."
            )
