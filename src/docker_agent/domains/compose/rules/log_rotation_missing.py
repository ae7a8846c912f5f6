"""Logs that grow until the disk is full."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit, set_service_value

OPTIONS = {"max-size": "10m", "max-file": "3"}


@rule(severity=Severity.INFO, area="production", hardening=True)
def log_rotation_missing(model: ComposeModel) -> Iterator[Finding]:
    """A service's log grows without limit.

    Why
    ---
    The json-file driver, which is the engine's default, never rotates by itself; the disk fills up, and with it stops
    everything on the host. The engine's own configuration may say otherwise; that is not looked at.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            logging:
              driver: json-file

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            logging:
              driver: json-file
              options:
                max-size: 10m
                max-file: "3"
          app:
            image: app:1
            logging:
              driver: local

    Instead
    -------
    Set `max-size` and `max-file`, or use the `local` driver, which rotates.
    """
    for service in model.services.values():
        logging = service.logging
        unlimited = logging is None or (logging.driver in {"", "json-file"} and "max-size" not in logging.options)
        if unlimited and is_known(service):
            found = fault(
                model,
                model.key_place(("services", service.name, "logging")),
                service.name,
                f"{service.name}'s log grows without limit.",
                "Set max-size and max-file in logging.options.",
            )
            yield replace(found, confidence="likely")


@log_rotation_missing.fix("behaviour")
def add_rotation(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Three files of 10 MB; a driver and other options that are there stay."""
    service = model.services[finding.object]
    if service.logging is None:
        return set_service_value(model, service.name, ("logging",), {"driver": "json-file", "options": OPTIONS})
    known = service.logging.options
    if not known:
        return set_service_value(model, service.name, ("logging", "options"), OPTIONS)
    missing = [(key, value) for key, value in OPTIONS.items() if key not in known]
    return [
        edit
        for key, value in missing
        for edit in set_service_value(model, service.name, ("logging", "options", key), value)
    ]
