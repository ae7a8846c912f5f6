"""Build stages that are not there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.pulls import STAGE, mistaken_stage
from docker_agent.domains.diagnose.snapshot import Snapshot

TARGET = re.compile(
    r'target stage "?(?P<name>[^\s"]{1,128})"? could not be found(?: \(did you mean (?P<meant>[\w.-]{1,128})\?\))?'
)


@signature(code="bld-target", area="build")
def bld_target(snapshot: Snapshot) -> Iterator[Finding]:
    """The stage that is to be built is not in the Dockerfile.

    `--target` or `build.target` names it. A stage that a COPY or FROM names in vain is `bld-stage-typo`.

    Seen
    ----
        ERROR: failed to build: failed to solve: target stage "prod" could not be found
        ERROR: failed to build: failed to solve: target stage "zz" could not be found (did you mean a?)
    """
    for refusal in spoken(snapshot, TARGET):
        meant = refusal.match["meant"]
        yield refusal.found(
            message=f"The Dockerfile has no stage {refusal.match['name']}.",
            cause="The name is misspelt, or `FROM image AS name` is missing in the Dockerfile.",
            fix=f"Name {meant} if that is meant."
            if meant
            else "Name a stage that is there (--target, `build.target`).",
        )


@signature(code="bld-stage-typo", area="build")
def bld_stage_typo(snapshot: Snapshot) -> Iterator[Finding]:
    """A stage's name is misspelt, so the builder takes it for an image of Docker Hub.

    Told by a name without a tag after `COPY --from=`, or by a stage of nearly the same name. A name that is an image is
    `img-notfound`, `img-name-unknown` or `img-dns`.

    Seen
    ----
        ERROR: failed to solve: biulder: failed to resolve source metadata for docker.io/library/biulder:latest: failed to do request: Head "https://registry-1.docker.io/v2/library/biulder/manifests/latest": dial tcp: lookup registry-1.docker.io: no such host (did you mean builder?)
        ERROR: failed to solve: biulder: failed to resolve source metadata for docker.io/library/biulder:latest: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed
    """
    for refusal in spoken(snapshot, STAGE):
        mistaken = mistaken_stage(refusal.match.string)
        if mistaken is None:
            continue
        match, meant = mistaken
        yield refusal.found(
            message=f"No stage is called {match['name']}, so it was looked for as an image.",
            cause="The name after FROM or --from= is misspelt, or its stage stands further down.",
            fix=f"Write {meant}." if meant else "Write the name as after AS; give an image a tag to make it clear.",
            confidence="certain" if meant else "likely",
        )
