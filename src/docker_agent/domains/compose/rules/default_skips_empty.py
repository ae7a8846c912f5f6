"""Defaults that an empty variable does not get."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.pattern import lazy
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Source
from docker_agent.project.edit.values import Edit

# A comment at the start of a line or behind a space is left out.
_DEFAULT = lazy(r"^[ \t]*#.*|[ \t]#.*|(?<!\$)\$\{([A-Za-z_]\w*)-(?=[^}])", re.MULTILINE)


@rule(severity=Severity.OFF, area="practice")
def default_skips_empty(model: ComposeModel) -> Iterator[Finding]:
    """A default is used only where the variable is not set, and not where it is empty.

    Why
    ---
    `${TAG-1.2}` is empty where `.env` says `TAG=`, as templates of `.env` do for what may be left out. `${TAG:-1.2}`
    takes the default then too. Some files mean the first, so this rule is off until it is asked for.

    Flagged
    -------
        services:
          app:
            image: app:${TAG-1.2}

    Fine
    ----
        services:
          app:
            image: app:${TAG:-1.2}
            command: run ${FLAGS-}

    Instead
    -------
    Write `:-`.
    """
    for source in model.sources.values():
        matches = _matches(source)
        if matches:
            places = [source.place(match.start(1), match.end(1)) for match in matches]
            message = f"{matches[0].group(1)} has a default that does not hold where it is empty."
            found = fault(model, places[0], source.name, message, "Write :- for -.")
            others = (Evidence(source="compose", where=str(place)) for place in places[1:])
            yield replace(found, evidence=(*found.evidence, *others))


@default_skips_empty.fix("behaviour")
def add_colon(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Write the operator that counts empty as not set, all over the file."""
    matches = _matches(model.sources[finding.object])
    return [Edit(finding.object, match.end(1), match.end(1), ":") for match in matches]


def _matches(source: Source) -> list[re.Match[str]]:
    if "-" not in source.text or "${" not in source.text:
        return []
    return [match for match in _DEFAULT.finditer(source.text) if match.group(1)]
