from __future__ import annotations

import pytest
from tests.project.projects import faults_of, model_of

WEB = "services: {w: {image: x}}"


def test_included_files_keep_their_own_folder_and_variables() -> None:
    included = """
name: other
services:
  a:
    image: ${I}
    build: .
    env_file: e.env
    volumes: ['./d:/d']
    environment: {P: '${V}', Q: '$$X'}
volumes: {v: {driver_opts: {type: none, o: bind, device: ./data}}}
secrets: {s: {file: ./s}}
models: {m: {model: q}}
"""
    files = {
        "compose.yml": f"name: mine\ninclude: [sub/c.yml]\n{WEB}",
        "sub/c.yml": included,
        "sub/e.env": "",
        "sub/.env": "V=sub\nI=img",
        ".env": "V=top",
    }
    model = model_of(files)
    service = model.services["a"]
    assert (model.name, list(model.services), faults_of(model)) == ("mine", ["w", "a"], [])
    assert (service.image, service.environment) == ("img", {"P": "top", "Q": "$X"})
    assert service.build
    assert (service.build.context, service.env_files, service.mounts[0].source) == (
        "./sub",
        ("./sub/e.env",),
        "./sub/d",
    )
    assert model.secrets["s"].file == "./sub/s"
    assert model.value(("volumes", "v", "driver_opts", "device")) == "./sub/data"
    assert model.value(("models", "m", "model")) == "q"
    assert str(model.place(("services", "a", "env_file"))) == "sub/c.yml:7:15"
    assert [document.source.name for document in model.documents] == ["compose.yml", "sub/c.yml"]


def test_an_included_build_without_a_context_is_of_its_own_folder() -> None:
    files = {"compose.yml": "include: [sub/a.yml]", "sub/a.yml": "services: {a: {build: {dockerfile: D}}}"}
    model = model_of(files)
    assert (model.value(("services", "a", "build", "context")), faults_of(model)) == ("./sub", [])


def test_the_long_form_names_layers_folder_and_variables() -> None:
    item = "{path: [sub/a.yml, sub/b.yml], project_directory: pd, env_file: [x.env]}"
    files = {
        "compose.yml": f"include: [{item}]",
        "sub/a.yml": "services: {w: {image: '${I}', volumes: ['./d:/d'], env_file: e.env}}",
        "sub/b.yml": "services: {w: {init: true}}",
        "x.env": "I=img",
        "pd/e.env": "A=1",
        "pd/.env": "I=no",
    }
    model = model_of(files)
    web = model.services["w"]
    assert (web.image, web.init, web.mounts[0].source, faults_of(model)) == ("img", True, "./pd/d", [])


def test_included_files_include_from_their_own_folder() -> None:
    files = {
        "compose.yml": f"include: [sub/a.yml]\n{WEB}",
        "sub/a.yml": "include: [deep/b.yml]\nservices: {a: {extends: {file: e.yml, service: e}}}",
        "sub/e.yml": "services: {e: {image: x, volumes: ['./e:/e']}}",
        "sub/deep/b.yml": "services: {b: {image: x, volumes: ['./q:/q']}}",
    }
    model = model_of(files)
    assert [model.services[name].mounts[0].source for name in ("a", "b")] == ["./sub/e", "./sub/deep/q"]


def test_what_is_included_can_be_overridden_by_the_next_file() -> None:
    files = {
        "compose.yml": "include: [a.yml]",
        "over.yml": "services: {w: {init: true, ports: !reset []}}",
        "a.yml": "services: {w: {image: y, ports: ['80:80']}}",
    }
    web = model_of(files, "compose.yml", "over.yml").services["w"]
    assert (web.image, web.init, web.ports) == ("y", True, ())


@pytest.mark.parametrize(
    ("own", "included", "clash"),
    [
        (WEB, "services: {w: {image: y}}", "compose.yml:2:12"),
        (WEB, WEB, ""),
        (
            "services: {w: {image: x, ports: ['80:80']}}",
            "services: {w: {image: x, ports: ['80:80']}}",
            "compose.yml:2:12",
        ),
        (f"{WEB}\nvolumes: {{v: {{}}}}", "volumes: {v: {}}", ""),
        (f"{WEB}\nvolumes: {{v: }}", "volumes: {v: {}}", "compose.yml:3:11"),
        (f"{WEB}\nvolumes: {{v: {{driver: z}}}}", "volumes: {v: {}}", "compose.yml:3:11"),
    ],
)
def test_two_declarations_of_one_name_must_be_alike(own: str, included: str, clash: str) -> None:
    model = model_of({"compose.yml": f"include: [a.yml]\n{own}", "a.yml": included})
    assert [str(problem.place) for problem in model.problems_of("include_extends")] == [clash] * bool(clash)


def test_a_file_may_be_included_twice_by_different_ways() -> None:
    files = {
        "compose.yml": "include: [a.yml, b.yml]",
        "a.yml": "include: [c.yml]\nservices: {a: {image: y}}",
        "b.yml": "include: [c.yml]\nservices: {b: {image: x}}",
        "c.yml": "services: {c: {image: '${C:?set it}', ports: ['80:80']}}",
    }
    model = model_of(files, C="c")
    assert (faults_of(model), sorted(model.services)) == ([], ["a", "b", "c"])
    assert faults_of(model_of(files)) == ["required_variable c.yml:1:24"]


@pytest.mark.parametrize(
    ("include", "other", "faults"),
    [
        ("[no.yml]", "", ["include_extends compose.yml:1:11"]),
        ("[compose.yml]", "", ["include_extends compose.yml:1:11"]),
        ("[a.yml]", "include: [compose.yml]", ["include_extends a.yml:1:11"]),
        ("a.yml", WEB, ["include_extends compose.yml:1:10"]),
        ("[5]", "", ["include_extends compose.yml:1:11"]),
        ("[{env_file: a}]", "", ["include_extends compose.yml:1:11"]),
        ("[{path: a.yml, env_file: no.env}]", "services: {a: {image: x}}", ["env_file_missing compose.yml:1:35"]),
        ("[a.yml]", "services: {a: {image: x, bogus: 1}}", ["schema a.yml:1:26"]),
        ("[a.yml]", "foo: {}", ["schema a.yml:1:1"]),
        ("[a.yml]", "services: [", ["yaml_syntax a.yml:1:12"]),
        ("[a.yml]", "", []),
        ("", "", []),
        ("[{project_directory: x}, ]", "", []),
        ("['${F}']", "services: {a: {image: x}}", []),
    ],
)
def test_what_compose_refuses_of_includes(include: str, other: str, faults: list[str]) -> None:
    assert faults_of(model_of({"compose.yml": f"include: {include}\n{WEB}", "a.yml": other}, F="a.yml")) == faults


def test_what_lies_elsewhere_is_never_fetched() -> None:
    model = model_of({"compose.yml": f"include: ['oci://example.org/x', 'git@example.org:a/b.git']\n{WEB}"})
    assert faults_of(model) == []
    assert model.not_looked_at == (
        "what include names at oci://example.org/x, which is never fetched",
        "what include names at git@example.org:a/b.git, which is never fetched",
    )


def test_endless_chains_are_cut() -> None:
    files = {f"c{n}.yml": f"include: [c{n + 1}.yml]\nservices: {{s{n}: {{image: x}}}}" for n in range(1_000)}
    model = model_of(files)
    assert [problem.message for problem in model.problems] == ["more than 50 files include each other"]
    assert len(model.services) == 51
