"""A flood of lines becomes a few patterns, and the line that matters is not lost in it."""

from __future__ import annotations

from docker_agent.core.log_patterns import MAX_DISTINCT, patterns_of
from docker_agent.domains.diagnose.log_reading import LOG_LINES, outstanding
from docker_agent.host.models import LogLine


def flood(count: int) -> list[str]:
    day = "2026-11-26T10:00"
    lines = [f"{day}:{n % 60:02d}Z INFO request id={n:x} path=/items/{n} took={n}.5ms" for n in range(count)]
    return [*lines, *(f"{day}:00Z INFO user {name} logged in" for name in ("anna", "ben", "carl"))]


def test_lines_that_differ_in_numbers_and_names_are_one_pattern() -> None:
    assert [(each.template, each.count, each.first, each.last) for each in patterns_of(flood(500))] == [
        ("<*> INFO user <*> logged in", 3, 500, 502),
        ("<*> INFO request <*> path=/items/<*> took=<*>", 500, 0, 499),
    ]


def test_the_gravest_line_comes_first_with_its_place() -> None:
    lines = flood(3_000)
    lines[1_234] = 'FATAL:  password authentication failed for user "app"'
    first = patterns_of(lines)[0]
    assert (first.template, first.count, first.first, first.weight) == (lines[1_234], 1, 1_234, 3)


def test_lines_of_different_gravity_stay_apart() -> None:
    assert len(patterns_of(["job 1 ended with error", "job 2 ended with success"])) == 2


def test_what_stands_out_of_a_long_log_is_kept_with_its_number() -> None:
    texts = flood(3_000)
    texts[1_234] = "panic: no such table"
    kept = outstanding([LogLine(number, text=text) for number, text in enumerate(texts, 1)])
    assert (kept[0].number, kept[0].text) == (1_235, "panic: no such table")
    assert [line.number for line in kept[1:]] == list(range(3_003 - LOG_LINES + 1, 3_004))


def test_lines_stay_grave_where_their_grave_words_differ() -> None:
    first = patterns_of(["job a failed again today", "job a killed again today"])
    assert [(each.template, each.count, each.weight) for each in first] == [("job a <*> again today", 2, 2)]


def test_only_so_many_different_errors_are_compared() -> None:
    words = ["".join(chr(97 + n // 26**place % 26) for place in range(3)) for n in range(MAX_DISTINCT + 500)]
    found = patterns_of([f"job error {word} {word}" for word in words])
    assert [(each.template, each.count, each.weight) for each in found if each.count > 1] == [("job <*>", 500, 2)]
    assert len(found) == MAX_DISTINCT + 1


def test_odd_logs_are_patterns_too() -> None:
    assert patterns_of([]) == []
    assert [each.count for each in patterns_of(["", "", "\x00"])] == [1, 2]
    assert sum(each.count for each in patterns_of(["a\nb", "9" * 100_000, "x " * 5_000])) == 3


def test_the_lines_of_a_traceback_stay_in_their_order() -> None:
    traceback = [
        "Traceback (most recent call last):",
        '  File "/app/main.py", line 9, in <module>',
        "    main()",
        '  File "/app/main.py", line 5, in main',
        "    connect(url, timeout=3)",
        "ConnectionError: refused",
    ]
    lines = ["started", *traceback, "error: giving up", "stopped", *traceback]
    told = [(each.count, lines[each.first]) for each in patterns_of(lines)]
    assert [text for _, text in told[:5]] == [traceback[at] for at in (0, 1, 2, 4, 5)]
    assert [text for _, text in told[5:]] == ["error: giving up", "started", "stopped"]
