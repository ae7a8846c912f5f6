"""A container cannot be made or started for its working directory, for want of a command, or stays down."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, inspected, written
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

FILE = re.compile(r"Cannot mkdir: (?P<path>\S+) is not a directory")
COMMAND = re.compile(r"\bno command specified")


@signature(code="workdir-file", area="process")
def workdir_file(snapshot: Snapshot) -> Iterator[Finding]:
    """The working directory is a file in the image.

    The engine makes a missing working directory, but not over a file. One that is missing in a running container is
    `exec-cwd`.

    Seen
    ----
        docker: Error response from daemon: Cannot mkdir: /etc/passwd is not a directory
    """
    for refusal in refusals(snapshot, FILE):
        yield refusal.found(
            refusal.written("working_dir"),
            message=f"The working directory {refusal.match['path']} is a file.",
            cause="working_dir, -w or WORKDIR names a file, or a path below one.",
            fix="Name a folder.",
        )


@signature(code="no-command", area="process")
def no_command(snapshot: Snapshot) -> Iterator[Finding]:
    """There is nothing to run: neither the image nor the service names a command.

    An image made with `docker import` or FROM scratch has neither CMD nor ENTRYPOINT, and an empty `entrypoint:`
    takes both away. A command that is not there is `exit-127-notfound`.

    Seen
    ----
        docker: Error response from daemon: no command specified
    """
    for refusal in refusals(snapshot, COMMAND):
        yield refusal.found(
            refusal.written("entrypoint"),
            message="No command is given to run.",
            cause="The image has no CMD and no ENTRYPOINT, or an empty entrypoint took them away.",
            fix="Give a command (command: in the compose file), or add CMD to the Dockerfile.",
        )


@signature(code="restart-policy-not-applied", area="process")
def restart_policy_not_applied(snapshot: Snapshot) -> Iterator[Finding]:
    """The container stays down for ever although it has a restart policy.

    A policy acts when a container ends, never when its start fails: the status stays `created` and the count of
    restarts 0. Where the failure of the start is known, a finding of its own comes first; mending that is not enough.
    """
    for container in snapshot.containers:
        policy = container.restart_policy
        if container.status != "created" or not container.error or policy in {"", "no"}:
            continue
        yield found(
            snapshot,
            container,
            inspected(
                snapshot, container, "HostConfig.RestartPolicy", f"{policy}, restarted {container.restart_count}"
            ),
            inspected(snapshot, container, "State.Error", container.error),
            written(snapshot, container, "restart"),
            message=f"restart: {policy} will not bring it up: its start failed.",
            cause="Restart policies act when a container ends, not when the engine fails to start it.",
            fix="Mend what State.Error names, then start it; watch for containers that stay `created` with an error.",
        )
