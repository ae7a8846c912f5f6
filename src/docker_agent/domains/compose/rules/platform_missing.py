"""Images that exist for one processor only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.data_folders import repository
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit, set_service_value

AMD64 = "linux/amd64"

# Repositories with the tags that exist for amd64 only.
ONLY_AMD64 = {
    "mysql": re.compile(r"5(?:[.-]|$)"),
    "mcr.microsoft.com/mssql/server": re.compile(r""),
    "container-registry.oracle.com/database/enterprise": re.compile(r""),
    "ibmcom/db2": re.compile(r""),
    "icr.io/db2_community/db2": re.compile(r""),
}


@rule(severity=Severity.INFO, area="practice")
def platform_missing(model: ComposeModel) -> Iterator[Finding]:
    """An image that exists for amd64 only is used without a `platform`.

    Why
    ---
    On a Mac with Apple's processor or an ARM server the pull ends with "no matching manifest". With a platform the
    engine emulates the other processor, slowly, and says so.

    Flagged
    -------
        services:
          db:
            image: mysql:5.7

    Fine
    ----
        services:
          db:
            image: mysql:5.7
            platform: linux/amd64
          new:
            image: mysql:8.4

    Instead
    -------
    Take a version that exists for both, or set `platform: linux/amd64`. Fine to ignore where no ARM machine is used.
    """
    for service in model.services.values():
        if service.build is not None or "platform" in service.raw.index or not is_known(service):
            continue
        tags = ONLY_AMD64.get(repository(service.image))
        if tags is not None and tags.match(service.image.partition("@")[0].rpartition("/")[2].partition(":")[2]):
            found = fault(
                model,
                model.place(("services", service.name, "image")),
                service.name,
                f"{service.name} uses {service.image}, which exists for amd64 only.",
                f"Set platform: {AMD64}, or take a version that exists for ARM too.",
            )
            yield replace(found, confidence="likely")


@platform_missing.fix("behaviour")
def add_platform(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Name the platform that the image exists for."""
    return set_service_value(model, finding.object, ("platform",), AMD64)
