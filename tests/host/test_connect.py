"""Finding the engine: what is said where none answers, the context is wrong, or the engine is too old."""

from __future__ import annotations

import gc
import json
import socket
import socketserver
import threading
import time
import warnings
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import docker.errors
import pytest
import requests

from docker_agent.core.errors import AgentError, EngineUnreachable, InputError
from docker_agent.host.connect import Connection, asking, reason
from docker_agent.host.engine import connect

pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(autouse=True, scope="module")
def nothing_left() -> Iterator[None]:
    """Collect the sockets that docker-py drops unclosed where its first question fails, before the next module."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@contextmanager
def engine_that_answers(
    socket_path: Path, status: int, body: str, *, slow_s: float = 0.0, slow_path: str = "nosuch"
) -> Generator[str]:
    """An engine on a Unix socket that gives the same answer to every question, to one of them late."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(slow_s if slow_path in self.path else 0)
            with suppress(BrokenPipeError):
                self.answer()

        def answer(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def address_string(self) -> str:
            return "client"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

    server = Server(str(socket_path), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"unix://{socket_path}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def version(api: str) -> str:
    return json.dumps({"ApiVersion": api, "MinAPIVersion": "1.12", "Version": "x"})


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("unix:///nosuch/docker.sock", "there is no socket"),
        ("tcp://127.0.0.1:1", "connection refused"),
        ("tcp://nosuch.invalid:2375", "the host name is unknown"),
        ("nonsense", ""),
        ("foo://bar", ""),
        ("tcp://127.0.0.1:port", ""),
    ],
)
def test_no_engine_is_said_with_the_reason_and_the_next_step(address: str, why: str) -> None:
    with pytest.raises(EngineUnreachable) as caught:
        connect({"DOCKER_HOST": address}).reads.engine()

    assert caught.value.exit_code == 4
    assert address in caught.value.message
    assert why in caught.value.message
    assert caught.value.next_step


def test_nothing_is_asked_before_the_first_verb() -> None:
    host = connect({"DOCKER_HOST": "unix:///nosuch/docker.sock"})

    assert host.reads.now() > 0


def test_a_socket_that_may_not_be_opened_is_no_engine(tmp_path: Path) -> None:
    (tmp_path / "file.sock").write_text("not a socket")

    with pytest.raises(EngineUnreachable):
        connect({"DOCKER_HOST": f"unix://{tmp_path}/file.sock"}).reads.containers()


@pytest.mark.parametrize("name", ["ghost-dalab-ta", "../..", "a b"])
def test_a_context_that_does_not_exist_is_not_replaced_by_the_default(name: str) -> None:
    connection = Connection({"DOCKER_CONTEXT": name})
    for verb in (lambda: connection.context, lambda: connection.api):
        with pytest.raises(InputError, match="named by DOCKER_CONTEXT does not exist"):
            verb()


def test_the_variable_for_the_host_wins_over_the_context() -> None:
    connection = Connection({"DOCKER_HOST": "tcp://a:1", "DOCKER_CONTEXT": "ghost-dalab-ta"})

    assert (connection.context, connection.endpoint) == ("DOCKER_HOST", "tcp://a:1")


@pytest.mark.parametrize("api", ["1.24", "1.42"])
def test_an_engine_that_is_too_old_is_refused(tmp_path: Path, api: str) -> None:
    with engine_that_answers(tmp_path / "s", 200, version(api)) as address, pytest.raises(EngineUnreachable) as caught:
        Connection({"DOCKER_HOST": address}).api  # noqa: B018

    assert f"speaks API {api}" in caught.value.message
    assert caught.value.next_step == "Upgrade Docker Engine."


