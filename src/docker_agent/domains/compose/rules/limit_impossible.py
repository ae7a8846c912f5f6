"""Limits that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Place
from docker_agent.project.compose.types import Service

LEAST_MEMORY = 6 << 20

Path = tuple[str, ...]

_LIMITS, _RESERVED = ("deploy", "resources", "limits"), ("deploy", "resources", "reservations")
_MEMORY: tuple[Path, ...] = ((*_LIMITS, "memory"), ("mem_limit",))
_MEMORY_RESERVED: tuple[Path, ...] = ((*_RESERVED, "memory"), ("mem_reservation",))
_CPUS_RESERVED: tuple[Path, ...] = ((*_RESERVED, "cpus"),)


@rule(severity=Severity.ERROR, area="conflict")
def limit_impossible(model: ComposeModel) -> Iterator[Finding]:
    """Limits of a service contradict each other.

    Why
    ---
    The engine refuses to create the container where more memory is reserved than allowed, where memory and swap
    together are less than memory alone or are limited without a limit on memory, and where the limit is below 6 MB.
    Shared memory above the limit, or more processors reserved than allowed, only never come true: a warning.

    Flagged
    -------
        services:
          db:
            image: postgres:17.2
            deploy:
              resources:
                limits: {memory: 512M}
                reservations: {memory: 1G}

    Fine
    ----
        services:
          db:
            image: postgres:17.2
            shm_size: 128m
            mem_limit: 1g
            mem_reservation: 512m
            memswap_limit: 1g

    Instead
    -------
    Reserve less than the limit. `memswap_limit` counts memory and swap together: the same as `mem_limit` means no swap,
    -1 any amount.
    """
    for service in model.services.values():
        for paths, message, hint, severity in _contradictions(model, service):
            place = _place(model, service, paths)
            yield replace(fault(model, place, service.name, f"{service.name} {message}.", hint), severity=severity)


def _contradictions(model: ComposeModel, service: Service) -> Iterator[tuple[tuple[Path, ...], str, str, Severity]]:
    memory = service.memory
    if 0 < memory < service.memory_reserved:
        yield (
            _MEMORY_RESERVED,
            "reserves more memory than its limit allows",
            "Reserve less than the limit.",
            Severity.ERROR,
        )
    if 0 < memory < LEAST_MEMORY:
        yield _MEMORY, "has less than the 6 MB of memory that the engine asks for", "Write 6m or more.", Severity.ERROR
    if service.memswap > 0 and not memory and not _is_written(model, service, _MEMORY):
        yield (
            (("memswap_limit",),),
            "limits memory and swap together, but not memory",
            "Set mem_limit as well.",
            Severity.ERROR,
        )
    if 0 < service.memswap < memory:
        yield (
            (("memswap_limit",),),
            "has less memory and swap together than memory alone",
            "Write at least mem_limit, or -1.",
            Severity.ERROR,
        )
    if 0 < memory < service.shm_size:
        yield (
            (("shm_size",),),
            "has more shared memory than its memory limit allows",
            "Raise the memory limit.",
            Severity.WARN,
        )
    if 0 < service.cpus < service.cpus_reserved:
        yield (
            _CPUS_RESERVED,
            "reserves more processors than its limit allows",
            "Reserve no more than the limit.",
            Severity.WARN,
        )


def _is_written(model: ComposeModel, service: Service, paths: tuple[Path, ...]) -> bool:
    return any(model.node(("services", service.name, *path)) is not None for path in paths)


def _place(model: ComposeModel, service: Service, paths: tuple[Path, ...]) -> Place:
    for path in paths:
        if model.node(("services", service.name, *path)) is not None:
            return model.place(("services", service.name, *path))
    return service.place
