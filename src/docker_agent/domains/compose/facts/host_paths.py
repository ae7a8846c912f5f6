"""What of the host a service has mounted, and what whoever breaks in could do with it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

from docker_agent.core.record import record
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Place
from docker_agent.project.compose.types import Service


@record
class HostMount:
    """A file or folder of the host in a container, bound directly or through the options of a named volume."""

    path: str
    target: str
    place: Place
    read_only: bool


def host_mounts(model: ComposeModel, service: Service) -> Iterator[HostMount]:
    """Every bind mount of a service, the volumes that are one by their driver options included."""
    for mount in service.mounts:
        if mount.kind in {"bind", "npipe"}:
            yield HostMount(clean_path(mount.source), mount.target, mount.place, mount.read_only)
        elif mount.kind == "volume" and mount.source in model.volumes:
            options: Any = model.value(("volumes", mount.source, "driver_opts"))
            if isinstance(options, dict):
                said = cast("Mapping[str, object]", options)
                words = str(said.get("o") or "").split(",")
                if {"bind", "rbind"} & set(words) and said.get("device"):
                    read_only = mount.read_only or "ro" in words
                    yield HostMount(clean_path(str(said["device"])), mount.target, mount.place, read_only)


@lru_cache(maxsize=512)
def clean_path(path: str) -> str:
    """A path without doubled and trailing slashes and dots; `/var/run` is `/run`, as it is on every current host."""
    path = posixpath.normpath(path.replace("\\", "/")) if path else ""
    path = path[1:] if path.startswith("//") else path
    return path.removeprefix("/var") if path == "/var/run" or path.startswith("/var/run/") else path


# Whoever writes here is root on the host before long; with the way that leads there. Only the folder itself counts.
TAKEOVER = {
    "/": "everything is there",
    "/etc": "users, passwords, cron jobs and services are set there",
    "/root": "root's keys and start-up files are there",
    "/home": "everybody's SSH keys and start-up files are there",
    "/boot": "the kernel and its start-up options are there",
    "/usr": "the programs that root runs are there",
    "/usr/bin": "the programs that root runs are there",
    "/usr/sbin": "the programs that root runs are there",
    "/usr/local/bin": "programs that root runs are there",
    "/usr/local/sbin": "programs that root runs are there",
    "/usr/lib": "the libraries of every program are there",
    "/bin": "the programs that root runs are there",
    "/sbin": "the programs that root runs are there",
    "/lib": "the libraries of every program are there",
    "/lib64": "the libraries of every program are there",
    "/lib/modules": "the kernel's modules are loaded from there",
    "/proc": "the kernel runs what /proc/sys/kernel/core_pattern names",
    "/sys": "the kernel is configured there",
    "/var": "cron jobs and all containers' files are there",
    "/var/lib": "all containers' files are there",
    "/var/lib/docker": "all containers' files are there",
    "/var/lib/docker/overlay2": "the files of all images and containers are there",
    "/var/lib/containerd": "the files of all images and containers are there",
    "/var/lib/kubelet": "the pods' secrets and certificates are there",
    "/var/spool/cron": "cron jobs are there",
}

# The same, for the folder and everything below it.
TAKEOVER_BELOW = {
    "/etc/cron.d": "cron jobs are there",
    "/etc/cron.daily": "cron jobs are there",
    "/etc/cron.hourly": "cron jobs are there",
    "/etc/systemd": "services that run as root are there",
    "/etc/sudoers": "who may become root is written there",
    "/etc/sudoers.d": "who may become root is written there",
    "/etc/passwd": "the users are written there",
    "/etc/shadow": "the passwords are there",
    "/etc/pam.d": "how passwords are checked is written there",
    "/etc/profile.d": "what every login runs is there",
    "/etc/docker": "the engine's configuration is there",
    "/root/.ssh": "root's keys are there",
    "/boot": "the kernel and its start-up options are there",
    "/usr/lib/systemd": "services that run as root are there",
    "/lib/systemd": "services that run as root are there",
}

# What is worth reading, for the folder and everything below it.
CREDENTIALS = {
    "/etc/shadow": "the password hashes of the host",
    "/etc/ssh": "the host's SSH keys",
    "/etc/ssl/private": "the host's private keys",
    "/etc/kubernetes": "the cluster's keys",
    "/root/.ssh": "root's SSH keys",
    "/var/lib/kubelet": "the pods' secrets",
}

# What is worth reading: only the folder itself.
REVEALING = {
    "/": "every file of the host",
    "/etc": "the password hashes and keys of the host",
    "/root": "root's keys and history",
    "/home": "everybody's keys and histories",
    "/proc": "the environment of every process, with the secrets in it",
    "/sys": "the host's hardware and kernel settings",
    "/boot": "the kernel",
    "/dev": "every device of the host",
    "/var": "all containers' files and logs",
    "/var/lib": "all containers' files",
    "/var/lib/docker": "the files, environments and volumes of all containers",
    "/var/lib/docker/volumes": "the data of all containers",
    "/var/lib/containerd": "the files of all containers",
    "/run/dbus": "the system bus, by which root starts services",
    "/run/dbus/system_bus_socket": "the system bus, by which root starts services",
    "/run/systemd": "systemd's sockets, by which root starts services",
    "/run/systemd/private": "systemd's socket, by which root starts services",
}

# Below anybody's home: keys and tokens.
PRIVATE_NAMES = {
    ".ssh": "SSH keys",
    ".aws": "AWS keys",
    ".azure": "Azure tokens",
    ".kube": "the keys of Kubernetes clusters",
    ".gnupg": "GnuPG keys",
    ".docker/config.json": "the passwords of registries",
    ".config/gcloud": "Google Cloud tokens",
    ".netrc": "passwords",
    ".git-credentials": "passwords of Git servers",
    ".vault-token": "a Vault token",
}


def takeover(path: str) -> str:
    """Why writing at a path of the host leads to root there, empty where it does not."""
    return TAKEOVER.get(path) or _above(path, TAKEOVER_BELOW)


def revealed(path: str) -> str:
    """What of worth can be read at a path of the host, empty where nothing is known of it."""
    found = REVEALING.get(path) or _above(path, CREDENTIALS)
    if found:
        return found
    if path.startswith(("~/", "/home/", "/root/", "/Users/")):
        return next((what for name, what in PRIVATE_NAMES.items() if f"/{name}/" in f"{path}/"), "")
    return ""


def _above(path: str, table: Mapping[str, str]) -> str:
    while len(path) > 1:
        if path in table:
            return table[path]
        path = posixpath.dirname(path)
        if not path.startswith("/"):
            break
    return ""
