"""Make the files of a new environment from the base."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from docker_agent.core.errors import AgentError, InputError
from docker_agent.core.plan import Plan, Risk, Write
from docker_agent.core.tool import tool
from docker_agent.domains.compose import all_rules, check_model, data_folder, runs_once
from docker_agent.domains.deploy.environment import environment_of, environments_here, setting_of
from docker_agent.domains.deploy.record import has_finished
from docker_agent.domains.stack import stack_needed
from docker_agent.project.compose.types import PublishedPort, Service
from docker_agent.project.stack import Stack
from docker_agent.project.workspace import Workspace

VARIABLE = re.compile(r"(?<!\$)\$(?:\{(\w+)|([A-Za-z_]\w*))")
TEMPORARY = ("/tmp", "/run")  # noqa: S108 - folders of a container
CACHES = {"nginx": ("/var/cache/nginx",)}
LOGGING = {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}
ASKED = ("memory_limit", "cpu_limit", "restart_missing", "log_rotation_missing", "read_only_root", "stop_grace_missing")


@tool(
    domain="stack",
    risk=Risk.CHANGE,
    on_demand=True,
    examples=("docker-agent stack add-environment production", "docker-agent stack add-environment dev --yes"),
)
def add_environment(ws: Workspace, name: Annotated[str, "dev, staging or production."]) -> Plan:
    """Plan to write compose.NAME.yaml and .env.NAME.example for a new environment, made from the base files.

    Production and staging get what the base lacks: limits, restart, log rotation, time to stop, and in production a
    read-only root. Dev gets its ports on 127.0.0.1 only and no restarts. Look through it: it is a proposal.
    """
    environment = environment_of(ws, name)
    if files := environments_here(ws).get(environment):
        raise InputError(f"{environment} has files already: {', '.join(files)}.", "Change those.")
    stack = stack_needed(ws)
    production = environment == "production"
    changes = _for_dev(stack) if environment == "dev" else _hardened(stack, _finished(ws, stack), read_only=production)
    head = f"# What is different in {environment}; used by `docker-agent stack deploy --environment {environment}`.\n"
    place = stack.directory / f"compose.{environment}.yaml"
    override, example = os.path.relpath(place, ws.root), f".env.{environment}.example"
    texts = {override: head + _yaml(changes), example: _example(stack, environment)}
    _try_out(ws, environment, place, texts[override])
    return Plan(
        title=f"Add the environment {environment}",
        steps=tuple(
            Write(path=path, content=text, before="", why=f"{path} for {environment}.", touches=(f"file:{path}",))
            for path, text in texts.items()
        ),
        project=stack.name,
        reason=f"Copy {example} to .env.{environment}, fill it in, and keep that file out of version control.",
    )


def _for_dev(stack: Stack) -> dict[str, dict[str, Any]]:
    return {
        service.name: {**({"ports": [_on_loopback(each) for each in service.ports]} if service.ports else {})}
        | ({"restart": "no"} if service.restart not in {"", "no"} else {})
        for service in stack.model.services.values()
    }


def _on_loopback(port: PublishedPort) -> str:
    host = _range(port.first, port.last) if port.first else ""
    protocol = f"/{port.protocol}" if port.protocol != "tcp" else ""
    ip = port.host_ip if port.host_ip.startswith("127.") else "127.0.0.1"
    return f"{ip}:{host}:{_range(port.target, port.target_last)}{protocol}"


def _range(first: int, last: int) -> str:
    return f"{first}-{last}" if last > first else str(first)


def _finished(ws: Workspace, stack: Stack) -> set[str]:
    """The services that stand still as jobs that have ended; a restart policy would run them without end."""
    try:
        return {each.service for each in ws.host.containers(stack.name) if has_finished(each)}
    except AgentError:
        return set()


def _hardened(stack: Stack, finished: set[str], *, read_only: bool) -> dict[str, dict[str, Any]]:
    """What the base lacks, as the rules of production see it."""
    model = stack.model
    lacks: dict[str, set[str]] = {}
    for finding in check_model(model, rules=[each for each in all_rules() if each.code in ASKED]):
        lacks.setdefault(finding.object, set()).add(finding.code)
    return {
        service.name: dict(_measures(service, lacks.get(service.name, set()), read_only=read_only))
        | ({} if runs_once(model, service) or service.restart or name in finished else {"restart": "unless-stopped"})
        for name, service in model.services.items()
    }


def _measures(service: Service, lacks: set[str], *, read_only: bool) -> Iterator[tuple[str, Any]]:
    limits = {
        **({"memory": "512m"} if "memory_limit" in lacks else {}),
        **({"cpus": "1"} if "cpu_limit" in lacks else {}),
    }
    if limits and "deploy" in service.raw.index:
        yield "deploy", {"resources": {"limits": limits}}
    elif limits:
        yield from {"mem_limit" if key == "memory" else key: value for key, value in limits.items()}.items()
    if "log_rotation_missing" in lacks:
        yield "logging", LOGGING
    if "stop_grace_missing" in lacks:
        yield "stop_grace_period", "1m"
    if read_only and "read_only_root" in lacks and not data_folder(service) and service.image:
        last = service.image.partition("@")[0].rpartition("/")[2].partition(":")[0]
        yield "read_only", True
        yield "tmpfs", [*TEMPORARY, *CACHES.get(last, ())]


def _yaml(changes: dict[str, dict[str, Any]]) -> str:
    """Services with their values, each in flow style."""
    lines = ["services:"]
    for name, values in changes.items():
        lines.append(f"  {name}:{'' if values else ' {}'}")
        for key, value in values.items():
            lines.append(f"    {key}: {'!override ' if key == 'ports' else ''}{json.dumps(value)}")
    return "\n".join(lines) + "\n"


def _example(stack: Stack, environment: str) -> str:
    texts = [source.text for source in stack.model.sources.values()]
    used = {braced or bare for text in texts for braced, bare in VARIABLE.findall(text)}
    names = sorted(used | set(stack.variables))
    lines = [
        f"# Copy to .env.{environment} and fill in. `.env` is not read in this environment.",
        *(f"{each}=" for each in names),
    ]
    return "\n".join(lines) + "\n"


def _try_out(ws: Workspace, environment: str, place: Path, text: str) -> None:
    """Read the stack with the new file, so that one that does not fit is never proposed."""

    def read(path: Path) -> bytes:
        return text.encode() if path == place else ws.host.read_file(path)

    setting_of(ws, environment, read=read)
