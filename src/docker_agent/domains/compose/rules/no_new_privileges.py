"""Containers whose processes may gain rights by running a setuid program."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.domains.compose.shared.written import has_unknown, is_derived, known_items, place_of
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Service
from docker_agent.project.edit.spans import replace_value
from docker_agent.project.edit.values import Edit, set_service_value


@rule(severity=Severity.INFO, area="security", production=Severity.WARN, hardening=True)
def no_new_privileges(model: ComposeModel) -> Iterator[Finding]:
    """A process of the container may gain rights by running a setuid program.

    Why
    ---
    Most images carry a dozen setuid programs that nobody uses (`su`, `mount`, `passwd`, `newgrp`). An intruder who came
    in as the application's user runs one with a known fault and is root of the container, from where mounts and the
    kernel are within reach. With `no-new-privileges` the kernel ignores setuid, setgid and file capabilities for good.

    Entry points that start as root and step down (gosu, su-exec, setpriv, s6) go on working: giving rights up is not
    gaining them.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            security_opt:
              - apparmor=docker-default

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            security_opt:
              - no-new-privileges=true

    Instead
    -------
    Add `security_opt: [no-new-privileges:true]`, or `"no-new-privileges": true` to the engine's daemon.json for all
    containers. Leave it off where the work needs a setuid program: `sudo` in a development container, sandboxes such as
    Chromium's, mail servers with setgid helpers (Postfix).

    See
    ---
    CIS Docker Benchmark 5.26 · OWASP Docker Security Cheat Sheet, rule 4
    """
    for service in model.services.values():
        if service.privileged or not is_known(service) or has_unknown(service, "security_opt"):
            continue
        if _said(service) in {None, "false"}:
            yield fault(
                model,
                place_of(service, "security_opt"),
                service.name,
                f"{service.name} lets its processes gain rights by setuid programs: no-new-privileges is not set.",
                "Add security_opt: [no-new-privileges:true].",
            )


@no_new_privileges.fix("behaviour")
def forbid(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Add the option to those that are there, or say true where it says false."""
    service = model.services[finding.object]
    if is_derived(model, service):
        return []
    if not any(True for _ in known_items(service, "security_opt")):
        return set_service_value(model, service.name, ("security_opt",), ["no-new-privileges:true"])
    for item in known_items(service, "security_opt"):
        if item.value.startswith("no-new-privileges"):
            edit = replace_value(item.source, item, (item.start, item.end), "no-new-privileges:true")
            return [edit] if edit else []
    return set_service_value(model, service.name, ("security_opt", "no-new-privileges"), value=True)


def _said(service: Service) -> str | None:
    """What the option says: true or false, None where it is not there."""
    for item in known_items(service, "security_opt"):
        name, _, value = item.value.replace("=", ":", 1).partition(":")
        if name.strip() == "no-new-privileges":
            return value.strip().lower() or "true"
    return None
