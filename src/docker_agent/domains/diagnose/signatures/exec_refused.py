"""A command inside a container, or a copy out of it, is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals, spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

NO_TOOL = re.compile(r'exec failed: .*exec: "(?P<what>[^"]+)": (?:executable file not found|stat [^:]+: no such file)')
FOLDER = re.compile(r'chdir to cwd \("(?P<folder>[^"]+)"\) set in config\.json failed: (?P<why>[^\n]+)')
STOPPED = re.compile(
    r'(?:container (?P<id>[0-9a-f]{64}|[0-9a-f]{12}) is not running|service "(?P<service>[\w.-]+)" is not running)'
)
NO_PATH = re.compile(r"Could not find the file (?P<path>.+?) in container (?P<name>\S+)")


@signature(code="exec-127", area="process")
def exec_127(snapshot: Snapshot) -> Iterator[Finding]:
    """The program asked for with `docker exec` is not in the container.

    The container itself is well: `exec failed` tells it from a container that cannot start (`exit-127-notfound`).
    Distroless images have no shell at all.

    Seen
    ----
        exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH
        exec failed: unable to start container process: exec: "/bin/bash": stat /bin/bash: no such file or directory
    """
    for refusal in spoken(snapshot, NO_TOOL):
        yield refusal.found(
            message=f"There is no {refusal.match['what']} in the container.",
            cause="The image does not contain it; small images have no tools and often no shell.",
            fix="Use what it has (sh, not bash), or tools of another image: docker run --pid=container:X IMAGE.",
        )


@signature(code="exec-cwd", area="process")
def exec_cwd(snapshot: Snapshot) -> Iterator[Finding]:
    """The working directory does not exist in the container, or its user may not enter it.

    Told by `chdir to cwd`, though docker gives code 127 as for a missing program (`exec-127`).

    Seen
    ----
        exec failed: unable to start container process: chdir to cwd ("/x") set in config.json failed: no such file
    """
    for refusal in refusals(snapshot, FOLDER):
        yield refusal.found(
            refusal.written("working_dir"),
            message=f"The working directory {refusal.match['folder']} cannot be used: {refusal.match['why']}.",
            cause="The folder is not in the image, lies on a mount that lacks it, or is closed to the user.",
            fix="Correct -w or working_dir, create the folder in the image (WORKDIR), or give its owner access.",
        )


@signature(code="not-running-exec", area="process")
def not_running_exec(snapshot: Snapshot) -> Iterator[Finding]:
    """The container is stopped, so nothing can be run in it.

    Its id stands in the message. Why it ended is another question, which its state and log answer.

    Seen
    ----
        Error response from daemon: container 915fccee9a9f is not running
        service "web" is not running
    """
    for refusal in spoken(snapshot, STOPPED):
        number, service = refusal.match["id"], refusal.match["service"]
        meant = [each for each in snapshot.containers if each.id[:12] == (number or "")[:12] or each.service == service]
        about = replace(refusal, container=meant[0]) if len(meant) == 1 and not meant[0].running else refusal
        yield about.found(
            message=f"The {'service ' + service if service else 'container ' + number[:12]} does not run.",
            cause="Commands, process lists and signals need a running container.",
            fix="Start it, or look at its files with docker cp; why it stopped, diagnose says without a message.",
        )


@signature(code="cp-missing", area="process")
def cp_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """The path to be copied is not in the container.

    Files under a volume are there only while it is mounted in this container; what lies in a tmpfs cannot be copied
    at all.

    Seen
    ----
        Error response from daemon: Could not find the file /nosuch in container web
    """
    for refusal in spoken(snapshot, NO_PATH):
        yield refusal.found(
            message=f"There is no {refusal.match['path']} in {refusal.match['name']}.",
            cause="The path is misspelt, or relative to another folder (docker cp begins at /), or in a tmpfs.",
            fix="Look with `docker exec X ls -la FOLDER`, or list the changes with `docker diff X`.",
        )
