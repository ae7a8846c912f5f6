"""The workflows of the examples on routes and releases, run from their first command to their last."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.lab import fixtures
from tests.live.failures import docker

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

WORKFLOWS = Path(__file__).parents[2] / "examples" / "workflows"


def shown(script: str, temporary: Path) -> str:
    """What a workflow prints, which must end well and leave nothing behind."""
    environment = {**os.environ, **fixtures.engine_environment(), "COLUMNS": "200", "TMPDIR": str(temporary)}
    argv = (sys.executable, str(WORKFLOWS / script))
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=400)
    assert done.returncode == 0, f"{done.stdout[-4000:]}{done.stderr[-2000:]}"
    project = re.findall(r"(?:traefik-504|blue-green)-[0-9a-f]{6}", done.stdout)[0]
    for kind in (("ps", "--all"), ("volume", "ls"), ("network", "ls")):
        assert docker(*kind, "--quiet", "--filter", f"label=com.docker.compose.project={project}").stdout == ""
    assert list(temporary.iterdir()) == []
    return done.stdout


def test_a_wrong_network_behind_traefik_is_found_and_mended(tmp_path: Path) -> None:
    said = shown("traefik_504.py", tmp_path)
    assert "Traefik answers 504" in said
    assert "share no network" in said
    assert re.search(r"^network +broken", said, re.MULTILINE)
    assert "diagnose_fix code=tr-504-network service=web" in said
    assert "# Now it answers 200." in said


def test_a_release_a_bad_version_and_the_way_back_lose_no_request(tmp_path: Path) -> None:
    said = shown("blue_green.py", tmp_path)
    assert said.count("The plan was approved and applied.") == 2
    assert "is unhealthy" in said
    assert "It was rolled back, and that holds." in said
    assert re.findall(r"^# Version (\S+) serves\.", said, re.MULTILINE) == ["1.0", "1.1", "1.1", "1.0"]
    assert re.search(r"^# 0 of \d{4,} requests failed\.$", said, re.MULTILINE)
    project = re.findall(r"blue-green-[0-9a-f]{6}", said)[0]
    assert docker("image", "ls", "--quiet", f"{project}-web").stdout == "", "its versions are removed"
