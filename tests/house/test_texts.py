"""The texts that a model reads are there, named as what they are about, and speak only of tools that exist."""

from __future__ import annotations

import re

import pytest

from docker_agent.agent.sop import Sop, load_sops
from docker_agent.app import all_tools, domains
from docker_agent.settings import texts

REFERENCES = ("docker-best-practices.md", "docker-api-reference.md", "docker-troubleshooting.md", "architecture.md")
SOPS = load_sops(texts("prompts") / "sops")
MARKDOWN = sorted([*texts("prompts").rglob("*.md"), *texts("ref-docs").rglob("*.md")])


def test_prompts_and_references_are_there() -> None:
    assert (texts("prompts") / "system.md").is_file()
    assert [name for name in REFERENCES if not (texts("ref-docs") / name).is_file()] == []
    assert [sop.name for sop in SOPS] == sorted({sop.name for sop in SOPS})
    assert len(SOPS) == len(list((texts("prompts") / "sops").glob("*.md")))


def test_every_text_has_a_title_and_no_gap() -> None:
    texts_by_name = {path.name: path.read_text(encoding="utf-8") for path in MARKDOWN}
    untitled = [name for name, text in texts_by_name.items() if not re.search(r"^# \S", text, re.MULTILINE)]
    unfinished = [name for name, text in texts_by_name.items() if re.search(r"\b(?:TODO|FIXME|TBD)\b", text)]
    unended = [name for name, text in texts_by_name.items() if not text.endswith("\n")]

    assert (untitled, unfinished, unended) == ([], [], [])


@pytest.mark.parametrize("sop", SOPS, ids=lambda sop: sop.name)
def test_a_procedure_calls_and_names_only_tools_that_exist(sop: Sop) -> None:
    tools = all_tools()
    named = set(re.findall(rf"`((?:{'|'.join(domains())})_[a-z_]+)`", sop.body))

    assert {step.tool for step in sop.steps} | named <= set(tools)
    assert [
        step.id for step in sop.steps if not set(step.arguments) <= set(tools[step.tool].schema["properties"])
    ] == []
    assert sop.steps


def test_every_domain_and_tool_says_what_it_is_in_one_sentence() -> None:
    assert [name for name, summary in domains().items() if not summary.endswith(".")] == []
    assert [tool.name for tool in all_tools().values() if not tool.summary.endswith(".")] == []
