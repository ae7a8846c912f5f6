"""Containers without the engine's system call and file access filters."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.images import image_name
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_items
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar, Sequence
from docker_agent.project.compose.types import Service
from docker_agent.project.edit.items import remove_item
from docker_agent.project.edit.values import Edit, remove_service_key

FILTERS = {
    "seccomp:unconfined": "seccomp",
    "apparmor:unconfined": "AppArmor",
    "label:disable": "SELinux",
    "label:type:spc_t": "SELinux",
    "label:type:unconfined_t": "SELinux",
    "systempaths:unconfined": "masked /proc and /sys",
}

# Images that do not work under the engine's filters, by the last part of their name: they set up sandboxes, mount, or
# look at the host's processes.
NEEDED = frozenset(
    {"firefox", "chromium", "chrome", "brave", "webtop", "kasm", "steam", "buildkit", "buildah", "podman", "netdata"}
)


@rule(severity=Severity.WARN, area="security")
def profile_disabled(model: ComposeModel) -> Iterator[Finding]:
    """A service runs without seccomp, AppArmor or SELinux.

    Why
    ---
    The engine's seccomp profile keeps some forty system calls from containers, among them those that most kernel
    exploits begin with: `keyctl`, `userfaultfd`, `mount`, new user namespaces. AppArmor's keeps writes to /proc and
    /sys and mounts away. Two faults whose exploits did not work under the profiles and did without: CVE-2022-0185 (file
    system context) and CVE-2022-0492 (control groups).

    Flagged
    -------
        services:
          app:
            image: app:1
            security_opt:
              - no-new-privileges:true
              - seccomp:unconfined

    Fine
    ----
        services:
          app:
            image: app:1
            security_opt:
              - seccomp=./seccomp.json
              - label=type:container_t

    Instead
    -------
    Take it out first: many files carry it from the days of old kernels and engines. Where a call is really refused,
    copy the engine's default profile, allow that one call, and name the file. Debuggers need `cap_add: [SYS_PTRACE]`,
    not this. Browsers with a sandbox of their own, builders and netdata need a few calls more and get a remark only.

    See
    ---
    CIS Docker Benchmark 5.2, 5.3, 5.22 · OWASP Docker Security Cheat Sheet, rule 6
    """
    for service in model.services.values():
        items = _disabling(service)
        if service.privileged or not items:
            continue
        names = " and ".join(dict.fromkeys(FILTERS[_plain(item)] for item in items))
        found = fault(
            model,
            items[0].place,
            service.name,
            f"{service.name} runs without {names}.",
            "Take it out, or name a profile that allows the one call that is needed.",
        )
        others = (Evidence(source="compose", where=str(item.place), quote=item.value) for item in items[1:])
        found = replace(found, evidence=(*found.evidence, *others))
        name = image_name(service.image)
        yield replace(found, severity=Severity.INFO, cause=f"{name} asks for it.") if name in NEEDED else found


@profile_disabled.fix("behaviour")
def filter_again(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take out what switches the filters off; other options stay."""
    service = model.services[finding.object]
    node, items = service.raw.get("security_opt"), _disabling(service)
    if isinstance(node, Sequence) and len(node.items) > len(items):
        return [remove_item(model, ("services", service.name, "security_opt"), item) for item in items]
    return remove_service_key(model, service.name, ("security_opt",))


def _disabling(service: Service) -> list[Scalar]:
    return [item for item in known_items(service, "security_opt") if _plain(item) in FILTERS]


def _plain(item: Scalar) -> str:
    return item.value.strip().lower().replace("=", ":")
