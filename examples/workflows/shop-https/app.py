# ruff: noqa: INP001
"""The shop's web server: answers at / and /health after it asked the cache and the database. Standard library only."""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 8000
LIMIT_S = 2.0


def ask_redis() -> bool:
    """Whether the cache takes the password and answers a PING."""
    password = os.environ["REDIS_PASSWORD"].encode()
    with socket.create_connection(("redis", 6379), timeout=LIMIT_S) as connection, connection.makefile("rb") as answers:
        connection.sendall(b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%s\r\n*1\r\n$4\r\nPING\r\n" % (len(password), password))
        return answers.readline() == b"+OK\r\n" and answers.readline() == b"+PONG\r\n"


def ask_database() -> bool:
    """Whether PostgreSQL takes a start-up message, which it answers by asking for the password (R) once it serves."""
    names = b"user\0shop\0database\0shop\0\0"
    with socket.create_connection(("db", 5432), timeout=LIMIT_S) as connection:
        connection.sendall(struct.pack("!II", 8 + len(names), 3 << 16) + names)
        return connection.recv(1) == b"R"


def state() -> dict[str, str]:
    """What each of the two said."""
    found: dict[str, str] = {}
    for name, ask in (("db", ask_database), ("redis", ask_redis)):
        try:
            found[name] = "reached" if ask() else "refused"
        except OSError as error:
            found[name] = type(error).__name__
    return found


class Shop(BaseHTTPRequestHandler):
    """The pages of the shop."""

    def do_GET(self) -> None:
        """Answer / and /health with what was found, 503 where something is missing."""
        if self.path not in {"/", "/health"}:
            self.send_error(404)
            return
        found = state()
        well = set(found.values()) == {"reached"}
        body = json.dumps({"shop": "open" if well else "closed", **found}).encode()
        self.send_response(200 if well else 503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def check_health() -> None:
    """Ask the running server; any answer but 200 is an error, and so the exit code of the health check."""
    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=2 * LIMIT_S).close()


if __name__ == "__main__":
    if sys.argv[1:] == ["health"]:
        check_health()
    else:
        ThreadingHTTPServer(("", PORT), Shop).serve_forever()
