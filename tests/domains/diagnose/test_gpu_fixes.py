"""The plan that asks for GPUs, and where there is none."""

from __future__ import annotations

import pytest
from tests.domains.diagnose.places import Case, ended, workspace, world_of

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Write
from docker_agent.domains.diagnose.fix import fix

SAID = ["RuntimeError: no CUDA-capable device is detected"]


def test_gpus_are_asked_for_where_nothing_asks_yet() -> None:
    plan: Plan = fix.function(workspace(world_of(Case("", ended(1), SAID))), "gpu-no-cuda-device", "web")
    assert [step.content.endswith("    gpus: all\n") for step in plan.steps if isinstance(step, Write)] == [True]
    with pytest.raises(InputError, match="cannot be mended by a plan"):
        fix.function(workspace(world_of(Case("", ended(1), SAID, body=["gpus: all"]))), "gpu-no-cuda-device", "web")
