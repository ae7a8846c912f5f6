"""What a single line does not tell: stages and images, steps' last words, files left out, an image's processor."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.domains.diagnose.places import ROOT, Case, ended, workspace, world_of

from docker_agent.core.finding import Finding
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import examine
from docker_agent.domains.diagnose.saying import said
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Image

COPY_FROM = """\
   3 | >>> COPY --from={name} /x /
ERROR: failed to solve: {name}: failed to resolve source metadata for docker.io/library/{name}:latest: {why}
"""
OFFLINE = (
    'failed to do request: Head "https://registry-1.docker.io/v2/library/x/manifests/latest": '
    "dial tcp: lookup registry-1.docker.io: no such host"
)
UNKNOWN = "pull access denied, repository does not exist or may require authorization: server message: denied"
STEP = """\
#5 0.278 ls: /nosuch: No such file or directory
#5 0.301 make: *** [all] Error 2
#5 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 2
"""
NO_PROGRAM = """\
#5 0.362 runc run failed: unable to start container process: exec: "nosuchcmd": executable file not found in $PATH
#5 ERROR: process "nosuchcmd" did not complete successfully: exit code: 1
"""
KEPT_OUT = (
    'failed to solve: failed to compute cache key: failed to calculate checksum of ref 1::2: "/{name}": not found'
)


def told(text: str) -> list[Finding]:
    return examine(Snapshot("shop", ROOT, 0.0, messages=said(text)))


@pytest.mark.parametrize(
    ("name", "why", "code"),
    [
        ("biulder", OFFLINE, "bld-stage-typo"),
        ("biulder", UNKNOWN, "bld-stage-typo"),
        ("composer", OFFLINE, "img-dns"),
    ],
)
def test_a_stage_is_told_from_an_image(name: str, why: str, code: str) -> None:
    assert [each.code for each in told(COPY_FROM.format(name=name, why=why))] == [code]


def test_a_failed_step_is_quoted_with_its_last_words() -> None:
    (found,) = told(STEP)
    assert (found.code, found.evidence[-1].quote) == ("bld-run-exit", "make: *** [all] Error 2")
    assert found.evidence[-1].where == "message:2"
    (found,) = told(NO_PROGRAM)
    assert (found.code, found.cause) == ("bld-run-exit", "A program in it is not in the image.")


def test_a_file_that_is_ignored_is_told_from_one_that_is_missing() -> None:
    world = world_of(Case("", {}, body=["build: ."]))
    world.files |= {
        ROOT / "Dockerfile": b"FROM scratch\nCOPY keys.pem /\nCOPY nosuch /\n",
        ROOT / ".dockerignore": b"*.pem\n",
        ROOT / "keys.pem": b"",
    }
    causes: dict[str, tuple[str, str]] = {}
    for name in ("keys.pem", "nosuch", "elsewhere"):
        snapshot = collect(workspace(world), message=KEPT_OUT.format(name=name))
        (found,) = [each for each in examine(snapshot) if each.code == "bld-copy-missing"]
        causes[name] = (found.cause, found.evidence[-1].where)
    assert ".dockerignore keeps out" in causes["keys.pem"][0]
    assert causes["keys.pem"][1].startswith("Dockerfile:2:")
    assert "not in its build context" in causes["nosuch"][0]
    assert "or .dockerignore" in causes["elsewhere"][0]


def test_a_program_of_another_processor_is_told_from_a_bad_script() -> None:
    world = world_of(Case("", ended(255), ["exec /app/run: exec format error"]))
    world.engine = world.engine.model_copy(update={"architecture": "x86_64"})
    name = world.containers["shop-web-1"].image
    causes = {}
    for architecture in ("arm64", "amd64"):
        world.images = {name: Image(id="sha256:1", tags=(name,), architecture=architecture)}
        (found,) = [each for each in examine(collect(workspace(world))) if each.code == "exit-255-exec-format"]
        causes[architecture] = found.cause
    assert causes["arm64"] == "The image is for arm64, and this machine is amd64."
    assert "a script without #!" in causes["amd64"]


@pytest.mark.parametrize("piece", ['Get "https://a/v2/', "failed to resolve reference ", 'process "', "0.1 x\n", "a/"])
def test_hostile_messages_are_read_quickly(tmp_path: Path, piece: str) -> None:
    began = time.monotonic()
    examine(Snapshot("shop", tmp_path, 0.0, messages=said(piece * (20_000 // len(piece)))))
    assert time.monotonic() - began < 5
