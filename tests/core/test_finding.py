"""Findings: what makes one the same tomorrow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from docker_agent.core.finding import Evidence, Finding, Severity, worst

PLACE = Evidence(source="compose", where="compose.yml:12:5", quote="privileged: true")
FINDING = Finding(code="privileged_mode", severity=Severity.ERROR, object="web", message="It is.", evidence=(PLACE,))


@pytest.mark.parametrize(
    "same",
    [
        {"message": "Another wording."},
        {"severity": Severity.INFO},
        {"cause": "c", "fix": "f", "fixable": True, "confidence": "possible"},
        {"evidence": (replace(PLACE, quote="other"),)},
        {"evidence": (PLACE, Evidence(source="log", where="web:17"))},
    ],
)
def test_wording_and_weight_do_not_change_the_identity(same: dict[str, Any]) -> None:
    assert FINDING.identity == replace(FINDING, **same).identity


@pytest.mark.parametrize(
    "different",
    [
        {"object": "db"},
        {"code": "root_user"},
        {"evidence": (replace(PLACE, where="compose.yml:13:5"),)},
        {"evidence": ()},
    ],
)
def test_object_code_and_place_do(different: dict[str, Any]) -> None:
    assert FINDING.identity != replace(FINDING, **different).identity


def test_the_identity_is_in_the_json() -> None:
    assert TypeAdapter(Finding).dump_python(FINDING, mode="json")["identity"] == "web|privileged_mode|compose.yml:12:5"


def test_a_source_outside_the_list_is_refused() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Evidence).validate_python({"source": "rumour", "where": "x"})


def test_severities_are_ordered() -> None:
    assert [Severity(word).rank for word in ("off", "info", "warn", "error")] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("severities", "highest"),
    [
        ((), Severity.OFF),
        ((Severity.INFO,), Severity.INFO),
        ((Severity.WARN, Severity.ERROR, Severity.INFO), Severity.ERROR),
        ((Severity.OFF, Severity.OFF), Severity.OFF),
    ],
)
def test_the_worst_of_many(severities: tuple[Severity, ...], highest: Severity) -> None:
    found = [replace(FINDING, severity=severity) for severity in severities]

    assert (highest, highest) == (worst(found), worst(tuple(found)))
