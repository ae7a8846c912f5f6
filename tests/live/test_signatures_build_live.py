"""Builds that fail on the real engine, and the cause that is named; none of them needs a network."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.lab import fixtures, images
from tests.lab.registry import Shelf, registry
from tests.live.failures import docker, explained, refused

from docker_agent.domains.diagnose.rank import examine
from docker_agent.domains.diagnose.saying import said
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.project.disk import LocalDisk
from docker_agent.project.stack import find_stack

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

ARM = "127.0.0.1:28760/arm:1"
ARM_PROGRAM = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00" + bytes(100)
FROM = "FROM docker-agent-lab/busybox:1"


@dataclass(frozen=True)
class Build:
    """A Dockerfile, the code that its build must get, and further options."""

    code: str
    dockerfile: str
    options: tuple[str, ...] = ()


BUILDS = {
    "missing": Build("bld-copy-missing", f"{FROM}\nCOPY nosuch /\n"),
    "ignored": Build("bld-copy-missing", f"{FROM}\nCOPY secret.txt /\n"),
    "added": Build("bld-copy-missing", f"{FROM}\nADD nosuch.tar other /x/\n"),
    "not in the stage": Build("bld-copy-missing", f"{FROM} AS a\n{FROM}\nCOPY --from=a /nosuch /\n"),
    "false": Build("bld-run-exit", f"{FROM}\nRUN false\n"),
    "no program": Build("bld-run-exit", f"{FROM}\nRUN nosuchcmd --x\n"),
    "no program, no shell": Build("bld-run-exit", f'{FROM}\nRUN ["nosuchcmd"]\n'),
    "no program at all": Build("bld-run-exit", f'{FROM}\nRUN ["/etc/passwd"]\n'),
    "killed": Build("bld-run-exit", f"{FROM}\nRUN exit 137\n"),
    "text": Build("bld-run-exit", f"{FROM}\nRUN <<E\nset -e\nls /nosuch\nE\n"),
    "optional secret": Build("bld-run-exit", f"{FROM}\nRUN --mount=type=secret,id=s cat /run/secrets/s\n"),
    "other processor": Build("bld-exec-format", f'FROM {ARM}\nRUN ["/program"]\n'),
    "runn": Build("bld-unknown-instr", f"{FROM}\nRUNN x\n"),
    "no backslash": Build("bld-unknown-instr", f"{FROM}\nRUN true\n  && true\n"),
    "target": Build("bld-target", f"{FROM} AS a\nRUN true\n", ("--target", "zz")),
    "near target": Build("bld-target", f"{FROM} AS alpha\nRUN true\n", ("--target", "alfa")),
    "copied stage": Build("bld-stage-typo", f"{FROM} AS a\n{FROM}\nCOPY --from=nosuchstage /x /\n"),
    "near stage": Build("bld-stage-typo", f"{FROM} AS builder\nFROM biulder\n"),
    "no arg": Build("bld-arg", "ARG V\nFROM busybox:${V}\n"),
    "arg below": Build("bld-arg", "FROM busybox:${V}\nARG V=1\n"),
    "no image": Build("bld-arg", "ARG V\nFROM ${V}\n"),
    "comments": Build("bld-empty", "# nothing\n"),
    "nothing": Build("bld-empty", ""),
    "secret": Build("bld-secret", f"{FROM}\nRUN --mount=type=secret,id=s,required=true cat /run/secrets/s\n"),
    "warnings": Build("bld-check", f"{FROM}\nMAINTAINER x\nENV A b\nCMD echo hi\n", ("--check",)),
}


@pytest.fixture(scope="module", autouse=True)
def arm() -> Iterator[None]:
    """A registry with an image for another processor."""
    images.ensure_image("busybox")
    shelf = Shelf()
    shelf.put_image("arm", "1", {"program": ARM_PROGRAM}, platform="linux/arm64")
    with registry(shelf, port=28760):
        yield


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A build context with a file that is kept out of it."""
    (tmp_path / "secret.txt").write_text("x")
    (tmp_path / ".dockerignore").write_text("*.txt\nfile-*\n")
    return tmp_path


def test_failed_builds_are_explained(context: Path) -> None:
    def build(name: str) -> str:
        file = context / f"file-{name.replace(' ', '-')}"
        file.write_text(BUILDS[name].dockerfile)
        return refused("build", "--progress", "plain", "-f", str(file), *BUILDS[name].options, str(context))

    with ThreadPoolExecutor(6) as pool:
        said_of = dict(zip(BUILDS, pool.map(build, BUILDS), strict=True))
    assert {
        name: (case.code, found, said_of[name])
        for name, case in BUILDS.items()
        if (found := explained(said_of[name])) != [case.code]
    } == {}


def test_a_file_that_is_ignored_is_told_from_one_that_is_missing(context: Path) -> None:
    services = "".join(
        f"  {name}: {{build: {{context: ., dockerfile: file-{name}}}}}\n" for name in ("missing", "ignored")
    )
    (context / "compose.yaml").write_text(f"name: dalab-build\nservices:\n{services}")
    for name in ("missing", "ignored"):
        (context / f"file-{name}").write_text(BUILDS[name].dockerfile)
    stack = find_stack(context, disk=LocalDisk(), environment={})
    causes = {}
    for name in ("missing", "ignored"):
        text = refused("compose", "build", name, cwd=context)
        found = examine(Snapshot("dalab-build", context, 0.0, messages=said(text), stack=stack))
        assert [finding.code for finding in found] == ["bld-copy-missing"], text
        assert found[0].evidence[-1].where.startswith(f"file-{name}:2:")
        causes[name] = found[0].cause
    assert "not in its build context" in causes["missing"]
    assert ".dockerignore keeps out" in causes["ignored"]


def test_a_failed_step_is_told_with_its_last_words(context: Path) -> None:
    (context / "Dockerfile").write_text(f"{FROM}\nRUN echo first >&2; echo cannot do that >&2; false\n")
    text = refused("build", str(context))
    found = examine(Snapshot("dalab-build", context, 0.0, messages=said(text)))
    assert [(each.code, each.evidence[-1].quote) for each in found] == [("bld-run-exit", "cannot do that")]


def test_a_build_that_ends_well_is_nothing_to_explain(context: Path) -> None:
    (context / "Dockerfile").write_text(f"{FROM}\nRUN echo ERROR: no such image; echo denied\nMAINTAINER x\n")
    done = docker("build", "--progress", "plain", "--iidfile", str(context / "id"), str(context))
    docker("image", "rm", (context / "id").read_text())
    assert done.returncode == 0
    assert explained(done.stdout + done.stderr) == []
