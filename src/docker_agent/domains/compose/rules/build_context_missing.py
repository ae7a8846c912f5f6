"""Build contexts that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import image_builds
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="practice")
def build_context_missing(model: ComposeModel) -> Iterator[Finding]:
    """The build context of a service is not there.

    Why
    ---
    `docker compose config` says nothing; `docker compose up` ends when it comes to the build. Where the service also
    names an image, that one may be pulled instead.

    Flagged
    -------
        services:
          app:
            build: ./missing

    Fine
    ----
        services:
          app:
            build: https://github.com/docker-library/hello-world.git

    Instead
    -------
    Correct `context`; it is relative to the folder of the first compose file.
    """
    for build in image_builds(model):
        if build.missing == "context":
            words = f"{build.service.name} is built in a folder that is not there."
            found = fault(model, build.place, build.service.name, words, "Correct the context, or make the folder.")
            yield replace(found, severity=Severity.WARN) if build.service.image else found
