"""What the gates look at, and what a gate is: a look at a deployment whose findings weigh as the environment says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from docker_agent.core.discover import instances
from docker_agent.core.errors import AgentError
from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.domains.compose import Judgement, all_rules, check_model, judge, severities_of
from docker_agent.domains.deploy.environment import Setting
from docker_agent.host.models import Image
from docker_agent.project.compose.types import Service
from docker_agent.project.workspace import Workspace

ERROR, WARN = Severity.ERROR, Severity.WARN


@dataclass(frozen=True)
class Picture:
    """A deployment as it is planned: these services of this stack in this environment."""

    ws: Workspace
    setting: Setting
    services: tuple[str, ...]

    @cached_property
    def judged(self) -> Judgement:
        """What all rules say, with the weights of the environment and of the project."""
        profile = "prod" if self.setting.environment == "production" else None
        return judge(self.setting.stack.model, severities_of(self.ws.context, profile=profile))

    def chosen(self) -> Iterator[Service]:
        """The services that are deployed."""
        model = self.setting.stack.model
        return (model.services[name] for name in self.services if name in model.services)

    def found(self, *codes: str) -> Iterator[Finding]:
        """What these rules say of the services that are deployed; the gate gives each its weight."""
        model = self.setting.stack.model
        for finding in check_model(model, rules=[each for each in all_rules() if each.code in codes]):
            if finding.object in self.services or finding.object not in model.services:
                yield replace(finding, severity=Severity.OFF)

    def image(self, service: Service) -> Image | None:
        """The local image of a service, None where it is not here yet."""
        try:
            return self.ws.host.image(image_of(self.setting, service))
        except AgentError:
            return None

    def asks(self, *words: str) -> str | None:
        """What the project context says under a key with one of these words, None where it says nothing."""
        said = ((key.lower(), value) for key, value in self.ws.context.unknown.items())
        return next((value for key, value in said if any(word in key for word in words)), None)


def image_of(setting: Setting, service: Service) -> str:
    """The name of a service's image, as Compose makes it where the file gives none."""
    return service.image or f"{setting.stack.name}-{service.name}"


@dataclass(frozen=True)
class Gate:
    """A gate: its place in the order, its look, and how much its findings weigh in each environment."""

    name: str
    order: int
    look: Callable[[Picture], Iterable[Finding]]
    dev: Severity
    staging: Severity
    production: Severity

    def findings(self, picture: Picture) -> Iterator[Finding]:
        """What it finds; the project's own word on a code comes first, then the finding's own weight."""
        usual = {"dev": self.dev, "staging": self.staging}.get(picture.setting.environment, self.production)
        for finding in self.look(picture):
            named = picture.ws.context.policies.get(finding.code)
            severity = named if named is not None else finding.severity if finding.severity.rank else usual
            if severity.rank:
                yield replace(finding, severity=severity)


def gate(
    order: int, *, dev: Severity = WARN, staging: Severity = WARN, production: Severity = ERROR
) -> Callable[[Callable[[Picture], Iterable[Finding]]], Gate]:
    """Make a gate of a function; its name is the gate's."""
    return lambda look: Gate(str(getattr(look, "__name__", "gate")), order, look, dev, staging, production)


def all_gates() -> list[Gate]:
    """Every gate, in the order in which they are gone through."""
    return sorted(instances("docker_agent.domains.deploy.gates", Gate), key=lambda each: each.order)


def run_gates(picture: Picture, only: Iterable[str] = ()) -> list[Finding]:
    """What the gates find, each fault once with its highest weight.

    Parameters
    ----------
    only: names of gates; all by default.
    """
    wanted = frozenset(only)
    found: dict[str, Finding] = {}
    for each in all_gates():
        for finding in each.findings(picture) if not wanted or each.name in wanted else ():
            known = found.get(finding.identity)
            if known is None or finding.severity.rank > known.severity.rank:
                found[finding.identity] = finding
    return sorted(found.values(), key=lambda finding: -finding.severity.rank)


def stands(
    picture: Picture, code: str, service: Service, message: str, fix: str, *, severity: Severity = Severity.OFF
) -> Finding:
    """A finding about a service, at the place where the file names it."""
    source = picture.setting.stack.model.source(service.place.file)
    evidence = Evidence(
        source="compose", where=str(service.place), quote=service.name, end=source.end_of(service.place)
    )
    return Finding(code=code, severity=severity, object=service.name, message=message, fix=fix, evidence=(evidence,))
