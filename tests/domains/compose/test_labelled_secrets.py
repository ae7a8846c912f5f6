"""How well secrets are told from what only looks like one: a labelled set, of which a third was kept out of tuning."""

from __future__ import annotations

import csv
import json
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.secret_pair import secret_pair
from docker_agent.domains.compose import all_rules, check_model
from docker_agent.project.compose.model import load
from docker_agent.project.dotenv import parse_dotenv

TABLE = Path(__file__).parent / "secrets.tsv"
RULES = [rule for rule in all_rules() if rule.code.startswith("secret") or rule.code == "dockerfile_secret"]
HEAD = "services:\n  web:\n    image: shop:1.4\n"
PRECISION, RECALL = 0.97, 0.95


@dataclass(frozen=True)
class Case:
    part: str
    label: str
    place: str
    key: str
    value: str
    why: str

    @property
    def name(self) -> str:
        return f"{self.place}-{self.key}-{self.why}".replace(" ", "_")


def read_cases() -> list[Case]:
    """The table; a broken bar keeps made-up tokens from looking whole, and an arrow stands for a line feed."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    cases = (Case(*row) for row in rows)
    return [Case(c.part, c.label, c.place, c.key, c.value.replace("¦", "").replace("⏎", "\n"), c.why) for c in cases]


CASES = read_cases()


def scalar(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def block(text: str, indent: int) -> str:
    return "|\n" + textwrap.indent(text, " " * indent)


def compose_text(case: Case) -> str:
    """A compose file that has the case in its place."""
    key, value = scalar(case.key), scalar(case.value)
    match case.place:
        case "environment":
            return f"{HEAD}    environment:\n      {key}: {value}\n"
        case "args":
            return f"{HEAD}    build:\n      context: .\n      args:\n        {key}: {value}\n"
        case "label":
            return f"{HEAD}    labels:\n      {key}: {value}\n"
        case "command":
            return f"{HEAD}    command: {case.value if case.key == 'list' else value}\n"
        case "healthcheck":
            return f"{HEAD}    healthcheck:\n      test: {case.value if case.key == 'list' else value}\n"
        case "config":
            return f"{HEAD}configs:\n  {key}:\n    content: {block(case.value, 6)}\n"
        case "dockerfile":
            return f"{HEAD}    build:\n      context: .\n      dockerfile_inline: {block(case.value, 8)}\n"
        case "extension":
            return f"x-shared:\n  {key}: {value}\n{HEAD}"
        case "option":
            return f"{HEAD}    logging:\n      driver: splunk\n      options:\n        {key}: {value}\n"
        case _:
            return f"{HEAD}volumes:\n  nas:\n    driver_opts:\n      {key}: {value}\n"


def findings_in(text: str) -> list[Finding]:
    model = load([Path("/project/compose.yml")], read=lambda _: text.encode(), variables={})
    return check_model(model, rules=RULES)


def is_found(case: Case) -> bool:
    if case.place == "env_file":
        variables = parse_dotenv(f"{case.key}={case.value}\n".encode(), ".env", {})
        return secret_pair(case.key, variables[case.key]) is not None
    return bool(findings_in(compose_text(case)))


@cache
def verdicts() -> dict[Case, bool]:
    return {case: is_found(case) for case in CASES}


def measured(part: str) -> tuple[float, float]:
    """Precision and recall over one part of the set, or all of it."""
    chosen = {
        case: found for case, found in verdicts().items() if part in {"", case.part} and case.label != "placeholder"
    }
    hits = sum(found and case.label == "secret" for case, found in chosen.items())
    return hits / sum(chosen.values()), hits / sum(case.label == "secret" for case in chosen)


def test_the_set_is_large_and_half_of_it_are_traps() -> None:
    labels = [case.label for case in CASES]
    assert len(labels) >= 260
    assert labels.count("not") >= len(labels) // 2
    assert sum(case.part == "held" for case in CASES) >= len(CASES) // 3
    assert len({(case.place, case.key, case.value) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("part", ["", "tune", "held"])
def test_precision_and_recall(part: str) -> None:
    precision, recall = measured(part)
    wrong = [case.name for case, found in verdicts().items() if found != (case.label != "not")]
    assert precision >= PRECISION, wrong
    assert recall >= RECALL, wrong


@pytest.mark.parametrize("case", [c for c in CASES if c.label == "placeholder"], ids=lambda case: case.name)
def test_a_placeholder_is_a_remark(case: Case) -> None:
    (finding,) = findings_in(compose_text(case))
    assert Severity.INFO is finding.severity
    assert "placeholder" in finding.message


@pytest.mark.parametrize("value", ["postgres", "changeme", "example", "password123", "xxx", "admin"])
def test_a_well_known_default_is_called_so(value: str) -> None:
    (finding,) = findings_in(f"{HEAD}    environment:\n      DB_PASSWORD: {value}\n")
    assert Severity.WARN is finding.severity
    assert "a well-known default" in finding.message
