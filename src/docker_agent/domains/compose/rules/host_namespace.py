"""Services that share the host's processes, memory segments, names or users."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.images import image_name
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_item
from docker_agent.project.compose.model import ComposeModel

SHARED = {
    "pid": (
        "processes, their arguments and environments",
        "Take pid out; what should see only its neighbour sets pid: service:NAME.",
    ),
    "ipc": ("shared memory, and what other programs keep there", "Take ipc out and set shm_size to what is needed."),
    "uts": ("host name, which it may change", "Take uts out and set hostname."),
    "userns_mode": (
        "users, so that its root is the host's root",
        "Take userns_mode out, so that the engine's mapping holds.",
    ),
    "cgroup": ("control groups, with the names and limits of all containers", "Take cgroup out."),
}

# These tell of the host, or do its work; by the last part of the image's name.
LESSER = frozenset({"uts", "cgroup"})
NEEDED = {
    "ipc": frozenset({"vllm-openai", "sglang", "pytorch", "text-generation-inference", "tritonserver", "lmdeploy"}),
    "pid": frozenset(
        {
            "node-exporter",
            "node_exporter",
            "netdata",
            "glances",
            "btop",
            "falco",
            "beyla",
            "parca-agent",
            "process-exporter",
        }
        | {"docker-bench-security", "dd-agent", "scope"}
    ),
    "cgroup": frozenset({"netdata", "cadvisor", "beyla", "falco"}),
    "userns_mode": frozenset({"docker-socket-proxy", "socket-proxy", "portainer-ce", "traefik", "cadvisor"}),
}


@rule(severity=Severity.WARN, area="security")
def host_namespace(model: ComposeModel) -> Iterator[Finding]:
    """A service shares a namespace of the host: processes, memory segments, host name, users or control groups.

    Why
    ---
    With `pid: host` every process of the host is visible with its arguments and, for root, its environment with the
    passwords in it, and can be killed; `/proc/1/root` is the host's file system for whoever may trace. `ipc: host`
    opens other programs' shared memory. `userns_mode: host` undoes the engine's mapping of root to a user without
    rights.

    Flagged
    -------
        services:
          app:
            image: app:1
            pid: host

    Fine
    ----
        services:
          app:
            image: app:1
            ipc: shareable
            shm_size: 8g
          tracer:
            image: tracer:1
            pid: service:app

    Instead
    -------
    Programs that train or serve models ask for `ipc: host` because /dev/shm has 64 MB by default: `shm_size: 8g` gives
    them their own. To look at another service, share its namespace (`pid: service:app`), not the host's. What watches
    the host (node-exporter, netdata) gets a remark only, as do `uts` and `cgroup`.

    See
    ---
    CIS Docker Benchmark 5.16, 5.17, 5.21, 5.31
    """
    for service in model.services.values():
        for key, (what, instead) in SHARED.items():
            if key not in service.raw.index:
                continue
            said = known_item(service, key)
            if said is None or said.value != "host":
                continue
            found = fault(model, said.place, service.name, f"{service.name} shares the host's {what}.", instead)
            needed = image_name(service.image) in NEEDED.get(key, ())
            if needed:
                found = replace(found, cause=f"{image_name(service.image)} is made to do so.")
            yield replace(found, severity=Severity.INFO) if needed or key in LESSER else found
