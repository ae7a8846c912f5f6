"""The manual pages in ref-docs/rules say what the rules say; UPDATE_GOLDEN=1 writes them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from evals.rule_manuals import FOLDER, write

from docker_agent.core.errors import InputError
from docker_agent.domains.compose.explain import explain
from docker_agent.domains.compose.judge import all_rules
from docker_agent.domains.compose.manual import AREAS, manual_page, pages
from docker_agent.host.fake import World
from docker_agent.project.context.model import EMPTY
from docker_agent.project.workspace import Workspace


def test_the_pages_are_those_of_the_rules() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        write(FOLDER)
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}

    assert sorted(written) == sorted(pages()), "python -m evals.rule_manuals"
    stale = [name for name, text in pages().items() if written[name] != text]
    assert stale == [], "python -m evals.rule_manuals"


def test_a_page_of_a_rule_that_is_gone_is_taken_out(tmp_path: Path) -> None:
    (tmp_path / "no_such_rule.md").write_text("old")

    assert write(tmp_path) == len(all_rules()) + 1
    assert not (tmp_path / "no_such_rule.md").exists()


def test_the_index_lists_every_rule_below_its_area() -> None:
    index = pages()["index.md"]
    titles = re.findall(r"^## (.+)$", index, re.MULTILINE)

    assert titles == list(AREAS.values())
    assert sorted(re.findall(r"^\| \[(\w+)\]\(\1\.md\)", index, re.MULTILINE)) == sorted(
        rule.code for rule in all_rules()
    )


def test_a_page_has_headings_and_fenced_examples() -> None:
    page = manual_page(next(rule for rule in all_rules() if rule.code == "restart_missing"))

    assert page.startswith("# restart_missing\n\nA service has no restart policy.\n\nSeverity: info")
    assert "\n## Why\n\nIt stays down" in page
    assert "\n## Flagged\n\n```yaml\nservices:\n  web:\n    image: nginx:1.29\n```\n" in page


def test_no_page_has_left_overs_of_the_docstring_s_form() -> None:
    for text in pages().values():
        prose = re.sub(r"```yaml\n.*?```", "(example)", text, flags=re.DOTALL)

        assert "```" not in prose
        assert not re.search(r"^-{3,}$", prose, re.MULTILINE)
        assert "\n\n\n" not in prose


def test_a_rule_is_explained_and_a_wrong_code_is_answered_with_the_nearest(tmp_path: Path) -> None:
    workspace = Workspace(host=World().host.reads, root=tmp_path, context=EMPTY)

    assert explain.function(workspace, "Restart-Missing").code == "restart_missing"
    with pytest.raises(InputError, match="restart_missing"):
        explain.function(workspace, "restart_mising")
