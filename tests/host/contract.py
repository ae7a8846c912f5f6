"""What every host does, asked in the same words of the fake and of a real engine.

Each function takes a `Stage`: a host with a running container `web` (a line on each stream), one that ended with code 3
and the image of both, all of the project `dalab-ta`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from docker_agent.core.errors import CheckFailed, InputError, ToolMissing
from docker_agent.core.plan import Argv, Engine, EngineAction
from docker_agent.host.host import Host

PROJECT = "dalab-ta"
WEB, OLD, NET, VOLUME = "dalab-ta-web", "dalab-ta-old", "dalab-ta-net", "dalab-ta-vol"
IMAGE, TAG = "docker-agent-lab/busybox:1", "dalab-ta/busybox:2"
GHOST = "dalab-ta-ghost"


@dataclass(frozen=True)
class Stage:
    """A host, and a folder of its own for files."""

    host: Host
    folder: Path

    def call(self, action: EngineAction, target: str, **args: str | float | bool) -> str:
        return self.host.changes.call(Engine(action=action, target=target, args=args, why="w"))


def it_lists_containers_sorted_and_filtered(stage: Stage) -> None:
    reads = stage.host.reads

    assert [container.name for container in reads.containers(PROJECT)] == [OLD, WEB]
    assert [container.name for container in reads.containers(PROJECT, include_stopped=False)] == [WEB]
    assert reads.containers(GHOST) == []
    assert {WEB, OLD} <= {container.name for container in reads.containers()}


def it_finds_a_container_by_name_and_id(stage: Stage) -> None:
    reads = stage.host.reads
    web = reads.container(WEB)

    assert (web.name, web.project, web.service, web.image) == (WEB, PROJECT, "web", IMAGE)
    assert (web.status, web.running, web.exit_code) == ("running", True, 0)
    assert reads.container(web.id).name == reads.container(web.id[:12]).name == WEB
    assert (reads.container(OLD).status, reads.container(OLD).exit_code) == ("exited", 3)


def it_refuses_what_is_not_there(stage: Stage) -> None:
    reads = stage.host.reads
    questions: list[Callable[[], object]] = [
        lambda: reads.container(GHOST),
        lambda: reads.logs(GHOST),
        lambda: reads.processes(GHOST),
        lambda: reads.image("dalab-ta/ghost:1"),
        lambda: reads.read_file(stage.folder / "ghost"),
    ]
    for ask in questions:
        with pytest.raises(InputError):
            ask()
    with pytest.raises(InputError, match=f"No such container: {GHOST}"):
        reads.container(GHOST)


def it_reads_logs(stage: Stage) -> None:
    reads = stage.host.reads
    lines = reads.logs(WEB)

    assert [(line.number, line.text) for line in lines] == [(1, "out"), (2, "err")]
    assert [line.stream for line in lines] == ["stdout", "stderr"]
    assert [(line.number, line.text) for line in reads.logs(WEB, tail=1)] == [(1, "err")]
    assert reads.logs(OLD) == []


def it_reads_stats_of_what_runs(stage: Stage) -> None:
    readings = stage.host.reads.stats([WEB, GHOST])

    assert [reading.name for reading in readings] == [WEB]
    assert readings[0].memory > 0
    assert stage.host.reads.stats([]) == []


def it_lists_processes(stage: Stage) -> None:
    rows = stage.host.reads.processes(WEB)

    assert any("sleep" in row["CMD"] for row in rows)
    assert all("PID" in row for row in rows)


def it_knows_images(stage: Stage) -> None:
    reads = stage.host.reads
    image = reads.image(IMAGE)

    assert IMAGE in image.tags
    assert reads.image(image.id).id == image.id
    assert image.id in {known.id for known in reads.images()}


def it_says_what_engine_it_is(stage: Stage) -> None:
    info = stage.host.reads.engine()

    assert info.version
    assert info.api_version >= "1.43"
    assert info.cpus > 0
    assert info.memory > 0


def it_refuses_compose_commands_that_change(stage: Stage) -> None:
    for line in ("up -d", "-p config down", "config -o x", "exec web sh", ""):
        with pytest.raises(InputError, match="not known to only look"):
            stage.host.reads.compose(line.split(), cwd=stage.folder)


def it_stops_starts_and_restarts(stage: Stage) -> None:
    reads = stage.host.reads
    before = reads.now()
    assert stage.call("container_stop", WEB, timeout=1) == f"container stop {WEB}"
    assert (reads.container(WEB).status, reads.container(WEB).running) == ("exited", False)
    assert reads.stats([WEB]) == [] or reads.stats([WEB])[0].memory == 0
    stage.call("container_start", WEB)
    assert reads.container(WEB).running
    stage.call("container_restart", WEB, timeout=1)
    assert reads.container(WEB).running
    stage.call("container_kill", WEB, signal="SIGKILL")
    reads.sleep(1)
    assert (reads.container(WEB).running, reads.container(WEB).exit_code) == (False, 137)
    stage.call("container_start", WEB)

    events = reads.events(since=before - 1, until=reads.now(), filters={"container": WEB})
    actions = [event.action for event in events if event.action in {"start", "stop", "kill", "restart"}]
    assert {"start", "stop", "restart", "kill"} <= set(actions)
    assert [event.time for event in events] == sorted(event.time for event in events)
    assert reads.events(since=before - 1, until=reads.now(), filters={"container": GHOST}) == []


def it_renames_and_removes(stage: Stage) -> None:
    reads = stage.host.reads
    stage.call("container_rename", OLD, name=f"{OLD}-2")
    assert reads.container(f"{OLD}-2").exit_code == 3
    stage.call("container_rename", f"{OLD}-2", name=OLD)
    with pytest.raises(InputError):
        stage.call("container_remove", WEB)
    with pytest.raises(CheckFailed, match=f"{WEB} is running, so it was not removed"):
        stage.call("container_remove_stopped", WEB)
    assert reads.container(WEB).running
    stage.call("container_remove_stopped", OLD)
    stage.call("container_remove_stopped", OLD, if_there=True)
    for action in (
        "container_remove",
        "container_remove_stopped",
        "container_start",
        "container_stop",
        "container_restart",
    ):
        with pytest.raises(InputError):
            stage.call(action, OLD)


def it_makes_joins_and_removes_networks(stage: Stage) -> None:
    reads = stage.host.reads

    def attached() -> list[tuple[str, ...]]:
        return [network.containers for network in reads.networks() if network.name == NET]

    stage.call("network_create", NET)
    with pytest.raises(InputError):
        stage.call("network_create", NET)
    stage.call("network_connect", NET, container=WEB, alias="api")
    assert attached() == [(WEB,)]
    place = next(place for place in reads.container(WEB).networks if place.network == NET)
    assert "api" in place.aliases
    with pytest.raises(InputError):
        stage.call("network_remove", NET)
    stage.call("network_disconnect", NET, container=WEB)
    stage.call("network_remove", NET)
    assert attached() == []
    with pytest.raises(InputError):
        stage.call("network_remove", NET)


def it_makes_and_removes_volumes(stage: Stage) -> None:
    reads = stage.host.reads
    stage.call("volume_create", VOLUME)
    stage.call("volume_create", VOLUME)
    assert [volume.name for volume in reads.volumes()].count(VOLUME) == 1
    stage.call("volume_remove", VOLUME)
    assert VOLUME not in [volume.name for volume in reads.volumes()]
    with pytest.raises(InputError):
        stage.call("volume_remove", VOLUME)


def it_tags_and_untags_images(stage: Stage) -> None:
    reads = stage.host.reads
    stage.call("image_tag", IMAGE, name=TAG)
    assert reads.image(TAG).id == reads.image(IMAGE).id
    stage.call("image_remove", TAG)
    assert IMAGE in reads.image(IMAGE).tags
    with pytest.raises(InputError):
        stage.call("image_remove", TAG)


def it_runs_programs(stage: Stage) -> None:
    told: list[str] = []
    with pytest.raises(CheckFailed, match="ended with code 3"):
        stage.host.changes.run(Argv(argv=("sh", "-c", "echo one >&2; exit 3"), why="w"), told.append)
    assert told == ["one"]
    with pytest.raises(ToolMissing, match="nosuch-program is not installed"):
        stage.host.changes.run(Argv(argv=("nosuch-program",), why="w"), told.append)


def it_writes_reads_finds_and_removes_files(stage: Stage) -> None:
    reads, changes = stage.host.reads, stage.host.changes
    changes.write_file(stage.folder / "a.yml", b"\x00\xff")
    changes.write_file(stage.folder / "sub" / "b.yml", b"b")
    changes.write_file(stage.folder / ".git" / "c.yml", b"c")
    changes.write_file(stage.folder / "a.yml", b"new")

    assert reads.read_file(stage.folder / "a.yml") == b"new"
    assert reads.find_files(stage.folder, "**/*.yml") == [stage.folder / "a.yml", stage.folder / "sub" / "b.yml"]
    assert reads.find_files(stage.folder, "*.yml") == [stage.folder / "a.yml"]
    paths = [stage.folder / "a.yml", stage.folder / "sub", stage.folder / "ghost"]
    assert [reads.file_kind(path) for path in paths] == ["file", "folder", ""]
    assert [reads.file_mode(path) for path in paths][::2] == [0o644, 0]
    changes.remove_file(stage.folder / "a.yml")
    changes.remove_file(stage.folder / "a.yml")
    with pytest.raises(InputError) as caught:
        reads.read_file(stage.folder / "a.yml")
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def it_gets_no_answer_from_a_closed_port(stage: Stage) -> None:
    answer = stage.host.reads.probe("tcp://127.0.0.1:1", timeout_s=1)

    by_another = stage.host.reads.probe("http://app.example.com/", via="127.0.0.1:1", timeout_s=1)
    for each in (answer, by_another):
        assert each.status == 0
        assert "refused" in each.error


def it_looks_from_inside_a_container(stage: Stage) -> None:
    reads = stage.host.reads
    inside = reads.probe_from(WEB, "tcp://127.0.0.1:1", timeout_s=1)

    assert inside.failure == "refused"
    assert inside.way
    assert reads.listening(WEB) == []
    with pytest.raises(InputError, match=f"No such container: {GHOST}"):
        reads.probe_from(GHOST, "tcp://127.0.0.1:1")


PROMISES: tuple[Callable[[Stage], None], ...] = (
    it_lists_containers_sorted_and_filtered,
    it_finds_a_container_by_name_and_id,
    it_refuses_what_is_not_there,
    it_reads_logs,
    it_reads_stats_of_what_runs,
    it_lists_processes,
    it_knows_images,
    it_says_what_engine_it_is,
    it_refuses_compose_commands_that_change,
    it_stops_starts_and_restarts,
    it_makes_joins_and_removes_networks,
    it_makes_and_removes_volumes,
    it_tags_and_untags_images,
    it_runs_programs,
    it_writes_reads_finds_and_removes_files,
    it_gets_no_answer_from_a_closed_port,
    it_looks_from_inside_a_container,
    it_renames_and_removes,
)
