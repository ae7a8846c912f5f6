"""Capabilities that read what belongs to the host."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.capabilities import granted
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="security")
def cap_host_disclosure(model: ComposeModel) -> Iterator[Finding]:
    """A container has a capability that reads what belongs to the host.

    Why
    ---
    DAC_READ_SEARCH opens files by their number on the disk (`open_by_handle_at`) and so leaves the container's own file
    system: the program that read the host's /etc/shadow this way in 2014 ("shocker") works wherever it is granted.
    SYSLOG shows the kernel's log with the addresses that exploits need; PERFMON counts what every process does, keys
    included.

    Flagged
    -------
        services:
          backup:
            image: restic/restic:0.18.0
            cap_add: [DAC_READ_SEARCH]

    Fine
    ----
        services:
          backup:
            image: restic/restic:0.18.0
            volumes: ["data:/data:ro"]
        volumes:
          data:

    Instead
    -------
    Root of a container reads every mounted file already, by DAC_OVERRIDE, which the engine grants. For a backup that
    runs as another user give that user's group the right to read. Profilers run on the host, or only while needed.

    See
    ---
    CIS Docker Benchmark 5.4 · open_by_handle_at(2)
    """
    yield from granted(model, "cap_host_disclosure")
