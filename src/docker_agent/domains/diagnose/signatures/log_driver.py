"""The logging driver is missing, unusable on this host, or cannot be read from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.messages import refusals, spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

MISSING = re.compile(r'error looking up logging plugin (?P<name>[^:\n]+): plugin "[^"]+" (?:not found|is disabled)')
JOURNALD = re.compile(r"journald is not enabled on this host")
UNREADABLE = re.compile(r"configured logging driver does not support reading")


@signature(code="log-driver-missing", area="process")
def log_driver_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """The logging driver does not exist on this engine.

    Neither built in nor installed as a plugin; a driver that is there with a wrong option is `log-opt`.

    Seen
    ----
        docker: Error response from daemon: error looking up logging plugin nosuch: plugin "nosuch" not found
    """
    for refusal in refusals(snapshot, MISSING):
        yield refusal.found(
            refusal.written("logging"),
            message=f"There is no logging driver {refusal.match['name']}.",
            cause="The name is misspelt, or the plugin is not installed or disabled.",
            fix="Use local or json-file, or install the plugin (docker plugin install).",
        )


@signature(code="log-journald", area="process")
def log_journald(snapshot: Snapshot) -> Iterator[Finding]:
    """The logging driver journald was chosen on a host without systemd's journal.

    Told from `log-remote-down` by the words: no server is asked, the host itself lacks the journal's socket.

    Seen
    ----
        docker: Error response from daemon: failed to initialize logging driver: journald is not enabled on this host
    """
    for refusal in refusals(snapshot, JOURNALD):
        yield refusal.found(
            refusal.written("logging"),
            message="The host has no journal for the logging driver journald.",
            cause="It runs no systemd-journald, or the engine does not see its socket.",
            fix="Use the driver local or json-file on this host.",
        )


@log_driver_missing.fix
@log_journald.fix
def log_locally(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """The engine's own log files, where no options are set that may be meant for the other driver."""
    if service_value(snapshot, container_in(snapshot, finding), "logging", "options"):
        return None
    why = "The driver local works on every host and rotates its files."
    return recreate(snapshot, finding, {("logging", "driver"): "local"}, why)


@signature(code="log-noread", area="process")
def log_noread(snapshot: Snapshot) -> Iterator[Finding]:
    """The container's log cannot be read through the engine.

    The driver none keeps nothing; others send it away without a local copy (`cache-disabled: true`). The container
    itself is well.

    Seen
    ----
        Error response from daemon: configured logging driver does not support reading
    """
    for refusal in spoken(snapshot, UNREADABLE):
        yield refusal.found(
            message="The log of this container cannot be read through the engine.",
            cause="Its logging driver keeps no local copy.",
            fix="Read it where the driver sends it, or set the driver local or json-file and recreate the container.",
            severity=Severity.WARN,
        )
