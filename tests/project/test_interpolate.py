from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docker_agent.project.interpolate import TemplateError, interpolate

VARIABLES = {"SET": "value", "EMPTY": "", "a1_": "low"}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", "plain"),
        ("$SET", "value"),
        ("${SET}", "value"),
        ("x${SET}y", "xvaluey"),
        ("$SET.$a1_-", "value.low-"),
        ("$$SET", "$SET"),
        ("$${SET}", "${SET}"),
        ("$$$SET", "$value"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${NONE:-d}", "d"),
        ("${NONE-d}", "d"),
        ("${SET:-d}", "value"),
        ("${NONE:-}", ""),
        ("${SET:+alt}", "alt"),
        ("${EMPTY:+alt}", ""),
        ("${EMPTY+alt}", "alt"),
        ("${NONE+alt}", ""),
        ("${SET:?needed}", "value"),
        ("${EMPTY?needed}", ""),
        ("${NONE:-${SET}}", "value"),
        ("${NONE:-a${OTHER:-b${SET}c}d}", "abvaluecd"),
        ("${NONE:-$SET}", "value"),
        ("${NONE:-http://x:80/?a=b}", "http://x:80/?a=b"),
        ("${NONE:-$$}", "$"),
        ("${NONE:-{x}}", "{x}"),
        ("a $ b", "a $ b"),
        ("$(id -u) $1 $'", "$(id -u) $1 $'"),
        ("end$", "end$"),
    ],
)
def test_operators(template: str, expected: str) -> None:
    assert expected == interpolate(template, VARIABLES).text


@pytest.mark.parametrize(
    ("template", "names", "written"),
    [
        ("a $NONE b", ["NONE"], ["$NONE"]),
        ("${NONE}${NONE}", ["NONE", "NONE"], ["${NONE}", "${NONE}"]),
        ("${OTHER:-x${NONE}y}", ["NONE"], ["${NONE}"]),
        ("${NONE:?say ${SET}}", ["NONE"], ["${NONE:?say ${SET}}"]),
        ("${NONE:-d}", [], []),
        ("$$NONE", [], []),
    ],
)
def test_unset_variables_have_their_exact_range(template: str, names: list[str], written: list[str]) -> None:
    unset = interpolate(template, VARIABLES).unset
    assert names == [reference.name for reference in unset]
    assert written == [template[reference.start : reference.end] for reference in unset]


def test_required_variables_bring_their_words() -> None:
    (reference,) = interpolate("${NONE:?say ${SET}}", VARIABLES).unset
    assert (reference.required, reference.message) == (True, "say value")
    assert interpolate("${EMPTY:?x}", VARIABLES).unset[0].required
    assert interpolate("${EMPTY?x}", VARIABLES).unset == ()


@pytest.mark.parametrize(
    "template", ["${", "${SET", "${}", "${1}", "${SET!}", "${SET:=x}", "${ SET}", "a${NONE:-${SET}"]
)
def test_invalid_templates(template: str) -> None:
    with pytest.raises(TemplateError) as caught:
        interpolate(template, VARIABLES)
    assert template[caught.value.start] == "$"


def test_endless_nesting_is_refused() -> None:
    with pytest.raises(TemplateError):
        interpolate("${A:-" * 500 + "}" * 500, {})


def test_without_variables_the_defaults_are_left() -> None:
    assert interpolate("u:${PASS}@h/${DB:-d}", {}).text == "u:@h/d"


@given(st.text(alphabet="${}:-+?AB ", max_size=40))
def test_any_template_gives_text_or_the_one_error(template: str) -> None:
    try:
        result = interpolate(template, {"A": "1"})
    except TemplateError as error:
        assert 0 <= error.start < len(template)  # noqa: PT017 - both ways are right
    else:
        assert all(0 <= ref.start < ref.end <= len(template) for ref in result.unset)
