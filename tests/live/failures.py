"""Failures made on purpose on the real engine: a compose project of them, and what programs say when they refuse."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab import fixtures, images

from docker_agent.core.finding import Finding
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import examine
from docker_agent.domains.diagnose.saying import said
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.engine import connect
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace


@dataclass(frozen=True)
class Broken:
    """One service of a project of failures.

    Attributes
    ----------
    code: the signature that must come first for it, "" for a healthy one of which nothing may be said.
    body: what it says in the compose file, in flow style without the braces; the image is the lab's busybox by default.
    start: whether it is started; a dependent of a broken service is only made.
    after: docker commands to run once all are started, with `{}` for the container's name.
    """

    code: str
    body: str
    start: bool = True
    after: tuple[tuple[str, ...], ...] = ()


def docker(
    *words: str, cwd: Path | None = None, timeout_s: float = 120.0, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run docker with no terminal and the environment of an engine, the lab's by default."""
    argv = ("docker", *words)
    return subprocess.run(
        argv,
        cwd=cwd,
        env={**os.environ, **(environment or fixtures.engine_environment())},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )


def refused(*words: str, cwd: Path | None = None) -> str:
    """What docker says when it refuses a command; it is a mistake of the test if it does not."""
    done = docker(*words, cwd=cwd)
    assert done.returncode != 0, f"{words} did not fail: {done.stdout}"
    return f"{done.stdout}{done.stderr}"


def explained(text: str, root: Path = Path("/")) -> list[str]:
    """The codes that a message gets, with no engine looked at."""
    return [finding.code for finding in examine(Snapshot("dalab", root, time.time(), messages=said(text)))]


@contextmanager
def broken_project(
    root: Path,
    name: str,
    services: Mapping[str, Broken],
    *,
    more: str = "",
    settled: Callable[[], bool] | None = None,
    settle_s: float = 6.0,
) -> Generator[Workspace]:
    """A compose project of failures, started side by side, and taken down with its volumes afterwards.

    Parameters
    ----------
    more: further text of the compose file, such as its volumes and networks.
    settled: waited for at most `settle_s` seconds; without it that time passes whole.
    """
    images.ensure_image("busybox")
    root.parent.chmod(0o755)
    (root / "compose.yaml").write_text(f"name: {name}\nservices:\n{_written(services)}{more}")
    docker("compose", "-p", name, "down", "--volumes", "--remove-orphans", "-t", "0", cwd=root)
    created = docker("compose", "create", cwd=root)
    assert created.returncode == 0, created.stderr
    try:
        with ThreadPoolExecutor(8) as pool:
            started = [f"{name}-{service}-1" for service, case in services.items() if case.start]
            list(pool.map(_do, [("start", each) for each in started]))
            after = [
                tuple(word.replace("{}", f"{name}-{service}-1") for word in words)
                for service, case in services.items()
                for words in case.after
            ]
            list(pool.map(_do, after))
        until = time.monotonic() + settle_s
        while time.monotonic() < until and not (settled and settled()):
            time.sleep(0.2)
        reads = connect({**os.environ, **fixtures.engine_environment()}).reads
        yield Workspace(host=reads, root=root, context=ProjectContext(), project=name)
    finally:
        docker("compose", "-p", name, "kill", cwd=root)
        docker("compose", "-p", name, "down", "--volumes", "--remove-orphans", "-t", "0", cwd=root)


def check(services: Mapping[str, Broken], findings: list[Finding]) -> None:
    """Every failure is named first by its own signature with evidence, cause and fix; of a healthy one nothing is said.

    A list of all that differs is given at once.
    """
    wrong: list[str] = []
    for service, case in services.items():
        own = [finding for finding in findings if finding.object == service]
        first = own[0] if own else None
        if (first.code if first else "") != case.code:
            wrong.append(f"{service}: expected {case.code or 'nothing'}, found {[each.code for each in own]}")
        elif first and not (first.evidence and first.cause and first.fix):
            wrong.append(f"{service}: {case.code} lacks evidence, cause or fix")
    assert not wrong, "\n".join(wrong)


def examined(workspace: Workspace) -> list[Finding]:
    """What all signatures say of one look at a project; everything must have been looked at."""
    snapshot = collect(workspace)
    assert snapshot.not_looked_at == (), snapshot.not_looked_at
    return examine(snapshot)


def _do(words: tuple[str, ...]) -> None:
    docker(*words)


def _written(services: Mapping[str, Broken]) -> str:
    image = "image: docker-agent-lab/busybox:1, "
    return "".join(
        f"  {name}: {{{'' if case.body.startswith('image:') else image}{case.body}}}\n"
        for name, case in services.items()
    )
