"""Variables without a value."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault, service_at
from docker_agent.domains.compose.shared.stray_dollars import stray_dollars
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.compose.types import UnsetVariable
from docker_agent.project.edit.values import Edit


@rule(severity=Severity.WARN, area="model")
def unset_variable(model: ComposeModel) -> Iterator[Finding]:
    """A variable has no value, so that Compose puts nothing in its place.

    Why
    ---
    `image: app:${TAG}` becomes `app:`, a password becomes empty, a mount becomes the root folder. `${NAME:?words}`
    makes Compose refuse instead. Where the empty value is itself what Compose refuses, or the dollar sign was meant for
    the container (dollar_unescaped), this rule says nothing.

    Flagged
    -------
        services:
          web:
            image: nginx:${NOWHERE_SET}

    Fine
    ----
        services:
          web:
            image: nginx:${NOWHERE_SET:-1.29}

    Instead
    -------
    Set it in `.env`, or give it a default: `${NAME:-default}`.
    """
    uses: dict[str, list[UnsetVariable]] = {}
    for variable in _silent(model) if model.unset else ():
        uses.setdefault(variable.name, []).append(variable)
    for name, places in uses.items():
        first = places[0]
        user = service_at(model, first.place)
        message = f"{user} uses the variable {name}, which has no value." if user else f"{name} has no value."
        found = fault(model, first.place, name, message, f"Set {name} in .env, or give it a default.")
        others = (Evidence(source="compose", where=str(use.place)) for use in places if use is not first)
        yield replace(found, evidence=(*found.evidence, *others))


def _silent(model: ComposeModel) -> Iterator[UnsetVariable]:
    """The uses of which nothing else speaks."""
    stray = {
        (node.source.name, start)
        for service in model.services.values()
        for node, starts in stray_dollars(service)
        for start in starts
    }
    refused = [(problem.place, problem.message) for problem in model.problems]
    refused += [
        (image.place, " ".join(image.unset))
        for service in model.services.values()
        if isinstance(image := service.raw.get("image"), Scalar) and not service.image and service.build is None
    ]
    for use in model.unset:
        place = use.place
        told = any(
            where.file == place.file and where.start <= place.start < where.end and use.name in words
            for where, words in refused
        )
        if not (use.required or told or (place.file, place.start) in stray):
            yield use


@unset_variable.fix("suggest")
def say_empty(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Say that empty is what is meant, at every use; nothing for a variable that is required."""
    uses = [use for use in model.unset if use.name == finding.object]
    if any(use.required for use in uses):
        return []
    written = {f"${finding.object}", f"${{{finding.object}}}"}
    places = {(use.place.file, use.place.start, use.place.end) for use in uses}
    return [
        Edit(file, start, end, f"${{{finding.object}:-}}")
        for file, start, end in sorted(places)
        if model.source(file).text[start:end] in written
    ]
