"""The example of a shop behind HTTPS does what it shows, from an empty folder to an answer, and cleans up."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.command_line import EXAMPLES
from tests.lab import fixtures, images
from tests.live.failures import docker

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not installed"),
]

SERVICES = {"db", "redis", "traefik", "web"}
LIMIT_S = 120.0
WRITTEN_WITHIN_S = 20.0


def secrets_made(temporary: Path) -> set[str]:
    """The passwords in the `.env` that the example writes, read while it runs."""
    deadline = time.monotonic() + WRITTEN_WITHIN_S
    while time.monotonic() < deadline:
        for file in temporary.glob("*/shop-https/.env"):
            assert file.stat().st_mode & 0o777 == 0o600
            found = set(re.findall(r"^\w+_PASSWORD=(\w+)\n", file.read_text(), re.MULTILINE))
            if len(found) == 2:
                return found
        time.sleep(0.02)
    raise AssertionError("no .env with two passwords was written")


def test_the_shop_is_deployed_and_answers_by_https_and_no_secret_is_shown(tmp_path: Path) -> None:
    for image in ("traefik", "python", "postgres", "redis"):
        images.ensure_image(image)
    script = EXAMPLES / "workflows" / "shop_https.py"
    environment = {**os.environ, **fixtures.engine_environment(), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        (sys.executable, str(script)), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        try:
            secrets = secrets_made(tmp_path)
            shown, _ = running.communicate(timeout=LIMIT_S)
        except BaseException:
            # It removes what it made when it is asked to end.
            running.terminate()
            raise
    assert running.returncode == 0, shown
    assert re.search(r"^4 remarks in compose\.yaml\.$", shown, re.MULTILINE)
    assert re.search(r"^301 https://shop\.localhost:\d+/$", shown, re.MULTILINE), shown
    assert '\n200 {"shop": "open", "db": "reached", "redis": "reached"}\n' in shown
    assert set(re.findall(r"^shop-https-\S+ +(\w+) +running +healthy ", shown, re.MULTILINE)) == SERVICES, shown
    stopping = set(re.findall(r"! error ([\w-]+)", shown))
    assert stopping <= {"gate-scan-missing"}
    assert "PRIVATE KEY" not in shown
    assert not [secret for secret in secrets if secret in shown]
    assert list(tmp_path.iterdir()) == []
    project = re.findall(r"shop-https-[0-9a-f]{6}", shown)[0]
    for kind in (("ps", "--all"), ("volume", "ls"), ("network", "ls")):
        assert docker(*kind, "--quiet", "--filter", f"label=com.docker.compose.project={project}").stdout == ""
