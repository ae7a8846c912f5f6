"""The plan that asks for GPUs in the way that the engine has, and where there is none."""

from __future__ import annotations

import pytest
from tests.domains.diagnose.places import Case, ended, workspace, world_of

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Write
from docker_agent.domains.diagnose.fix import fix

SAID = ["RuntimeError: no CUDA-capable device is detected"]


def planned(*body: str, runtimes: tuple[str, ...] = (), cdi: tuple[str, ...] = ()) -> str:
    """The end of the compose file that the plan writes."""
    world = world_of(Case("", ended(1), SAID, body=body))
    world.engine = world.engine.model_copy(update={"runtimes": runtimes, "cdi_devices": cdi})
    plan: Plan = fix.function(workspace(world), "gpu-no-cuda-device", "web")
    return next(step.content for step in plan.steps if isinstance(step, Write)).partition("image: busybox:1\n")[2]


def test_gpus_are_asked_for_as_the_engine_can_give_them() -> None:
    assert planned(runtimes=("nvidia", "runc")) == "    gpus: all\n"
    assert planned(cdi=("nvidia.com/gpu=0", "nvidia.com/gpu=all")).split() == ["devices:", "-", "nvidia.com/gpu=all"]


@pytest.mark.parametrize(("body", "runtimes"), [(("gpus: all",), ("nvidia",)), ((), ("runc",))])
def test_there_is_no_plan_where_it_asks_already_or_the_engine_has_none(
    body: tuple[str, ...], runtimes: tuple[str, ...]
) -> None:
    with pytest.raises(InputError, match="cannot be mended by a plan"):
        planned(*body, runtimes=runtimes)
