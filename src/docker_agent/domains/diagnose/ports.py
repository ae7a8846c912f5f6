"""Host ports: who has them, where the compose file asks for them, and which is free."""

from __future__ import annotations

import re

from docker_agent.core.finding import Evidence, Finding
from docker_agent.core.plan import Plan, Probe
from docker_agent.domains.diagnose.evidence import written
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container
from docker_agent.project.compose.types import PublishedPort

LAST_PORT = 65_535
HERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
ELSEWHERE = ("tcp://", "http://", "https://", "ssh://")


def holder_of(snapshot: Snapshot, container: Container | None, port: int) -> Container | None:
    """The running container that publishes a host port, other than this one."""
    for each in (*snapshot.containers, *snapshot.others):
        if each is not container and each.running and any(entry.host_port == port for entry in each.ports):
            return each
    return None


def say_owner(snapshot: Snapshot, holder: Container | None) -> str:
    """Who holds a port, in words."""
    if holder is None:
        return "another container"
    foreign = holder.project and holder.project != snapshot.project
    return f"{holder.name}{f' of the project {holder.project}' if foreign else ''}"


def port_place(snapshot: Snapshot, container: Container, port: int) -> Evidence | None:
    """Evidence from the compose file: the entry that publishes a port."""
    index = _entry(snapshot, container, port)
    return written(snapshot, container, "ports", index) if index is not None else written(snapshot, container, "ports")


def port_in(finding: Finding) -> int:
    """The port that a finding is about, 0 where it names none."""
    match = re.search(r"Port (\d{1,5}) ", finding.message)
    return int(match[1]) if match else 0


def change_port(snapshot: Snapshot, finding: Finding, port: int) -> Plan | None:
    """Publish the next port that no container has and that the compose file does not use.

    None for a range of ports, and for a port that comes from a variable: that is set elsewhere.
    """
    container = container_in(snapshot, finding)
    index = _entry(snapshot, container, port)
    if index is None or snapshot.model is None:
        return None
    wanted = _free(snapshot, port)
    node = snapshot.model.node(("services", container.service, "ports", index))
    entry = service_value(snapshot, container, "ports", index)
    if node is None or not wanted or "$" in node.source.text[node.start : node.end]:
        return None
    why = f"Port {port} is taken on this host; {wanted} is the next that no container publishes."
    if isinstance(entry, dict):
        published = wanted if isinstance(entry["published"], int) else str(wanted)
        plan = recreate(snapshot, finding, {("ports", index, "published"): published}, why)
        return _answering(snapshot, container, index, wanted, plan)
    head, _, tail = str(entry).rpartition(f"{port}:")
    if not tail:
        return None
    plan = recreate(snapshot, finding, {("ports", index): f"{head}{wanted}:{tail}"}, why)
    return _answering(snapshot, container, index, wanted, plan)


def lead_to(snapshot: Snapshot, finding: Finding, host_port: int, target: int) -> Plan | None:
    """Let a host port lead to another port inside; None for ranges and for what comes from a variable."""
    container = container_in(snapshot, finding)
    index = _entry(snapshot, container, host_port)
    if index is None or snapshot.model is None:
        return None
    node = snapshot.model.node(("services", container.service, "ports", index))
    entry = service_value(snapshot, container, "ports", index)
    if node is None or "$" in node.source.text[node.start : node.end]:
        return None
    why = f"{container.service} listens on {target} inside, so that is where {host_port} has to lead."
    if isinstance(entry, dict):
        plan = recreate(snapshot, finding, {("ports", index, "target"): target}, why)
        return _answering(snapshot, container, index, host_port, plan)
    changed = re.sub(rf"(?<={host_port}:)\d+(?=$|/)", str(target), str(entry))
    if changed == str(entry):
        return None
    plan = recreate(snapshot, finding, {("ports", index): changed}, why)
    return _answering(snapshot, container, index, host_port, plan)


def _answering(snapshot: Snapshot, container: Container, index: int, port: int, plan: Plan | None) -> Plan | None:
    """The plan, with the port asked at its end: TCP on an engine of this machine only."""
    entry = snapshot.model.services[container.service].ports[index] if snapshot.model else None
    if plan is None or entry is None or entry.protocol != "tcp" or not _is_here(snapshot):
        return plan
    address = HERE.get(entry.host_ip, entry.host_ip)
    url = f"tcp://{f'[{address}]' if ':' in address else address}:{port}"
    asked = Probe(url=url, why=f"Something has to listen where port {port} of the host leads.")
    return plan.model_copy(update={"steps": (*plan.steps, asked)})


def _is_here(snapshot: Snapshot) -> bool:
    return not (snapshot.engine and snapshot.engine.endpoint.startswith(ELSEWHERE))


def _entry(snapshot: Snapshot, container: Container, port: int) -> int | None:
    service = snapshot.model.services.get(container.service) if snapshot.model else None
    entries: tuple[PublishedPort, ...] = service.ports if service and snapshot.owns_file_of(container) else ()
    return next((index for index, entry in enumerate(entries) if entry.first == port == entry.last), None)


def _free(snapshot: Snapshot, port: int) -> int:
    taken = {entry.host_port for each in (*snapshot.containers, *snapshot.others) for entry in each.ports}
    for service in snapshot.model.services.values() if snapshot.model else ():
        for entry in service.ports:
            taken |= set(range(entry.first, entry.last + 1))
    return next((number for number in range(port + 1, LAST_PORT + 1) if number not in taken), 0)
