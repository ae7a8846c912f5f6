# ruff: noqa: INP001
"""A small web application that needs PostgreSQL and Redis; standard library only."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def redis_answers() -> bool:
    """Whether Redis answers a PING."""
    with socket.create_connection((os.environ["REDIS_HOST"], 6379), timeout=2) as line:
        line.sendall(b"*1\r\n$4\r\nPING\r\n")
        return line.recv(16).startswith(b"+PONG")


def postgres_answers() -> bool:
    """Whether PostgreSQL answers the question for TLS, the first of its protocol."""
    with socket.create_connection((os.environ["POSTGRES_HOST"], 5432), timeout=2) as line:
        line.sendall(struct.pack("!ii", 8, 80877103))
        return line.recv(1) in {b"S", b"N"}


class Handler(BaseHTTPRequestHandler):
    """Answers with what it reaches."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer any path."""
        reached = {}
        for name, answers in (("postgres", postgres_answers), ("redis", redis_answers)):
            try:
                reached[name] = answers()
            except OSError:
                reached[name] = False
        body = json.dumps({"shop": "open", **reached}).encode()
        self.send_response(200 if all(reached.values()) else 503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Say nothing for each request; Traefik does."""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ThreadingHTTPServer(("", 8080), Handler).serve_forever()
