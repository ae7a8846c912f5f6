"""Real proxies with small applications behind them, to which routes are added through the door as a person would."""

from __future__ import annotations

import base64
import http.client
import json
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.doors import Watch
from tests.lab import apps, fixtures
from tests.lab.authority import Authority
from tests.live.failures import docker

from docker_agent.app import Options, Session, open_session
from docker_agent.dispatch import Outcome
from docker_agent.policy.approve import NoApprover
from docker_agent.policy.permit import Mode

RUN = secrets.token_hex(2)
# The image's own check once a second in so many containers would be all that the machine does.
SELDOM = "{interval: 60s, start_period: 30s, start_interval: 500ms}"
PASSWORD = "correct-horse-7"
APPLICATIONS = ("one", "two", "chat", "api", "closed", "many")
# Its version comes from its image, so that a new image is a new version.
RELEASED = "safe"


@dataclass(frozen=True)
class Subject:
    """One proxy to try.

    Attributes
    ----------
    body: the service `edge` in the compose file, below its networks; `{socket}` is the engine's, `{project}` its own.
    files: what lies in the project's folder, by path.
    """

    name: str
    image: str
    body: str
    files: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def project(self) -> str:
        """The compose project's name, of this run alone."""
        return f"dalab-routes-{self.name}-{RUN}"


@dataclass
class Place:
    """A running proxy with its applications, each on a network that the proxy is not on."""

    subject: Subject
    root: Path
    authority: Authority
    session: Session
    outcomes: dict[str, Outcome] = field(default_factory=dict[str, Outcome])

    @property
    def ip(self) -> str:
        """Where the proxy is reached from this machine."""
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
        return docker("inspect", "-f", template, f"{self.subject.project}-edge-1").stdout.split()[0]

    def add(self, case: str, **arguments: Any) -> None:
        """Add a route, and keep what came of it."""
        self.outcomes[case] = self.session.call("proxy_add_route", {"proxy": "edge", **arguments})

    def ask(
        self, host: str, path: str = "/", *, tls: bool = False, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and content of what the proxy answers."""
        connection = socket.create_connection((self.ip, 443 if tls else 80), timeout=10)
        client = http.client.HTTPConnection(host, timeout=10)
        client.sock = (
            self.authority.client_context().wrap_socket(connection, server_hostname=host) if tls else connection
        )
        client.request("GET", path, headers={"Host": host, **(headers or {})})
        answer = client.getresponse()
        body = answer.read().decode("utf-8", "replace")
        client.close()
        content: dict[str, Any] = json.loads(body) if body.startswith("{") else {"text": body}
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content

    def greet(self, host: str) -> bytes:
        """What a WebSocket gives back of a greeting."""
        with socket.create_connection((self.ip, 80), timeout=10) as connection:
            key = base64.b64encode(os.urandom(16)).decode()
            head = f"GET /talk HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            connection.sendall(f"{head}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
            answer = connection.recv(4096)
            while b"\r\n\r\n" not in answer:
                answer += connection.recv(4096)
            assert answer.startswith(b"HTTP/1.1 101 "), answer
            connection.sendall(b"\x81\x85\x00\x00\x00\x00hello")
            return answer.partition(b"\r\n\r\n")[2] or connection.recv(4096)


def start(subject: Subject, root: Path) -> Place:
    """Start a proxy and its applications, and open a session in their folder."""
    root.mkdir(parents=True)
    root.parent.chmod(0o755)
    authority = Authority(root / "certs")
    authority.certify("safe.test")
    engine = fixtures.engine_environment()
    socket_path = engine["DOCKER_HOST"].removeprefix("unix://")
    applications = "".join(
        f"  {name}: {{image: docker-agent-lab/app:1, environment: {{APP_VERSION: {name}}}, healthcheck: {SELDOM}}}\n"
        for name in APPLICATIONS
    )
    applications += f"  {RELEASED}: {{image: {apps.ensure_app(RELEASED)}, healthcheck: {SELDOM}}}\n"
    body = subject.body.replace("{socket}", socket_path).replace("{project}", subject.project)
    for path, text in subject.files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / ".env").write_text(f"ADMIN_PASSWORD={PASSWORD}\n")
    (root / "compose.yaml").write_text(
        f"name: {subject.project}\nservices:\n  edge:\n    image: {subject.image}\n    networks: [edge]\n"
        f"{body}{applications}networks:\n  edge: {{}}\n"
    )
    started = docker("compose", "up", "-d", cwd=root)
    assert started.returncode == 0, started.stderr
    session = open_session(
        Options(root=root, mode=Mode(yes=True)),
        screen=Watch(),
        approver=NoApprover(),
        environment={**os.environ, **engine, "DOCKER_AGENT_STATE": str(root.parent / f"{subject.name}-state")},
    )
    return Place(subject, root, authority, session)


def stop(subject: Subject) -> None:
    """Take everything of a subject down by its labels, whether its folder is still there or not."""
    docker("compose", "-p", subject.project, "kill", cwd=Path("/"))
    docker("compose", "-p", subject.project, "down", "--remove-orphans", "-t", "0", cwd=Path("/"))
