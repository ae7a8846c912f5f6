"""Rules and signatures: their docstrings are the manual, so they must be there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.rule import rule
from docker_agent.core.signature import signature

FINDING = Finding(code="too_big", severity=Severity.WARN, object="web", message="It is.")


@rule(severity=Severity.WARN, area="practice")
def too_big(model: str) -> Iterator[Finding]:
    """A service is too big.

    Flagged
        big

    Fine
        small
    """
    if model == "big":
        yield FINDING


@signature(code="too-big", area="memory")
def looks_big(snapshot: str) -> Iterator[Finding]:
    """The container is too big.

    Because it grew.
    """
    if snapshot == "big":
        yield FINDING


def test_a_rule_is_called_as_its_function_and_checks() -> None:
    assert (too_big.code, too_big.severity, too_big.area) == ("too_big", Severity.WARN, "practice")
    assert too_big.summary == "A service is too big."
    assert (list(too_big.check("big")), list(too_big.check("small"))) == ([FINDING], [])


def test_a_signature_has_its_code_and_looks() -> None:
    assert (looks_big.code, looks_big.area) == ("too-big", "memory")
    assert looks_big.summary == "The container is too big."
    assert (list(looks_big.look("big")), list(looks_big.look("small"))) == ([FINDING], [])


def test_a_fix_is_registered_and_stays_callable() -> None:
    assert too_big.mend is None

    @too_big.fix("safe")
    def shrink(_model: str, finding: Finding) -> list[str]:
        return [finding.code]

    @looks_big.fix
    def shrink_it(_snapshot: str, finding: Finding) -> Plan | None:
        return Plan(title=finding.code)

    assert too_big.mend is shrink
    assert shrink("big", FINDING) == ["too_big"]
    assert looks_big.mend is shrink_it
    assert shrink_it("big", FINDING) == Plan(title="too_big")


@pytest.mark.parametrize("doc", [None, "", "Only words.", "Flagged\n    x", "Fine\n    y"])
def test_a_rule_without_both_examples_is_refused(doc: str | None) -> None:
    def check(_model: object) -> Iterator[Finding]:
        yield FINDING

    check.__doc__ = doc
    with pytest.raises(TypeError, match="check: the docstring of a rule shows"):
        rule(severity=Severity.WARN, area="style")(check)


def test_a_signature_without_words_is_refused() -> None:
    def look(_snapshot: object) -> Iterator[Finding]:
        yield FINDING

    with pytest.raises(TypeError, match="odd-one: a signature needs a docstring"):
        signature(code="odd-one", area="x")(look)
