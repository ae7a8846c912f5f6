"""The main job from end to end as a person does it: a sentence, a plan, a yes, proof, and the way back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.command_line import Done, Place, read_well

PROMPT = "investigate why web keeps restarting"
OLD_LIMIT = 24 * 1024 * 1024
NEW_LIMIT = 96 * 1024 * 1024


def compose_file(place: Place) -> bytes:
    return (place.root / "compose.yml").read_bytes()


def limit_of(place: Place) -> int:
    return place.container("web")["HostConfig"]["Memory"]


def health_of(place: Place, service: str = "web") -> str:
    return place.container(service)["State"]["Health"]["Status"]


def entries(place: Place) -> list[tuple[str, str, str, str]]:
    found = place.agent_json("log").get("entries", [])
    return [(entry["entry"], entry["status"], entry["check"], entry["undone_by"]) for entry in found]


def assert_untouched(place: Place, before: bytes, container: str) -> None:
    assert before == compose_file(place)
    assert container == place.container("web")["Id"]
    assert limit_of(place) == OLD_LIMIT
    assert entries(place) == []


def digest_in(done: Done) -> str:
    found = re.search(r"docker-agent apply ([0-9a-f]{12})", done.stdout + done.stderr)
    assert found is not None, done.stdout + done.stderr
    return found.group(1)


def test_the_cause_is_found_mended_proved_and_undone(crash_loop: Place) -> None:
    before = compose_file(crash_loop)
    line = before.decode().split("\n").index("    mem_limit: 24m") + 1

    done = crash_loop.agent(PROMPT, "--yes")
    read_well(done, 0, "PLAN ", "-    mem_limit: 24m", "+    mem_limit: 96m")
    assert "exit-137-oom" in done.stdout
    assert f"compose.yml:{line}:16" in done.stdout
    assert "State.OOMKilled" in done.stdout
    assert "Verified:" in done.stdout
    assert before.replace(b"mem_limit: 24m", b"mem_limit: 96m") == compose_file(crash_loop)
    assert (health_of(crash_loop), limit_of(crash_loop)) == ("healthy", NEW_LIMIT)
    assert crash_loop.container("web")["RestartCount"] == 0
    assert entries(crash_loop) == [("1", "applied", "verified", "")]

    again = crash_loop.agent(PROMPT, "--yes")
    read_well(again, 0)
    assert entries(crash_loop) == [("1", "applied", "verified", "")]

    undone = crash_loop.agent("undo", "--yes")
    read_well(undone, 0, "PLAN Undo of 1")
    assert before == compose_file(crash_loop)
    assert limit_of(crash_loop) == OLD_LIMIT
    assert entries(crash_loop)[0] == ("1", "applied", "verified", "2")

    for words in ((), ("1",)):
        read_well(crash_loop.agent("undo", *words, "--yes"), 2, "Next: See `docker-agent log`.")
    assert len(entries(crash_loop)) == 2
    read_well(crash_loop.agent("log", "--audit"), 0)


def test_without_a_yes_the_plan_is_saved_and_applied_by_its_digest(crash_loop: Place) -> None:
    before, container = compose_file(crash_loop), crash_loop.container("web")["Id"]

    saved = crash_loop.agent(PROMPT)
    read_well(saved, 3, "PLAN ")
    assert "nobody is there to ask" in saved.stdout
    assert_untouched(crash_loop, before, container)
    digest = digest_in(saved)
    assert [digest] == [plan["digest"] for plan in crash_loop.agent_json("log")["plans_waiting"]]

    read_well(crash_loop.agent("apply", digest), 3, "needs a person's yes")
    read_well(crash_loop.agent("apply", digest, "--yes", "--read-only"), 3)
    read_well(crash_loop.agent("apply", "0123456789ab", "--yes"), 2, "No saved plan")
    assert_untouched(crash_loop, before, container)

    read_well(crash_loop.agent("apply", digest, "--yes"), 0)
    assert (health_of(crash_loop), limit_of(crash_loop)) == ("healthy", NEW_LIMIT)
    assert entries(crash_loop) == [("1", "applied", "verified", "")]

    stale = crash_loop.agent("apply", digest, "--yes")
    read_well(stale, 2, "changed since the plan was made; nothing was done.")
    assert len(entries(crash_loop)) == 1


def test_a_read_only_session_changes_nothing(crash_loop: Place) -> None:
    before, container = compose_file(crash_loop), crash_loop.container("web")["Id"]
    done = crash_loop.agent(PROMPT, "--yes", "--read-only")
    read_well(done, 3, "read-only")
    assert "exit-137-oom" in done.stdout
    assert_untouched(crash_loop, before, container)


@pytest.mark.parametrize("answer", ["n\n", "\n", "yess\n", "\x04"])
def test_no_at_the_terminal_is_no(crash_loop: Place, answer: str) -> None:
    before, container = compose_file(crash_loop), crash_loop.container("web")["Id"]
    code, shown = crash_loop.agent_at_terminal(answer, PROMPT)
    assert "Apply this plan" in shown
    assert "Traceback" not in shown
    assert code == 3, shown
    assert_untouched(crash_loop, before, container)


def test_yes_at_the_terminal_is_yes(crash_loop: Place) -> None:
    code, shown = crash_loop.agent_at_terminal("y\n", PROMPT)
    assert code == 0, shown
    assert "Plan" in shown
    assert (health_of(crash_loop), limit_of(crash_loop)) == ("healthy", NEW_LIMIT)
    assert entries(crash_loop) == [("1", "applied", "verified", "")]


def test_the_person_gets_one_json_object(crash_loop: Place) -> None:
    report = crash_loop.agent_json(PROMPT, "--yes")
    assert (report["version"], report["ok"], report["exit_code"]) == (1, True, 0)
    assert [call["tool"] for call in report["calls"]] == ["stack_list", "diagnose", "diagnose_fix"]
    applied = report["calls"][-1]["data"]
    assert (applied["status"], applied["verified"], applied["entry"]) == ("applied", True, "1")


FIXABLE = {
    "missing-health-tool": ("web", "health-tool-missing-shell", "unhealthy"),
    "one-shot-restart": ("migrate", "restart-loop-exit0", "keeps restarting"),
    "port-conflict": ("admin", "port-allocated", "does not start"),
}


@pytest.mark.parametrize("name", FIXABLE)
def test_the_other_examples_are_mended_and_undone(name: str, example: Callable[[str], Place], busybox: str) -> None:
    service, code, symptom = FIXABLE[name]
    place = example(f"broken/{name}")
    before = compose_file(place)
    assert busybox.encode() in before
    place.docker("compose", "up", "-d")
    place.wait_until(lambda: bool(findings_of(place)) and findings_of(place)[0] == code)

    done = place.agent(f"{service} {symptom}, investigate why", "--yes")
    read_well(done, 0, "PLAN ")
    assert code in done.stdout
    assert "Verified:" in done.stdout
    assert before != compose_file(place)
    assert findings_of(place) == []
    assert entries(place) == [("1", "applied", "verified", "")]

    read_well(place.agent("undo", "--yes"), 0 if name != "port-conflict" else 1)
    assert before == compose_file(place)


def findings_of(place: Place) -> list[str]:
    return [finding["code"] for finding in place.agent_json("diagnose")["data"].get("findings", [])]
