"""Files that a build copies and does not find."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.compose import all_rules, check_model
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

RULE = "dockerfile_source_missing"
PATTERN = re.compile(
    r'failed to (?:calculate checksum of ref|compute cache key)[^"\n]{0,300}"(?P<path>/[^"\n]{1,500})": not found'
    r"|failed to solve: lstat (?P<left>/[^\n:]{1,500}): no such file or directory"
    r"|(?:COPY|ADD) failed: (?:file not found in build context|stat)[^\n]{0,300}?(?P<old>[^\s:]{1,500}): "
    r"(?:file does not exist|no such file)"
)


@signature(code="bld-copy-missing", area="build")
def bld_copy_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """COPY or ADD names a file that the build does not have.

    The builder says the same of a file that is not in the build context and of one that `.dockerignore` keeps out of
    it; with the compose file and the Dockerfile at hand they are told apart. `lstat` is said of an earlier stage.

    Seen
    ----
        ERROR: failed to build: failed to solve: failed to compute cache key: failed to calculate checksum of ref 1b5d56e0::u4dv9epu66: "/package.json": not found
        ERROR: failed to build: failed to solve: lstat /app/dist: no such file or directory
        COPY failed: file not found in build context or excluded by .dockerignore: stat package.json: file does not exist
    """
    for refusal in spoken(snapshot, PATTERN):
        match = refusal.match
        if match["left"]:
            yield refusal.found(
                message=f"The stage that is copied from has no {match['left']}.",
                cause="The stage puts it elsewhere, or does not make it.",
                fix="Correct the path after --from=, or make the file in that stage.",
            )
            continue
        path = os.path.normpath(f"/{match['path'] or match['old']}").replace("//", "/")
        known = _judged(snapshot, path)
        cause = "It is not in the build context (paths are relative to it), or .dockerignore keeps it out."
        yield refusal.found(
            *(known.evidence if known else ()),
            message=f"The build has no file {path.lstrip('/')} to copy.",
            cause=known.message if known else cause,
            fix=known.fix if known else "Look whether it is there; if it is, take it out of .dockerignore.",
        )


def _judged(snapshot: Snapshot, path: str) -> Finding | None:
    """What the check of Dockerfiles says of the COPY that names the path."""
    if snapshot.model is None:
        return None
    rules = [rule for rule in all_rules() if rule.code == RULE]
    for finding in check_model(snapshot.model, rules=rules):
        words = re.split(r"[\s\[\],\"]+", finding.evidence[0].quote)
        if path in {os.path.normpath(f"/{word}").replace("//", "/") for word in words}:
            return finding
    return None
