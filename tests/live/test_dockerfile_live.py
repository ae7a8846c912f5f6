"""What our parser says of a Dockerfile, held against what the builder says of the same text."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.command_line import make_place
from tests.lab import fixtures

from docker_agent.domains.compose.dockerfile.parse import parse_dockerfile
from docker_agent.domains.compose.dockerfile.syntax import syntax_faults

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

TEXTS = (
    "FROM scratch\nCOPPY b c",
    "FROM scratch\nCOPY --chwon=b c d",
    "FROM scratch b",
    "FROM scratch AS 1x",
    "FROM scratch\nENV A=1 B",
    "FROM scratch\nLABEL a",
    "FROM scratch\nEXPOSE 99999",
    "FROM scratch\nHEALTHCHECK CMD",
    "FROM scratch\nSHELL bash",
    "FROM scratch\nCOPY <<EOF /x\n1",
    "# escape=x\nFROM scratch",
    "FROM scratch\nWORKDIR a b\nUSER a b\nARG a b\nENTRYPOINT\nVOLUME [a]\nENV a b c",
    "# escape=`\nFROM scratch AS a\nENV A=1 `\n  # inside\n\n  B=2\nFROM a\nCMD ['a', 'b']",
    "ARG A=scratch\nFROM $A\nCOPY <<-'A' <<B /d/\nFROM x y\n\tA\nRUN\nB\nEXPOSE 80 53/udp 8000-8010 $PORT",
    "FROM scratch\nHEALTHCHECK NONE\nHEALTHCHECK --retries=3 CMD x\nONBUILD RUN x\nMAINTAINER me",
)


@pytest.mark.parametrize("text", TEXTS)
def test_the_builder_takes_what_has_no_fault(text: str, tmp_path: Path) -> None:
    place = make_place(tmp_path / "project", "dalab-build", tmp_path / "state", fixtures.engine_environment())
    (place.root / "Dockerfile").write_text(text, encoding="utf-8")
    built = place.docker("build", "-q", "--network=none", ".")
    if built.returncode == 0:
        place.docker("image", "rm", built.stdout.strip())
    assert (built.returncode == 0) is not bool(list(syntax_faults(parse_dockerfile(text)))), built.stderr
