from __future__ import annotations

import pytest
from tests.project.projects import faults_of, model_of

BASE = """
services:
  a:
    image: x
    build: {context: ., args: [A=1]}
    env_file: [./e.env, {path: f.env, required: false}]
    label_file: l.lab
    volumes: ['./d:/d', 'vol:/v', '~/h:/h', '/abs:/abs', {type: bind, source: ../up, target: /up}]
    develop: {watch: [{path: src, action: rebuild}]}
    depends_on: [b]
    ports: ['80:80']
    environment: {P: '${V:-none}'}
    profiles: [p]
  b: {image: y}
"""


def test_a_service_of_another_file_is_taken_over_in_full() -> None:
    own = "services: {w: {extends: {file: sub/base.yml, service: a}, image: z, profiles: [q]}, b: {image: y}}"
    files = {"compose.yml": f"{own}\nvolumes: {{vol: }}", "sub/base.yml": BASE, "sub/.env": "V=sub", ".env": "V=top"}
    model = model_of(files)
    web = model.services["w"]
    assert (web.image, web.environment, web.profiles) == ("z", {"P": "top"}, ("p", "q"))
    assert [dependency.service for dependency in web.depends_on] == ["b"]
    assert (model.value(("services", "w", "build", "context")), web.env_files) == (
        "./sub",
        ("./sub/e.env", "./sub/f.env"),
    )
    assert model.value(("services", "w", "label_file")) == "./sub/l.lab"
    assert [mount.source for mount in web.mounts] == ["./sub/d", "vol", "~/h", "/abs", "./up"]
    assert model.value(("services", "w", "develop", "watch", 0, "path")) == "./sub/src"
    assert list(model.services) == ["w", "b"]
    assert not web.extends
    assert faults_of(model) == []


def test_places_are_those_of_the_file_that_says_it() -> None:
    files = {"compose.yml": "services: {w: {extends: {file: sub/base.yml, service: a}}}", "sub/base.yml": BASE}
    model = model_of(files)
    assert str(model.place(("services", "w", "image"))) == "sub/base.yml:4:12"
    assert str(model.place(("services", "w", "build", "context"))) == "sub/base.yml:5:22"
    assert list(model.sources) == ["compose.yml", "sub/base.yml"]
    assert [document.source.name for document in model.documents] == ["compose.yml"]


def test_chains_start_from_the_folder_of_each_file() -> None:
    files = {
        "compose.yml": "services: {w: {extends: {file: sub/b.yml, service: b}}}",
        "sub/b.yml": "services: {b: {extends: {file: deep/c.yml, service: c}, init: true}}",
        "sub/deep/c.yml": "services: {c: {image: x, volumes: ['./d:/d']}}",
    }
    web = model_of(files).services["w"]
    assert (web.image, web.init, web.mounts[0].source) == ("x", True, "./sub/deep/d")


def test_own_words_are_laid_over_what_is_taken() -> None:
    own = "services: {w: {extends: v, ports: !reset [], environment: !override {B: 2}, labels: [a=2]}, v: %s}"
    base = "{image: x, ports: ['80:80'], environment: [A=1], labels: {a: 1, b: 1}}"
    model = model_of({"compose.yml": own % base})
    web = model.services["w"]
    assert (web.ports, web.environment, web.labels) == ((), {"B": "2"}, {"a": "2", "b": "1"})
    assert model.services["v"].environment == {"A": "1"}


@pytest.mark.parametrize(
    ("own", "other", "faults"),
    [
        ("{w: {extends: w, image: x}}", "", ["compose.yml:1:25"]),
        ("{w: {extends: v, image: x}, v: {extends: w}}", "", ["compose.yml:1:25"]),
        (
            "{w: {extends: {file: b.yml, service: w}}}",
            "{w: {extends: {file: compose.yml, service: w}}}",
            ["compose.yml:1:25"],
        ),
        ("{w: {extends: v, image: x}}", "", ["compose.yml:1:25"]),
        ("{w: {extends: {file: no.yml, service: v}, image: x}}", "", ["compose.yml:1:32"]),
        ("{w: {extends: {file: b.yml, service: v}, image: x}}", "{q: {image: x}}", ["compose.yml:1:48"]),
        ("{w: {extends: {file: b.yml}, image: x}}", "{q: {image: x}}", ["compose.yml:1:25"]),
        ("{w: {extends: , image: x}}", "", ["compose.yml:1:25"]),
    ],
)
def test_what_leads_nowhere_is_a_fault_at_its_place(own: str, other: str, faults: list[str]) -> None:
    files = {"compose.yml": f"services: {own}"} | ({"b.yml": f"services: {other}"} if other else {})
    model = model_of(files)
    assert [str(problem.place) for problem in model.problems_of("include_extends")] == faults
    assert model.services["w"].extends


def test_a_name_that_is_nearly_right_is_told() -> None:
    model = model_of({"compose.yml": "services: {w: {extends: bsae, image: x}, base: {image: x}}"})
    assert [problem.near for problem in model.problems_of("include_extends")] == ["base"]


def test_the_whole_of_the_other_file_must_be_readable() -> None:
    other = "services: {v: {image: x}, z: {image: '${', user: '${U:?say}', init: true, init: false}}"
    model = model_of({"compose.yml": "services: {w: {extends: {file: b.yml, service: v}}}", "b.yml": other})
    assert faults_of(model) == [
        "duplicate_key b.yml:1:75",
        "interpolation_syntax b.yml:1:39",
        "required_variable b.yml:1:51",
    ]


def test_what_the_other_service_is_not_asked_for_may_be_wrong() -> None:
    other = "foo: 1\nservices: {v: {init: true}, z: {bogus: 1}}"
    model = model_of({"compose.yml": "services: {w: {extends: {file: b.yml, service: v}, image: x}}", "b.yml": other})
    assert faults_of(model) == []


def test_what_lies_elsewhere_is_never_fetched() -> None:
    own = "services: {w: {extends: {file: 'https://example.org/a/b.git', service: v}}}"
    model = model_of({"compose.yml": own})
    assert (faults_of(model), model.services["w"].extends) == ([], True)
    assert model.not_looked_at == ("what is extended from https://example.org/a/b.git, which is never fetched",)


def test_nothing_is_shown_of_a_file_outside_that_is_no_compose_file() -> None:
    files = {"compose.yml": "services: {w: {extends: {file: ../key, service: v}, image: x}}", "../key": "hidden: ["}
    model = model_of(files)
    assert faults_of(model) == ["include_extends compose.yml:1:32"]
    assert list(model.sources) == ["compose.yml"]


def test_endless_chains_are_cut() -> None:
    chain = "".join(f"  s{n}: {{extends: s{n + 1}}}\n" for n in range(1_000))
    model = model_of({"compose.yml": f"services:\n{chain}  s1000: {{image: x}}\n"})
    assert {problem.message for problem in model.problems} == {"more than 50 services extend each other"}
