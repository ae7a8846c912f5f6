"""The lab's web application does what its environment says, so that tests of releases can stand on it."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import pytest
from evals.load import Pace, Running
from evals.load_wire import Target
from tests.lab import fixtures, images
from tests.lab.apps import ensure_app
from tests.lab.places import LabError

Start = Callable[..., str]


def docker(*words: str) -> str:
    """Run docker with the environment of the engine and return what it prints."""
    environment = {**os.environ, **fixtures.engine_environment()}
    argv = ["docker", *words]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def wait_until(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something to become true."""
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.1)


def health(name: str) -> str:
    """What the engine says of a container's health."""
    return docker("inspect", "--format", "{{.State.Health.Status}}", name)


def address(name: str) -> str:
    """A container's address on the bridge, where no proxy of the engine stands in between."""
    return docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", name)


@pytest.fixture
def start() -> Iterator[Start]:
    """Give a function that starts an image and returns the container's name; all are removed at the end."""
    names: list[str] = []

    def started(image: str, **env: str) -> str:
        names.append(f"dalab-app-{secrets.token_hex(4)}")
        options = [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
        docker("run", "--detach", "--name", names[-1], *options, image)
        return names[-1]

    yield started
    if names:
        docker("rm", "--force", *names)


def ask(
    host: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Mapping[str, str], dict[str, object]]:
    """Send one request and return status, headers and content."""
    connection = http.client.HTTPConnection(host, 8080, timeout=10)
    connection.request("POST" if body else "GET", path, body, dict(headers or {}))
    answer = connection.getresponse()
    content: dict[str, object] = json.loads(answer.read())
    connection.close()
    return answer.status, dict(answer.getheaders()), content


def test_a_healthy_version_tells_what_it_was_asked(start: Start) -> None:
    name = start(ensure_app("lab-test", APP_DELAY_MS="20"))
    wait_until(lambda: health(name) == "healthy")
    host = address(name)

    status, headers, content = ask(host, "/shop/cart?a=1", body=b"two", headers={"X-Asked": "yes"})
    began = time.monotonic()
    slow, *_ = ask(host, "/slow?ms=200")

    assert (status, slow, headers["X-App-Version"]) == (200, 200, "lab-test")
    assert time.monotonic() - began >= 0.22
    assert (content["path"], content["query"]) == ("/shop/cart", "a=1")
    assert (content["method"], content["length"]) == ("POST", 3)
    assert content["sha256"] == hashlib.sha256(b"two").hexdigest()
    asked = content["headers"]
    assert isinstance(asked, dict)
    assert (asked["x-asked"], asked["host"]) == ("yes", f"{host}:8080")
    assert content["host"] == docker("inspect", "--format", "{{.Config.Hostname}}", name)
    assert docker("exec", name, "id", "-u") == "10001"


def test_a_version_is_made_again_only_if_its_environment_changes() -> None:
    def identity(**env: str) -> str:
        return docker("image", "inspect", "--format", "{{.Id}} {{.Config.Env}}", ensure_app("lab-again", **env))

    first = identity(APP_FAIL="10", NOTE='a "quoted" $HOME')
    assert 'NOTE=a "quoted" $HOME' in first
    assert identity(APP_FAIL="10", NOTE='a "quoted" $HOME') == first
    assert "APP_FAIL=20" in identity(APP_FAIL="20")
    assert ensure_app(images.VERSIONS["app"]) == images.tag("app")
    with pytest.raises(LabError, match="choose another version"):
        ensure_app(images.VERSIONS["app"], APP_FAIL="1")


def test_a_bad_version_fails_as_told(start: Start) -> None:
    ailing = start(ensure_app("lab-bad", APP_HEALTH="bad", APP_FAIL="25"))
    late = start(images.ensure_image("app"), APP_START_S="2")
    wait_until(lambda: health(ailing) == "unhealthy", 20)

    statuses = [ask(address(ailing), "/")[0] for _ in range(8)]

    assert statuses == [200, 200, 200, 500] * 2
    assert ask(address(ailing), "/health")[0] == 503
    logged = docker("logs", "--timestamps", late).split()[0]
    began = docker("inspect", "--format", "{{.State.StartedAt}}", late)
    assert seconds_of(logged) - seconds_of(began) >= 2


def seconds_of(stamp: str) -> float:
    """The second of the day that a time stamp of the engine names."""
    hours, minutes, seconds = stamp.partition("T")[2].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def test_text_comes_back_over_a_websocket_until_the_stop(start: Start) -> None:
    name = start(images.ensure_image("app"))
    wait_until(lambda: health(name) == "healthy")
    key = base64.b64encode(bytes(16)).decode()
    accept = base64.b64encode(
        hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode(), usedforsecurity=False).digest()
    )
    with socket.create_connection((address(name), 8080), timeout=10) as connection, connection.makefile("rb") as file:
        connection.sendall(
            b"GET /chat HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key.encode() + b"\r\n\r\n"
        )
        head = b"".join(iter(file.readline, b"\r\n"))
        mask = b"mask"
        for text in (b"hello", b"x" * 300):
            size = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
            masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(text))
            connection.sendall(b"\x81" + size + mask + masked)
        echoed = file.read(2 + 5 + 4 + 300)
        docker("stop", name)
        rest = file.read()

    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Accept: " + accept in head
    assert echoed == b"\x81\x05hello" + b"\x81\x7e\x01\x2c" + b"x" * 300
    assert rest == b"\x88\x02\x03\xe9"


@pytest.mark.parametrize("way", ["graceful", "abrupt"])
def test_a_stop_finishes_what_is_under_way_or_does_not(start: Start, way: str) -> None:
    name = start(images.ensure_image("app"), APP_STOP=way)
    wait_until(lambda: health(name) == "healthy")
    host, got = address(name), list[str]()

    def slow() -> None:
        try:
            got.append(ask(host, "/slow?ms=1000")[1]["Connection"])
        except (http.client.HTTPException, OSError):
            got.append("lost")

    asking = threading.Thread(target=slow)
    with Running(Target(host, 8080), Pace(connections=4, timeout_s=0.5, asks=Pace().asks[:1])) as running:
        asking.start()
        time.sleep(0.4)
        docker("stop", name)
        asking.join()
    load = running.stop()

    assert got == (["close"] if way == "graceful" else ["lost"])
    assert docker("inspect", "--format", "{{.State.ExitCode}}", name) == "0"
    assert load.succeeded > 20
    assert set(load.failed) <= {"refused", "unreachable", "stale", "timeout", "unanswered"}
