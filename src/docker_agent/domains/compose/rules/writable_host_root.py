"""Folders of the host by which the host falls, mounted writable."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.host_paths import host_mounts, takeover
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar, Sequence
from docker_agent.project.edit.spans import replace_value
from docker_agent.project.edit.values import Edit

# Containers read these and have no reason to write there.
READ = frozenset({"/lib/modules", "/boot", "/usr", "/lib", "/etc/passwd", "/etc/shadow"})


@rule(severity=Severity.WARN, area="security", production=Severity.ERROR)
def writable_host_root(model: ComposeModel) -> Iterator[Finding]:
    """A folder of the host is mounted writable through which root on the host is one file away.

    Why
    ---
    Who can write to /etc adds a cron job or a user; in /root or /home an SSH key; in /usr/bin another `ls`; in
    /lib/modules a module that the kernel will load; in /proc the program that the kernel runs on the next crash
    (`core_pattern`). Root in the container is root for these files, so this is `privileged: true` by another name.

    Flagged
    -------
        services:
          vpn:
            image: linuxserver/wireguard:1.0.20250521
            volumes: ["/lib/modules:/lib/modules"]

    Fine
    ----
        services:
          vpn:
            image: linuxserver/wireguard:1.0.20250521
            volumes:
              - /lib/modules:/lib/modules:ro
              - /etc/wireguard:/config
              - /home/anna/photos:/photos

    Instead
    -------
    Add `:ro` where it is only read, and mount the one folder below that is really written. A backup that restores into
    these folders is better started by hand when it is needed.

    See
    ---
    CIS Docker Benchmark 5.6 · sensitive_mount
    """
    for service in model.services.values():
        for mount in host_mounts(model, service):
            why = "" if mount.read_only else takeover(mount.path)
            if why:
                yield fault(
                    model,
                    mount.place,
                    service.name,
                    f"{service.name} may write to {mount.path} of the host: {why}.",
                    "Mount it read-only, or only the folder below that is written.",
                )


@writable_host_root.fix("suggest")
def make_read_only(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Add `ro` to a mount that containers only read; any other needs somebody who knows."""
    node = model.node(("services", finding.object, "volumes"))
    items = node.items if isinstance(node, Sequence) else ()
    item = next((item for item in items if str(item.place) == finding.evidence[0].where), None)
    mounts = host_mounts(model, model.services[finding.object])
    path = next((mount.path for mount in mounts if item is not None and mount.place == item.place), "")
    if path not in READ or not isinstance(item, Scalar):
        return []
    options = item.value.split(":")[2:]
    if options in ([], ["rw"]):
        edit = replace_value(item.source, item, (item.start, item.end), f"{item.written.removesuffix(':rw')}:ro")
    else:
        edit = replace_value(item.source, item, (item.start, item.end), f"{item.written},ro")
    return [edit] if edit else []
