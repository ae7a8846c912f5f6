"""What stands against a release: a service that does not run, cannot run twice, or is in the middle of one."""

from __future__ import annotations

from docker_agent.core.errors import InputError
from docker_agent.domains.release.record import releases, ways_to_end
from docker_agent.host.entry import Entry
from docker_agent.host.models import Container
from docker_agent.project.stack import Stack
from docker_agent.project.workspace import Workspace

STILL = frozenset({"created", "exited", "dead"})
NAMELESS = frozenset({"bridge", "host", "none"})


def containers_of(ws: Workspace, stack: Stack, service: str) -> tuple[Container, list[Container]]:
    """The container that serves now, and those that earlier releases left stopped.

    Raises
    ------
    InputError: none runs, or several.
    """
    mine = every_container(ws, stack, service)
    running = [each for each in mine if each.status not in STILL]
    if not any(each.running for each in running):
        raise InputError(
            f"{service} does not run, so there is nothing to shift from.",
            f"Start it: docker-agent stack up {service}.",
        )
    if len(running) > 1:
        last = [entry for entry, record in releases(ws) if record.service == service][-1:]
        came_to_nothing = any(entry.status == "failed" and not entry.undone_by for entry in last)
        raise InputError(
            f"{service} runs {len(running)} times ({', '.join(each.name for each in running)}); one can be released.",
            f"Take back the release that failed: docker-agent release abort {service}."
            if came_to_nothing
            else f"Scale it to one: docker compose up -d --scale {service}=1 {service}.",
        )
    return running[0], [each for each in mine if each.status in STILL]


def every_container(ws: Workspace, stack: Stack, service: str) -> list[Container]:
    """The containers of a service, running or not, without those of one-off jobs."""
    return [each for each in ws.host.containers(stack.name) if each.service == service and not _one_off(each)]


def refuse_under_way(ws: Workspace, service: str) -> None:
    """Raise where a release of the service has not come to its end, forwards or back."""
    for entry, record in releases(ws):
        if record.service == service and entry.unended:
            raise InputError(
                f"A release of {service} is under way (entry {entry.id}, {entry.unended}).",
                _how_to_end(entry, service),
            )


def refuse_same_files(ws: Workspace, paths: set[str]) -> None:
    """Raise where a release under way writes one of these files: each of the two would undo the other."""
    for entry, record in releases(ws):
        shared = sorted(paths & {step.path for step in entry.plan.steps if step.kind == "write"})
        if entry.unended and shared:
            raise InputError(
                f"A release of {record.service} is under way (entry {entry.id}) and writes {', '.join(shared)} too.",
                "Let it end first, or take it back: docker-agent release status.",
            )


def refuse_nameless(old: Container, proxy: Container) -> None:
    """Raise where the proxy cannot reach a container by its name, which is how traffic is divided."""
    shared = {place.network for place in old.networks} & {place.network for place in proxy.networks}
    if not shared - NAMELESS:
        raise InputError(
            f"{proxy.name} and {old.name} share no network on which containers have names.",
            "Put both on one network of the compose file (not network_mode: host or bridge), and run "
            "`docker-agent stack up` once.",
        )


def refuse_alone(ws: Workspace, stack: Stack, service: str) -> None:
    """Raise where two containers of the service cannot run side by side, or a release of it is under way."""
    refuse_under_way(ws, service)
    described = stack.model.services[service]
    if described.container_name:
        raise _cannot_run_twice(
            f"{service} has container_name {described.container_name!r}",
            "Take container_name out of the compose file",
        )
    fixed = [str(port.first) for port in described.ports if port.first and not port.pool]
    if fixed:
        raise _cannot_run_twice(
            f"{service} publishes the fixed host port {', '.join(fixed)}",
            "Let the proxy alone publish ports: take `ports` out",
        )
    if described.network_mode not in {"", "bridge"}:
        raise _cannot_run_twice(
            f"{service} has network_mode {described.network_mode!r}", "Put it on the proxy's network"
        )


def refuse_same(old: Container, image: str, again: str, wanted: str) -> None:
    """Raise where the image, by its id where that is known, is what runs already: there is nothing to release."""
    if not again and (wanted == old.image_id if wanted else image == old.image):
        raise InputError(
            f"{old.name} runs {image} already.",
            f"Name another one: docker-agent release start {old.service} TAG.",
        )


def _how_to_end(entry: Entry, service: str) -> str:
    if entry.unended == "running":
        return "Wait until it has ended, or stop it first."
    back = f"ake it back with `docker-agent release abort {service}`."
    can_resume = "resume" in ways_to_end(entry)
    return f"Go on with `docker-agent release resume {service}` or t{back}" if can_resume else f"T{back}"


def _cannot_run_twice(what: str, remedy: str) -> InputError:
    return InputError(
        f"{what}, so no second one can run beside it.", f"{remedy}, and run `docker-agent stack up` once."
    )


def _one_off(container: Container) -> bool:
    return container.labels.get("com.docker.compose.oneoff", "").lower() == "true"
