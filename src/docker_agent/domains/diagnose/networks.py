"""Plans that put services on networks: join one, or be made new where the old place is gone."""

from __future__ import annotations

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Argv, Plan
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.stack import wait_for
from docker_agent.project.edit.render import Value
from docker_agent.project.edit.values import KeyPath
from docker_agent.project.stack import compose_argv

DEFAULT = "default"


def join(snapshot: Snapshot, finding: Finding, network: str, why: str) -> Plan | None:
    """Put a service on one more network of the compose file; None where its network is not its own to choose."""
    container = container_in(snapshot, finding)
    written = service_value(snapshot, container, "networks")
    if snapshot.model is None or service_value(snapshot, container, "network_mode"):
        return None
    if network != DEFAULT and network not in snapshot.model.networks:
        return None
    if network in (written or [DEFAULT]):
        return remake(snapshot, finding, f"The file has it on {network}, and the container is not there yet.")
    values: dict[KeyPath, Value] = {("networks",): [*(written or [DEFAULT]), network]}
    if isinstance(written, dict):
        values = {("networks", network): {}}
    return recreate(snapshot, finding, values, why)


def remake(snapshot: Snapshot, finding: Finding, why: str) -> Plan | None:
    """Make a service's containers new from the file as it is; None where this folder's file did not make them."""
    container, stack = container_in(snapshot, finding), snapshot.stack
    if stack is None or not snapshot.owns_file_of(container):
        return None
    service = container.service
    step = Argv(
        why=f"{why} Its volumes are kept.",
        touches=(service,),
        argv=compose_argv(stack, "up", "-d", "--no-deps", "--force-recreate", service),
        cwd=str(stack.directory),
    )
    return Plan(
        title=f"Make {service} new",
        steps=(step, wait_for(stack, service)),
        project=stack.name,
        reason=finding.message,
        findings=(finding.identity,),
        foreign=tuple(each.name for each in snapshot.others if (each.project, each.service) == (stack.name, service)),
    )
