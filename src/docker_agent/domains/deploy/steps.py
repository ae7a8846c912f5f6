"""A deployment as steps: images first, then each service in its order, jobs waited for, routes tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from docker_agent.core.errors import AgentError
from docker_agent.core.plan import Argv, Check, Step, WaitHealthy
from docker_agent.domains.compose import graph_of, runs_once
from docker_agent.domains.deploy.environment import Setting
from docker_agent.domains.deploy.picture import image_of
from docker_agent.domains.deploy.route_labels import routes_in
from docker_agent.domains.proxy import entry_of, find_proxy
from docker_agent.domains.stack import wait_for
from docker_agent.project.workspace import Workspace

START_S = 300.0
LONG_S = 1_800.0
ROUTE_S = 30.0
BUSY = 500
# Where a Traefik usually listens; as a user who is not root, it cannot take the first of them.
ENTRIES = {"http": (80, 8080, 8000), "https": (443, 8443)}

Pull = Literal["missing", "always", "never"]


@dataclass(frozen=True)
class Wish:
    """How a deployment shall go.

    Attributes
    ----------
    wait_s: how long each service may take to become healthy, and each job to end.
    migrate: services that are run once, as jobs of their own, where their turn comes.
    """

    build: bool = False
    pull: Pull = "missing"
    wait_s: float = 120.0
    migrate: tuple[str, ...] = ()


def in_order(setting: Setting, services: Sequence[str]) -> tuple[str, ...]:
    """These services, each after all that it needs."""
    return tuple(name for wave in graph_of(setting.stack.model).waves for name in wave if name in services)


def with_needs(ws: Workspace, setting: Setting, services: Sequence[str]) -> tuple[str, ...]:
    """These services with all that they need and that does not run."""
    graph = graph_of(setting.stack.model)
    running = {each.service for each in ws.host.containers(setting.stack.name) if each.running}
    found = dict.fromkeys(services)
    to_do = list(services)
    while to_do:
        for edge in graph.needs(to_do.pop()):
            if edge.needs in graph.services and edge.needs not in running and edge.needs not in found:
                found[edge.needs] = None
                to_do.append(edge.needs)
    return tuple(found)


def is_job(setting: Setting, service: str) -> bool:
    """Whether a service is a job that others wait for to end."""
    model = setting.stack.model
    return service in model.services and runs_once(model, model.services[service])


def image_steps(ws: Workspace, setting: Setting, services: Sequence[str], wish: Wish) -> Iterator[Argv]:
    """Build and pull what is needed, before anything that runs is touched."""
    model = setting.stack.model
    built = [name for name in services if model.services[name].build]
    to_build = [name for name in built if wish.build or not _is_here(ws, setting, name)]
    pulled = [name for name in services if name not in built]
    to_pull = [name for name in pulled if wish.pull == "always" or not _is_here(ws, setting, name)]
    for word, names in (("build", to_build), ("pull", to_pull if wish.pull != "never" else [])):
        if names:
            yield Argv(
                why=f"{word.capitalize()} the images of {', '.join(names)}.",
                touches=tuple(f"image:{image_of(setting, model.services[name])}" for name in names),
                argv=setting.argv(word, *names),
                cwd=str(setting.stack.directory),
                timeout_s=LONG_S,
            )


def service_steps(setting: Setting, service: str, image_id: str, wish: Wish) -> Iterator[Step]:
    """Make one service new and see that it holds, or run one job to its end."""
    project = setting.stack.name
    if service in wish.migrate:
        yield Argv(
            why=f"Run {service} once, to its end.",
            touches=(service,),
            argv=setting.argv("run", "--rm", "--no-deps", "-T", service),
            cwd=str(setting.stack.directory),
            timeout_s=LONG_S,
        )
        return
    yield up(setting, service, f"Make {service} new where it changed, and start it.")
    if is_job(setting, service):
        yield Check(
            why=f"The job {service} should end with code 0.",
            name="deploy-job-done",
            args={"project": project, "service": service, "timeout_s": wish.wait_s},
        )
        return
    yield wait_for(setting.stack, service, timeout_s=wish.wait_s)
    if image_id:
        yield runs(project, service, image_id)


def up(setting: Setting, service: str, why: str, *, start: bool = True) -> Argv:
    """Make one service new where it changed, and start it unless told not to; nothing else is touched.

    One that lives in another's network, or waits for its restart, is made new in any case.
    """
    again = any(edge.restart for edge in graph_of(setting.stack.model).needs(service))
    return Argv(
        why=why,
        touches=(service,),
        argv=setting.argv(
            "up", "-d" if start else "--no-start", "--no-deps", *(["--force-recreate"] if again else []), service
        ),
        cwd=str(setting.stack.directory),
        timeout_s=START_S,
    )


def runs(project: str, service: str, image_id: str) -> Check:
    """The look that a service runs this image."""
    return Check(
        why=f"{service} should run the image that was meant.",
        name="deploy-runs",
        args={"project": project, "service": service, "image_id": image_id},
    )


def settle(project: str, service: str, timeout_s: float) -> WaitHealthy:
    """The look that a service of which no file says anything runs."""
    return WaitHealthy(why=f"{service} should be healthy.", target=service, project=project, timeout_s=timeout_s)


def route_steps(ws: Workspace, setting: Setting, services: Sequence[str]) -> Iterator[Check]:
    """The looks that each route of the services answers as it did before, or at all where it did not.

    Where no proxy runs yet and one of the services is Traefik, it is asked at the ports that it will publish.
    """
    model = setting.stack.model
    labels = [model.services[name].labels for name in services]
    urls = [
        route.url
        for each in labels
        for route in routes_in({key: value or "" for key, value in each.items()})
        if route.url
    ]
    if not urls:
        return
    try:
        proxy = find_proxy(ws)
    except AgentError:
        proxy = None
    for url in dict.fromkeys(urls):
        try:
            via = entry_of(proxy, url) if proxy else _published(setting, services, url)
            now = ws.host.probe(url, via=via, insecure=True, timeout_s=5.0).status if proxy else 0
        except AgentError:
            continue
        if not via:
            continue
        status = now if 200 <= now < BUSY and now != 404 else 0
        yield Check(
            why=f"{url} should answer{f' {status}' if status else ''} through the proxy.",
            name="route-answers",
            args={"url": url, "via": via, "status": status, "insecure": True, "timeout_s": ROUTE_S},
        )


def _published(setting: Setting, services: Sequence[str], url: str) -> str:
    """Where a Traefik among the services will take requests for a URL on this machine, "" where that is not clear."""
    wanted = ENTRIES[url.partition(":")[0]]
    model = setting.stack.model
    proxies = (model.services[name] for name in services if "traefik" in model.services[name].image)
    found = [port.first for each in proxies for port in each.ports if port.first and port.target in wanted]
    return f"127.0.0.1:{found[0]}" if len(found) == 1 else ""


def _is_here(ws: Workspace, setting: Setting, service: str) -> bool:
    try:
        ws.host.image(image_of(setting, setting.stack.model.services[service]))
    except AgentError:
        return False
    return True
