"""No two services claim the same route."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.domains.deploy.picture import ERROR, Picture, gate, stands
from docker_agent.domains.deploy.route_labels import routes_in


@gate(11, dev=ERROR, staging=ERROR)
def routes(picture: Picture) -> Iterator[Finding]:
    """Each rule of Traefik labels has one service, here and among the containers of others."""
    project = picture.setting.stack.name
    owner: dict[tuple[str, str], str] = {}
    for container in picture.ws.host.containers():
        if container.running and container.project != project:
            for route in routes_in(container.labels):
                owner[route.rule, route.entrypoints] = f"{container.name} of {container.project or 'no project'}"
    model = picture.setting.stack.model
    for service in model.services.values():
        for route in routes_in({key: value or "" for key, value in service.labels.items()}):
            other = owner.setdefault((route.rule, route.entrypoints), service.name)
            if other != service.name and service.name in picture.services:
                message = f"{service.name} claims the route {route.rule}, which {other} has already."
                yield stands(picture, "gate-route-twice", service, message, "Give one of them another host or path.")
