"""What the builder's own check of a Dockerfile warns of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"WARNING: (?P<rule>[A-Z]\w{1,60}) - https://docs\.docker\.com/go/dockerfile/rule/")


@signature(code="bld-check", area="build")
def bld_check(snapshot: Snapshot) -> Iterator[Finding]:
    """The builder's check (`docker build --check`) warns of lines in the Dockerfile.

    The image can be built all the same. What `docker-agent compose check` says of Dockerfiles covers these and more,
    with fixes.

    Seen
    ----
        WARNING: JSONArgsRecommended - https://docs.docker.com/go/dockerfile/rule/json-args-recommended/
    """
    for refusal in spoken(snapshot, PATTERN):
        rules = dict.fromkeys(match["rule"] for match in PATTERN.finditer(refusal.match.string))
        yield refusal.found(
            message=f"The builder warns of {', '.join([*rules][:10])}.",
            cause="These lines of the Dockerfile are against the builder's rules.",
            fix="Follow the links, or run `docker-agent compose check`, whose `compose fix` mends many of them.",
            severity=Severity.WARN,
        )
