from __future__ import annotations

from pathlib import Path

import pytest
from tests.project.projects import faults_of, model_of

from docker_agent.project.compose.model import load
from docker_agent.project.disk import LocalDisk

FILES = {
    "e.env": "A=1\nB=${A}x\n",
    "bad.env": "A B=1\n",
    "raw.env": "# x y\nA='x\n\nB\n C=1 2\n",
    "badraw.env": "A=1\nB C=1\n",
    "tpl.env": "A=${\n",
    "req.env": "A=${NOPE:?x}\n",
    "odd.env": "A-B=1\n1A=2\nÉ=3\n",
    "d/x": "",
}


@pytest.mark.parametrize(
    ("env_file", "accepted"),
    [
        ("e.env", True),
        ("[e.env, ./odd.env]", True),
        ("[{path: raw.env, format: raw}]", True),
        ("[{path: no.env, required: false}]", True),
        ("[{path: no.env, required: 'false'}]", True),
        ("'${NOPE:-e.env}'", True),
        ("[]", True),
        ("[no.env, {path: no.env, required: false}]", True),
        ("no.env", False),
        ("[{path: no.env}]", False),
        ("d", False),
        ("''", False),
        ("'${NOPE}'", False),
        ("bad.env", False),
        ("[{path: badraw.env, format: raw}]", False),
        ("tpl.env", False),
        ("req.env", False),
        ("[{path: bad.env, required: false}]", False),
    ],
)
def test_env_files_are_read_as_compose_does(env_file: str, accepted: bool) -> None:
    model = model_of({"c.yml": f"services: {{w: {{image: x, env_file: {env_file}}}}}", **FILES})
    assert {problem.code for problem in model.problems} == (set() if accepted else {"env_file_missing"})


def test_the_place_is_the_entry_and_label_files_are_looked_at_too() -> None:
    text = "services: {w: {image: x, env_file: [e.env, no.env], label_file: no.lab}}"
    assert faults_of(model_of({"c.yml": text, **FILES})) == [
        "env_file_missing c.yml:1:44",
        "env_file_missing c.yml:1:65",
    ]


def test_only_services_that_are_on_are_looked_at() -> None:
    files = {"c.yml": "services: {w: {image: x, env_file: no.env, profiles: [p]}}"}
    assert faults_of(model_of(files)) == []
    assert faults_of(model_of(files, COMPOSE_PROFILES=" q, p")) == ["env_file_missing c.yml:1:36"]
    assert faults_of(model_of(files, COMPOSE_PROFILES="*")) == ["env_file_missing c.yml:1:36"]


def test_devices_are_taken_unread() -> None:
    text = b"services: {w: {image: x, env_file: /dev/null}, z: {image: x, env_file: /dev/zero}}"
    model = load([Path("/srv/c.yml")], read=lambda _: text, variables={}, disk=LocalDisk())
    assert model.problems == ()
