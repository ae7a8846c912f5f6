"""The reverse proxies of the project, and what they route where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import AgentError
from docker_agent.core.finding import Finding
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.proxy.changing.planning import told
from docker_agent.domains.proxy.driver import Proxy
from docker_agent.domains.proxy.find import proxy_of
from docker_agent.domains.proxy.labels.versions import check_labels, check_settings
from docker_agent.domains.proxy.read import read_proxies
from docker_agent.domains.proxy.state import ProxyState, Router
from docker_agent.host.models import Container
from docker_agent.project.workspace import Workspace


class RouteRow(BaseModel):
    """One route of a proxy: what it takes, and the servers that get it, with what the proxy itself says of each."""

    model_config = ConfigDict(frozen=True)

    proxy: str
    name: str
    rule: str
    service: str
    servers: tuple[str, ...]
    entrypoints: tuple[str, ...]
    tls: bool
    enabled: bool
    errors: tuple[str, ...]


class ProxyRow(BaseModel):
    """One proxy; `unwritable` says why its files cannot be written from here, and what to do about it.

    `findings` are options and rules that its version does not know, or reads otherwise.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: str
    version: str
    foreign: bool
    networks: tuple[str, ...]
    entrypoints: dict[str, str]
    configuration: str
    unwritable: str
    api: str
    findings: tuple[str, ...]


class ProxyList(BaseModel):
    """The proxies that have to do with the project, and all their routes."""

    model_config = ConfigDict(frozen=True)

    project: str
    proxies: tuple[ProxyRow, ...]
    routes: tuple[RouteRow, ...]


@tool(
    risk=Risk.READ,
    untrusted="labels and configuration of the proxy",
    examples=("docker-agent proxy list", "docker-agent proxy list --internal --json"),
)
def list(  # noqa: A001
    ws: Workspace,
    internal: Annotated[bool, "Also show the routes of the proxy's own API and dashboard."] = False,
) -> ProxyList:
    """List the reverse proxies of the project: version, where their configuration lies, and all routes.

    For each route: host and path, service, servers, TLS, whether it serves and why not. Findings name labels and
    options that the running version of Traefik does not know, with what to write instead.
    """
    everything = ws.host.containers()
    own = [each.name for each in everything if ws.owns_container(each)]
    by_name = {each.name: each for each in everything}
    found = read_proxies(ws.host, everything, own)
    proxies = [proxy_of(ws, by_name[state.container], state) for state in found]
    labelled = [each for each in everything if each.name in own and each.running]
    return ProxyList(
        project=ws.project,
        proxies=tuple(_row(ws, each, labelled) for each in proxies),
        routes=tuple(
            _route(state, router)
            for state in found
            for router in state.routers
            if internal or not router.name.endswith("@internal")
        ),
    )


def _row(ws: Workspace, proxy: Proxy, labelled: Sequence[Container]) -> ProxyRow:
    state = proxy.state
    return ProxyRow(
        name=state.container,
        kind=state.kind,
        version=state.version,
        foreign=not ws.owns_container(proxy.container),
        networks=state.networks,
        entrypoints=dict(state.entrypoints),
        configuration=proxy.folder,
        unwritable=proxy.unwritable,
        api=state.api,
        findings=told(_findings(ws, state, labelled)),
    )


def _route(state: ProxyState, router: Router) -> RouteRow:
    provider = router.name.partition("@")[2]
    name = router.service if "@" in router.service or not provider else f"{router.service}@{provider}"
    upstream = state.service(name) or state.service(router.service)
    servers = [f"{each.url}{f' ({each.up})' if each.up else ''}" for each in (upstream.servers if upstream else ())]
    if upstream:
        servers += [f"{child} ({weight})" for child, weight in upstream.children.items()]
    return RouteRow(
        proxy=state.container,
        name=router.name,
        rule=router.rule,
        service=router.service,
        servers=tuple(servers),
        entrypoints=router.entrypoints,
        tls=router.tls,
        enabled=router.enabled and (upstream is None or upstream.enabled),
        errors=(*router.errors, *(upstream.errors if upstream else ())),
    )


def _findings(ws: Workspace, state: ProxyState, labelled: Sequence[Container]) -> Sequence[Finding]:
    return [*_of_traefik(ws, state, labelled)] if state.kind == "traefik" else []


def _of_traefik(ws: Workspace, state: ProxyState, labelled: Sequence[Container]) -> Iterator[Finding]:
    try:
        engine = ws.host.engine().version
    except AgentError:
        engine = ""
    yield from check_settings(state.settings, state.version, state.container, engine=engine)
    syntax = state.settings.get("core.defaultrulesyntax", "")
    for each in labelled:
        yield from check_labels(each.labels, state.version, each.service or each.name, default_syntax=syntax)
