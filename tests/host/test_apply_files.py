"""Files in a plan: only what the plan was made from is changed, and what a person did since stays."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from docker_agent.core.errors import AgentError, CheckFailed, InputError
from docker_agent.core.plan import Argv, Check, Engine, Plan, Restore, Step, Write
from docker_agent.host import apply as applying
from docker_agent.host.apply import Application, Applied
from docker_agent.host.check import NamedCheck, run_check
from docker_agent.host.fake import World
from docker_agent.host.journal import Journal
from docker_agent.host.models import Container, Ran
from docker_agent.host.plan_files import check_files
from docker_agent.host.undo import undo_plan
from docker_agent.policy.redact import Redactor

OLD = b"old\n"
UP = Argv(argv=("docker", "compose", "up"), why="start")


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Place:
    """A project over a fake host; `a.yml` is in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.world = World().react("docker").add(Container(id="c1", name="web", image="x", status="running"))
        self.journal = Journal(root / "state")
        self.redactor = Redactor({"DB_PASSWORD": "hunter-22"})
        self["a.yml"] = OLD

    def __getitem__(self, name: str) -> bytes | None:
        return self.world.files.get(self.root / name)

    def __setitem__(self, name: str, data: bytes) -> None:
        self.world.files[self.root / name] = data

    def apply(self, plan: Plan, *, undoes: str = "") -> Applied:
        application = Application(
            plan=plan,
            host=self.world.host,
            journal=self.journal,
            root=self.root,
            resolve=self.redactor.resolve,
            tell=lambda _line: None,
        )
        return application.run(by="test", undoes=undoes)

    def undo(self, number: str = "1") -> Applied:
        return self.apply(undo_plan(self.journal.entry(number)), undoes=number)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def write(name: str, content: str, before: bytes | None = None) -> Write:
    return Write(path=name, content=content, before="" if before is None else sha(before), why="w")


def interrupt(_world: World, _argv: tuple[str, ...]) -> Ran:
    raise KeyboardInterrupt


def crash_before(place: Place, plan: Plan, word: str) -> None:
    """Leave the journal as a crash would that came just before the first line with a word in it."""
    place.apply(plan)
    path = place.journal.folder / "entries" / "1.jsonl"
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[: next(number for number, line in enumerate(whole) if word.encode() in line)]))


@pytest.mark.parametrize("outside", [False, True])
def test_an_input_that_changed_or_is_gone_stops_everything(tmp_path: Path, outside: bool) -> None:
    place = Place(tmp_path / "project")
    path = tmp_path / "other" / "base.yml" if outside else tmp_path / "project" / "base.yml"
    name = str(path) if outside else "base.yml"
    plan = Plan(title="t", steps=(UP,), inputs={name: sha(b"base")})

    for data in (None, b"", b"else", b"base\n"):
        if data is not None:
            place.world.files[path] = data
        with pytest.raises(InputError, match=r"base\.yml changed since the plan was made; nothing was done"):
            place.apply(plan)
    assert (place.world.done, place.journal.entries()) == ([], [])

    place.world.files[path] = b"base"
    assert place.apply(plan).status == "applied"


def test_a_command_is_told_with_its_program_and_without_what_names_the_stack(place: Place) -> None:
    words = ("docker", "compose", "--project-directory", "/srv", "-f", "/srv/a.yml", "-p", "shop", "up", "-d", "my app")
    applied = place.apply(Plan(title="t", steps=(UP.model_copy(update={"argv": words}),)))
    assert applied.steps[0].detail == "docker compose up -d 'my app'"


@pytest.mark.parametrize("digest", ["", "nonsense", sha(OLD).upper()])
def test_an_input_with_an_odd_digest_stops_everything(place: Place, digest: str) -> None:
    with pytest.raises(InputError, match="changed since"):
        place.apply(Plan(title="t", steps=(UP,), inputs={"a.yml": digest}))
    assert place.world.done == []


