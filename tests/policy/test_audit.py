"""The audit log: one chain, whatever happens to it."""

from __future__ import annotations

import json
import multiprocessing
import stat
from pathlib import Path
from typing import Any

import pytest

from docker_agent.core.errors import AgentError, CheckFailed
from docker_agent.policy.audit import FIRST, AuditLog


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "state" / "audit.jsonl")


def fill(log: AuditLog, count: int = 5) -> list[bytes]:
    for number in range(count):
        log.append("call", tool=f"tool_{number}", outcome="done")
    return log.path.read_bytes().splitlines(keepends=True)


def append_many(path: Path, name: str, count: int) -> None:
    log = AuditLog(path)
    for number in range(count):
        log.append("call", by=name, number=number)


def test_records_come_back_in_order_each_with_the_hash_before(log: AuditLog) -> None:
    fill(log, 3)
    records = log.records()

    assert [record["tool"] for record in records] == ["tool_0", "tool_1", "tool_2"]
    assert records[0]["previous"] == FIRST
    assert len({record["previous"] for record in records}) == 3
    assert log.verify() == 3


def test_a_log_that_is_not_there_yet_is_empty(log: AuditLog) -> None:
    assert (log.verify(), log.records()) == (0, [])


def test_only_the_owner_reads_it(log: AuditLog) -> None:
    fill(log, 1)

    assert [stat.S_IMODE(path.stat().st_mode) for path in (log.path, log.path.parent)] == [0o600, 0o700]


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_changed_line_is_named(log: AuditLog, number: int) -> None:
    lines = fill(log)
    lines[number - 1] = lines[number - 1].replace(b'"outcome": "done"', b'"outcome": "none"')
    log.path.write_bytes(b"".join(lines))

    with pytest.raises(CheckFailed, match=rf"^Line {number} of .* is not what was written"):
        log.verify()


@pytest.mark.parametrize(
    ("order", "number"),
    [((1, 2, 3, 4), 1), ((0, 1, 3, 4), 3), ((0, 2, 1, 3, 4), 2), ((0, 1, 1, 2, 3, 4), 3), ((4, 0, 1, 2, 3), 1)],
)
def test_a_removed_moved_or_repeated_line_is_named(log: AuditLog, order: tuple[int, ...], number: int) -> None:
    lines = fill(log)
    log.path.write_bytes(b"".join(lines[index] for index in order))

    with pytest.raises(CheckFailed, match=rf"^Line {number} of .* does not follow"):
        log.verify()


@pytest.mark.parametrize("forged", [b"{}\n", b"5\n", b"[]\n", b"null\n", b"not json\n", b'"text"\n', b"\xff\xfe\n"])
def test_a_forged_line_is_named_and_the_others_are_read(log: AuditLog, forged: bytes) -> None:
    lines = fill(log)
    log.path.write_bytes(b"".join([*lines[:2], forged, *lines[2:]]))

    with pytest.raises(CheckFailed, match=r"^Line 3 of"):
        log.verify()
    assert [record["tool"] for record in log.records() if "tool" in record] == [f"tool_{index}" for index in range(5)]


def test_a_torn_last_line_is_named_and_does_not_swallow_the_next(log: AuditLog) -> None:
    lines = fill(log, 3)
    log.path.write_bytes(b"".join(lines)[:-20])

    log.append("call", tool="after")

    assert [record["tool"] for record in log.records()] == ["tool_0", "tool_1", "after"]
    with pytest.raises(CheckFailed, match=r"^Line 3 of .* is torn or damaged"):
        log.verify()


def test_a_whole_last_line_without_its_break_is_followed(log: AuditLog) -> None:
    log.path.parent.mkdir()
    lines = fill(log, 2)
    log.path.write_bytes(b"".join(lines).rstrip(b"\n"))

    log.append("call", tool="after")

    assert log.verify() == 3


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 7, 5 << 20])
def test_a_record_larger_than_the_tail_is_followed(log: AuditLog, size: int) -> None:
    log.append("call", text="x")
    log.append("call", text="x" * size)
    log.append("call", text="y")

    assert log.verify() == 3


@pytest.mark.parametrize(
    "value", ["", "zwei\nZeilen", "\u2028\x85\x0c", "é🐳", "\ud800", {"a": [1, 2.5, None, True]}, -0.0, 1e300]
)
def test_any_plain_value_comes_back(log: AuditLog, value: Any) -> None:
    log.append("call", value=value)

    assert log.records()[0]["value"] == value
    assert log.verify() == 1


def test_a_field_cannot_take_the_place_of_the_chain(log: AuditLog) -> None:
    log.append("call", previous="forged", hash="forged")
    log.append("call")

    assert log.verify() == 2


def test_two_processes_at_once_keep_one_chain(log: AuditLog) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=append_many, args=(log.path, name, 50)) for name in ("a", "b", "c")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert log.verify() == 150
    for name in ("a", "b", "c"):
        assert [record["number"] for record in log.records() if record["by"] == name] == list(range(50))


def test_a_place_that_cannot_be_written_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(AgentError, match="DOCKER_AGENT_STATE"):
        AuditLog(tmp_path / "file" / "audit.jsonl").append("call")


def test_each_line_is_one_json_object(log: AuditLog) -> None:
    assert all(isinstance(json.loads(line), dict) for line in fill(log))
