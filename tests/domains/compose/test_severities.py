from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.finding import Finding, Severity
from docker_agent.domains.compose.judge import Judgement, judge, known_codes
from docker_agent.domains.compose.severities import Severities, severities_of
from docker_agent.project.compose.model import ComposeModel, load
from docker_agent.project.context.model import parse_context

OFF, INFO, WARN, ERROR = Severity.OFF, Severity.INFO, Severity.WARN, Severity.ERROR
ROOTED = "services:\n  web:\n    image: nginx:1.29\n    user: root\n"


def model_of(text: str) -> ComposeModel:
    return load([Path("/project/compose.yml")], read=lambda _: text.encode(), variables={})


def of(judgement: Judgement, code: str) -> list[Finding]:
    return [finding for finding in judgement.findings if finding.code == code]


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        (Severities(), (WARN, "")),
        (Severities({"root_user": ERROR}), (ERROR, "project policy")),
        (Severities({"root_user": ERROR}, {"root_user": ".project-context.md:7"}), (ERROR, ".project-context.md:7")),
        (Severities({"root_user": ERROR}, overrides={"root_user": INFO}), (INFO, "command line")),
        (Severities({"root_user": OFF}, overrides={"root_user": ERROR}), (ERROR, "command line")),
    ],
)
def test_the_stronger_word_counts_and_is_named(severities: Severities, expected: tuple[Severity, str]) -> None:
    (finding,) = of(judge(model_of(ROOTED), severities), "root_user")
    assert (finding.severity, finding.severity_from) == expected


def test_off_silences() -> None:
    for severities in (Severities({"root_user": OFF}), Severities({"root_user": ERROR}, overrides={"root_user": OFF})):
        assert of(judge(model_of(ROOTED), severities), "root_user") == []


def test_the_profile_changes_weights_and_says_so() -> None:
    (finding,) = of(
        judge(model_of(ROOTED.replace("user: root", 'ports: ["8080:80"]')), Severities(profile="prod")), "unbound_port"
    )
    assert (finding.severity, finding.severity_from) == (WARN, "profile prod")


def test_the_command_line_beats_a_comment_and_a_policy_does_not() -> None:
    model = model_of(ROOTED.replace("root\n", "root # docker-agent: ignore[root_user] why\n"))
    for severities in (Severities(), Severities({"root_user": ERROR})):
        judgement = judge(model, severities)
        assert of(judgement, "root_user") == []
        assert [finding.code for finding in judgement.suppressed] == ["root_user"]
    assert len(of(judge(model, Severities(overrides={"root_user": WARN})), "root_user")) == 1


def test_hardening_is_one_remark_a_service_in_dev_and_a_list_in_prod() -> None:
    model = model_of(ROOTED + "  db:\n    image: db:1\n")
    dev = judge(model, Severities())
    assert [finding.object for finding in of(dev, "not_hardened")] == ["web", "db"]
    (web, _) = of(dev, "not_hardened")
    assert (web.severity, web.evidence[0].where) == (INFO, "compose.yml:2:3")
    assert "no_new_privileges" in web.message
    assert of(dev, "no_new_privileges") == []
    prod = judge(model, Severities(profile="prod"))
    assert of(prod, "not_hardened") == []
    assert [finding.object for finding in of(prod, "no_new_privileges")] == ["web", "db"]


def test_a_hardening_rule_that_a_policy_names_is_listed_by_itself() -> None:
    judgement = judge(model_of(ROOTED), Severities({"no_new_privileges": ERROR}))
    assert [finding.severity for finding in of(judgement, "no_new_privileges")] == [ERROR]
    assert "no_new_privileges" not in of(judgement, "not_hardened")[0].message
    silenced = judge(model_of(ROOTED), Severities({"no_new_privileges": OFF}))
    assert "no_new_privileges" not in of(silenced, "not_hardened")[0].message
    assert of(judge(model_of(ROOTED), Severities({"not_hardened": OFF})), "not_hardened") == []


def test_a_measure_that_a_comment_silences_is_not_summed_up() -> None:
    text = ROOTED.replace("  web:", "  # docker-agent: ignore[no_new_privileges] sudo\n  web:")
    judgement = judge(model_of(text), Severities())
    assert "no_new_privileges" not in of(judgement, "not_hardened")[0].message
    assert [finding.code for finding in judgement.suppressed] == ["no_new_privileges"]


def test_a_project_gives_policies_with_their_lines_and_the_profile() -> None:
    text = "# Shop\n\n## Docker Configuration\n\n- production: yes\n- policies:\n  - root_usr: error\n"
    context = parse_context(text, Path("/project/.project-context.md"))
    severities = severities_of(context, overrides={"cpu_limit": WARN, "nonsense": WARN})
    assert severities.profile == "prod"
    assert severities_of(context, profile="dev").profile == "dev"
    assert severities_of(parse_context("# Shop\n")).profile == "dev"
    assert list(severities.unknown(known_codes())) == [
        ".project-context.md:7: there is no rule root_usr; did you mean root_user?",
        "command line: there is no rule nonsense; it changes nothing.",
    ]
