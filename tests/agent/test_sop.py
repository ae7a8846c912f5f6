from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.agent.amounts import opens_in, user_in, variable_in
from docker_agent.agent.sop import evaluate, fill, load_sops, parse_sop, render
from docker_agent.app import all_tools
from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.settings import texts

SOPS = texts("prompts") / "sops"

GOOD = """---
name: tidy
title: Tidy up
intents: {tidy: 3}
steps:
  - {id: stack, tool: stack_list}
answer: "{{ stack.project }}"
---
# Tidy
"""


def test_front_matter_and_body_are_read() -> None:
    sop = parse_sop(GOOD, "tidy.md")

    assert (sop.name, sop.title, sop.steps[0].tool, sop.body) == ("tidy", "Tidy up", "stack_list", "# Tidy\n")


@pytest.mark.parametrize("text", [GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD])
def test_line_ends_and_marks_of_other_systems_do_not_matter(text: str) -> None:
    assert parse_sop(text, "tidy.md").name == "tidy"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (("name: tidy\n", ""), "name"),
        (("name: tidy", "name: Tidy Up"), "name"),
        (("title: Tidy up\n", ""), "title"),
        (("intents: {tidy: 3}", "intents: {}"), "intents"),
        (("intents: {tidy: 3}", "intents: {tidy: much}"), "intents.tidy"),
        (("intents: {tidy: 3}", "intents: tidy"), "intents"),
        (("id: stack", "id: Stack"), "steps.0.id"),
        (("id: stack", "id: prompt"), "steps.0.id"),
        (("id: stack", "id: open"), "steps.0.id"),
        (("tool: stack_list}", "tool: stack_list}\n  - {id: stack, tool: diagnose}"), "steps.1.id"),
        (("tool: stack_list", "tool: stack_list, whenn: 'true'"), "steps.0.whenn"),
        (("tool: stack_list", "tool: stack_list, when: 'nosuch.x'"), "steps.0.when"),
        (("tool: stack_list", "tool: stack_list, when: 'stack['"), "steps.0.when"),
        (("tool: stack_list", "tool: stack_list, with: {a: '{{ nosuch }}'}"), "steps.0.with"),
        (("{{ stack.project }}", "{{ stak.project }}"), "answer"),
        (("{{ stack.project }}", "{% if %}"), "answer"),
        (('answer: "{{ stack.project }}"\n', ""), "answer"),
        (("answer:", "stop: [{when: 'nosuch', say: x}]\nanswer:"), "stop.0.when"),
        (("answer:", "stop: [{when: 'true'}]\nanswer:"), "stop.0.say"),
        (("answer:", "subject: {names: 'nosuch'}\nanswer:"), "subject.names"),
        (("answer:", "colour: red\nanswer:"), "colour"),
        (("name: tidy", "name: [tidy"), "not YAML"),
        (("---\nname", "name"), "no front matter"),
    ],
)
def test_a_fault_names_the_file_and_the_key(change: tuple[str, str], key: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_sop(GOOD.replace(*change), "tidy.md")

    assert caught.value.message.startswith("tidy.md: ")
    assert key in caught.value.message


@pytest.mark.parametrize("text", ["", "---\n---\n", "---\n- a\n---\n", "---\nname\n---\n", "# only text\n", "\x00\x01"])
def test_what_is_no_sop_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"^odd\.md: "):
        parse_sop(text, "odd.md")


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_bytes(b"\xff\xfe\x00---")

    with pytest.raises(InputError, match=r"bad\.md"):
        load_sops(tmp_path)


def test_an_empty_folder_gives_no_sops(tmp_path: Path) -> None:
    assert load_sops(tmp_path) == ()


@pytest.mark.parametrize(
    "expression",
    ["x.append(1)", "range(100000000) | list", "1 / 0", "x | nosuchfilter", "x + 1", "''.__class__.__base__()"],
)
def test_an_expression_cannot_leave_the_sandbox_nor_change_data(expression: str) -> None:
    data = {"x": [1]}

    with pytest.raises(InputError, match="failed"):
        evaluate(expression, data)

    assert data == {"x": [1]}


@pytest.mark.parametrize("expression", ["x.__class__", "x.__class__.__mro__", "nothing.at.all"])
def test_what_an_expression_may_not_see_is_not_there(expression: str) -> None:
    assert evaluate(expression, {"x": [1]}) is None


def test_templates_in_the_data_are_not_run() -> None:
    assert render("{{ x }}", {"x": "{{ 7 * 7 }}"}) == "{{ 7 * 7 }}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{{ x }}", [1, 2]),
        ("{{ x[0] }}", 1),
        ("n={{ x[0] }}", "n=1"),
        ("{{ x[0] }}{{ x[1] }}", "12"),
        (["{{ x[1] }}", "a"], [2, "a"]),
        (50, 50),
        (True, True),
        ("{{ nothing.at.all }}", None),
    ],
)
def test_a_whole_expression_keeps_its_type(value: object, expected: object) -> None:
    assert fill(value, {"x": [1, 2]}) == expected


def test_the_sops_of_the_package_are_sound() -> None:
    sops = load_sops(SOPS)

    assert [sop.name for sop in sops] == sorted(path.stem for path in SOPS.glob("*.md"))
    assert [sop.name for sop in sops if sop.fallback] == ["look-around"]
    tools = all_tools()
    assert {step.tool for sop in sops for step in sop.steps} <= tools.keys()
    assert all(step.change == (tools[step.tool].risk is not Risk.READ) for sop in sops for step in sop.steps)
    for sop in sops:
        assert [f"\n{number}. **" in sop.body for number in range(1, 11)] == [True] * 10, sop.name


def test_only_a_release_that_came_to_its_end_is_gone_back_from_before_a_deployment() -> None:
    sop = next(each for each in load_sops(SOPS) if each.name == "rollback")
    when = {step.id: step.when for step in sop.steps if step.change}
    done, failed, deployed = ({"time": time} for time in ("2026-01-01", "2026-03-01", "2026-02-01"))
    releases = [{**failed, "state": "rolled back by entry 9"}, {**done, "state": "done"}]
    both = {"released": {"releases": releases}, "deploys": {"deployments": [deployed]}}
    assert [bool(evaluate(when[each], both)) for each in ("shift", "rollback")] == [False, True]
    alone = {"released": {"releases": releases}}
    assert [bool(evaluate(when[each], alone)) for each in ("shift", "rollback")] == [True, False]
    assert [bool(evaluate(when[each], {"deploys": {}})) for each in ("shift", "rollback")] == [False, False]


@pytest.mark.parametrize(
    ("prompt", "login", "variable", "opens"),
    [
        ("add a route for web with basic auth for user ann, password in SHOP_PASSWORD", "ann", "SHOP_PASSWORD", False),
        ("put web behind traefik with a password for the user named bob.b", "bob.b", "NONE", False),
        ("with a user and a password", "admin", "NONE", False),
        ("end the maintenance of a.test", "admin", "NONE", True),
        ("put a.test into maintenance", "admin", "NONE", False),
        ("take a.test out of maintenance", "admin", "NONE", True),
    ],
)
def test_users_variables_and_the_end_of_a_maintenance_are_read(
    prompt: str, login: str, variable: str, opens: bool
) -> None:
    assert (user_in(prompt, "admin"), variable_in(prompt, "NONE"), opens_in(prompt)) == (login, variable, opens)
