"""Variables without a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose import ComposeModel
from docker_agent.project.compose_types import UnsetVariable
from docker_agent.project.edit import Edit


@rule(severity=Severity.WARN, area="model")
def unset_variable(model: ComposeModel) -> Iterator[Finding]:
    """A variable has no value, so that Compose puts nothing in its place.

    Why
    ---
    `image: app:${TAG}` becomes `app:`, a password becomes empty, a mount becomes the root folder. `${NAME:?words}`
    makes Compose refuse instead.

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
    for variable in (use for use in model.unset if not use.required):
        uses.setdefault(variable.name, []).append(variable)
    for name, places in uses.items():
        first = places[0]
        message = f"The variable {name} has no value."
        found = fault(model, first.place, name, message, f"Set {name} in .env, or give it a default.")
        others = (Evidence(source="compose", where=str(use.place)) for use in places if use is not first)
        yield replace(found, evidence=(*found.evidence, *others))


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