@pytest.mark.parametrize("old", [None, OLD])
def test_a_write_that_failed_is_not_undone_over_a_persons_work(place: Place, old: bytes | None) -> None:
    name = "b.yml" if old is None else "a.yml"
    place.world.full = True
    assert place.apply(Plan(title="t", steps=(write(name, "ours\n", old),))).status == "failed"
    place.world.full = False
    place[name] = b"theirs\n"

    with pytest.raises(InputError, match="changed since the plan wrote it; nothing was done"):
        place.undo()
    assert place[name] == b"theirs\n"


@pytest.mark.parametrize("old", [None, OLD])
def test_a_write_that_a_crash_forestalled_is_not_undone_over_a_persons_work(place: Place, old: bytes | None) -> None:
    name = "b.yml" if old is None else "a.yml"
    crash_before(place, Plan(title="t", steps=(write(name, "ours\n", old),)), '"done"')
    place[name] = b"theirs\n"

    with pytest.raises(InputError, match="changed since"):
        place.undo()
    assert place[name] == b"theirs\n"


@pytest.mark.parametrize("old", [None, OLD])
def test_a_write_that_happened_just_before_a_crash_is_undone(place: Place, old: bytes | None) -> None:
    name = "b.yml" if old is None else "a.yml"
    crash_before(place, Plan(title="t", steps=(write(name, "P=<secret:DB_PASSWORD>\n", old),)), '"done"')
    assert place[name] == b"P=hunter-22\n"

    assert place.undo().status == "applied"
    assert place[name] == old


@pytest.mark.parametrize("old", [None, OLD])
def test_a_write_that_never_happened_is_as_before_already(place: Place, old: bytes | None) -> None:
    name = "b.yml" if old is None else "a.yml"
    place.world.full = True
    place.apply(Plan(title="t", steps=(write(name, "ours\n", old),)))
    place.world.full = False
    place.world.done.clear()

    undone = place.undo()

    assert (undone.status, undone.steps[0].detail) == ("applied", f"{name} is already as before")
    assert (place[name], place.world.done) == (old, [])


def test_a_write_whose_secret_is_unknown_leaves_nothing_to_undo(place: Place) -> None:
    place.apply(Plan(title="t", steps=(write("a.yml", "<secret:NOSUCH>", OLD),)))

    with pytest.raises(InputError, match="nothing that can be undone"):
        place.undo()
    assert place[("a.yml")] == OLD


RENAME = Engine(action="container_rename", target="web2", args={"name": "web"}, why="back")


def test_an_undo_that_failed_half_way_is_finished_by_a_second_one(place: Place) -> None:
    steps: tuple[Step, ...] = (
        write("a.yml", "one\n", OLD),
        write("a.yml", "two\n", b"one\n"),
        write("b.yml", "new\n"),
        UP.model_copy(update={"undo": Argv(argv=("docker", "compose", "down"), why="back")}),
        Engine(action="container_rename", target="web", args={"name": "web2"}, why="w", undo=RENAME),
    )
    place.apply(Plan(title="t", steps=steps))
    place.world.react("docker", "compose", "down", code=1)

    assert place.undo().status == "failed"
    assert (place["a.yml"], place["b.yml"], list(place.world.containers)) == (OLD, None, ["web"])
    assert place.journal.entry().id == "1"
    assert place.journal.entry("1").undone_by == ""

    place.world.react("docker", "compose", "down")
    assert place.undo().status == "applied"
    assert (place["a.yml"], place["b.yml"], list(place.world.containers)) == (OLD, None, ["web"])
    assert place.journal.entry("1").undone_by == "3"
    with pytest.raises(InputError, match="was undone by entry 3"):
        place.undo()


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_an_undo_that_was_cut_off_after_any_file_is_finished_by_a_second_one(place: Place, size: int) -> None:
    chain = (write("a.yml", "one\n", OLD), write("b.yml", "new\n"), write("a.yml", "two\n", b"one\n"))
    place.apply(Plan(title="t", steps=chain))
    whole = undo_plan(place.journal.entry("1"))
    place.world.react("docker", "compose", "up", reaction=interrupt)
    with pytest.raises(KeyboardInterrupt):
        place.apply(whole.model_copy(update={"steps": (*whole.steps[:size], UP)}), undoes="1")

    assert place.undo().status == "applied"
    assert (place["a.yml"], place["b.yml"]) == (OLD, None)


