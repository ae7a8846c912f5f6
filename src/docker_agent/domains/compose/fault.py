"""How rules say what they found, and questions about services that several of them ask."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Place
from docker_agent.project.compose.types import Service


def fault(model: ComposeModel, place: Place, name: str, message: str, fix: str = "") -> Finding:
    """A finding at a place of the compose files; its code and severity are filled in by who runs the rule.

    Parameters
    ----------
    name: the service, or whatever else it is about.
    """
    source = model.source(place.file)
    text = source.text[place.start : place.end].split("\n", 1)[0].strip()
    evidence = Evidence(source="compose", where=str(place), quote=text, end=source.end_of(place))
    return Finding(code="", severity=Severity.OFF, object=name, message=message, fix=fix, evidence=(evidence,))


def problems(model: ComposeModel, code: str, hint: str = "Correct it.") -> Iterator[Finding]:
    """The findings of a rule that only says what reading the files has met.

    Parameters
    ----------
    hint: what to type where there is no name that is near.
    """
    for problem in model.problems_of(code):
        name = service_at(model, problem.place) or problem.place.file
        near = f'Did you mean "{problem.near}"?' if problem.near else hint
        found = fault(model, problem.place, name, f"{problem.message}.", near)
        yield found if problem.certain else replace(found, severity=Severity.WARN, confidence="likely")


def service_at(model: ComposeModel, place: Place) -> str:
    """The service whose lines hold a place, "" where none does."""
    for service in model.services.values():
        raw = service.raw
        if raw.source.name == place.file and service.place.start <= place.start <= raw.end:
            return service.name
    return ""


def runs_once(model: ComposeModel, service: Service) -> bool:
    """Whether a service is a job that others wait for to end."""
    return service.name in _jobs(model)


@lru_cache(maxsize=2)
def _jobs(model: ComposeModel) -> frozenset[str]:
    return frozenset(
        dependency.service
        for service in model.services.values()
        for dependency in service.depends_on
        if dependency.condition == "service_completed_successfully"
    )


def is_known(service: Service) -> bool:
    """Whether all of a service is in the model, so that what is missing there is missing."""
    return not service.extends and not service.raw.index.keys().isdisjoint({"image", "build"})
