"""Probes against a real server on this machine."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

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
        heard = f"{self.headers['Host']} {self.headers['X-Canary']}".encode()
        bodies = {"big": b"x" * 10 * BODY_BYTES, "bytes": b"\xff\xfe", "heard": heard}
        self.wfile.write(bodies.get(word, self.path.encode()))

    def do_HEAD(self) -> None:
        self.send_response(204)
        self.end_headers()

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


def test_via_is_where_it_connects_and_the_url_says_whom_it_asks(address: str, closed: str) -> None:
    answer = probe("http://app.example.com/heard", via=address, headers=(("X-Canary", "1"),))

    assert (answer.status, answer.body) == (200, "app.example.com 1")
    assert answer.headers["location"] == "/500"
    assert probe("http://app.example.com:81/heard", via=address).body == "app.example.com:81 None"
    assert probe("http://app.example.com/", via=address, method="HEAD").status == 204
    assert probe("tcp://app.example.com:1", via=address).status == 200
    assert "refused" in probe(f"http://{address}/", via=closed).error


@pytest.mark.parametrize(
    "asked", [{"via": "here"}, {"via": "1.2.3.4:x"}, {"method": "POST"}, {"headers": (("X", "a\r\nY: b"),)}]
)
def test_what_cannot_be_asked_is_refused(address: str, asked: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        probe(f"http://{address}/", **asked)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server with a certificate for app.example.com that it issued itself, and that certificate's file."""
    folder = tmp_path_factory.mktemp("tls")
    pem = str(folder / "both.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", pem, "-out", str(folder / "cert.pem"), "-days", "30", "-subj", "/CN=lab"),
            *("-addext", "subjectAltName=DNS:app.example.com,DNS:*.test"),
        ],
        check=True,
        capture_output=True,
    )
    Path(pem).write_text(Path(pem).read_text() + (folder / "cert.pem").read_text())
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}", str(folder / "cert.pem")
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_certificate_is_told_whether_it_holds_or_not(tls: tuple[str, str]) -> None:
    address, pem = tls
    url = "https://app.example.com/heard"
    good = probe(url, via=address, ca=pem)
    unknown = probe(url, via=address)
    anyway = probe(url, via=address, insecure=True)
    other = probe("https://other.example.com/", via=address, ca=pem)

    assert (good.status, good.body) == (200, "app.example.com None")
    assert (unknown.status, anyway.status, other.status) == (0, 200, 0)
    wrong = {"good": good, "unknown": unknown, "anyway": anyway, "other": other}
    seen = {name: answer.certificate for name, answer in wrong.items() if answer.certificate}
    assert {name: each.names for name, each in seen.items()} == dict.fromkeys(wrong, ("app.example.com", "*.test"))
    assert {each.issuer for each in seen.values()} == {"lab"}
    assert all(abs(each.not_after - time.time() - 30 * 86_400) < 3_600 for each in seen.values())
    assert seen["good"].verify_error == ""
    assert "self-signed" in seen["unknown"].verify_error
    assert "self-signed" in seen["anyway"].verify_error
    assert "Hostname mismatch" in seen["other"].verify_error
    with pytest.raises(InputError, match="no certificates"):
        probe(url, via=address, ca="/nowhere.pem")
