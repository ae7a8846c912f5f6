"""A security profile that a container asks for is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, host_config, inspected, written
from docker_agent.domains.diagnose.messages import refusals, spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

APPARMOR = re.compile(r"(?:apparmor failed to apply profile|unable to apply apparmor profile)")
ASKED = re.compile(r"^apparmor[=:](?P<name>(?!unconfined$).+)$")
SECCOMP = re.compile(r"opening seccomp profile \((?P<path>[^)\n]+)\) failed")


@signature(code="apparmor-missing", area="process")
def apparmor_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """The AppArmor profile that the container asks for is not loaded, or the host has no AppArmor.

    With AppArmor the start fails; without it the option is ignored in silence, which only an empty AppArmorProfile
    shows: the container then runs unprotected.

    Seen
    ----
        unable to apply apparmor profile: apparmor failed to apply profile: no such file or directory
    """
    for refusal in refusals(snapshot, APPARMOR):
        yield refusal.found(
            refusal.written("security_opt"),
            message="The AppArmor profile is not loaded on this host.",
            cause="security_opt names a profile that the host's kernel does not know.",
            fix="Load it on the host (apparmor_parser -r FILE), or leave the option out to get docker-default.",
        )
    for container in snapshot.containers:
        options: list[str] = host_config(container).get("SecurityOpt") or []
        asked = next((match for each in options if (match := ASKED.match(each))), None)
        if asked is None or container.status == "created" or container.raw.get("AppArmorProfile"):
            continue
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "AppArmorProfile", f"empty, asked for {asked['name']}"),
            written(snapshot, container, "security_opt"),
            message=f"It runs without the AppArmor profile {asked['name']}.",
            cause="The host has no AppArmor, and then the engine ignores the option.",
            fix="Run it on a host with AppArmor and the profile loaded, or protect it otherwise (cap_drop, read_only).",
            severity=Severity.WARN,
        )


@signature(code="seccomp-file", area="process")
def seccomp_file(snapshot: Snapshot) -> Iterator[Finding]:
    """The file of a seccomp profile cannot be read by the client.

    The client reads it and sends its text, so the path counts on the client's machine and from its working directory.
    A system call that a profile forbids is `seccomp`.

    Seen
    ----
        docker: opening seccomp profile (/nosuch.json) failed: open /nosuch.json: no such file or directory
    """
    for refusal in spoken(snapshot, SECCOMP):
        yield refusal.found(
            message=f"The seccomp profile {refusal.match['path']} cannot be read.",
            cause="The path is wrong on the machine where docker or Compose runs.",
            fix="Correct the path under security_opt; it counts from where the command runs.",
        )
