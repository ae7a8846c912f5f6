"""The acting half of the host in memory: what each call does to the pictures, and the event that follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from docker_agent.core.errors import AgentError, CheckFailed, InputError
from docker_agent.core.plan import Argv, Engine
from docker_agent.host.host import Tell
from docker_agent.host.models import Attachment, Container, Network, Ran, Volume

if TYPE_CHECKING:
    from docker_agent.host.fake import World

STATUS_AFTER: Mapping[str, str] = {
    "start": "running",
    "restart": "running",
    "unpause": "running",
    "stop": "exited",
    "kill": "exited",
}
CODE_AFTER: Mapping[str, int] = {"start": 0, "restart": 0, "stop": 143, "kill": 137}


class FakeChanges:
    """Acting on a world; satisfies `host.Changes`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def call(self, step: Engine) -> str:
        """Carry out one engine call, as far as the pictures show it."""
        if self._world.down is not None:
            raise self._world.down
        noun, _, verb = step.action.partition("_")
        carry_out = {
            "container": _change_container,
            "network": _change_network,
            "volume": _change_volume,
            "image": _change_image,
        }
        carry_out[noun](self._world, verb, step)
        self._world.done.append(f"{step.action} {step.target}")
        return f"{step.action.replace('_', ' ')} {step.target}"

    def run(self, step: Argv, tell: Tell) -> Ran:
        """Run a program as the reactions say."""
        self._world.done.append(" ".join(step.argv))
        ran = self._world.ran(step.argv)
        for line in ran.err.splitlines():
            tell(line)
        if ran.code != 0:
            said = f"`{' '.join(step.argv)}` ended with code {ran.code}: {ran.err.strip()[-500:]}"
            raise CheckFailed(said, output=ran.err)
        return ran

    def write_file(self, path: Path, data: bytes, mode: int | None = None) -> None:
        """Put a file there; fails as on a full disk where the world says so."""
        del mode
        if self._world.full:
            raise AgentError(
                f"{path} could not be written: No space left on device. What was there is unchanged.",
                "Free some space or fix the permissions, then try again.",
            )
        self._world.files[path] = data
        self._world.done.append(f"write {path}")

    def remove_file(self, path: Path) -> None:
        """Remove a file."""
        self._world.files.pop(path, None)
        self._world.done.append(f"remove {path}")


def _change_container(world: World, verb: str, step: Engine) -> None:
    if step.args.get("if_there") and step.target not in world.containers:
        return
    container = world.host.reads.container(step.target)
    if verb == "reload":
        ran = world.ran(("reload", step.target))
        if ran.code:
            raise CheckFailed(f"{step.target} refused its configuration: {ran.err}", output=ran.err)
    elif verb == "update":
        world.change(container.name, restart_policy=str(step.args["restart"]))
    elif verb == "remove_stopped":
        if container.status not in {"created", "exited", "dead"}:
            raise CheckFailed(f"{step.target} is {container.status}, so it was not removed.")
        del world.containers[container.name]
    elif verb == "remove":
        if container.running and not step.args.get("force"):
            raise InputError(f"container remove {step.target}: the engine says: container is running.")
        del world.containers[container.name]
    elif verb == "rename":
        name = str(step.args["name"])
        del world.containers[container.name]
        world.add(container.model_copy(update={"name": name}))
    else:
        code = CODE_AFTER.get(verb, container.exit_code)
        world.change(container.name, status=STATUS_AFTER[verb], exit_code=code, error="")
        if verb in {"stop", "kill"}:
            world.change(container.name, finished_at=datetime.fromtimestamp(world.clock, UTC).isoformat())
        world.happen(verb, container.name, ago=0.0)


def _change_network(world: World, verb: str, step: Engine) -> None:
    if verb == "create":
        if step.target in world.networks:
            raise InputError(f"network create {step.target}: the engine says: it already exists.")
        driver = str(step.args.get("driver", "bridge"))
        world.networks[step.target] = Network(id=f"id-{step.target}", name=step.target, driver=driver)
        return
    network = world.networks.get(step.target)
    if network is None:
        raise InputError(f"network {verb} {step.target}: network {step.target} not found.")
    if verb == "remove":
        if network.containers:
            raise InputError(f"network remove {step.target}: the engine says: it has active endpoints.")
        del world.networks[step.target]
        return
    container = world.host.reads.container(str(step.args["container"]))
    others = tuple(place for place in container.networks if place.network != network.name)
    names = set(network.containers) - {container.name}
    if verb == "connect":
        aliases = (str(step.args["alias"]),) if step.args.get("alias") else ()
        others = (*others, Attachment(network=network.name, aliases=aliases))
        names.add(container.name)
    world.change(container.name, networks=others)
    world.networks[network.name] = network.model_copy(update={"containers": tuple(sorted(names))})


def _change_volume(world: World, verb: str, step: Engine) -> None:
    if verb == "create":
        world.volumes.setdefault(step.target, Volume(name=step.target))
        return
    if step.target not in world.volumes:
        raise InputError(f"volume remove {step.target}: no such volume.")
    if any(_mounts(container, step.target) for container in world.containers.values()):
        raise InputError(f"volume remove {step.target}: the engine says: volume is in use.")
    del world.volumes[step.target]


def _mounts(container: Container, volume: str) -> bool:
    return any(mount.name == volume for mount in container.mounts)


def _change_image(world: World, verb: str, step: Engine) -> None:
    image = world.host.reads.image(step.target)
    key = next(key for key, known in world.images.items() if known is image)
    if verb == "tag":
        name = str(step.args["name"])
        for other, known in world.images.items():
            left = tuple(tag for tag in known.tags if tag != name)
            world.images[other] = known.model_copy(update={"tags": left})
        image = world.images[key]
        world.images[key] = image.model_copy(update={"tags": (*image.tags, name)})
    elif len(image.tags) > 1 and step.target in image.tags:
        left = tuple(tag for tag in image.tags if tag != step.target)
        world.images[key] = image.model_copy(update={"tags": left})
    else:
        del world.images[key]
