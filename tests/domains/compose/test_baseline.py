from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding
from docker_agent.domains.compose.baseline import Baseline, known_of, read_baseline, write_baseline
from docker_agent.domains.compose.judge import judge
from docker_agent.domains.compose.severities import Severities
from docker_agent.project.compose.model import ComposeModel, load

TEXT = """services:
  web:
    image: nginx
    user: root
    ports: ["8080:80", "9090:90"]
    volumes:
      - /var/run/docker.sock:/a.sock
      - /var/run/docker.sock:/b.sock
    environment:
      - DB_PASSWORD=xK9mQ2vL7pR4tW8z
"""


def model_of(text: str) -> ComposeModel:
    return load([Path("/project/compose.yml")], read=lambda _: text.encode(), variables={})


def found(model: ComposeModel) -> list[Finding]:
    return judge(model, Severities(profile="prod")).findings


def known(text: str = TEXT) -> Baseline:
    model = model_of(text)
    return read_baseline(
        write_baseline(Baseline(Counter(known_of(model, finding) for finding in found(model)))), "baseline.json"
    )


def applied(baseline: Baseline, text: str) -> tuple[list[str], int, list[str]]:
    model = model_of(text)
    new, old, gone = baseline.apply(found(model), lambda finding: known_of(model, finding))
    return [finding.code for finding in new], old, [entry.code for entry in gone]


def test_what_is_known_does_not_count() -> None:
    count = len(found(model_of(TEXT)))
    assert count > 5
    assert applied(known(), TEXT) == ([], count, [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("services:", "# more\n\nname: shop\nservices:"),
        ("    user: root", "    # why\n    user:   root"),
        ('["8080:80"', '\n      ["8080:80"'),
        ("      - /var/run/docker.sock:/a.sock\n", "      - data:/data\n      - /var/run/docker.sock:/a.sock\n"),
        ("      - DB_PASS", "      - A=1\n      - DB_PASS"),
    ],
)
def test_lines_and_items_above_change_nothing(before: str, after: str) -> None:
    text = TEXT.replace(before, after) + "volumes: {data: }\n"
    assert set(applied(known(TEXT + "volumes: {data: }\n"), text)[0]) == set()


def test_every_entry_counts_as_often_as_it_was_there() -> None:
    more = TEXT.replace("    volumes:\n", "    volumes:\n      - /var/run/docker.sock:/c.sock\n")
    assert applied(known(), more)[0] == ["socket_mount"]
    other = TEXT + "  db:\n    image: nginx\n"
    assert "unpinned_image" in applied(known(), other)[0]


def test_entries_that_are_there_no_more_are_told() -> None:
    assert applied(known(), TEXT.replace("    user: root\n", "    user: '1'\n"))[::2] == ([], ["root_user"])


def test_the_file_is_in_a_fixed_order_one_entry_a_line_and_holds_no_secret() -> None:
    text = write_baseline(known())
    rows = json.loads(text)["findings"]
    assert rows == sorted(rows, key=lambda row: (row["file"], row["code"], row["object"], row["key"]))
    assert len(text.splitlines()) == len(rows) + 5
    assert "xK9mQ2vL7pR4tW8z" not in text
    assert json.loads(write_baseline(Baseline(Counter()))) == {"version": 1, "findings": []}
    twice = Baseline(known().entries + known().entries)
    assert read_baseline(write_baseline(twice), "b").entries == twice.entries


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1, "findings": [{}]}', '{"version": 9, "findings": []}'])
def test_other_files_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_baseline(text, "baseline.json")
