"""Probes against a real server on this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from docker_agent.core.errors import InputError
from docker_agent.host.probe import BODY_BYTES, probe


class Handler(BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    def do_GET(self) -> None:
        word = self.path.strip("/").partition("?")[0]
        self.send_response(int(word) if word.isdigit() else 200)
        self.send_header("Location", "/500")
        self.end_headers()
        self.wfile.write({"big": b"x" * 10 * BODY_BYTES, "bytes": b"\xff\xfe"}.get(word, self.path.encode()))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def closed() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize("status", [200, 204, 301, 404, 500, 503])
def test_the_status_is_told_and_redirects_are_not_followed(address: str, status: int) -> None:
    answer = probe(f"http://{address}/{status}")

    assert (answer.status, answer.error) == (status, "")


@pytest.mark.parametrize(("path", "asked"), [("", "/"), ("/a/b?c=d&e=f", "/a/b?c=d&e=f"), ("?x=1", "/?x=1")])
def test_path_and_query_are_asked_for(address: str, path: str, asked: str) -> None:
    assert probe(f"http://{address}{path}").body == asked


def test_a_long_body_is_cut_and_odd_bytes_are_replaced(address: str) -> None:
    assert len(probe(f"http://{address}/big").body) == BODY_BYTES
    assert probe(f"http://{address}/bytes").body == "\ufffd\ufffd"


def test_an_open_port_answers(address: str) -> None:
    answer = probe(f"tcp://{address}")
    assert (answer.status, answer.error) == (200, "")


def test_a_port_whose_connections_are_dropped_at_once_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drop() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=drop)
        thread.start()
        answer = probe(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        thread.join()
    assert (answer.status, answer.error) == (0, "the connection was taken and dropped")


@pytest.mark.parametrize("scheme", ["http", "https", "tcp"])
def test_a_closed_port_is_no_answer(closed: str, scheme: str) -> None:
    answer = probe(f"{scheme}://{closed}", timeout_s=2)

    assert answer.status == 0
    assert "refused" in answer.error


def test_a_server_without_a_certificate_is_no_answer(address: str) -> None:
    answer = probe(f"https://{address}", timeout_s=2)

    assert answer.status == 0
    assert answer.error


def test_an_unknown_name_is_no_answer() -> None:
    answer = probe("http://nosuch.invalid/", timeout_s=2)

    assert answer.status == 0
    assert answer.error


def test_silence_ends_with_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = probe(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_s=0.3)

    assert answer.status == 0
    assert "timed out" in answer.error
    assert answer.seconds < 5


def test_what_speaks_no_http_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")

        thread = threading.Thread(target=talk)
        thread.start()
        answer = probe(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout_s=2)
        thread.join()

    assert answer.status == 0
    assert answer.error


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "localhost:80",
        "ftp://a/",
        "file:///etc/passwd",
        "unix:///run/docker.sock",
        "http://",
        "tcp://host",
        "tcp://:80",
        "http://a:port/",
        "http://a:99999/",
        "http://[::1/",
        "http://a b/",
        "http://a/b c",
        "http://a/\r\nX: y",
        "http://" + "a" * 300 + "/",
    ],
)
def test_an_address_that_cannot_be_probed_is_refused_or_unanswered(url: str) -> None:
    try:
        answer = probe(url, timeout_s=1)
    except InputError:
        return
    assert answer.status == 0
    assert answer.error
