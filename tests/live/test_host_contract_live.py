"""The real host keeps the same promises as the fake one; everything made here is removed again."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from tests.host.contract import IMAGE, NET, OLD, PROJECT, PROMISES, TAG, VOLUME, WEB, Stage
from tests.lab import fixtures, images

from docker_agent.host.engine import connect

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]


def docker(*words: str, check: bool = True) -> None:
    environment = {**os.environ, **fixtures.engine_environment()}
    argv = ("docker", *words)
    subprocess.run(argv, env=environment, capture_output=True, check=check, timeout=60)


def remove_all() -> None:
    docker("rm", "-f", WEB, OLD, f"{OLD}-2", check=False)
    docker("network", "rm", NET, check=False)
    docker("volume", "rm", VOLUME, check=False)
    docker("image", "rm", TAG, check=False)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    images.ensure_image("busybox")
    remove_all()
    label = f"com.docker.compose.project={PROJECT}"
    script = "echo out; sleep 0.2; echo err >&2; exec sleep 600"
    docker(
        "run",
        "-d",
        "--name",
        WEB,
        "--label",
        label,
        "--label",
        "com.docker.compose.service=web",
        IMAGE,
        "sh",
        "-c",
        script,
    )
    docker("run", "--name", OLD, "--label", label, IMAGE, "sh", "-c", "exit 3", check=False)
    time.sleep(1)
    yield Stage(connect({**os.environ, **fixtures.engine_environment()}), tmp_path_factory.mktemp("contract"))
    remove_all()


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_the_real_engine(stage: Stage, promise: Callable[[Stage], None]) -> None:
    promise(stage)