def test_a_half_undone_file_that_a_person_changed_since_stops_the_second_undo(place: Place) -> None:
    place.apply(Plan(title="t", steps=(write("a.yml", "one\n", OLD), write("b.yml", "new\n"))))
    whole = undo_plan(place.journal.entry("1"))
    place.world.react("docker", "compose", "up", code=1)
    place.apply(whole.model_copy(update={"steps": (whole.steps[0], UP)}), undoes="1")
    place["b.yml"] = b"theirs\n"

    with pytest.raises(InputError, match=r"b\.yml changed since"):
        place.undo()
    assert (place["a.yml"], place["b.yml"]) == (b"one\n", b"theirs\n")


def test_a_file_that_changes_while_the_undo_runs_is_left_alone(place: Place) -> None:
    kept = place.journal.keep(OLD)
    place["a.yml"] = b"ours\n"

    def edit(world: World, _argv: tuple[str, ...]) -> None:
        world.files[place.root / "a.yml"] = b"theirs\n"

    place.world.react("docker", "compose", "up", reaction=edit)
    applied = place.apply(Plan(title="t", steps=(UP, Restore(path="a.yml", kept=kept, after=sha(b"ours\n"), why="w"))))

    assert (applied.status, place["a.yml"]) == ("failed", b"theirs\n")
    assert "changed while the plan was carried out; it was left alone" in applied.reason


def test_a_restore_that_names_no_state_before_it_overwrites_nothing(place: Place) -> None:
    with pytest.raises(InputError, match="changed since"):
        place.apply(Plan(title="t", steps=(Restore(path="a.yml", kept="", why="w"),)))
    assert place["a.yml"] == OLD


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        ("# <secret:DB_PASSWORD>\n", "# <secret:DB_PASSWORD>\nA: 1\n", "# <secret:DB_PASSWORD>\nA: 1\n"),
        ("# <secret:NOSUCH>\n", "A: 1\n# <secret:NOSUCH>", "A: 1\n# <secret:NOSUCH>"),
        ("P: <secret:NOSUCH>\n", "P: <secret:NOSUCH> # x\n", "P: <secret:NOSUCH> # x\n"),
        ("P: hunter-22\n", "P: <secret:DB_PASSWORD>\n", "P: hunter-22\n"),
        (
            "# <secret:DB_PASSWORD>\nP: hunter-22\n",
            "# <secret:DB_PASSWORD>\nP: <secret:DB_PASSWORD>\n",
            "# <secret:DB_PASSWORD>\nP: hunter-22\n",
        ),
        ("# <secret:NOSUCH>\n", "# <secret:NOSUCH>\nP: <secret:DB_PASSWORD>", "# <secret:NOSUCH>\nP: hunter-22"),
        ("", "<secret:DB_PASSWORD>\r\n<secret:DB_PASSWORD>\x85", "hunter-22\r\nhunter-22\x85"),
    ],
)
def test_a_mask_that_stood_in_the_file_stays_and_a_new_one_becomes_the_secret(
    place: Place, old: str, new: str, written: str
) -> None:
    place["a.yml"] = old.encode()

    assert place.apply(Plan(title="t", steps=(write("a.yml", new, old.encode()),))).status == "applied"
    assert place["a.yml"] == written.encode()


def test_bytes_that_are_no_text_stay_as_they_are_beside_a_mask(place: Place) -> None:
    place["a.yml"] = b"\xff <secret:NOSUCH>\n"
    text = b"\xff <secret:NOSUCH>\nP: <secret:DB_PASSWORD>\n".decode("utf-8", "surrogateescape")

    place.apply(Plan(title="t", steps=(write("a.yml", text, b"\xff <secret:NOSUCH>\n"),)))

    assert place["a.yml"] == b"\xff <secret:NOSUCH>\nP: hunter-22\n"


