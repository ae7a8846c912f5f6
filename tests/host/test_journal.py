"""The journal survives crashes, two writers and tampering, and knows how to go back."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from docker_agent.core.errors import AgentError, InputError
from docker_agent.core.plan import Argv, Engine, Plan, Restore, WaitHealthy, Write
from docker_agent.host import shell
from docker_agent.host.entry import StepOutcome
from docker_agent.host.journal import Journal
from docker_agent.host.recorder import Recorder
from docker_agent.host.undo import undo_plan

DOWN = Argv(argv=("docker", "compose", "down"), why="back")
STOP = Engine(action="container_stop", target="db", why="back")
PLAN = Plan(
    title="Grüße\u2028und mehr",
    project="shop",
    steps=(
        Write(path="a.yml", content="zwei\u2028Zeilen\x85é\n", before="", why="w0", touches=("file:a.yml",)),
        Argv(argv=("docker", "compose", "up"), why="w1", undo=DOWN),
        Write(path="b.yml", content="b\n", before="00", why="w2"),
        Engine(action="container_start", target="db", why="w3", undo=STOP),
        Engine(action="container_start", target="db", why="w4", undo=STOP),
        WaitHealthy(target="web", why="w5"),
    ),
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state")


def carry_out(journal: Journal, *, upto: int = 6, status: Any = "applied", undoes: str = "") -> str:
    recorder = journal.begin(PLAN, by="person", time=5.0, undoes=undoes)
    for index, step in enumerate(PLAN.steps[:upto]):
        kept = {0: "none", 2: journal.keep(b"old b")}.get(index, "")
        recorder.step(StepOutcome(index=index, kind=step.kind, state="started"), kept)
        detail = f"{step.path} written, sha256 {index}{index}" if isinstance(step, Write) else "é"
        recorder.step(StepOutcome(index=index, kind=step.kind, state="done", detail=detail))
    if status:
        recorder.finish(status, verified=True, reason="")
    recorder.close()
    return recorder.id


def begin_many(folder: Path, count: int) -> None:
    for _ in range(count):
        Journal(folder).begin(PLAN, by="x", time=0.0).finish("applied", verified=None, reason="")


def test_an_entry_comes_back_as_it_was_written(journal: Journal) -> None:
    assert carry_out(journal) == "1"
    entry = journal.entry("1")

    assert (entry.plan, entry.by, entry.time, entry.status, entry.verified) == (PLAN, "person", 5.0, "applied", True)
    assert [step.state for step in entry.steps] == ["done"] * 6
    assert (entry.kept[0], journal.kept(entry.kept[2])) == ("none", b"old b")


def test_only_the_owner_can_read_it(journal: Journal) -> None:
    carry_out(journal)
    journal.save_plan(PLAN)

    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [journal.folder, *journal.folder.rglob("*")]}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}


def test_a_crash_at_any_byte_leaves_an_entry_that_can_be_read_and_undone(journal: Journal) -> None:
    carry_out(journal, status="")
    path = journal.folder / "entries" / "1.jsonl"
    whole = path.read_bytes()
    first = whole.index(b"\n")
    for size in range(first + 1, len(whole), 7):
        path.write_bytes(whole[:size])
        entry = journal.entry("1")
        assert (entry.status, entry.verified, entry.plan) == ("interrupted", None, PLAN), size
        assert "started" not in [step.state for step in entry.steps]
    for size in range(0, first, 50):
        path.write_bytes(whole[:size])
        assert journal.entries() == []


def test_a_step_that_was_under_way_counts_as_interrupted(journal: Journal) -> None:
    recorder = journal.begin(PLAN, by="person", time=0.0)
    recorder.step(StepOutcome(index=1, kind="argv", state="started"))

    assert [step.state for step in journal.entry("1").steps] == ["interrupted"]
    assert undo_plan(journal.entry("1")).steps == (DOWN,)


def test_a_damaged_entry_does_not_hide_the_others(journal: Journal) -> None:
    for _ in range(4):
        carry_out(journal)
    entries = journal.folder / "entries"
    (entries / "1.jsonl").write_bytes(b"\xff\xfe\x00")
    (entries / "2.jsonl").write_text(json.dumps({"begin": {"nonsense": 1}, "by": "x", "time": 0}) + "\n")
    (entries / "3.jsonl").write_text("5\n[]\nnull\n")
    (entries / "notes.jsonl").write_text("{}")

    assert [entry.id for entry in journal.entries()] == ["4"]
    assert journal.damaged() == ["1", "2", "3"]


@pytest.mark.parametrize("time", ["1e99", "-1e99", "Infinity", "NaN", "null", '"soon"', "99999999999999999999"])
def test_an_entry_of_an_impossible_time_is_damaged(journal: Journal, time: str) -> None:
    for _ in range(2):
        carry_out(journal)
    path = journal.folder / "entries" / "1.jsonl"
    path.write_text(path.read_text().replace('"time": 5.0', f'"time": {time}', 1))

    assert ([entry.id for entry in journal.entries()], journal.damaged()) == (["2"], ["1"])


@pytest.mark.parametrize(
    "line", ["[" * 100_000, '{"step": {"index": 9, "kind": "write", "state": "done"}, "kept": ""}']
)
def test_an_odd_line_in_an_entry_breaks_nothing(journal: Journal, line: str) -> None:
    for _ in range(2):
        carry_out(journal)
    path = journal.folder / "entries" / "1.jsonl"
    path.write_text(line + "\n" + path.read_text())

    assert ([entry.id for entry in journal.entries()], journal.damaged()) == (["2"], ["1"])


def test_numbers_count_up_and_are_never_used_twice(journal: Journal) -> None:
    for _ in range(11):
        carry_out(journal, upto=0)

    assert [entry.id for entry in journal.entries()] == [str(number) for number in range(1, 12)]


def test_two_processes_that_begin_at_once_get_numbers_of_their_own(journal: Journal) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=begin_many, args=(journal.folder, 20)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert [entry.id for entry in journal.entries()] == [str(number) for number in range(1, 61)]
    assert {entry.status for entry in journal.entries()} == {"applied"}


def test_a_place_that_cannot_be_written_stops_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(AgentError, match="DOCKER_AGENT_STATE"):
        Journal(tmp_path / "file").begin(PLAN, by="x", time=0.0)
    with pytest.raises(AgentError, match="Nothing more was changed"):
        Recorder("1", tmp_path / "gone" / "1.jsonl").finish("applied", verified=None, reason="")


@pytest.mark.parametrize("word", ["digest", "path"])
def test_a_saved_plan_is_found_by_digest_or_path(journal: Journal, word: str) -> None:
    path = journal.save_plan(PLAN)

    assert journal.load_plan(PLAN.digest[:8] if word == "digest" else str(path)) == PLAN


def test_a_plan_that_was_altered_after_it_was_saved_is_refused(journal: Journal) -> None:
    path = journal.save_plan(PLAN)
    path.write_text(path.read_text().replace('"up"', '"down"'))

    for word in (PLAN.digest[:12], str(path)):
        with pytest.raises(InputError, match="altered after it was saved"):
            journal.load_plan(word)


@pytest.mark.parametrize(
    "word", ["", "nosuch", "../../etc/passwd", "*", "[a-f]", "a" * 5_000, "a\0b", ".", "/", "0" * 64]
)
def test_a_plan_that_is_not_there_is_refused(journal: Journal, word: str) -> None:
    journal.save_plan(PLAN)

    with pytest.raises(InputError):
        journal.load_plan(word)


def test_a_word_that_fits_two_plans_is_refused(journal: Journal) -> None:
    path = journal.save_plan(PLAN)
    path.with_name(f"{PLAN.digest[:8]}0000.json").write_text(Plan(title="twin").model_dump_json())

    with pytest.raises(InputError, match="More than one saved plan"):
        journal.load_plan(PLAN.digest[:8])
    assert journal.load_plan(PLAN.digest) == PLAN


@pytest.mark.parametrize("size", [8, 12, 13, 64])
def test_a_file_named_like_a_digest_does_not_stand_in_for_the_plan(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    word = PLAN.digest[:size]
    (tmp_path / word).write_text(Plan(title="theirs").model_dump_json())
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InputError, match="No saved plan is called"):
        journal.load_plan(word)
    journal.save_plan(PLAN)
    assert journal.load_plan(word) == journal.load_plan(word.upper()) == PLAN


@pytest.mark.parametrize(
    "word", [PLAN.digest[:7], PLAN.digest[:12] + "0" * 52, PLAN.digest + "0", PLAN.digest[:8] + "*"]
)
def test_a_word_that_is_not_the_start_of_the_digest_is_refused(journal: Journal, word: str) -> None:
    journal.save_plan(PLAN)

    with pytest.raises(InputError, match="No saved plan is called"):
        journal.load_plan(word)


def test_only_what_was_saved_here_unaltered_counts_as_saved(journal: Journal, tmp_path: Path) -> None:
    outside = tmp_path / "plans" / f"{PLAN.digest[:12]}.json"
    outside.parent.mkdir()
    outside.write_text(PLAN.model_dump_json())

    assert (journal.load_plan(str(outside)), journal.is_saved(PLAN)) == (PLAN, False)
    path = journal.save_plan(PLAN)
    assert journal.is_saved(journal.load_plan(PLAN.digest[:12]))
    assert not journal.is_saved(PLAN.model_copy(update={"title": "other"}))
    path.write_text(Plan(title="theirs").model_dump_json())
    assert not journal.is_saved(PLAN)
    assert not journal.is_saved(Plan(title="theirs"))
    assert journal.waiting() == []


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b"\xff", b'{"title": 5}', b'{"title": "t", "x": 1}'])
def test_a_file_that_is_no_plan_is_refused(journal: Journal, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.json").write_bytes(content)

    with pytest.raises(InputError, match="is not a plan"):
        journal.load_plan(str(tmp_path / "p.json"))


def test_plans_wait_until_they_were_applied(journal: Journal) -> None:
    other = Plan(title="other")
    journal.save_plan(PLAN)
    journal.save_plan(other)
    (journal.folder / "plans" / "junk.json").write_text("junk")
    assert {plan.title for plan in journal.waiting()} == {PLAN.title, "other"}

    carry_out(journal)

    assert journal.waiting() == [other]


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_a_kept_copy_that_is_gone_or_damaged_is_not_put_back(journal: Journal, damage: str) -> None:
    name = journal.keep(b"old")
    path = journal.folder / "kept" / name
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(b"other")

    with pytest.raises(InputError, match="cannot be put back by undo"):
        journal.kept(name)


def test_undo_puts_files_back_first_and_then_undoes_the_last_step_first(journal: Journal) -> None:
    carry_out(journal)
    plan = undo_plan(journal.entry())

    assert [(step.kind, getattr(step, "path", "")) for step in plan.steps] == [
        ("restore", "b.yml"),
        ("restore", "a.yml"),
        ("engine", ""),
        ("argv", ""),
    ]
    first, second = plan.steps[:2]
    assert isinstance(first, Restore)
    assert isinstance(second, Restore)
    assert (journal.kept(first.kept), first.after) == (b"old b", "22")
    assert (second.kept, second.after, second.touches) == ("", "00", ("file:a.yml",))
    assert plan.steps[2:] == (STOP, DOWN)
    assert plan.project == "shop"


def test_only_what_was_done_is_undone(journal: Journal) -> None:
    carry_out(journal, upto=2, status="failed")

    assert [step.kind for step in undo_plan(journal.entry()).steps] == ["restore", "argv"]


def test_undoing_twice_is_refused(journal: Journal) -> None:
    carry_out(journal)
    carry_out(journal, undoes="1")

    with pytest.raises(InputError, match="Entry 1 was undone by entry 2"):
        undo_plan(journal.entry("1"))
    with pytest.raises(InputError, match="nothing to undo"):
        journal.entry()


def test_an_undo_that_failed_can_be_tried_again(journal: Journal) -> None:
    carry_out(journal)
    carry_out(journal, undoes="1", status="failed")

    assert journal.entry().id == "1"


def test_what_did_nothing_cannot_be_undone(journal: Journal) -> None:
    carry_out(journal, upto=0)

    with pytest.raises(InputError, match="nothing that can be undone"):
        undo_plan(journal.entry("1"))
    with pytest.raises(InputError, match="nothing to undo"):
        journal.entry()


@pytest.mark.parametrize("number", ["0", "2", "x", "../1", "01"])
def test_an_entry_that_is_not_there_is_refused(journal: Journal, number: str) -> None:
    carry_out(journal)

    with pytest.raises(InputError, match="has no entry"):
        journal.entry(number)


def test_an_entry_that_stopped_in_its_first_step_is_the_one_that_undo_offers(journal: Journal) -> None:
    carry_out(journal)
    recorder = journal.begin(PLAN, by="person", time=2.0)
    recorder.step(StepOutcome(index=0, kind="write", state="started"))

    assert journal.entry().id == "2"


def test_an_entry_that_is_being_carried_out_is_no_interrupted_one(journal: Journal) -> None:
    with journal.begin(PLAN, by="person", time=5.0) as recorder:
        recorder.step(StepOutcome(index=0, kind="write", state="started"))
        assert journal.entry("1").status == "running"
        with pytest.raises(InputError, match="carried out by another process"):
            journal.reopen("1")
    assert journal.entry("1").status == "interrupted"
    with journal.reopen("1") as recorder:
        recorder.step(StepOutcome(index=0, kind="write", state="done"))
        recorder.finish("applied", verified=None, reason="")
    assert (journal.entry("1").status, len(journal.entries())) == ("applied", 1)


def test_an_entry_is_being_carried_out_until_the_programs_that_it_started_have_ended(journal: Journal) -> None:
    with journal.begin(PLAN, by="person", time=5.0) as recorder:
        recorder.step(StepOutcome(index=1, kind="argv", state="started"))
        shell.run(["sh", "-c", "sleep 0.2 > /dev/null 2>&1 &"])
    assert journal.entry("1").status == "running"
    until = time.monotonic() + 10
    while journal.entry("1").status == "running" and time.monotonic() < until:
        time.sleep(0.02)
    assert journal.entry("1").status == "interrupted"


def test_a_stop_that_was_begun_is_brought_to_its_end_before_the_way_back(journal: Journal) -> None:
    stop = Engine(why="Stop it.", action="container_stop", target="web-1", args={"timeout": 9})
    start = Engine(why="It runs.", action="container_start", target="web-1")
    plan = Plan(title="A change of places", steps=(stop,), rollback=(start,))
    with journal.begin(plan, by="person", time=5.0) as recorder:
        recorder.step(StepOutcome(index=0, kind="engine", state="started"))
    first, second = undo_plan(journal.entry("1")).steps
    assert isinstance(first, Engine)
    assert (first.action, first.args) == ("container_stop", {"timeout": 9, "if_there": True})
    assert second == start
    with journal.reopen("1") as recorder:
        recorder.step(StepOutcome(index=0, kind="engine", state="done"))
    assert undo_plan(journal.entry("1")).steps == (start,)


def test_what_is_written_behind_a_line_that_was_cut_short_is_not_lost(journal: Journal) -> None:
    carry_out(journal, upto=3, status="")
    path = journal.folder / "entries" / "1.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    with journal.reopen("1") as recorder:
        recorder.step(StepOutcome(index=2, kind="write", state="done"))
        recorder.finish("applied", verified=None, reason="")
    entry = journal.entry("1")
    assert (entry.status, [step.state for step in entry.steps]) == ("applied", ["done"] * 3)


def test_who_only_looks_at_an_entry_is_not_taken_for_one_that_carries_it_out(journal: Journal) -> None:
    carry_out(journal, upto=3, status="")
    with (journal.folder / "entries" / "1.jsonl").open("rb") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        assert journal.entry("1").status == "interrupted"
        threading.Timer(0.1, lambda: fcntl.flock(reader, fcntl.LOCK_UN)).start()
        journal.reopen("1").close()


def test_what_failed_on_its_way_back_is_not_at_its_end_until_it_was_taken_back(journal: Journal) -> None:
    plan = Plan(title="t", steps=(STOP, WaitHealthy(target="web", why="w")), rollback=(STOP,))

    def carry(upto: int, status: Any, undoes: str = "") -> None:
        with journal.begin(plan, by="person", time=5.0, undoes=undoes) as recorder:
            for index, step in enumerate(plan.steps[:upto]):
                recorder.step(StepOutcome(index=index, kind=step.kind, state="done"))
            recorder.finish(status, verified=None, reason="")

    said: list[str] = []
    for upto, status, undoes in ((0, "failed", ""), (2, "failed", ""), (1, "failed", "2"), (1, "applied", "2")):
        carry(upto, status, undoes)
        said.append(journal.entry(undoes or str(len(said) + 1)).unended)
    assert said == ["", "failed", "failed", ""]
    carry(2, "applied")
    carry(0, "failed", undoes="5")
    assert journal.entry("5").unended == "", "a way back that did nothing leaves it as it is"
    carry(1, "failed", undoes="5")
    assert journal.entry("5").unended == "failed"
