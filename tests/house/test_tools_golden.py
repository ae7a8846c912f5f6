"""Each tool that appears, vanishes or changes its shape is seen by a reviewer; the first request stays small."""

from __future__ import annotations

import json
import os
from pathlib import Path

from docker_agent.app import Options, Session, all_tools, open_session
from docker_agent.host.fake import World
from docker_agent.policy.approve import NoApprover
from docker_agent.surfaces.screen import TerminalScreen

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "tools.json"
CHARS_PER_TOKEN = 4


def session_in(folder: Path) -> Session:
    environment = {"DOCKER_AGENT_STATE": str(folder / "state")}
    return open_session(
        Options(root=folder),
        screen=TerminalScreen(silent=True),
        approver=NoApprover(),
        environment=environment,
        host=World().host,
    )


def test_golden_tools() -> None:
    found = {
        tool.name: {"risk": tool.risk.value, "domain": tool.domain, "schema": tool.schema}
        for tool in sorted(all_tools().values(), key=lambda tool: tool.name)
    }
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(found, indent=1) + "\n")

    assert json.loads(GOLDEN.read_text()) == json.loads(json.dumps(found))


def test_first_request_is_small(tmp_path: Path) -> None:
    session = session_in(tmp_path)
    tools = [
        {"name": tool.name, "description": tool.description, "input_schema": tool.schema} for tool in session.visible()
    ]

    assert len(tools) <= 25
    assert (len(session.system_prompt()) + len(json.dumps(tools))) / CHARS_PER_TOKEN <= 6_000
