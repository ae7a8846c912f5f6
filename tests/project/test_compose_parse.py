from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.project.projects import faults_of, model_of

from docker_agent.core.errors import InputError
from docker_agent.project.compose import parse
from docker_agent.project.compose.model import load

WEB = "services: {w: {image: x, %s}}"


def faults(text: str) -> list[str]:
    return faults_of(model_of({"c.yml": text}))


def test_all_faults_of_a_file_are_told_at_once() -> None:
    text = """
services:
  web:
    image: x
    image: y
    environment: {1: a, A: 2, A: 3, 2020-01-01: b}
    <<: text
    user: ${
    bogus: 1
"""
    assert faults(text) == [
        "duplicate_key c.yml:5:5",
        "duplicate_key c.yml:6:31",
        "interpolation_syntax c.yml:8:11",
        "schema c.yml:6:19",
        "schema c.yml:6:37",
        "schema c.yml:9:5",
        "yaml_syntax c.yml:7:5",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: [", "yaml_syntax c.yml:1:5"),
        ("services:\n\tw: {image: x}", "yaml_syntax c.yml:2:1"),
        ("services: *w", "yaml_syntax c.yml:1:11"),
        ("services: {w: &w {image: x, x-a: *w}}", "alias_bomb c.yml:1:34"),
        ("- a", "services_missing c.yml:1:1"),
        ("text", "services_missing c.yml:1:1"),
        ("", "services_missing c.yml:1:1"),
        ("# c", "services_missing c.yml:1:1"),
        ("services: {w: {image: x}}\n---\n- a", "services_missing c.yml:3:1"),
    ],
)
def test_a_file_that_gives_nothing_is_one_fault_of_an_empty_model(text: str, fault: str) -> None:
    model = model_of({"c.yml": text})
    assert (faults_of(model), dict(model.services), list(model.sources)) == ([fault], {}, ["c.yml"])
    with pytest.raises(InputError, match=fault.split()[1]):
        model_of({"c.yml": text}, strict=True)


def test_one_file_that_cannot_be_read_leaves_the_others() -> None:
    model = model_of(
        {"a.yml": "services: [", "b.yml": "services: {w: {image: x, init: true, init: 2}}"}, "a.yml", "b.yml"
    )
    assert list(model.services) == ["w"]
    assert {fault.split()[0] for fault in faults_of(model)} == {"yaml_syntax", "duplicate_key"}


@pytest.mark.parametrize(
    "text",
    [
        WEB % "environment: {A: 22:22, B: yes, C: 010, D: 0o10, E: 1_000, F: 123456789012345678901234567890, G: .inf}",
        WEB % "environment: {A: .nan, B: 0x1F, C: ~, D: '2020-01-01', E: 2020-13-01, F: 1e400, G: !!str 2020-01-01}",
        WEB % "environment: {yes: b, on: c, !!str 1: d, '<<': e}",
        "\ufeffservices: {w: {image: x}}",
        "services:\n  w:\n    image: x\n    command: 'a\n\ufeffb'\n",
        "%YAML 1.1\n---\nservices: {w: {image: x, environment: {A: yes}}}",
        "x-d: 2020-01-01\nservices: {w: {image: x}}",
        "x-a: &a {image: x}\n---\nservices: {w: *a}",
        "x-a: &a {image: x}\nx-a2: &a {image: y}\nservices: {w: *a}",
        "x-a: &a {init: true}\nservices: {w: {!!merge <<: *a, image: x}}",
        "x-a: &a {init: true}\nservices: {w: {<<: [*a, {user: u}], image: x}}",
        WEB % "scale: !!int '3'",
        WEB % "scale: !mine 3",
        WEB % "user: 'b\u0085c\u2028d'",
        "volumes: {a: {}}",
        "services: {}",
        "x-a: 1",
    ],
)
def test_what_compose_takes_is_taken(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("services:", "schema"),
        (WEB % "environment: {A: 2020-01-01}", "schema"),
        (WEB % "labels: [2020-01-01 10:00:00]", "schema"),
        (WEB % "environment: {.inf: a}", "schema"),
        (WEB % "environment: {? [a] : b}", "schema"),
        (WEB % "environment: {~: b}", "schema"),
        (WEB % "<<: ", "yaml_syntax"),
        (WEB % "x-a: {1: 2}", "schema"),
        ("%YAML 1.2\n---\nservices: {w: {image: x}}", "yaml_syntax"),
        (WEB % "init: !!bool yes", "yaml_syntax"),
        (WEB % "scale: !!int x", "yaml_syntax"),
        ("x-a: &a {image: y}\nservices: {w: {<<: *a, <<: *a}}", "duplicate_key"),
        (WEB % "" + "\n---\n", "services_missing"),
        ("---\n---\n" + WEB % "", "services_missing"),
        ("web: {image: x}", "services_missing"),
        ("services: {w: {image: x}}\n---\n\ufeffservices: {w: {init: true}}", "yaml_syntax"),
        ("services:\n\ufeff# c\n  w: {image: x}", "yaml_syntax"),
        ("x-a: '${'\n" + WEB % "", "interpolation_syntax"),
    ],
)
def test_what_compose_refuses_is_a_fault(text: str, fault: str) -> None:
    assert fault in {found.split()[0] for found in faults(text)}


def test_a_merged_value_stays_where_the_own_one_is_reset() -> None:
    model = model_of({"c.yml": "x-a: &a {init: true, image: x}\nservices: {w: {<<: *a, init: !reset null}}"})
    assert model.services["w"].init


def test_the_parser_in_python_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        "# 😀\r\nservices:\r\n  w:\r\n    image: 'é' # x\r\n    command: |\r\n      a\r\n\r\n    init: 1\r\n",
        "services: {w: {image: x, labels: ['a: b', \"c\\n\"], user: 'b\u0085c'}}\n",
        "services:\n  w: &w\n    image: >-\n      a\n      b\n\n  v: *w\n  w: {}\n",
    ]
    found: list[object] = []
    for loader in (getattr(yaml, "CSafeLoader", yaml.SafeLoader), yaml.SafeLoader):
        monkeypatch.setattr(parse, "LOADER", loader)
        models = [model_of({"c.yml": text}) for text in texts]
        places = [str(model.place(("services", "w", key))) for model in models for key in ("image", "command", "user")]
        found.append(([model.value(()) for model in models], places, [faults_of(model) for model in models]))
    assert found[0] == found[1]


@given(st.one_of(st.binary(max_size=200), st.text("se:rvic\n wb-[]{}&*!<'|>#${}01,\ufeff\u2028extnd", max_size=200)))
def test_any_bytes_give_a_model_that_is_not_strict(data: bytes | str) -> None:
    content = data.encode() if isinstance(data, str) else data
    model = load([Path("c.yml")], read=lambda _: content, variables={}, strict=False)
    assert list(model.sources) == ["c.yml"]
    assert all(problem.place.start <= problem.place.end <= len(content) for problem in model.problems)
