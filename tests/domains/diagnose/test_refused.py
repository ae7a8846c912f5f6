"""Folders whose compose file Compose would refuse: `diagnose` says so with the place, before anything was started."""

from __future__ import annotations

import pytest
from tests.domains.diagnose.places import ROOT, Case, workspace, world_of

from docker_agent.core.finding import Severity
from docker_agent.domains.diagnose.diagnose import Diagnosis, diagnose
from docker_agent.host.fake import World

REFUSED = {
    "services:\n  web:\n\timage: a:1\n": ("cmp-yaml-tab", "compose.yaml:3:1", "yaml_syntax"),
    "services:\n  web: {image: a:1}\n  web: {image: a:1}\n": ("cmp-yaml", "compose.yaml:3:3", "duplicate_key"),
    "services:\n  web: {command: x}\n": ("cmp-noimage", "compose.yaml:2:3", "no_image_or_build"),
    "services:\n  web: {image: a:1, depends_on: [db]}\n": ("cmp-undef", "compose.yaml:2:34", "undefined_dependency"),
    "": ("cmp-refused", "compose.yaml:1:1", "services_missing"),
    "services:\n  web: {image: a:1, secrets: [key]}\nsecrets: {key: {file: ./none.txt}}\n": (
        "cmp-secret-missing",
        "compose.yaml:3:23",
        "./none.txt",
    ),
}


def asked(text: str, message: str = "") -> Diagnosis:
    """The answer of `diagnose` in a folder with this compose file and nothing started."""
    world = World()
    world.files[ROOT / "compose.yaml"] = text.encode()
    answer: Diagnosis = diagnose.function(workspace(world), message=message)
    return answer


@pytest.mark.parametrize("text", REFUSED)
def test_a_refused_file_is_a_fault_with_its_place(text: str) -> None:
    code, place, said = REFUSED[text]
    (finding,) = asked(text).findings
    assert (finding.code, finding.severity, finding.evidence[0].where) == (code, Severity.ERROR, place)
    assert said in finding.message
    assert finding.cause
    assert finding.fix


def test_the_file_says_better_than_the_message_where_the_fault_is() -> None:
    text = "services:\n  web: {image: a:1, networks: [front]}\n"
    answer = asked(text, 'service "web" refers to undefined network front: invalid compose project')
    assert [(each.code, each.evidence[0].source) for each in answer.findings] == [("cmp-undef", "compose")]


def test_a_message_that_nothing_knows_is_not_passed_over_in_silence() -> None:
    text = "services:\n  web: {image: a:1}\n"
    unheard = "message: no known failure speaks like this, so read its own words"
    assert unheard in asked(text, "frobnicator is out of quux").not_looked_at
    for known in ("", "Bind for 0.0.0.0:80 failed: port is already allocated"):
        assert unheard not in asked(text, known).not_looked_at
    assert unheard not in asked("services:\n  web: {command: x}\n", "frobnicator is out of quux").not_looked_at


def test_what_runs_already_makes_it_a_warning() -> None:
    world = world_of(Case("", {}, body=["networks: [nowhere]"]))
    (finding,) = diagnose.function(workspace(world)).findings
    assert (finding.code, finding.severity) == ("cmp-undef", Severity.WARN)
