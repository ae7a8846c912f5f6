"""Dollar signs that were meant for the container."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.pairs import written_pairs
from docker_agent.project.compose import ComposeModel
from docker_agent.project.compose_nodes import Mapping, Node, Scalar, Sequence
from docker_agent.project.compose_types import Service
from docker_agent.project.edit import Edit

# Password hashes as crypt and htpasswd write them; what follows the last dollar sign is lost as a variable.
_HASH = re.compile(r"(?<!\$)\$(?:2[abxy]\$\d\d|apr1|argon2(?:id|i|d)|[156y])\$(?!\$)[^\s\"']*")
_VARIABLE = re.compile(r"(?<!\$)\$(?:\{(\w+)\}|(\w+))")

_SHELL = ("command", "entrypoint")


@rule(severity=Severity.WARN, area="practice")
def dollar_unescaped(model: ComposeModel) -> Iterator[Finding]:
    """A dollar sign that was meant for the container is taken by Compose.

    Why
    ---
    Compose fills in variables before the container sees them, and nothing where it knows none. A password hash
    (`$2y$10$...`, `$apr1$...`) arrives without a part of itself and no login works; a command's `$POSTGRES_USER`, which
    the container's environment has, is empty. Only hashes are flagged, and variables that the service's own
    `environment` gives a value and Compose does not know.

    Flagged
    -------
        services:
          db:
            image: postgres:17.2
            environment:
              POSTGRES_USER: shop
            healthcheck:
              test: [CMD-SHELL, pg_isready -U $POSTGRES_USER]

    Fine
    ----
        services:
          db:
            image: postgres:17.2
            environment:
              POSTGRES_USER: shop
            healthcheck:
              test: [CMD-SHELL, pg_isready -U $$POSTGRES_USER]
            labels:
              traefik.http.middlewares.auth.basicauth.users: admin:$$apr1$$Xp3nW8kz$$rF0y

    Instead
    -------
    Write the dollar sign twice.
    """
    for service in model.services.values():
        dollars = _dollars(service)
        if dollars:
            found = fault(
                model,
                dollars[0][0].place,
                service.name,
                f"{service.name} has a dollar sign that Compose takes for a variable of its own.",
                "Write it twice: $$.",
            )
            others = (Evidence(source="compose", where=str(node.place)) for node, _ in dollars[1:])
            # The value may be a hash of a password, which a report has no need of.
            first = replace(found.evidence[0], quote="")
            yield replace(found, evidence=(first, *others))


@dollar_unescaped.fix("behaviour")
def double(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Write each of them twice."""
    dollars = _dollars(model.services[finding.object])
    return [
        Edit(node.source.name, place, place, "$")
        for place, node in {place: node for node, places in dollars for place in places}.items()
    ]


def _dollars(service: Service) -> list[tuple[Scalar, list[int]]]:
    """The scalars with dollar signs that were meant for the container, and where in the file those are."""
    found: list[tuple[Scalar, list[int]]] = []
    for node in _hashes(service):
        written = node.source.text[node.start : node.end]
        places = [
            node.start + match.start() + place
            for match in _HASH.finditer(written)
            for place, character in enumerate(match.group())
            if character == "$"
        ]
        found += [(node, places)] if places else []
    for node in _commands(service):
        if not node.unset:
            continue
        written = node.source.text[node.start : node.end]
        places = [
            node.start + match.start()
            for match in _VARIABLE.finditer(written)
            if _is_meant_inside(service, node, match.group(1) or match.group(2))
        ]
        found += [(node, places)] if places else []
    return found


def _is_meant_inside(service: Service, node: Scalar, name: str) -> bool:
    """Whether the container has a variable that Compose does not have."""
    return name in node.unset and bool(service.environment.get(name))


def _hashes(service: Service) -> Iterator[Scalar]:
    pairs = [node for _, node in written_pairs(service)]
    listed = [node for key in ("environment", "labels") for node in _scalars(service.raw.get(key)) if node not in pairs]
    return (node for node in (*pairs, *listed) if "$" in node.written)


def _commands(service: Service) -> Iterator[Scalar]:
    for key in _SHELL:
        yield from _scalars(service.raw.get(key))
    check = service.raw.get("healthcheck")
    yield from _scalars(check.get("test") if isinstance(check, Mapping) else None)


def _scalars(node: Node | None) -> Iterator[Scalar]:
    for item in node.items if isinstance(node, Sequence) else (node,):
        if isinstance(item, Scalar):
            yield item
