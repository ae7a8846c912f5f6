from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.finding import Severity
from docker_agent.domains.compose import check_model
from docker_agent.project.stack import Stack, find_stack

HEALTHY = Path(__file__).parents[3] / "examples" / "healthy"
FOLDERS = sorted(path for path in HEALTHY.iterdir() if path.is_dir())


def stack_in(folder: Path) -> Stack:
    stack = find_stack(folder, environment={})
    assert stack is not None
    return stack


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_healthy_examples_have_no_findings(folder: Path) -> None:
    assert check_model(stack_in(folder).model, {"not_hardened": Severity.OFF}) == []


def test_the_shop_is_made_of_two_files() -> None:
    stack = stack_in(HEALTHY / "shop")
    assert [path.name for path in stack.files] == ["compose.yaml", "compose.override.yaml"]
    services = stack.model.services
    assert [(port.host_ip, port.first) for port in services["web"].ports] == [("127.0.0.1", 8080), ("127.0.0.2", 8080)]
    assert services["db"].memory == 2 << 30
    assert {"POSTGRES_DB", "POSTGRES_PASSWORD_FILE", "POSTGRES_INITDB_ARGS"} == set(services["db"].environment)
