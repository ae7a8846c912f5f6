"""Plans that leave the compose file as it is: start a container, connect it to a network, give a volume its owner."""

from __future__ import annotations

import re
from pathlib import Path

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Argv, Engine, Observe, Plan, Step
from docker_agent.domains.diagnose.mend import container_in
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.stack import wait_for
from docker_agent.host.models import Container, Mount
from docker_agent.project.stack import compose_argv

WATCH_S = 5.0
USER = re.compile(r"\w[\w.-]*(?::\w[\w.-]*)?", re.ASCII)


def start(snapshot: Snapshot, finding: Finding, container: Container, why: str) -> Plan:
    """Start a container as it is, and watch that it stays up."""
    return _plan(snapshot, finding, f"Start {container.name}", _start(container, why), *_checks(snapshot, container))


def restart(snapshot: Snapshot, finding: Finding, container: Container, why: str) -> Plan:
    """Stop a container and start it again as it is, and watch that it stays up."""
    step = Engine(why=why, touches=(container.name,), action="container_restart", target=container.name)
    return _plan(snapshot, finding, f"Restart {container.name}", step, *_checks(snapshot, container))


def start_other(snapshot: Snapshot, finding: Finding, other: Container) -> Plan:
    """Start a stopped container that the finding's one looks for, then that one, where it ended."""
    container = container_in(snapshot, finding)
    why = f"{container.name} looks for it, and only running containers have a name."
    steps: list[Step] = [_start(other, why), *_checks(snapshot, other)]
    if not container.running:
        steps.append(_start(container, f"Start it again, now that {other.name} runs."))
    return _plan(snapshot, finding, f"Start {other.name}", *steps, *_checks(snapshot, container))


def start_for_path(snapshot: Snapshot, finding: Finding, path: str) -> Plan | None:
    """Start a container whose mount failed for a path that was missing then; None where it still is."""
    disk = snapshot.model.disk if snapshot.model else None
    if disk is None or not disk.kind(Path(path)):
        return None
    return start(snapshot, finding, container_in(snapshot, finding), f"{path} is there now.")


def start_service(snapshot: Snapshot, finding: Finding, service: str, why: str) -> Plan | None:
    """Make and start the containers of a service; those that are there stay as they are.

    Returns None where no compose file was read.
    """
    stack = snapshot.stack
    if stack is None:
        return None
    up = compose_argv(stack, "up", "-d", "--no-recreate", service)
    step = Argv(why=why, touches=(service,), argv=up, cwd=str(stack.directory))
    return _plan(snapshot, finding, f"Start {service}", step, wait_for(stack, service))


def connect(snapshot: Snapshot, finding: Finding, network: str, why: str) -> Plan:
    """Put the finding's container on a network that is there, by the engine, and start it again where it ended.

    It goes back to its own networks when it is made new: a compose file that has it says so for good.
    """
    container = container_in(snapshot, finding)
    args: dict[str, str | int | float | bool] = {"container": container.name}
    step = Engine(
        why=why,
        touches=(container.name, f"network:{network}"),
        action="network_connect",
        target=network,
        args={**args, "alias": container.service} if container.service else args,
        undo=Engine(
            why=f"Take {container.name} off {network} again.",
            touches=(container.name, f"network:{network}"),
            action="network_disconnect",
            target=network,
            args=args,
        ),
    )
    again = _start(container, "Start it again, for it ended without that network.")
    steps = (step,) if container.running else (step, again)
    return _plan(snapshot, finding, f"Connect {container.name} to {network}", *steps, *_checks(snapshot, container))


def own_volume(snapshot: Snapshot, finding: Finding, mount: Mount) -> Plan | None:
    """Give the top folder of a volume to the service's user, with the service's own image as root, and restart it.

    Only that one folder: nothing in it changes its owner. Only a volume that this compose file declares, that no
    service with another user mounts to write to, and no container outside the project mounts at all.
    """
    container, stack = container_in(snapshot, finding), snapshot.stack
    if stack is None or not snapshot.owns_file_of(container) or not USER.fullmatch(container.user):
        return None
    service = container.service
    key = next((each.source for each in stack.model.services[service].mounts if each.target == mount.target), "")
    volume = stack.model.volumes.get(key)
    mounts = [(each.user, own) for each in stack.model.services.values() for own in each.mounts]
    users = {user for user, own in mounts if key and own.source == key and not own.read_only}
    if volume is None or volume.external or len(users) != 1 or mount.name != (volume.name or f"{stack.name}_{key}"):
        return None
    if any(each.name == mount.name for other in snapshot.others for each in other.mounts):
        return None
    once = ("run", "--rm", "--no-deps", "-T", "--user", "0:0", "--cap-add", "CHOWN", "--entrypoint", "chown", service)
    step = Argv(
        why=f"Give the folder {mount.target}, the top of the volume {key}, to user {container.user}; "
        "what is in it stays as it is.",
        touches=(service, f"volume:{mount.name}"),
        argv=compose_argv(stack, *once, container.user, mount.target),
        cwd=str(stack.directory),
    )
    restart = Engine(
        why=f"Start {service} again, now that it may write there.",
        touches=(container.name,),
        action="container_restart",
        target=container.name,
    )
    title = f"Give the top of the volume {key} to user {container.user}"
    return _plan(snapshot, finding, title, step, restart, *_checks(snapshot, container))


def _plan(snapshot: Snapshot, finding: Finding, title: str, *steps: Step) -> Plan:
    return Plan(
        title=title,
        steps=steps,
        project=snapshot.project,
        reason=finding.message,
        findings=(finding.identity,),
    )


def _start(container: Container, why: str) -> Engine:
    return Engine(why=why, touches=(container.name,), action="container_start", target=container.name)


def _checks(snapshot: Snapshot, container: Container) -> tuple[Step, ...]:
    """Wait until it is well, as far as the compose file says how, and watch that it does not die again."""
    watched = f"{container.name} must stay up: it was down before."
    watch = Observe(why=watched, target=container.name, project=container.project, seconds=WATCH_S)
    if snapshot.stack is None or not snapshot.owns_file_of(container):
        return (watch,)
    return wait_for(snapshot.stack, container.service), watch
