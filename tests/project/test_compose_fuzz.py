from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from evals import fuzz_compose
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from docker_agent.domains.compose import suppress
from docker_agent.domains.compose.shared.references import near
from docker_agent.project.compose.parse import Unreadable, read_source

KEYS = (
    "image",
    "ports",
    "volumes",
    "environment",
    "depends_on",
    "networks",
    "build",
    "deploy",
    "healthcheck",
    "extends",
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 70_000),
    st.floats(width=16),
    st.sampled_from(["", "80:80", "./a:/b:ro", "A=b", "${A:-${B}}", "web", "10m", "5s", "service:web", "1-65535", "*"]),
    st.text(max_size=8),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*KEYS, "type", "source", "target", "test", "limits"]), inner, max_size=3),
    ),
    max_leaves=6,
)
SERVICE = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4)
TOP = ("networks", "volumes", "secrets", "configs", "include", "name", "x-a")
STACK = st.fixed_dictionaries(
    {"services": st.dictionaries(st.sampled_from(["web", "db"]), st.one_of(SERVICE, VALUES), max_size=2)},
    optional=dict.fromkeys(TOP, VALUES),
)


def written(value: object) -> bytes:
    """The value as YAML in flow style, which JSON is but for two numbers."""
    return json.dumps(value).replace("Infinity", ".inf").replace("NaN", ".nan").encode()


def test_two_thousand_damaged_files_end_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz_compose, "HANG_S", 0)  # no alarm: a slow machine is no fault
    known = fuzz_compose.seeds([fuzz_compose.ROOT / "examples"])
    found = list(fuzz_compose.hunt(known, seed=1, seconds=math.inf, inputs=2_000))
    assert [(seed, repr(error)) for seed, _, error in found] == []


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(STACK)
def test_any_structure_is_read_and_judged(stack: dict[str, object]) -> None:
    fuzz_compose.check(written(stack))


@pytest.mark.parametrize("number", ["9" * 5_000, "0x" + "f" * 5_000, "1e999", ".inf", "-.nan", "²"])
@pytest.mark.parametrize("quote", ["", "'"])
def test_any_number_may_be_too_large(number: str, quote: str) -> None:
    said = quote + number + quote
    lines = (
        f"services:\n  w:\n    image: postgres:{number}\n    mem_limit: {said}\n    environment: {{A: {said}}}",
        f"    pids_limit: {said}\n    oom_score_adj: {said}\n    stop_grace_period: {said}\n    scale: {said}",
        f"    ulimits: {{nofile: {said}}}\n    restart: on-failure:{number}\n    cpus: {said}\n    ports: ['80:80']",
        f'    build:\n      dockerfile_inline: "FROM x\\nCOPY --from={number} a b\\nEXPOSE {number} ² {number}-80"\n',
    )
    fuzz_compose.check("\n".join(lines).encode())


@pytest.mark.parametrize("data", [b"\xef\xbb", b"\xff\xfes", b"\xef\xbb\xbf\xff"])
def test_damaged_marks_of_an_encoding_are_told(data: bytes) -> None:
    with pytest.raises(Unreadable, match=r"c\.yml:1:\d: this is not UTF-8 text"):
        read_source(Path("c.yml"), "c.yml", data)


def test_utf_16_is_read_as_compose_reads_it() -> None:
    assert read_source(Path("c.yml"), "c.yml", "services: {é: {}}".encode("utf-16")).text == "services: {é: {}}"


def test_names_are_not_compared_for_a_hint_where_that_takes_long() -> None:
    few, many = [f"web{number}" for number in range(3)], [f"web{number}" for number in range(5_000)]
    assert (near("web9", few), near("web9x", many), near("x" * 9_000, ["x" * 9_001])) == (
        'Did you mean "web2"?',
        "",
        "",
    )


def test_a_comment_with_very_many_words_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def compare(word: str, _: object) -> str:
        compared.append(word)
        return ""

    monkeypatch.setattr(suppress, "nearest", compare)
    words = " ".join([*("--password",) * 100, *(f"rule{number}" for number in range(5_000))])
    fuzz_compose.check(f"services: {{}} # docker-agent: ignore[{words}]".encode())
    assert len(compared) == len(set(compared)) == 200
