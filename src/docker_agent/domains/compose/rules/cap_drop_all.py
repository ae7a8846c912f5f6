"""Containers that keep the capabilities that the engine gives every container."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.images import image_name
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.domains.compose.shared.written import has_unknown, is_derived, known_items, place_of
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Service
from docker_agent.project.edit.values import Edit, set_service_value

# Entry points of these images start as root, take over the data folder and step down to a user of their own.
STEPS_DOWN = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
NEEDS: dict[str, tuple[str, ...]] = {
    "postgres": STEPS_DOWN,
    "postgis": STEPS_DOWN,
    "mysql": STEPS_DOWN,
    "mariadb": STEPS_DOWN,
    "mongo": STEPS_DOWN,
    "redis": STEPS_DOWN,
    "valkey": STEPS_DOWN,
    "rabbitmq": STEPS_DOWN,
    "nginx": ("CHOWN", "SETGID", "SETUID"),
    "httpd": ("SETGID", "SETUID"),
    "caddy": ("NET_BIND_SERVICE",),
}


@rule(severity=Severity.INFO, area="security", production=Severity.WARN, hardening=True)
def cap_drop_all(model: ComposeModel) -> Iterator[Finding]:
    """A container keeps the fourteen capabilities that the engine gives to every container.

    Why
    ---
    Among them are NET_RAW (forged packets to the neighbours on the network), MKNOD, SETFCAP and DAC_OVERRIDE (root
    reads every mounted file). Published escapes from containers mostly begin with one of them; most services need none,
    once they run as a user of their own.

    Flagged
    -------
        services:
          app:
            image: app:1
            cap_drop: [NET_RAW]

    Fine
    ----
        services:
          app:
            image: app:1
            user: "1000"
            cap_drop: [ALL]
          proxy:
            image: caddy:2.10
            cap_drop: [ALL]
            cap_add: [NET_BIND_SERVICE]

    Instead
    -------
    Set `cap_drop: [ALL]`, start, and give back with `cap_add` what the error names. An image whose entry point starts
    as root and steps down (postgres, redis, mariadb) needs CHOWN, DAC_OVERRIDE, FOWNER, SETGID and SETUID, or none with
    `user:` and a data folder that belongs to that user. "operation not permitted" right at the start often means that
    the program file itself carries a capability (caddy, vault). The fix knows some images; try the result.

    See
    ---
    CIS Docker Benchmark 5.4 · OWASP Docker Security Cheat Sheet, rule 3
    """
    for service in model.services.values():
        if service.privileged or not is_known(service) or has_unknown(service, "cap_drop"):
            continue
        dropped = [_name(item.value) for item in known_items(service, "cap_drop")]
        if "ALL" not in dropped:
            only = f", but {', '.join(dropped)}" if dropped else ""
            yield fault(
                model,
                place_of(service, "cap_drop"),
                service.name,
                f"{service.name} keeps all the capabilities that the engine gives{only}.",
                "Set cap_drop: [ALL] and give back with cap_add what it needs.",
            )


@cap_drop_all.fix("suggest")
def drop(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Drop all, and give back what a known image needs to step down from root."""
    service = model.services[finding.object]
    if is_derived(model, service):
        return []
    edits = set_service_value(model, service.name, ("cap_drop",), ["ALL"])
    needed = _needed(service)
    if needed and "cap_add" not in service.raw.index:
        edits += set_service_value(model, service.name, ("cap_add",), list(needed))
    return edits


def _needed(service: Service) -> tuple[str, ...]:
    needed = NEEDS.get(image_name(service.image), ())
    return () if service.user and needed is STEPS_DOWN else needed


def _name(capability: str) -> str:
    return capability.strip().upper().removeprefix("CAP_")
