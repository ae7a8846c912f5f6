"""The fake host keeps the promises that the real one keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.host.contract import IMAGE, OLD, PROJECT, PROMISES, WEB, Stage

from docker_agent.core.errors import EngineUnreachable
from docker_agent.host.fake import World
from docker_agent.host.models import Container, Image, Stats


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    world = World().add(
        Container(id="a" * 64, name=WEB, image=IMAGE, project=PROJECT, service="web", status="running"),
        Container(id="b" * 64, name=OLD, image=IMAGE, project=PROJECT, service="old", status="exited", exit_code=3),
        Container(id="c" * 64, name="other", image=IMAGE, status="running"),
    )
    world.say(WEB, "out").say(WEB, "err", stream="stderr")
    world.images[IMAGE] = Image(id="sha256:" + "d" * 64, tags=(IMAGE,))
    world.readings[WEB] = Stats(name=WEB, memory=1 << 20)
    world.processes[WEB] = [{"PID": "1", "CMD": "sleep 600"}]
    world.react("sh", code=3, err="one\n")
    return Stage(world.host, tmp_path)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_the_fake(stage: Stage, promise: Callable[[Stage], None]) -> None:
    promise(stage)


def test_every_engine_verb_says_that_no_engine_answers() -> None:
    world = World(down=EngineUnreachable("No engine."))
    reads = world.host.reads
    verbs: list[Callable[[], object]] = [
        reads.engine,
        reads.containers,
        reads.images,
        reads.networks,
        reads.volumes,
        lambda: reads.container("a"),
        lambda: reads.logs("a"),
        lambda: reads.events(since=0, until=1),
        lambda: reads.processes("a"),
        lambda: reads.stats(["a"]),
        lambda: reads.image("a"),
    ]
    for verb in verbs:
        with pytest.raises(EngineUnreachable):
            verb()


def test_who_looks_learns_of_every_container_seen() -> None:
    seen: list[str] = []
    world = World(seen=lambda container: seen.append(container.name)).add(Container(id="a", name="web", image="x"))
    world.host.reads.containers()
    world.host.reads.container("web")

    assert seen == ["web", "web"]
