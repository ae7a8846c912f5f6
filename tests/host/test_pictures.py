"""The engine's JSON, recorded on a real engine, becomes our pictures; null and missing fields never break one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import BaseModel

from docker_agent.host.models import Attachment, Mount, Port
from docker_agent.host.pictures import container_of, event_of, image_of, log_lines_of, network_of, stats_of

SAMPLES = Path(__file__).parent / "samples"
MAKERS: dict[str, Callable[[dict[str, Any]], BaseModel]] = {
    "container_running": container_of,
    "container_not_started": container_of,
    "image": image_of,
    "network": network_of,
    "stats": lambda raw: stats_of("web", raw),
}


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in nested data, but for those inside free-form maps whose values are always text."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            if not {"Labels", "Options", "LogConfig"} & set(path):
                yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from places(item, (*path, index))


def around(raw: Any, path: tuple[str | int, ...]) -> Any:
    for key in path[:-1]:
        raw = raw[key]
    return raw


def test_a_running_container() -> None:
    seen = container_of(sample("container_running"))

    assert (seen.name, seen.project, seen.service, seen.image) == (
        "dalab-ta-pic",
        "shop",
        "web",
        "docker-agent-lab/busybox:1",
    )
    assert (seen.status, seen.running, seen.health, seen.exit_code) == ("running", True, "healthy", 0)
    assert (seen.restart_policy, seen.restart_max, seen.restart_count) == ("on-failure", 3, 0)
    assert seen.ports == (Port(container_port=8080, host_ip="127.0.0.1", host_port=18931),)
    assert seen.mounts == (
        Mount(
            kind="volume",
            name="dalab-ta-vol",
            source="/var/lib/docker/volumes/dalab-ta-vol/_data",
            target="/data",
            read_only=True,
        ),
    )
    assert isinstance(seen.networks[0], Attachment)
    assert (seen.networks[0].network, "pic" in seen.networks[0].aliases) == ("dalab-ta-net", True)
    assert (seen.memory_limit, seen.cpus, seen.pids_limit) == (64 << 20, 0.5, 50)
    assert (seen.log_driver, seen.log_options, seen.stop_timeout) == ("json-file", {"max-size": "1m"}, 3)
    assert (seen.health_test, len(seen.health_log)) == (("CMD-SHELL", "true"), 2)
    assert "MODE=test" in seen.env
    assert seen.finished_at == ""
    assert seen.started_at.startswith("2026-")


def test_a_container_that_could_not_start() -> None:
    seen = container_of(sample("container_not_started"))

    assert (seen.status, seen.running, seen.exit_code, seen.started_at) == ("created", False, 127, "")
    assert 'exec: "nosuch": executable file not found' in seen.error
    assert (seen.project, seen.health, seen.cpus, seen.ports) == ("", "", 0.0, ())


def test_an_image() -> None:
    seen = image_of(sample("image"))

    assert seen.tags == ("docker-agent-lab/busybox:1",)
    assert seen.size > 1_000_000
    assert (seen.os, seen.architecture) == ("linux", "amd64")


def test_a_network() -> None:
    seen = network_of(sample("network"))

    assert (seen.name, seen.driver, seen.internal, seen.containers) == (
        "dalab-ta-net",
        "bridge",
        False,
        ("dalab-ta-pic",),
    )
    assert len(seen.subnets) == 1


def test_events() -> None:
    seen = [event_of(raw) for raw in sample("events")]

    assert [event.action for event in seen[:2]] == ["create", "start"]
    assert {event.name for event in seen} == {"dalab-ta-pic"}
    assert seen[0].time == pytest.approx(1795464411.03, abs=0.01)
    assert event_of({"time": 5}).time == 5.0


def test_stats() -> None:
    raw = sample("stats")
    seen = stats_of("web", raw)

    assert (seen.name, seen.memory_limit, seen.pids > 0) == ("web", 64 << 20, True)
    assert 0 < seen.memory <= raw["memory_stats"]["usage"]
    assert seen.cpu_percent >= 0.0


def test_cpu_use_comes_from_two_samples() -> None:
    def reading(used: int, passed: int) -> dict[str, Any]:
        return {"cpu_usage": {"total_usage": used}, "system_cpu_usage": passed, "online_cpus": 2}

    assert stats_of("a", {"cpu_stats": reading(150, 1_100), "precpu_stats": reading(100, 1_000)}).cpu_percent == 100.0
    assert stats_of("a", {"cpu_stats": reading(150, 1_000), "precpu_stats": reading(100, 1_000)}).cpu_percent == 0.0


@pytest.mark.parametrize("name", MAKERS)
def test_a_null_in_any_place_breaks_nothing(name: str) -> None:
    whole = sample(name)
    for path in places(whole):
        raw = copy.deepcopy(whole)
        around(raw, path)[path[-1]] = None
        assert MAKERS[name](raw), path


@pytest.mark.parametrize("name", MAKERS)
def test_a_missing_field_breaks_nothing(name: str) -> None:
    whole = sample(name)
    for path in places(whole):
        raw = copy.deepcopy(whole)
        del around(raw, path)[path[-1]]
        assert MAKERS[name](raw), path


@pytest.mark.parametrize("name", MAKERS)
def test_an_empty_answer_is_an_empty_picture(name: str) -> None:
    assert MAKERS[name]({})


def test_an_event_with_nulls() -> None:
    raw = sample("events")[0]
    for path in places(raw):
        changed = copy.deepcopy(raw)
        around(changed, path)[path[-1]] = None
        assert event_of(changed), path


@pytest.mark.parametrize(
    ("host", "cpus"),
    [
        ({"NanoCpus": 1_500_000_000}, 1.5),
        ({"CpuQuota": 50_000, "CpuPeriod": 100_000}, 0.5),
        ({"CpuQuota": 50_000}, 0.5),
        ({"CpuQuota": -1, "CpuPeriod": 100_000}, 0.0),
        ({}, 0.0),
    ],
)
def test_a_cpu_limit_in_each_of_its_ways(host: dict[str, int], cpus: float) -> None:
    assert container_of({"HostConfig": host}).cpus == cpus


def test_a_port_range_and_an_exposed_port() -> None:
    raw: dict[str, Any] = {
        "NetworkSettings": {"Ports": {"53/udp": None, "80/tcp": []}},
        "HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8000-8010"}]}},
    }

    assert container_of(raw).ports == (
        Port(container_port=53, protocol="udp"),
        Port(container_port=80, host_port=8000),
    )


def test_log_lines_of_both_streams_in_the_order_of_time() -> None:
    lines = log_lines_of(b"2026-11-23T10:00:00.1Z one\n2026-11-23T10:00:00.3Z three\n", b"2026-11-23T10:00:00.2Z two\n")

    assert [(line.number, line.stream, line.text) for line in lines] == [
        (1, "stdout", "one"),
        (2, "stderr", "two"),
        (3, "stdout", "three"),
    ]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"10 %\r20 %\r100 %", "10 %\r20 %\r100 %"),
        ("a\u2028b\x85c\x0cd".encode(), "a\u2028b\x85c\x0cd"),
        (b"windows\r", "windows"),
        (b"", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"two  spaces", "two  spaces"),
    ],
)
def test_what_a_line_holds_does_not_cut_it(written: bytes, text: str) -> None:
    out = b"2026-11-23T10:00:00.1Z " + written + b"\n2026-11-23T10:00:00.2Z after\n"

    assert [line.text for line in log_lines_of(out, b"")] == [text, "after"]


def test_lines_without_a_time_are_kept() -> None:
    assert [line.text for line in log_lines_of(b"no stamp here\nplain\n", b"")] == ["no stamp here", "plain"]