def test_an_engine_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    with engine_that_answers(tmp_path / "s", 200, version("1.43")) as address:
        connection = Connection({"DOCKER_HOST": address})

        assert connection.api.api_version == "1.43"
        assert connection.api is connection.api


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, '{"message": "broken"}'), (404, "page not found"), (200, "<html>"), (200, "{}"), (200, "[]"), (200, "")],
)
def test_what_is_no_engine_is_refused(tmp_path: Path, status: int, body: str) -> None:
    with engine_that_answers(tmp_path / "s", status, body) as address, pytest.raises(EngineUnreachable):
        connect({"DOCKER_HOST": address}).reads.engine()


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[str]:
    """An engine's socket that takes connections and never answers."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "s"))
        door.listen(64)
        yield f"unix://{tmp_path}/s"


def test_an_engine_that_never_answers_is_given_up_soon_and_once_for_all_threads(silent: str) -> None:
    connection = Connection({"DOCKER_HOST": silent}, handshake_s=1)
    began = time.monotonic()

    def ask(_number: int) -> str:
        with pytest.raises(EngineUnreachable) as caught:
            connection.api  # noqa: B018
        return caught.value.message

    with ThreadPoolExecutor(8) as pool:
        said = set(pool.map(ask, range(16)))

    assert said == {f"No Docker Engine answers at {silent} (context DOCKER_HOST): timed out."}
    assert 1 <= time.monotonic() - began < 3


def test_an_engine_that_takes_no_more_connections_is_not_waited_for(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as door, ExitStack() as callers:
        door.bind(str(tmp_path / "s"))
        door.listen(0)
        with suppress(BlockingIOError):
            for _ in range(8):
                caller = callers.enter_context(socket.socket(socket.AF_UNIX))
                caller.setblocking(False)
                caller.connect(str(tmp_path / "s"))
        began = time.monotonic()
        with pytest.raises(EngineUnreachable):
            Connection({"DOCKER_HOST": f"unix://{tmp_path}/s"}, handshake_s=1).api  # noqa: B018
        assert time.monotonic() - began < 3


def test_an_engine_that_comes_after_a_quick_refusal_is_found_at_once(tmp_path: Path) -> None:
    connection = Connection({"DOCKER_HOST": f"unix://{tmp_path}/s"})
    with pytest.raises(EngineUnreachable):
        connection.api  # noqa: B018

    with engine_that_answers(tmp_path / "s", 200, version("1.43")):
        assert connection.api.api_version == "1.43"


def test_calls_after_the_handshake_may_take_longer(tmp_path: Path) -> None:
    with engine_that_answers(tmp_path / "s", 200, version("1.43"), slow_s=1.5, slow_path="/info") as address:
        slow = Connection({"DOCKER_HOST": address}, handshake_s=1)
        hasty = Connection({"DOCKER_HOST": address}, timeout_s=1)

        assert slow.api.info()["ApiVersion"] == "1.43"
        with pytest.raises(EngineUnreachable, match="timed out"), asking("engine"):
            hasty.api.info()


@pytest.mark.parametrize(
    ("raised", "kind", "words"),
    [
        (docker.errors.NotFound("x", explanation="No such container: web"), InputError, "No such container: web."),
        (requests.exceptions.ConnectionError("Connection refused"), EngineUnreachable, "connection refused"),
        (requests.exceptions.ReadTimeout("Read timed out"), EngineUnreachable, "timed out"),
        (ConnectionResetError("reset"), EngineUnreachable, "reset"),
        (docker.errors.APIError("boom\nmore"), AgentError, "boom more."),
    ],
)
def test_the_clients_errors_become_ours(raised: Exception, kind: type[AgentError], words: str) -> None:
    with pytest.raises(kind) as caught, asking("container web"):
        raise raised

    assert type(caught.value) is kind
    assert caught.value.message.startswith("container web: ")
    assert words in caught.value.message


def test_a_bug_is_not_dressed_up_as_an_engine_error() -> None:
    with pytest.raises(KeyError), asking("x"):
        raise KeyError("bug")


def test_a_long_nested_error_is_cut_to_its_first_line() -> None:
    assert len(reason(Exception("a" * 500 + "\nsecond"))) == 200
    assert reason(Exception("first.\nsecond")) == "first"
