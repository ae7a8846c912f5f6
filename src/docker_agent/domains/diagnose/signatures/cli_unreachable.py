"""The docker command reaches no engine: none answers, it may not, or it looks in the wrong place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import heard, spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

NO_DAEMON = re.compile(
    r"Cannot connect to the Docker daemon at (?P<where>\S+?)\.? Is the docker daemon running"
    r"|failed to connect to the docker API at (?P<api>[^\s;]+); check if the path is correct"
)
DENIED = re.compile(
    r"permission denied while trying to connect to the docker (?:daemon socket|API) at (?P<where>\S+)", re.IGNORECASE
)
NO_CONTEXT = re.compile(r'context "(?P<name>[^"]+)"(?:: context not found| does not exist)')
NO_SSH = re.compile(r"command \[ssh [^\]\n]{0,500}\] has exited with exit status (?P<code>\d+)")


@signature(code="cli-nodaemon", area="engine")
def cli_nodaemon(snapshot: Snapshot) -> Iterator[Finding]:
    """No Docker Engine answers at the address that the client uses.

    The socket is missing or nobody listens on it. A socket that is there but closed to this user is `cli-perm`, an
    address behind SSH `ssh-host`.

    Seen
    ----
        Cannot connect to the Docker daemon at unix:///run/none.sock. Is the docker daemon running?
        failed to connect to the docker API at unix:///run/none.sock; check if the path is correct
    """
    for refusal in heard(snapshot, NO_DAEMON):
        where = refusal.match["where"] or refusal.match["api"]
        yield refusal.found(
            message=f"No Docker Engine answers at {where}.",
            cause="The engine does not run, or DOCKER_HOST or the context names a wrong address.",
            fix="Start it (systemctl start docker); look at DOCKER_HOST and `docker context ls` for the address.",
        )


@signature(code="cli-perm", area="engine")
def cli_perm(snapshot: Snapshot) -> Iterator[Finding]:
    """The user may not use the engine's socket.

    The engine runs and the socket is there; only its mode refuses. Where nothing listens it is `cli-nodaemon`. A
    container that has the socket mounted says the same when its user is not in the socket's group.

    Seen
    ----
        permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get ...
        permission denied while trying to connect to the docker API at unix:///var/run/docker.sock
    """
    for refusal in heard(snapshot, DENIED):
        yield refusal.found(
            message=f"This user may not use {refusal.match['where'].rstrip(':')}.",
            cause="The socket belongs to root and the group docker, and the user is not in that group.",
            fix="Use sudo or rootless Docker, or add the user to the group docker (as good as root) and log in again.",
        )


@signature(code="ctx-missing", area="engine")
def ctx_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """The Docker context that was asked for does not exist on this machine.

    Contexts belong to a user's own configuration folder: under sudo, in CI or with another DOCKER_CONFIG they are
    others. No engine was asked yet, so this says nothing of the engine (`cli-nodaemon`).

    Seen
    ----
        Failed to initialize: unable to resolve docker endpoint: context "nosuch": context not found: open ...
    """
    for refusal in spoken(snapshot, NO_CONTEXT):
        yield refusal.found(
            message=f"There is no Docker context {refusal.match['name']}.",
            cause="The name is wrong, or the context belongs to another user or another DOCKER_CONFIG.",
            fix="List them with `docker context ls`, choose with `docker context use`, or unset DOCKER_CONTEXT.",
        )


@signature(code="ssh-host", area="engine")
def ssh_host(snapshot: Snapshot) -> Iterator[Finding]:
    """The engine is reached over SSH, and ssh itself failed.

    What ssh said stands at the end of the message: refused or no route (host), permission denied (key), command not
    found (no docker there). With a local socket it would be `cli-nodaemon`.

    Seen
    ----
        error during connect: Get ...: command [ssh -- db1 docker system dial-stdio] has exited with exit status 255
    """
    for refusal in spoken(snapshot, NO_SSH):
        code = refusal.match["code"]
        yield refusal.found(
            message=f"The SSH connection to the engine failed with exit status {code}.",
            cause=(
                "ssh reached no host or was not let in (255)."
                if code == "255"
                else "ssh got in, but `docker system dial-stdio` could not be run there."
            ),
            fix="Try `ssh HOST docker version` by hand; set up the key, the host's name, and docker on that host.",
        )
