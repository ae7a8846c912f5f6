from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.domains.diagnose.rank import catalogue
from docker_agent.domains.reference.reference import reference
from docker_agent.host.fake import World
from docker_agent.project.context.model import EMPTY
from docker_agent.project.workspace import Workspace
from docker_agent.settings import texts

WS = Workspace(host=World().host.reads, root=Path("/project"), context=EMPTY)


def test_name_risk_and_trust() -> None:
    assert (reference.name, reference.risk, reference.untrusted) == ("reference", Risk.READ, "")


@pytest.mark.parametrize(
    ("query", "file", "heading"),
    [
        ("exit code 137", "docker-troubleshooting.md", "137"),
        ("OOMKilled memory limit", "docker-troubleshooting.md", "137"),
        ("port is already allocated", "docker-troubleshooting.md", "port"),
        ("curl: not found health check", "docker-troubleshooting.md", "health"),
        ("no space left on device", "docker-troubleshooting.md", "disk"),
        ("502 Bad Gateway Traefik", "docker-troubleshooting.md", "Traefik"),
        ("put_archive get_archive ownership of a volume", "docker-api-reference.md", "archive"),
        ("stats one_shot cpu percent", "docker-api-reference.md", "stats"),
        ("DOCKER_CONTEXT ghost default socket", "docker-api-reference.md", "connect"),
        ("log rotation max-size json-file", "docker-best-practices.md", "log"),
        ("zero downtime release draining", "docker-best-practices.md", "release"),
        ("secrets in environment", "docker-best-practices.md", "secret"),
    ],
)
def test_the_best_section_fits_the_query(query: str, file: str, heading: str) -> None:
    best = reference.function(WS, query).sections[0]

    assert best.file == file
    assert heading.lower() in best.heading.lower()


def test_the_code_of_a_rule_finds_its_page() -> None:
    rules = sorted(path.stem for path in texts("ref-docs").joinpath("rules").glob("*.md") if path.stem != "index")
    found = {code: reference.function(WS, code).sections[0] for code in (*rules[::20], "schema", "pids_limit")}

    assert {code: section.file for code, section in found.items()} == {code: f"rules/{code}.md" for code in found}
    answer = reference.function(WS, "what does root-user mean")
    assert answer.sections[0].text.startswith("A service is told to run as root.")
    assert "rules/*.md" in answer.pages


def test_the_code_of_a_failure_finds_its_section() -> None:
    codes = sorted(catalogue())[::20]
    found = {code: reference.function(WS, code).sections[0] for code in (*codes, "exit-137-oom", "pids-limit")}

    assert {code: section.heading for code, section in found.items()} == {code: code for code in found}
    answer = reference.function(WS, "why is web killed with exit-137-oom")
    assert answer.sections[0].text.startswith("The kernel killed the main process")
    assert "failures/*.md" in answer.pages


def test_sections_are_unique_and_no_more_than_asked_for() -> None:
    answer = reference.function(WS, "container health restart", 5)

    assert len(answer.sections) == 5
    assert len({(section.file, section.heading) for section in answer.sections}) == 5
    assert len(reference.function(WS, "container health restart", 1).sections) == 1


def test_an_answer_fits_the_budget_of_the_tool() -> None:
    assert len(reference.function(WS, "container").model_dump_json()) <= reference.budget_chars


def test_no_match_is_an_empty_list() -> None:
    answer = reference.function(WS, "xyzzyplugh")
    assert (answer.sections, answer.note) == ((), "nothing found for 'xyzzyplugh'; try other words")


@pytest.mark.parametrize("query", ["", "   ", "the of and", "\U0001f433", "!?"])
def test_a_query_without_words_is_refused(query: str) -> None:
    with pytest.raises(InputError, match="no word"):
        reference.function(WS, query)


@pytest.mark.parametrize("limit", [0, -1, 6])
def test_a_limit_out_of_range_is_refused(limit: int) -> None:
    with pytest.raises(InputError, match="limit"):
        reference.function(WS, "port", limit)


def test_a_huge_query_is_answered() -> None:
    assert reference.function(WS, "port " * 100_000).sections
