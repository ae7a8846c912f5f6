"""How an entry of the journal is taken back: by the plan's own way back, or by what each step says of its undo."""

from __future__ import annotations

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Argv, Engine, Plan, Restore, Step, Write
from docker_agent.host.entry import Entry


def undo_plan(entry: Entry) -> Plan:
    """The plan that reverses what an entry did: files first, as they were, then each other step's own undo, last first.

    A plan that has a way back of its own is taken back by that. What an undo that stopped half-way did already is left
    out; a file that it put back is found as it was and passes.

    Raises
    ------
    InputError: it was undone already, did nothing, or nothing of it has an undo.
    """
    if entry.undone_by:
        raise InputError(f"Entry {entry.id} was undone by entry {entry.undone_by}.", "See `docker-agent log`.")
    if entry.plan.rollback and entry.changed:
        return _way_back(entry)
    touched = [outcome.index for outcome in entry.steps if outcome.state in {"done", "failed", "interrupted"}]
    steps = [(index, entry.plan.steps[index]) for index in reversed(touched)]
    written = [(index, step, _written(index, entry)) for index, step in steps if isinstance(step, Write)]
    files = [_restore(index, step, entry, after) for index, step, after in written if after and index in entry.kept]
    others = [step.undo for _, step in steps if isinstance(step, Argv | Engine) and step.undo is not None]
    unique: dict[str, Step] = {step.model_dump_json(): step for step in others if step not in entry.undone_steps}
    if not files and not unique:
        raise InputError(f"Entry {entry.id} has nothing that can be undone.", "See `docker-agent log`.")
    return Plan(
        title=f"Undo of {entry.id}: {entry.plan.title}",
        project=entry.plan.project,
        reason=f"Puts back what entry {entry.id} changed.",
        steps=(*files, *unique.values()),
        foreign=entry.plan.foreign,
        undoes=entry.id,
    )


def can_be_undone(entry: Entry) -> bool:
    """Whether there is anything of an entry to take back, and a way to do it."""
    try:
        undo_plan(entry)
    except InputError:
        return False
    return True


def _way_back(entry: Entry) -> Plan:
    """The plan's own way back, after each stop that was begun: a container that is being stopped counts as running."""
    begun = {each.index for each in entry.steps if each.state in {"failed", "interrupted"}}
    stops = [
        step.model_copy(update={"args": {**step.args, "if_there": True}, "why": f"{step.target} has stopped."})
        for index, step in enumerate(entry.plan.steps)
        if index in begun and isinstance(step, Engine) and step.action == "container_stop"
    ]
    return Plan(
        title=f"Rollback of {entry.id}: {entry.plan.title}",
        project=entry.plan.project,
        reason=f"Goes back to what was there before entry {entry.id}.",
        steps=(*stops, *entry.plan.rollback),
        foreign=entry.plan.foreign,
        undoes=entry.id,
        record=entry.plan.record,
    )


def _restore(index: int, step: Write, entry: Entry, after: str) -> Restore:
    return Restore(
        path=step.path,
        kept=entry.kept[index].removeprefix("none"),
        after=after.removeprefix("none"),
        why=f"{step.path} as it was before entry {entry.id}.",
        touches=step.touches,
    )


def _written(index: int, entry: Entry) -> str:
    """SHA-256 of what a step wrote or, where it did not come to its end, may have written; "" where that is unknown."""
    details = [outcome.detail for outcome in entry.steps if outcome.index == index and outcome.state == "done"]
    return details[-1].rpartition(" ")[2] if details and "sha256" in details[-1] else entry.intended.get(index, "")
