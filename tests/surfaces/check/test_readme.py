"""What the README shows of the compose checker is what it prints."""

from __future__ import annotations

import re
from pathlib import Path

from tests.surfaces.conftest import Line

README = Path(__file__).parents[3] / "README.md"


def test_the_readme_shows_what_check_prints(line: Line) -> None:
    section = README.read_text(encoding="utf-8").partition("\n## Check compose files\n")[2]
    shown = re.search(r"```yaml\n(.*?)```\n\n```console\n\$ docker-agent (.*?)\n(.*?)```\n", section, re.DOTALL)
    assert shown is not None
    line.write("compose.yml", shown[1])

    assert line(*shown[2].split()).out == shown[3]
