"""How much each rule counts here, and who said so: the command line, the project, the profile, or the rule itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from docker_agent.core.finding import Severity
from docker_agent.core.nearest import nearest
from docker_agent.core.record import field, record
from docker_agent.core.rule import Rule

if TYPE_CHECKING:
    from docker_agent.project.context.model import ProjectContext  # its reading costs more than all rules

Profile = Literal["dev", "prod"]

COMMAND_LINE = "command line"

# Other programs' rules have their own codes below these.
LINTERS = ("hadolint_",)


class Weight(NamedTuple):
    """How much a rule counts: where that was changed ("" where it is its own), and whether a person did."""

    rule: Rule
    severity: Severity
    origin: str = ""
    given: bool = False


@record
class Severities:
    """Severities by rule code, from the weakest word to the strongest: rule, profile, policy, command line.

    Attributes
    ----------
    policies: what the project says.
    places: where it says so, by code, such as `.project-context.md:12`.
    profile: `dev` sums up the findings of hardening rules, `prod` lists them and takes the rules' weights there.
    overrides: what the command line says; no comment in a file silences these codes.
    mistakes: sentences on what the project says that was not understood.
    """

    policies: Mapping[str, Severity] = field(default_factory=dict[str, Severity])
    places: Mapping[str, str] = field(default_factory=dict[str, str])
    profile: Profile = "dev"
    overrides: Mapping[str, Severity] = field(default_factory=dict[str, Severity])
    mistakes: tuple[str, ...] = ()
    _weights: dict[str, Weight] = field(default_factory=dict[str, "Weight"], init=False, compare=False, repr=False)

    def named(self, code: str) -> tuple[Severity, str] | None:
        """The severity that a person gave a rule, and where; None where nobody did."""
        if code in self.overrides:
            return self.overrides[code], COMMAND_LINE
        if code in self.policies:
            return self.policies[code], self.places.get(code, "project policy")
        return None

    def of(self, rule: Rule) -> tuple[Severity, str]:
        """The severity of a rule's findings, and where it was changed, "" where it is the rule's own."""
        weight = self.weight(rule)
        return weight.severity, weight.origin

    def weight(self, rule: Rule) -> Weight:
        """The same with whether a person said so."""
        if rule.code not in self._weights:
            self._weights[rule.code] = self._weigh(rule)
        return self._weights[rule.code]

    def _weigh(self, rule: Rule) -> Weight:
        named = self.named(rule.code)
        if named:
            return Weight(rule, *named, given=True)
        if self.profile == "prod" and rule.production is not rule.severity:
            return Weight(rule, rule.production, "profile prod")
        return Weight(rule, rule.severity)

    def unknown(self, codes: Collection[str]) -> Iterator[str]:
        """A sentence for each code that a person gave a severity to and that no rule has, and for each mistake.

        Parameters
        ----------
        codes: those that there are.
        """
        yield from self.mistakes
        for code in {**self.policies, **self.overrides}:
            named = self.named(code)
            if named and code not in codes and not code.startswith(LINTERS):
                near = nearest(code, codes)
                meant = f"did you mean {near}?" if near else "it changes nothing."
                yield f"{named[1]}: there is no rule {code}; {meant}"


def severities_of(
    context: ProjectContext, *, profile: Profile | None = None, overrides: Mapping[str, Severity] | None = None
) -> Severities:
    """The severities of a project: its policies with their places, and `prod` where it is a production system.

    Parameters
    ----------
    profile: in place of the project's own.
    """
    name = context.path.name if context.path else "project policy"
    places = {code: f"{name}:{line}" for code, line in context.policy_lines.items()}
    return Severities(
        policies=context.policies,
        places=places,
        profile=profile or ("prod" if context.production else "dev"),
        overrides=overrides or {},
        mistakes=tuple(f"{name}:{each.line}: {each.message} {each.hint}".strip() for each in context.mistakes),
    )
