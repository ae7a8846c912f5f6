"""Dollar signs that were meant for the container."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.stray_dollars import stray_dollars
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit


@rule(severity=Severity.WARN, area="practice")
def dollar_unescaped(model: ComposeModel) -> Iterator[Finding]:
    """A dollar sign that was meant for the container is taken by Compose.

    Why
    ---
    Compose fills in variables before the container sees them, and nothing where it knows none. A password hash
    (`$2y$10$...`, `$apr1$...`) arrives without a part of itself and no login works; a command's `$POSTGRES_USER`, which
    the container's environment has, is empty. Only hashes are flagged, passwords with a `$Name` in their middle that
    nothing sets, and variables that the service's own `environment` gives a value and Compose does not know.

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
        dollars = stray_dollars(service)
        if dollars:
            found = fault(
                model,
                dollars[0][0].place,
                service.name,
                f"{service.name} has a dollar sign that Compose takes for a variable of its own.",
                "Write $$ for each such $.",
            )
            others = (Evidence(source="compose", where=str(node.place)) for node, _ in dollars[1:])
            # The value may be a hash of a password, which a report has no need of.
            first = replace(found.evidence[0], quote="")
            yield replace(found, evidence=(first, *others))


@dollar_unescaped.fix("behaviour")
def double(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Write each of them twice."""
    dollars = stray_dollars(model.services[finding.object])
    return [
        Edit(node.source.name, place, place, "$")
        for place, node in {place: node for node, places in dollars for place in places}.items()
    ]
