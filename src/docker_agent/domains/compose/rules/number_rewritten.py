"""Values that Compose writes another way than the file does."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from math import isfinite
from typing import Any

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.hidden import holds_secret
from docker_agent.domains.compose.shared.quoting import quote
from docker_agent.domains.compose.shared.written import written_pairs
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.compose.types import Service
from docker_agent.project.edit.values import Edit

LARGEST_INT = 2**64

# Between these powers of ten Go writes a number without an exponent.
LEAST_EXPONENT, LARGEST_EXPONENT = -4, 5


@rule(severity=Severity.WARN, area="practice")
def number_rewritten(model: ComposeModel) -> Iterator[Finding]:
    """A value without quotes is a number to YAML, and the container gets it written another way.

    Why
    ---
    Compose reads the number and writes it anew: `0755` becomes 493, `1.10` becomes 1.1, `007` becomes 7, `+49301234`
    loses its sign, `10000000.0` becomes 1e+07. A version, a mode, a telephone number or an account is then another one,
    and nothing says so. Where only zeros behind the point are lost, as with `1.0` for a rate, it is a remark.

    Flagged
    -------
        services:
          app:
            image: app:1
            environment:
              UMASK: 0022

    Fine
    ----
        services:
          app:
            image: app:1
            environment:
              UMASK: "0022"
              PORT: 8080
              RATE: 0.5

    Instead
    -------
    Put the value into quotes, and look whether the container has relied on the number.
    """
    for service in model.services.values():
        nodes = _rewritten(service)
        if nodes:
            secret = {node.start for key, node in written_pairs(service) if holds_secret(key, node.written)}
            found = _told(model, service, nodes, secret)
            harmless = all(
                isinstance(other.plain, float) and isfinite(other.plain) and _decimal(other.written) == _decimal(text)
                for other, text in nodes
            )
            yield replace(found, severity=Severity.INFO) if harmless and not _has_arguments(service, nodes) else found


def _told(model: ComposeModel, service: Service, nodes: list[tuple[Scalar, str]], secret: set[int]) -> Finding:
    """One finding for all of them, which does not say those that are secrets."""
    node, said = nodes[0]
    message = f"{service.name} is given {said} where the file says {node.written}."
    if node.start in secret:
        message = f"{service.name} is given another number than the secret that the file says."
    found = fault(model, node.place, service.name, message, "Put it into quotes.")
    places = [*found.evidence, *(Evidence("compose", str(each.place), each.written) for each, _ in nodes[1:])]
    quoted = (
        replace(place, quote="") if each.start in secret else place
        for place, (each, _) in zip(places, nodes, strict=True)
    )
    return replace(found, evidence=tuple(quoted))


@number_rewritten.fix("behaviour")
def quote_numbers(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Put all such values of the service into quotes."""
    return [quote(node) for node, _ in _rewritten(model.services[finding.object])]


def _rewritten(service: Service) -> list[tuple[Scalar, str]]:
    found: dict[int, tuple[Scalar, str]] = {}
    for _, node in written_pairs(service):
        if node.style or node.tag or node.written != node.value or node.written[:1] not in "+-.0123456789":
            continue
        value = node.plain
        if isinstance(value, int | float) and not isinstance(value, bool):
            said = _as_compose_writes(value)
            if said != node.written:
                found[node.start] = node, said
    return list(found.values())


def _as_compose_writes(value: float) -> str:
    if isinstance(value, int) and abs(value) < LARGEST_INT:
        return str(value)
    number = _decimal(repr(float(value)))
    if not number.is_finite() or not number:
        return f"{value:g}"
    number = number.normalize()
    exponent = number.adjusted()
    if LEAST_EXPONENT <= exponent <= LARGEST_EXPONENT:
        return format(number, "f")
    digits = str(number.scaleb(-exponent).normalize())
    return f"{digits}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _decimal(text: str) -> Any:
    """A number without rounding; what makes it is loaded only where a file has such a number."""
    return importlib.import_module("decimal").Decimal(text)


def _has_arguments(service: Service, nodes: list[tuple[Scalar, str]]) -> bool:
    """Whether one of them is an argument of a build, which is a version more often than not."""
    arguments = list(service.build.args.values()) if service.build else []
    return any(node.value in arguments for node, _ in nodes)
