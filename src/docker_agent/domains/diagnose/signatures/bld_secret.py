"""Secrets that a build was not given."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"(?:failed to solve|ERROR): secret (?P<id>[\w.-]{1,100}): not found")


@signature(code="bld-secret", area="build")
def bld_secret(snapshot: Snapshot) -> Iterator[Finding]:
    """A RUN step wants a secret that the build was not given.

    Said only where the mount is `required`; without that the file is just not there and the command fails
    (`bld-run-exit`).

    Seen
    ----
        ERROR: failed to build: failed to solve: secret npmrc: not found
    """
    for refusal in spoken(snapshot, PATTERN):
        name = refusal.match["id"]
        yield refusal.found(
            message=f"The build was not given the secret {name}.",
            cause="Its RUN step mounts it with required=true.",
            fix=f"Give it: `docker build --secret id={name},src=FILE`, or `build.secrets` in the compose file.",
        )