def test_a_journal_that_fills_up_lets_no_file_be_written(place: Place) -> None:
    def lock(_world: World, _argv: tuple[str, ...]) -> None:
        path = place.journal.folder / "entries" / "1.jsonl"
        path.unlink()
        path.mkdir()

    place.world.react("docker", "compose", "up", reaction=lock)

    with pytest.raises(AgentError, match="cannot be written"):
        place.apply(Plan(title="t", steps=(UP, write("a.yml", "new\n", OLD))))
    assert place["a.yml"] == OLD


def test_what_a_person_writes_while_a_plan_is_carried_out_is_not_overwritten(place: Place) -> None:
    def edit(_world: World, argv: tuple[str, ...]) -> Ran:
        place["a.yml"] = b"mine\n"
        return Ran(argv=argv, code=0)

    place.world.react("docker", reaction=edit)
    first = Write(path="a.yml", content="one\n", before=sha(OLD), why="w")
    again = first.model_copy(update={"content": "two\n"})
    assert place.apply(Plan(title="t", steps=(first, again))).status == "applied"
    assert place["a.yml"] == b"two\n"

    place["a.yml"] = OLD
    applied = place.apply(Plan(title="t", steps=(first, UP, again)))
    assert (applied.status, place["a.yml"]) == ("failed", b"mine\n")
    assert "a.yml changed while the plan was carried out" in applied.reason


def test_a_check_that_breaks_does_not_hold(place: Place) -> None:
    broken = NamedCheck("broken", lambda _reads, args, _tell: str(args["missing"]))
    with pytest.raises(CheckFailed, match="broke: KeyError: 'missing', so it was not looked at"):
        run_check(Check(name="broken", why="c"), {"broken": broken}, place.world.host.reads, lambda _line: None)


@pytest.mark.parametrize("other", ["undo", "resume"])
def test_two_that_begin_at_one_moment_do_not_both_take_hold_of_an_entry(
    place: Place, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    plan = Plan(title="t", steps=(write("a.yml", "one\n", OLD), UP), rollback=(UP,))
    place.world.react("docker", "compose", "up", reaction=interrupt)
    with pytest.raises(KeyboardInterrupt):
        place.apply(plan)
    place.world.react("docker", "compose", "up")
    second = undo_plan(place.journal.entry("1")) if other == "undo" else plan.model_copy(update={"continues": "1"})
    refused: list[str] = []

    def meanwhile(*given: Any, **more: Any) -> None:
        check_files(*given, **more)
        monkeypatch.setattr(applying, "check_files", check_files)
        with pytest.raises(InputError) as error:
            place.apply(second)
        refused.append(str(error.value))

    monkeypatch.setattr(applying, "check_files", meanwhile)
    assert place.undo().status == "applied"
    assert "Entry 1 is being carried out" in refused[0]
    with pytest.raises(InputError, match="Entry 1 was undone by entry 2"):
        place.apply(second)


def test_a_saved_undo_of_what_was_undone_otherwise_does_nothing(place: Place) -> None:
    place.apply(Plan(title="t", steps=(write("a.yml", "one\n", OLD),)))
    saved = undo_plan(place.journal.entry("1"))
    place.undo()
    place["a.yml"] = b"one\n"
    with pytest.raises(InputError, match="Entry 1 was undone by entry 2"):
        place.apply(saved)
    assert place["a.yml"] == b"one\n"


def test_every_file_of_a_way_back_is_looked_at_before_its_first_step(place: Place) -> None:
    back = tuple(Write(path=name, content="", remove=True, before=sha(b"new\n"), why="b") for name in "bc")
    place.apply(Plan(title="t", steps=(write("b", "new\n"), write("c", "new\n")), rollback=(*back, UP)))
    place["c"] = b"theirs\n"
    place.world.done.clear()
    with pytest.raises(InputError, match="c changed since the plan was made; nothing was done") as refused:
        place.undo()
    assert "run this again" in refused.value.next_step
    assert (place["b"], place.world.done) == (b"new\n", [])
