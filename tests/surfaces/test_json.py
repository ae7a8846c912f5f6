"""With --json each command prints one versioned object and nothing else, whatever happens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.surfaces.conftest import Line

from docker_agent.app import all_tools

BROKEN = "services:\n  web:\n    image: web\n    privileged: true\n    environment:\n      DB_PASSWORD: kT9v!xQ2mZ\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("tools",), 0),
        (("context",), 0),
        (("log",), 0),
        (("log", "--audit"), 0),
        (("log", "9"), 2),
        (("apply", "nosuch"), 2),
        (("undo",), 2),
        (("undo", "9"), 2),
        (("doctor",), 4),
        (("diagnose",), 4),
        (("stack", "list"), 4),
        (("stack", "up"), 2),
        (("compose", "check"), 2),
        (("files", "list"), 0),
        (("files", "read", "nosuch"), 2),
        (("files", "write", "a", "b", "c"), 3),
        (("--read-only", "files", "write", "a", "b", "c"), 3),
        (("guide",), 0),
        (("guide", "nosuch"), 2),
        (("guide", "read-on", "r1"), 2),
        (("reference", "oom"), 0),
        (("ask", "hello"), 4),
        (("ask", ""), 2),
        (("--max-turns", "1", "ask", "look around"), 5),
        (("-C", "/nonexistent", "log"), 2),
    ],
)
def test_every_command_prints_one_object(line: Line, words: tuple[str, ...], code: int) -> None:
    ended = line("--json", *words)

    assert (ended.json["version"], ended.json["ok"], ended.code) == (1, code == 0, code)
    assert ended.json.get("exit_code", code) == code
    assert ended.err == ""
    if code:
        error: dict[str, str] = ended.json["error"] or {}
        assert error == {} or (error["kind"], error["message"][-1:]) == (error["kind"], ".")


def test_the_tools_are_listed_with_their_schemas(line: Line) -> None:
    listed: list[dict[str, Any]] = line("tools", "--json").json["tools"]

    assert [tool["name"] for tool in listed] == list(all_tools())
    for tool in listed:
        assert tool["risk"] in {"read", "change", "destroy"}
        assert tool["description"]
        assert tool["schema"]["type"] == "object"
        assert tool["schema"]["additionalProperties"] is False
        assert set(tool["schema"]["required"]) <= set(tool["schema"]["properties"])


def test_findings_are_data_and_the_code_says_that_there_are_some(line: Line) -> None:
    line.write("compose.yaml", BROKEN)

    ended = line("compose", "check", "--json")

    assert (ended.code, ended.json["ok"], ended.json["error"]) == (1, False, None)
    found = {finding["code"]: finding for finding in ended.json["data"]["findings"]}
    assert "privileged_mode" in found
    assert found["privileged_mode"]["evidence"][0]["where"].startswith("compose.yaml:4:")
    assert "kT9v!xQ2mZ" not in ended.out


def test_a_saved_plan_names_its_digest_and_can_be_applied_and_undone(line: Line) -> None:
    saved = line("files", "write", "notes.txt", "hello\n", "to remember", "--json").json
    digest: str = saved["data"]["digest"]
    assert (saved["data"]["status"], saved["error"]["kind"], saved["exit_code"]) == ("saved", "NeedsApproval", 3)
    assert [plan["digest"] for plan in line("log", "--json").json["plans_waiting"]] == [digest]

    assert line("apply", digest, "--json").code == 3
    applied = line("apply", digest, "--yes", "--json").json
    assert (applied["ok"], applied["data"]["status"], applied["data"]["entry"]) == (True, "applied", "1")
    assert (line.root / "notes.txt").read_text() == "hello\n"
    entry = line("log", "1", "--json").json
    assert (entry["status"], [step["state"] for step in entry["steps"]]) == ("applied", ["done"])

    assert line("undo", "--json").code == 3
    undone = line("undo", "--yes", "--json").json
    assert (undone["ok"], undone["data"]["status"]) == (True, "applied")
    assert not (line.root / "notes.txt").exists()
    assert line("undo", "--yes", "--json").json["error"]["message"] == "The journal has nothing to undo."


def test_the_audit_log_holds_every_call_and_tells_when_it_was_altered(line: Line) -> None:
    line("files", "list")
    line("files", "read", "nosuch")
    audit = line("log", "--audit", "--json").json
    assert (audit["records"], [row["tool"] for row in audit["last"]]) == (2, ["files_list", "files_read"])

    log = next(line.state.rglob("audit.jsonl"))
    log.write_text(log.read_text().replace("files_read", "files_skip"))
    ended = line("log", "--audit", "--json")
    assert (ended.code, ended.json["error"]["kind"]) == (1, "CheckFailed")


def test_an_answered_prompt_tells_its_calls_and_what_they_cost(line: Line) -> None:
    line.write("compose.yaml", BROKEN)

    ended = line("--json", "ask", "check my compose file")

    told = ended.json
    assert told["model"] == "offline"
    assert [call["tool"] for call in told["calls"]] == ["compose_check"]
    assert told["calls"][0]["ok"] is True
    assert told["usage"] == {"input": 0, "output": 0, "cache_read": 0, "cache_write": 0}
    assert "privileged" in told["answer"]
    assert "kT9v!xQ2mZ" not in ended.out


@pytest.mark.parametrize("text", ['"quoted"', "\x1b[31mred\x1b[0m", "né ☃ \u2028", "back\\slash\n", "\x00"])
def test_odd_text_stays_one_object(line: Line, text: str) -> None:
    ended = line("--json", "ask", "hello", text)

    assert json.loads(ended.out)["version"] == 1
    assert "\x1b" not in ended.out
