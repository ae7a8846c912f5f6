"""Capabilities that can take the host's memory, processors or disk from everybody else."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.capabilities import granted
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.INFO, area="security", production=Severity.WARN)
def cap_host_availability(model: ComposeModel) -> Iterator[Finding]:
    """A container has a capability by which it can starve everything else on the host.

    Why
    ---
    SYS_NICE gives real-time priority: one busy loop, and neither SSH nor the engine gets its turn. SYS_RESOURCE goes
    past quotas and fills even the blocks of the disk that are kept for root. IPC_LOCK pins memory that the kernel could
    otherwise page out. No data leaks by these; the machine stands still.

    Flagged
    -------
        services:
          app:
            image: app:1
            cap_add: [SYS_RESOURCE]

    Fine
    ----
        services:
          search:
            image: elasticsearch:9.1.4
            ulimits:
              nofile: 65536

    Instead
    -------
    Raise the one limit under `ulimits`, and set memory and CPU limits, which also hold for locked memory. Vault needs
    IPC_LOCK to keep keys out of swap and gets a remark only; MySQL logs a warning without SYS_NICE and runs well.

    See
    ---
    CIS Docker Benchmark 5.4, 5.11, 5.12 · memory_limit, cpu_limit
    """
    yield from granted(model, "cap_host_availability")
