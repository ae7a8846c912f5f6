"""The plan of a release: what stands against it, who is old and new, and all its steps with their way back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.errors import AgentError, InputError
from docker_agent.core.plan import Plan
from docker_agent.domains.proxy import all_drivers, find_proxy
from docker_agent.domains.release.image import set_image
from docker_agent.domains.release.ready import (
    containers_of,
    refuse_alone,
    refuse_nameless,
    refuse_same,
    refuse_same_files,
)
from docker_agent.domains.release.record import ReleaseRecord
from docker_agent.domains.release.steps import Release
from docker_agent.domains.release.wish import Retag, Versions, Wish
from docker_agent.domains.stack import foreign, stack_needed
from docker_agent.host.models import Container
from docker_agent.project.stack import Stack
from docker_agent.project.stack_inputs import inputs_of
from docker_agent.project.workspace import Workspace

PORT_LABEL = re.compile(r"traefik\.http\.services\.[^.]+\.loadbalancer\.server\.port", re.IGNORECASE)


def release_plan(ws: Workspace, service: str, image: str, wish: Wish, *, again: str = "", image_id: str = "") -> Plan:
    """The plan that takes a service from the image that it runs to another one.

    Parameters
    ----------
    image: the whole name.
    again: the name of a stopped container of this image that is started again instead of making a new one.
    image_id: what the image must be, wherever its tag leads by now; "" for what it is.

    Raises
    ------
    InputError: something stands against it; the message says what, and what to do.
    """
    stack = stack_needed(ws)
    if service not in stack.model.services:
        raise InputError(
            f"The compose file has no service {service!r}.", f"There are: {', '.join(stack.model.services)}."
        )
    refuse_alone(ws, stack, service)
    old, stopped = containers_of(ws, stack, service)
    present = _image_id(ws, image)
    refuse_same(old, image, again, image_id or present)
    retag = _retag(ws, image, image_id, present)
    if image_id not in {"", present} and retag is None and not again:
        _refuse_other(stack, service, image, image_id, present)
    port = wish.port or _port(ws, stack, service, old)
    proxy = find_proxy(ws, wish.proxy)
    refuse_nameless(old, proxy.container)
    versions = Versions(
        stack=stack,
        service=service,
        old=old,
        new=again or _next_name(old),
        new_image_id=image_id or present,
        port=port,
        proxy=proxy,
        splitter=all_drivers()[proxy.state.kind].split(ws.host, proxy, old, port),
        image=set_image(ws.root, stack, service, image, ws.host),
        retag=retag,
    )
    release = Release(versions, wish, starts_again=bool(again))
    local = bool(present or retag or again) or stack.model.services[service].build is not None
    release.write(leftovers=() if again else [each.name for each in stopped], pull=not local)
    refuse_same_files(ws, _written(release))
    mine = [each for each in inputs_of(stack, ws.host.read_file).items() if each[0] not in _written(release)]
    return Plan(
        title=f"Release {image} of {service} ({wish.strategy})",
        steps=tuple(release.steps),
        rollback=release.way_back(),
        project=stack.name,
        reason=(
            f"{versions.new} starts beside {old.name}, is tested, gets the traffic of {proxy.container.name} and is "
            f"watched; {old.name} is stopped last and kept. Where anything does not hold, all goes back by itself."
        ),
        foreign=foreign(ws, [old, proxy.container]),
        inputs=dict(mine),
        record=_record(release, image).model_dump(mode="json"),
    )


def _record(release: Release, image: str) -> ReleaseRecord:
    versions, wish = release.versions, release.wish
    return ReleaseRecord(
        service=versions.service,
        proxy=versions.proxy.container.name,
        port=versions.port,
        path=wish.path,
        strategy=wish.strategy,
        old=versions.old.name,
        new=versions.new,
        old_image=versions.old.image,
        old_image_id=versions.old.image_id,
        new_image=image,
        keep_min=wish.keep_min,
        phases=tuple(release.phases),
    )


def _port(ws: Workspace, stack: Stack, service: str, old: Container) -> int:
    """Where the service listens: by its Traefik label, `expose`, or the one port that its image exposes."""
    described = stack.model.services[service]
    labelled = [value for key, value in described.labels.items() if PORT_LABEL.fullmatch(key) and value]
    found = [*labelled, *(each.partition("/")[0] for each in described.expose), *_exposed(ws, old)]
    numbers = list(dict.fromkeys(int(each) for each in found if each.isdigit()))
    if not numbers or (len(numbers) > 1 and not labelled and not described.expose):
        seen = ", ".join(map(str, numbers)) or "none"
        raise InputError(f"It is not clear on which port {service} listens (seen: {seen}).", "Give it with --port.")
    return numbers[0]


def _exposed(ws: Workspace, old: Container) -> Iterator[str]:
    try:
        yield from (each.partition("/")[0] for each in ws.host.image(old.image_id or old.image).exposed)
    except AgentError:
        return


def _image_id(ws: Workspace, image: str) -> str:
    """The id of an image that is here, "" for one that has to be pulled or built."""
    try:
        return ws.host.image(image).id
    except InputError:
        return ""


def _retag(ws: Workspace, image: str, image_id: str, present: str) -> Retag | None:
    """What leads the tag of an image to where it led once, where that image is here still."""
    if image_id in {"", present} or "@" in image or image.startswith("sha256:") or not _image_id(ws, image_id):
        return None
    return Retag(image if ":" in image.rpartition("/")[2] else f"{image}:latest", image_id, present)


def _refuse_other(stack: Stack, service: str, image: str, image_id: str, present: str) -> None:
    """Raise where a version would be made of another image than it had; one that can be pulled is compared then."""
    if present or stack.model.services[service].build is not None:
        now = f"is {present[:19]} now" if present else "would be built of the files as they are now"
        raise InputError(
            f"The image that the version before ran ({image_id[:19]}) is gone, and {image} {now}.",
            f"Release a version that is good: docker-agent release start {service} TAG.",
        )


def _next_name(old: Container) -> str:
    """The name that Compose gives to the next container of a service: the highest number and one, after - or _."""
    number = old.labels.get("com.docker.compose.container-number", "1")
    return f"{old.name.removesuffix(number)}{int(number) + 1 if number.isdigit() else 2}"


def _written(release: Release) -> set[str]:
    return {step.path for step in release.steps if step.kind == "write"}
