"""The look that ends a change of Traefik's labels or files: that it has read them, by its API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from docker_agent.core.errors import CheckFailed, InputError
from docker_agent.domains.proxy.reading.api import ask, rows, table
from docker_agent.domains.proxy.reading.traefik import api_of, settings_of
from docker_agent.host.check import Scalar, named_check
from docker_agent.host.host import Reads, Tell
from docker_agent.host.models import Container

WITHIN_S = 20.0
POLL_S = 0.25
API_S = 3.0
# How long Traefik gathers changes before it acts on them (providers.providersThrottleDuration).
THROTTLE_S = 2.0
MOST = 1000


@named_check("proxy-loaded")
def proxy_loaded(reads: Reads, args: Mapping[str, Scalar], _tell: Tell) -> str:
    """Traefik's API shows each router of a route that labels and files ask for, enabled, and none that is gone.

    `proxy` is the container's name; `routers` are the names that the route's routers may have, without the provider.
    What others have written for their own routes does not count.
    """
    name = str(args["proxy"])
    meant = {each.lower() for each in str(args["routers"]).split(",")}
    until = reads.now() + WITHIN_S
    while True:
        container = reads.container(name)
        api = api_of(reads, container, API_S)
        if not api:
            reads.sleep(THROTTLE_S)
            return f"not looked at whether {name} has read it, as its API does not answer"
        wrong = [*_wrong(reads, container, api, meant)]
        if not wrong:
            return f"{name} has read what is written of the route"
        if reads.now() >= until:
            more = f" (and {len(wrong) - 3} more)" if len(wrong) > 3 else ""
            raise CheckFailed(f"{name} does not serve as written: {'; '.join(wrong[:3])}{more}.")
        reads.sleep(POLL_S)


def _wrong(reads: Reads, proxy: Container, api: str, meant: set[str]) -> Iterator[str]:
    """What labels and files say of these routers and the API does not show, in a few words each."""
    for kind in ("http", "tcp"):
        routers = {str(each.get("name", "")): each for each in _routers(reads, api, kind)}
        shown = {name: each for name, each in routers.items() if _bare(name) in meant}
        files = _in_files(reads, proxy, kind)
        wanted = {f"{name}@docker" for name in _in_labels(reads, proxy, kind)}
        wanted |= {f"{name}@file" for name in files or ()}
        have = {name.lower(): each for name, each in shown.items()}
        for name in sorted(each for each in wanted if _bare(each) in meant):
            router = have.get(name.lower())
            if router is None:
                yield f"{name} is not there"
            elif router.get("status") == "disabled":
                yield f"{name} is disabled ({', '.join(map(str, router.get('error') or ())) or 'no reason given'})"
        everything = {f"{name}@docker".lower() for name in _in_labels(reads, proxy, kind, any_state=True)}
        everything |= {f"{name}@file".lower() for name in files or ()}
        looked_at = ("@docker", "@file") if files is not None else ("@docker",)
        stale = [name for name in shown if name.endswith(looked_at) and name.lower() not in everything]
        yield from (f"{name} is still there" for name in sorted(stale))


def _bare(name: str) -> str:
    """A router's name without its provider, in lower case."""
    return name.partition("@")[0].lower()


def _routers(reads: Reads, api: str, kind: str) -> list[dict[str, Any]]:
    return rows(ask(reads, f"{api}/api/{kind}/routers?per_page={MOST}", API_S))


def _in_labels(reads: Reads, proxy: Container, kind: str, *, any_state: bool = False) -> set[str]:
    """The routers that running containers ask this Traefik for; those that it cannot reach are left out.

    With `any_state` they are in, and so are the routers that Traefik gives to containers which ask for none.
    """
    networks = {place.network for place in proxy.networks}
    found: set[str] = set()
    for each in reads.containers(include_stopped=False):
        rules = [key.split(".") for key in each.labels if key.lower().endswith(".rule")]
        asked = {key[3] for key in rules if len(key) == 5 and [part.lower() for part in key[:3]] == _head(kind)}
        reached = proxy.network_mode == "host" or any(place.network in networks for place in each.networks)
        ready = each.status == "running" and each.health in {"", "healthy"}
        if any_state:
            own = f"{each.service}-{each.project}" if each.service else each.name
            found |= asked | {re.sub(r"[^a-zA-Z0-9]+", "-", own)}
        elif ready and reached and each.labels.get("traefik.enable", "").lower() == "true":
            found |= asked
    return found


def _head(kind: str) -> list[str]:
    return ["traefik", kind, "routers"]


def _in_files(reads: Reads, proxy: Container, kind: str) -> set[str] | None:
    """The routers that the files of the provider's folder ask for, None where they cannot be read from here."""
    folder = settings_of(proxy).get("providers.file.directory", "")
    mounts = [each for each in proxy.mounts if folder and PurePosixPath(folder).is_relative_to(each.target)]
    if not mounts or mounts[0].kind != "bind":
        return None
    mount = max(mounts, key=lambda each: len(each.target))
    here = Path(mount.source) / PurePosixPath(folder).relative_to(mount.target)
    found: set[str] = set()
    for pattern in ("**/*.yml", "**/*.yaml"):
        for path in reads.find_files(here, pattern):
            try:
                text = reads.read_file(path).decode()
                content = yaml.safe_load(text)
            except (InputError, ValueError, yaml.YAMLError):
                return None
            found |= set(table(table(table(content).get(kind)).get("routers")))
    return None if reads.find_files(here, "**/*.toml") else found
