"""What `check` says and leaves alone in cases that people meet: Dockerfiles, includes, contradictory wishes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.command_line import AGENT, bare_environment
from tests.surfaces.conftest import Line

API = "services:\n  api:\n    build: .\n    restart: always\n"
LEAKY = """\
FROM node:22
ENV API_KEY=sk_live_51H8abcdefghijklmno
ENV DB_PASSWORD=hunter22
ENV PASSWORD=abc12
RUN curl --password cmdlineS3cret99 https://example.com
"""


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "github", "gitlab"])
def test_no_format_shows_a_secret_of_a_dockerfile(line: Line, form: str) -> None:
    line.write("compose.yaml", API)
    line.write("Dockerfile", LEAKY)
    ended = line("check", "--select", "dockerfile_secret", "--format", form)

    assert ended.code == 1
    for secret in ("51H8abcdefghij", "DB_PASSWORD=hunter22", "abc12", "cmdlineS3cret99"):
        assert secret not in ended.out
    if form == "text":
        assert "ENV API_KEY=<secret:API_KEY>" in ended.out


def test_diff_changes_nothing_whatever_else_is_asked(line: Line) -> None:
    text = 'version: "3"\nservices:\n  web:\n    image: nginx:1.29\n    privileged: true\n'
    line.write("compose.yaml", text)
    ended = line("check", "--fix", "--unsafe", "--yes", "--diff")

    assert '-version: "3"' in ended.out
    assert (line.root / "compose.yaml").read_text() == text


def test_what_several_stacks_share_is_told_once_and_is_inside_the_project(line: Line) -> None:
    for name in ("api", "web"):
        (line.root / name).mkdir()
    line.write("api/compose.yaml", f'version: "3"\n{API}')
    line.write("api/Dockerfile", "FROM node:22\nCMD node a.js\n")
    line.write("web/compose.yaml", "include: [../api/compose.yaml]\nservices: {web: {image: 'nginx:1.29'}}\n")
    ended = line("check", "api", "web")

    assert ended.out.count("[obsolete_version]") == 1
    assert ended.out.count("[dockerfile_shell_form]") == 1
    assert "build_context_outside" not in ended.out


def test_nothing_wrong_is_not_said_of_what_was_not_read(line: Line) -> None:
    ended = line("check", "gone.yaml")

    assert ended.code == 2
    assert "found in gone.yaml" not in ended.out


def test_hints_for_durations_and_env_files_lead_to_what_compose_takes(line: Line) -> None:
    line.write("a.env", "JUST WORDS\n")
    line.write(
        "compose.yaml",
        "services:\n  web:\n    image: nginx:1.29\n    env_file: [a.env]\n    stop_grace_period: 10\n",
    )
    ended = line("check", "--min-severity", "error")

    assert "must be text; write 10s." in ended.out
    assert "Correct the file, or the path to it." in ended.out


def test_two_services_on_one_port_name_it_once(line: Line) -> None:
    line.write("compose.yaml", "services: {a: {image: 'x:1', ports: ['80:1']}, b: {image: 'x:1', ports: ['80:2']}}\n")

    assert "want the same host port 80/tcp." in line("check", "--select", "port_conflict").out


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110 - one line
def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(API)
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*AGENT, "check"],
            cwd=tmp_path,
            env=bare_environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )

    assert ended.returncode == 2
    assert ended.stderr == "The report cannot be written: No space left on device.\n"


def test_help_names_the_short_options(line: Line) -> None:
    assert "-f, --file FILE" in line("check", "--help").out


def test_a_policy_that_is_not_understood_is_told(line: Line) -> None:
    line.write("compose.yaml", API)
    line.write(
        ".project-context.md",
        "# Shop\n\n## Docker Configuration\n\n### Security policies\n\n- root_user: fatal\n- privileged_mode: error\n",
    )

    assert "`fatal` of policy `root_user` is no severity" in line("check").out


def test_a_folder_with_stacks_only_below_it_says_how_they_are_checked(line: Line) -> None:
    (line.root / "api").mkdir()
    line.write("api/compose.yaml", API)

    assert "docker-agent check ." in line("check").err
    assert "[restart_missing]" not in line("check", ".").out


def test_a_plan_says_what_it_mends_in_sentences(line: Line) -> None:
    line.write("compose.yaml", 'version: "3"\nservices: {web: {image: "nginx:1.29", privileged: true}}\n')
    steps = line("check", "--fix", "--unsafe", "--json").json["data"]["steps"]

    assert "web: web" not in steps[0]
    assert ".;" not in steps[0]


def test_a_stage_that_is_mistyped_in_from_is_named(line: Line) -> None:
    line.write("compose.yaml", API)
    line.write("Dockerfile", "FROM node:22 AS build\nFROM build2\n")

    assert "or FROM build if the stage of that name is meant" in line("check", "--profile", "prod").out


def test_fixable_is_what_fix_mends_and_the_rest_says_how(line: Line) -> None:
    line.write("compose.yaml", 'version: "3"\nservices:\n  web: {image: nginx}\nvolumes: {old: }\n')
    rows = json.loads(line("check", "--json").out)["findings"]

    assert {row["code"]: (row["fixable"], row["fix_with"]) for row in rows if row["code"] != "not_hardened"} == {
        "obsolete_version": (True, "--fix"),
        "restart_missing": (True, "--fix --unsafe"),
        "unused_volume": (False, "--fix --select unused_volume"),
        "unpinned_image": (False, ""),
    }
