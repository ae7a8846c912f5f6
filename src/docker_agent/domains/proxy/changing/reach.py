"""Over which network a proxy reaches a service, and which one the service has to join for it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, count

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.driver import Proxy
from docker_agent.project.stack import Stack

BUILT_IN = frozenset({"bridge", "host", "none"})


@dataclass(frozen=True)
class Shared:
    """The network that both are on: `join` is its key in the compose file where the service is not on it yet.

    `network` is the engine's name, "" where the service is on no other.
    """

    network: str = ""
    join: str = ""


def shared_network(stack: Stack, service: str, proxy: Proxy) -> Shared:
    """The network on which a proxy reaches a service, now or once the service has joined it.

    Raises
    ------
    InputError: the service has no network of its own, or the proxy is on none that can be joined.
    """
    described = stack.model.services[service]
    if described.network_mode:
        raise InputError(
            f"{service} has network_mode: {described.network_mode}, so it can join no network of the proxy.",
            "Take network_mode out of the compose file.",
        )
    keys = tuple(filter(None, described.networks)) or ("default",)
    names = {_engine_name(stack, key): key for key in keys}
    if proxy.state.host_network:
        return Shared(next(iter(names)) if len(names) > 1 else "")
    common = [name for name in names if name in proxy.state.networks]
    if common:
        return Shared(common[0] if len(names) > 1 else "")
    wanted = proxy.state.settings.get("providers.docker.network", "")
    open_to_all = [name for name in proxy.state.networks if name not in BUILT_IN]
    if not open_to_all:
        raise InputError(
            f"{proxy.container.name} is on no network that {service} could join.",
            f"Put it on one: docker network connect {stack.name}_default {proxy.container.name}.",
        )
    name = wanted if wanted in open_to_all else open_to_all[0]
    declared = (key for key in ("default", *stack.model.networks) if _engine_name(stack, key) == name)
    return Shared(name, next(declared, "") or _free_key(stack, name))


def _free_key(stack: Stack, name: str) -> str:
    """A key for a network of the engine: its name, unless the files mean another network by that."""
    known = {"default", *stack.model.networks}
    keys = chain((name, f"{name}-proxy"), (f"{name}-proxy-{number}" for number in count(2)))
    return next(key for key in keys if key not in known)


def _engine_name(stack: Stack, key: str) -> str:
    resource = stack.model.networks.get(key)
    if resource is not None and (resource.name or resource.external):
        return resource.name or key
    return f"{stack.name}_{key}"
