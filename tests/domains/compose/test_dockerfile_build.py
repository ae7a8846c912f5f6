from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.finding import Finding, Severity
from docker_agent.domains.compose import all_rules, check_model
from docker_agent.domains.compose.dockerfile.build import build_of, dockerfiles, image_builds
from docker_agent.host.fake import World
from docker_agent.project.compose.model import ComposeModel, load
from docker_agent.project.disk import HostDisk

ROOT = Path("/shop")


def model(compose: str, files: dict[str, str] | None = None, **variables: str) -> ComposeModel:
    world = World()
    world.files.update({ROOT / name: text.encode() for name, text in (files or {}).items()})
    return load(
        [ROOT / "compose.yml"],
        read=lambda _: compose.encode(),
        variables=variables,
        disk=HostDisk(world.host.reads),
    )


def found(code: str, compose: str, files: dict[str, str] | None = None) -> list[Finding]:
    (rule,) = [rule for rule in all_rules() if rule.code == code]
    return check_model(model(compose, files), rules=[rule])


def app(*lines: str) -> str:
    return "services:\n  app:\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("build", "file"),
    [
        ("build: .", "Dockerfile"),
        ("build: ./app", "app/Dockerfile"),
        ("build: {context: app, dockerfile: docker/prod.Dockerfile}", "app/docker/prod.Dockerfile"),
        ("build: {context: app, dockerfile: ../other}", "other"),
        ("build: {dockerfile: /shop/x}", "x"),
    ],
)
def test_the_dockerfile_of_a_service_and_where_its_findings_point(build: str, file: str) -> None:
    text = "FROM python:3.13\n\nUSER root\n"
    (finding,) = found("dockerfile_root_user", app(build), {file: text, "app/x": ""})
    evidence = finding.evidence[0]
    assert (finding.object, evidence.source, evidence.where, evidence.quote) == (
        "app",
        "file",
        f"{file}:3:1",
        "USER root",
    )


def test_the_model_gives_the_text_that_a_finding_points_at() -> None:
    read = model(app("build: app"), {"app/Dockerfile": "FROM a:1\n"})
    assert read.others == {}
    image_builds(read)
    assert read.source("app/Dockerfile").text == "FROM a:1\n"
    assert list(read.sources) == ["compose.yml"]


def test_files_of_compose_files_in_other_folders_are_named_like_them() -> None:
    world = World()
    world.files[ROOT / "deploy/app/Dockerfile"] = b"FROM a\n"
    read = load(
        [ROOT / "deploy/compose.yml"],
        read=lambda _: app("build: app").encode(),
        variables={},
        root=ROOT,
        disk=HostDisk(world.host.reads),
    )
    image_builds(read)
    assert list(read.others) == ["deploy/app/Dockerfile"]


@pytest.mark.parametrize(
    "build",
    [
        "build: https://github.com/a/b.git",
        "build: git@github.com:a/b.git",
        "build: ${UNKNOWN}",
        "build: {context: '${UNKNOWN}/x'}",
        "build: {context: ., dockerfile: '${UNKNOWN}'}",
        "build: {context: ., target: '${UNKNOWN}'}",
        "build: {dockerfile_inline: 'FROM ${UNKNOWN}'}",
        "image: x",
    ],
)
def test_what_is_not_known_is_not_judged(build: str) -> None:
    rules = [rule for rule in all_rules() if rule.code.startswith(("dockerfile_", "build_"))]
    assert check_model(model(app(build), {"other": ""}), rules=rules) == []


def test_without_a_disk_only_inline_dockerfiles_are_known() -> None:
    text = app("build: .") + "  other:\n    build: {dockerfile_inline: 'FROM a'}\n"
    read = load([ROOT / "compose.yml"], read=lambda _: text.encode(), variables={})
    assert [build.service.name for build in dockerfiles(read)] == ["other"]


@pytest.mark.parametrize("style", ["|", "|-", "|2"])
def test_findings_in_inline_dockerfiles_point_into_the_compose_file(style: str) -> None:
    lines = [f"build:\n      dockerfile_inline: {style}", "    FROM a:1", "    RUN x \\", "      && chmod 777 /y"]
    text = app("image: é", *lines)
    (finding,) = found("dockerfile_chmod_777", text)
    assert (finding.evidence[0].where, finding.evidence[0].quote) == ("compose.yml:8:14", "chmod 777 /y")


def test_inline_dockerfiles_in_quotes_are_pointed_at_as_a_whole() -> None:
    (finding,) = found("dockerfile_unpinned_image", app('build: {dockerfile_inline: "FROM a\\nUSER b"}'))
    assert finding.evidence[0].where == "compose.yml:3:32"


def test_a_dockerfile_of_several_services_is_judged_once() -> None:
    text = app("build: .") + "  second:\n    build: .\n"
    (finding,) = found("dockerfile_unpinned_image", text, {"Dockerfile": "FROM a\n"})
    assert finding.object == "app"
    (user,) = found("dockerfile_root_user", text, {"Dockerfile": "FROM a\nUSER root\n"})
    assert user.object == "app"


def test_comments_in_a_dockerfile_silence() -> None:
    text = "FROM a  # docker-agent: ignore[dockerfile_unpinned_image] none is tagged\n"
    above = "# docker-agent: ignore[dockerfile_unpinned_image] none is tagged\nFROM a\n"
    assert found("dockerfile_unpinned_image", app("build: ."), {"Dockerfile": above}) == []
    assert found("dockerfile_unpinned_image", app("build: ."), {"Dockerfile": "FROM a\n"}) != []
    assert "ignore" in text


def test_the_target_decides_what_is_built() -> None:
    file = "FROM a:1 AS dev\nUSER root\nFROM a:1 AS prod\nUSER app\n"
    dev, prod = app("build: {context: ., target: dev}"), app("build: {context: ., target: prod}")
    assert len(found("dockerfile_root_user", dev, {"Dockerfile": file})) == 1
    assert found("dockerfile_root_user", prod, {"Dockerfile": file}) == []


def test_arguments_of_the_compose_file_fill_the_image() -> None:
    file = "ARG TAG=latest\nARG NAME\nFROM ${NAME:-python}:$TAG\n"
    assert len(found("dockerfile_unpinned_image", app("build: ."), {"Dockerfile": file})) == 1
    assert (
        found("dockerfile_unpinned_image", app("build: {context: ., args: {TAG: '3.13'}}"), {"Dockerfile": file}) == []
    )


def test_missing_contexts_and_files() -> None:
    (gone,) = found("build_context_missing", app("build: ./gone"))
    assert (gone.severity, gone.evidence[0].where) == (Severity.ERROR, "compose.yml:3:12")
    (pulled,) = found("build_context_missing", app("image: a", "build: ./gone"))
    assert Severity.WARN is pulled.severity
    (file,) = found("dockerfile_missing", app("build: {context: ., dockerfile: x}"), {"y": ""})
    assert file.evidence[0].where == "compose.yml:3:37"
    assert found("dockerfile_missing", app("build: ./gone")) == []


def test_a_dockerfile_that_is_no_text_is_not_missing() -> None:
    world = World()
    world.files[ROOT / "Dockerfile"] = b"\xff\xfe"
    read = load(
        [ROOT / "compose.yml"],
        read=lambda _: app("build: .").encode(),
        variables={},
        disk=HostDisk(world.host.reads),
    )
    assert [build.missing for build in image_builds(read)] == [""]
    assert build_of(read, "app") is None
