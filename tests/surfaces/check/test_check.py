"""`docker-agent check` as people and continuous integration call it, in this process."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.command_line import AGENT, HEARING, bare_environment
from tests.surfaces.conftest import Line

CLEAN = """\
services:
  web:
    image: nginx:1.29
    restart: unless-stopped
"""
BAD = """\
services:
  web:
    image: nginx:1.29
    ports: ["80:99999"]
    depends_on: [db]
    imag: 3
"""


def test_a_clean_file_is_0_and_says_so(line: Line) -> None:
    line.write("compose.yaml", CLEAN)
    ended = line("check")

    assert ended.code == 0
    assert "in compose.yaml." in ended.out
    assert "error" not in ended.out


def test_every_error_of_a_file_is_told_with_its_place_and_a_caret(line: Line) -> None:
    line.write("compose.yaml", BAD)
    ended = line("check", "--min-severity", "error")

    assert ended.code == 1
    assert re.findall(r"^compose\.yaml:(\d+:\d+): error\[(\w+)\]", ended.out, re.MULTILINE) == [
        ("4:13", "bad_port"),
        ("5:18", "undefined_dependency"),
        ("6:5", "schema"),
    ]
    assert '  4 |     ports: ["80:99999"]\n    |             ^^^^^^^^^^\n' in ended.out


def test_one_bad_file_never_stops_the_others(line: Line) -> None:
    line.write("a.yaml", "services: [\n")
    line.write("b.yaml", BAD)
    line.write("c.yaml", "\x00\x01")
    ended = line("check", "gone.yaml", "a.yaml", "b.yaml", "c.yaml", "no*match", "--json")

    assert ended.code == 2
    assert {finding["file"] for finding in ended.json["findings"]} == {"a.yaml", "b.yaml", "c.yaml"}
    assert [gap.split(" ")[0].strip(":") for gap in ended.json["not_looked_at"]] == [
        str(line.root / "gone.yaml"),
        "no*match",
    ]


def test_a_folder_is_searched_without_what_others_put_there(line: Line) -> None:
    for name in ("one/compose.yaml", "two/docker-compose.yml", "node_modules/x/compose.yaml", ".git/compose.yaml"):
        (line.root / name).parent.mkdir(parents=True)
        line.write(name, CLEAN)
    line.write("one/compose.override.yaml", "services:\n  web:\n    restart: always\n")
    ended = line("check", ".", "--json")

    assert sorted(ended.json["files"]) == ["one/compose.override.yaml", "one/compose.yaml", "two/docker-compose.yml"]


@pytest.mark.parametrize("word", ["empty", "*.yml"])
def test_a_word_that_leads_to_no_compose_file_is_2(line: Line, word: str) -> None:
    (line.root / "empty").mkdir()
    ended = line("check", word)

    assert ended.code == 2
    assert f"Not looked at: {word}: there is no compose file" in ended.out


def test_a_folder_without_a_stack_is_2(line: Line) -> None:
    ended = line("check")

    assert ended.code == 2
    assert "There is no compose file in" in ended.err


def test_an_unreadable_file_is_2(line: Line) -> None:
    line.write("compose.yaml", CLEAN)
    (line.root / "link.yaml").symlink_to("nowhere")
    ended = line("check", "link.yaml", "compose.yaml")

    assert ended.code == 2
    assert "Not looked at: " in ended.out
    assert "link.yaml" in ended.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--formt", "json"], "Did you mean --format?"),
        (["--format", "yaml"], "--format is one of"),
        (["--severity", "restart_missing"], "is not CODE=LEVEL"),
        (["--select", "restart_mising"], "Did you mean restart_missing?"),
        (["--output"], "--output needs a value"),
        (["--baseline", "gone.json"], "gone.json cannot be read"),
        (["-C", "gone"], "is not a folder"),
    ],
)
def test_a_wrong_line_is_2_with_a_sentence(line: Line, words: list[str], said: str) -> None:
    line.write("compose.yaml", CLEAN)
    ended = line("check", *words)

    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_wrong_line_with_json_is_an_object(line: Line) -> None:
    ended = line("check", "--json", "--nonsense")

    assert (ended.code, ended.json["ok"], ended.json["error"]["kind"]) == (2, False, "InputError")


def test_severities_selection_and_policies(line: Line) -> None:
    line.write("compose.yaml", CLEAN)
    line.write(".project-context.md", "## Docker Configuration\n\n- Policies:\n  - healthcheck_missing: error\n")

    assert line("check").code == 1
    assert line("check", "--severity", "healthcheck_missing=info").code == 0
    assert line("check", "--ignore", "healthcheck-missing").code == 0
    usual = {finding["code"] for finding in line("check", "--json").json["findings"]}
    fewer = {finding["code"] for finding in line("check", "--json", "--ignore", "healthcheck-missing").json["findings"]}
    assert fewer == usual - {"healthcheck_missing"}
    codes = {finding["code"] for finding in line("check", "--json", "--select", "healthcheck_missing").json["findings"]}
    assert codes == {"healthcheck_missing"}


def test_the_profile_prod_lists_what_dev_sums_up(line: Line) -> None:
    line.write("compose.yaml", CLEAN)
    dev, prod = ({row["code"] for row in line("check", "--json", "--profile", name).json["findings"]}
                 for name in ("dev", "prod"))  # fmt: skip

    assert "not_hardened" in dev
    assert "no_new_privileges" not in dev
    assert "no_new_privileges" in prod


def test_a_baseline_lets_only_new_findings_count(line: Line) -> None:
    line.write("compose.yaml", BAD)
    assert line("check", "--write-baseline", "known.json").code == 0
    assert line("check", "--baseline", "known.json").code == 0

    line.write("compose.yaml", f"# moved\n\n{BAD}    nonsense: 1\n")
    ended = line("check", "--baseline", "known.json", "--json")

    assert ended.code == 1
    assert [row["message"] for row in ended.json["findings"]] == ['services.web has no "nonsense".']


def test_a_comment_silences_and_is_counted(line: Line) -> None:
    line.write("compose.yaml", BAD.replace("imag: 3", "imag: 3  # docker-agent: ignore[schema] on purpose"))
    ended = line("check", "--json")

    assert [row["code"] for row in ended.json["suppressed"]] == ["schema"]
    assert "schema" not in {row["code"] for row in ended.json["findings"]}


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "github", "gitlab"])
def test_no_format_shows_a_secret(line: Line, form: str) -> None:
    line.write(".env", "ENTRY=hunter2-hunter2\n")
    line.write(
        "compose.yaml",
        "services:\n  web:\n    image: nginx:1.29\n    ports: ['${ENTRY}:80']\n"
        "    environment:\n      DB_PASSWORD: correct-horse-1\n      URL: postgres://a:staple-42-x@db/x\n",
    )
    ended = line("check", "--format", form, "--profile", "prod")

    assert ended.code == 1
    for secret in ("hunter2-hunter2", "correct-horse-1", "staple-42-x"):
        assert secret not in ended.out + ended.err


def test_the_report_goes_to_a_file_and_a_file_that_cannot_be_written_is_2(line: Line) -> None:
    line.write("compose.yaml", BAD)

    assert line("check", "--format", "sarif", "--output", "out.sarif").out == ""
    assert json.loads((line.root / "out.sarif").read_text())["version"] == "2.1.0"
    ended = line("check", "--output", "compose.yaml/out.txt")
    assert ended.code == 2
    assert "could not be written" in ended.err


def test_quiet_is_only_the_findings(line: Line) -> None:
    line.write("compose.yaml", BAD)

    assert "What a rule means" not in line("check", "-q").out
    line.write("compose.yaml", CLEAN)
    assert line("check", "-q", "--min-severity", "error").out == ""


def test_diff_shows_a_fix_and_writes_nothing(line: Line) -> None:
    text = f'version: "3"\n{CLEAN}'
    line.write("compose.yaml", text)
    ended = line("check", "--diff")

    assert '-version: "3"' in ended.out
    assert (line.root / "compose.yaml").read_text() == text


def test_fix_is_a_plan_that_needs_a_yes(line: Line) -> None:
    line.write("compose.yaml", f'version: "3"\n{CLEAN}')

    ended = line("check", "--fix")
    assert ended.code == 3
    assert "version" in (line.root / "compose.yaml").read_text()

    assert line("check", "--fix", "--yes").code == 0
    assert (line.root / "compose.yaml").read_text() == CLEAN


def test_fix_mends_what_the_same_words_show_as_a_diff(line: Line) -> None:
    text = f'version: "3"\n{CLEAN}volumes:\n  old: {{}}\n'
    for words, shown in (
        (["--ignore", "obsolete-version"], ""),
        (["--unsafe", "--profile", "prod", "--ignore", "obsolete_version"], "+      - no-new-privileges:true"),
        (["--select", "unused-volume"], "-  old: {}"),
    ):
        line.write("compose.yaml", text)
        diff = line("check", "--diff", *words).out.splitlines()
        assert line("check", "--fix", "--yes", *words).code == 0

        after = (line.root / "compose.yaml").read_text()
        assert shown in diff or (diff, after) == (["Nothing to mend."], text)
        assert {row[1:] for row in diff if row[0] in "+ " and row[:3] != "+++"} <= {*after.splitlines()}


def test_fixes_of_several_stacks_are_not_several_json_objects(line: Line) -> None:
    line.write("a.yaml", CLEAN)
    line.write("b.yaml", CLEAN)
    ended = line("check", "--fix", "--json", "a.yaml", "b.yaml")

    assert (ended.code, ended.json["ok"]) == (2, False)
    assert "takes one stack, not 2" in ended.json["error"]["message"]


def test_help_has_every_option_and_the_listing_has_the_command(line: Line) -> None:
    shown = line("check", "--help").out

    for option in ("--profile", "--severity", "--format", "--baseline", "--fix", "--watch", "Exit codes", "Examples"):
        assert option in shown
    assert re.search(r"^ +check +Check compose files", line("--help").out, re.MULTILINE)


def test_shells_complete_its_options_and_their_values(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_DOCKER_AGENT_COMPLETE", "complete_bash")

    def offered(words: str) -> list[str]:
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
        return line().out.split()

    assert {"--baseline", "--format", "--watch"} <= set(offered("docker-agent check --"))
    assert offered("docker-agent check --format s") == ["sarif"]


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(BAD)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        (*AGENT, "check"), cwd=tmp_path, env=bare_environment(), stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (0, b"")


def test_watching_checks_again_after_a_change_and_ends_with_130(tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(CLEAN)
    watching = subprocess.Popen(
        (*HEARING, *AGENT, "check", "--watch", "--min-severity", "error"),
        cwd=tmp_path, env=bare_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert watching.stdout
    assert re.fullmatch(r"-- \d\d:\d\d:\d\d\n", watching.stdout.readline())
    assert "Nothing wrong found" in watching.stdout.readline()
    file.write_text(BAD)
    seen = ""
    deadline = time.monotonic() + 20
    while "bad_port" not in seen and time.monotonic() < deadline:
        seen += watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=20)

    assert "bad_port" in seen
    assert watching.returncode == 130
    assert "Traceback" not in err


def test_nothing_heavy_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(BAD)
    code = (
        "import sys; from docker_agent.surfaces.entry import main\n"
        "try: main(['check'])\nexcept SystemExit: pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        (sys.executable, "-c", code), cwd=tmp_path, capture_output=True, text=True, check=True, env=bare_environment()
    )
    loaded = {name.partition(".")[0] for name in done.stderr.split()}

    assert "bad_port" in done.stdout
    assert loaded.isdisjoint({"pydantic", "typer", "click", "rich", "docker", "jinja2", "anthropic", "requests"})
    assert loaded.isdisjoint({"dataclasses", "inspect", "pkgutil", "subprocess", "multiprocessing"})
