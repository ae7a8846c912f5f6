"""Find the reverse proxy that serves the project, and where on this machine its configuration lies."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.driver import Proxy
from docker_agent.domains.proxy.read import kind_of, read_proxies
from docker_agent.domains.proxy.reading.caddy_files import config_path
from docker_agent.domains.proxy.state import Kind, ProxyState
from docker_agent.host.models import Container, Mount
from docker_agent.project.workspace import Workspace

PATTERNS: Mapping[Kind, tuple[str, ...]] = {
    "traefik": ("*.yml", "*.yaml", "*.toml"),
    "nginx": ("*.conf", "*.htpasswd"),
    "caddy": ("Caddyfile", "*.caddy", "*.Caddyfile"),
}
SETTING = {
    "traefik": "give Traefik --providers.file.directory=/etc/traefik/dynamic and mount a folder of the project there",
    "nginx": "mount a folder of the project at /etc/nginx/conf.d",
    "caddy": "mount the folder of the Caddyfile (not the file alone) at /etc/caddy",
}


def find_proxy(ws: Workspace, name: str = "") -> Proxy:
    """The proxy of this name, or the one that serves the project's containers.

    Raises
    ------
    InputError: there is none, or more than one; the message names them.
    """
    everything = ws.host.containers()
    own = [each.name for each in everything if ws.owns_container(each)]
    states = read_proxies(ws.host, everything, own)
    by_name = {each.name: each for each in everything}
    fitting = [
        state
        for state in states
        if (name in {state.container, by_name[state.container].service} if name else _is_wanted(ws, state, own))
    ]
    if len(fitting) > 1 and any(state.container in own for state in fitting):
        fitting = [state for state in fitting if state.container in own]
    if len(fitting) != 1:
        seen = ", ".join(f"{state.container} ({state.kind})" for state in (fitting or states)) or "none"
        still = [each.name for each in everything if kind_of(each) and not each.running and each.name in own]
        if still and not fitting:
            raise InputError(f"The reverse proxy {still[0]} does not run.", "Start it: docker-agent stack up.")
        said = f"There is no running reverse proxy {name!r} here." if name else "It is not clear which proxy is meant."
        raise InputError(f"{said} Seen: {seen}.", "Name its container, or start the one of the project.")
    return proxy_of(ws, by_name[fitting[0].container], fitting[0])


def proxy_of(ws: Workspace, container: Container, state: ProxyState) -> Proxy:
    """A running proxy with its configuration files, as far as they lie in the project."""
    inside = _folder_inside(container, state)
    host, why = _folder_here(ws.root, container, inside, SETTING[state.kind])
    if host is None:
        return Proxy(state, container, inside=inside, unwritable=why)
    main = [PurePosixPath(config_path(container)).name] if state.kind == "caddy" else []
    patterns = {*PATTERNS[state.kind], *main}
    found = sorted({path for pattern in patterns for path in ws.host.find_files(host, pattern)})
    try:
        texts = {os.path.relpath(path, ws.root): ws.host.read_file(path).decode() for path in found}
    except UnicodeDecodeError:
        return Proxy(state, container, inside=inside, unwritable=f"a file in {host} is not UTF-8; convert it")
    return Proxy(state, container, os.path.relpath(host, ws.root), inside, texts)


def _is_wanted(ws: Workspace, state: ProxyState, own: list[str]) -> bool:
    """Whether a proxy is of the kind that the context names; an nginx of ours may just be the application."""
    wanted = ws.context.reverse_proxy
    return state.kind == wanted if wanted else state.kind != "nginx" or state.container in own


def _folder_inside(container: Container, state: ProxyState) -> str:
    if state.kind == "traefik":
        folder, file = state.settings.get("providers.file.directory", ""), state.settings.get("providers.file.filename")
        return folder or (str(PurePosixPath(file).parent) if file else "")
    if state.kind == "nginx":
        return "/etc/nginx/conf.d"
    return str(PurePosixPath(config_path(container)).parent)


def _folder_here(root: Path, container: Container, inside: str, setting: str) -> tuple[Path | None, str]:
    """The folder of this machine that a proxy sees as `inside`, or why none can be written."""
    if not inside:
        return None, f"{container.name} reads no files; {setting}"
    mount = _mount_of(container, inside)
    if mount is None:
        single = any(
            each.kind == "bind" and PurePosixPath(each.target).parent == PurePosixPath(inside)
            for each in container.mounts
        )
        seen = (
            "sees a single file of it, which stays the old one when it is replaced" if single else "has it in its image"
        )
        return None, f"{container.name} reads {inside}, but {seen}; {setting}"
    folder = Path(mount.source) / PurePosixPath(inside).relative_to(mount.target)
    if not folder.resolve().is_relative_to(root.resolve()):
        return (
            None,
            f"{container.name} reads {folder}, which is outside the project; mount a folder of the project there",
        )
    return folder, ""


def _mount_of(container: Container, inside: str) -> Mount | None:
    fitting = [
        each
        for each in container.mounts
        if each.kind == "bind" and PurePosixPath(inside).is_relative_to(PurePosixPath(each.target))
    ]
    return max(fitting, key=lambda each: len(each.target), default=None)
