"""A web application behind a real proxy under load, released through the command line as a person would."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.load import Load, Pace, Running
from evals.load_wire import Target
from tests.lab import apps, fixtures, images
from tests.live.failures import docker

HOST = "app.test"
LIMIT_S = 150
# A shell's background jobs are started without it, and so would be the agent.
HEARS_CTRL_C = """
import signal
from docker_agent.surfaces.entry import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""
STEP = re.compile(r"\[(\d+)/(\d+)\]")
TRAEFIK = """\
    command:
      - --providers.docker.exposedbydefault=false
      - --providers.docker.constraints=Label(`com.docker.compose.project`,`PROJECT`)
      - --providers.file.directory=/etc/traefik/dynamic
      - --providers.file.watch=true
      - --entrypoints.web.address=:80
      - --api.insecure=true
      - --accesslog=true
    volumes: ["{socket}:/var/run/docker.sock", "./dynamic:/etc/traefik/dynamic"]
"""
# Traefik takes changes over at once, where many releases follow each other.
QUICK = "      - --providers.providersthrottleduration=200ms\n    volumes"
# Asked often while it starts, and seldom then, so that the checks do not take what the load needs.
HEALTH = "    healthcheck: {interval: 3s, timeout: 3s, retries: 2, start_period: 3s, start_interval: 300ms}\n"
NGINX_SITE = """\
server {
    listen 80;
    server_name app.test;
    location / {
        proxy_set_header Host $host;
        proxy_pass http://web:8080;
    }
}
"""
CADDY_SITE = "http://app.test {\n\t# the shop\n\treverse_proxy web:8080\n}\n"


@dataclass(frozen=True)
class Subject:
    """One proxy to release behind.

    Attributes
    ----------
    body: what the compose file says of it; `{socket}` is the engine's.
    files: what lies in the project's folder, by path; a name that ends with a slash is a folder.
    reload_drops: a reload closes idle connections of clients, so a request on its way on one is lost and sent again.
    """

    kind: str
    image: str
    body: str
    files: Mapping[str, str]
    reload_drops: bool = True


SUBJECTS = {
    each.kind: each
    for each in (
        Subject("traefik", "traefik", TRAEFIK, {"dynamic/": ""}, reload_drops=False),
        Subject(
            "traefik-quick", "traefik", TRAEFIK.replace("    volumes", QUICK), {"dynamic/": ""}, reload_drops=False
        ),
        Subject("traefik-3-2", "traefik-3.2", TRAEFIK, {"dynamic/": ""}, reload_drops=False),
        Subject(
            "nginx",
            "nginx",
            '    depends_on: [web]\n    volumes: ["./conf.d:/etc/nginx/conf.d"]\n',
            {"conf.d/app.conf": NGINX_SITE},
        ),
        Subject("caddy", "caddy", '    volumes: ["./caddy:/etc/caddy"]\n', {"caddy/Caddyfile": CADDY_SITE}),
    )
}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All that it said."""
        return f"{self.out}\n{self.err}"


@dataclass
class Started:
    """A command that is under way; its standard error is read line by line."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list[str])
    steps: int = 0

    def reach(self, wanted: Callable[[int, str], bool]) -> int:
        """Wait until a step is told that is wanted, by number and text, and return its number."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if found := STEP.search(line):
                number, self.steps = int(found[1]), int(found[2])
                if wanted(number, line):
                    return number
        self.kill()
        raise AssertionError(f"that step was not reached: {''.join(self.lines)}")

    def kill(self) -> None:
        """Kill the process alone, as the kernel does where memory runs out; what it started goes on."""
        self.process.kill()
        self.process.wait(10)
        self._close()

    def interrupt(self) -> Ended:
        """Press Ctrl-C and wait for the end."""
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def end(self) -> Ended:
        """Wait for the end."""
        out, err = self.process.communicate(timeout=LIMIT_S)
        return Ended(self.process.returncode, out, "".join(self.lines) + err)

    def _close(self) -> None:
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@dataclass
class Place:
    """A running project of a proxy and the service `web`, in a folder of its own, reached at `ip`."""

    subject: Subject
    root: Path
    topic: str
    ip: str = ""
    figures: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def project(self) -> str:
        """The compose project's name."""
        return f"dalab-{self.topic}-{self.subject.kind}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables of the command line."""
        state = {"DOCKER_AGENT_STATE": str(self.root.parent / f"{self.subject.kind}-state"), "COLUMNS": "200"}
        return {**os.environ, **fixtures.engine_environment(), **state}

    @property
    def image(self) -> str:
        """The image that the compose file gives the service."""
        found = re.search(r"(?m)^ +image: (\S*/app:\S+)$", (self.root / "compose.yaml").read_text())
        assert found, (self.root / "compose.yaml").read_text()
        return found[1].rpartition(":")[2]

    def up(self, version: str) -> None:
        """Start everything anew, with no release in the past."""
        self.down()
        socket = self.environment["DOCKER_HOST"].removeprefix("unix://")
        for path, text in self.subject.files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            if not path.endswith("/"):
                (self.root / path).write_text(text)
        body = self.subject.body.replace("{socket}", socket).replace("PROJECT", self.project)
        labels = (
            "    labels:\n"
            '      traefik.enable: "true"\n'
            f"      traefik.http.routers.web.rule: Host(`{HOST}`)\n"
            '      traefik.http.services.web.loadbalancer.server.port: "8080"\n'
        )
        (self.root / "compose.yaml").write_text(
            f"name: {self.project}\nservices:\n  edge:\n    image: {images.ensure_image(self.subject.image)}\n{body}"
            f'  # the shop\n  web:\n    image: docker-agent-lab/app:{version}\n    expose: ["8080"]\n{HEALTH}'
            f"{labels if 'traefik' in self.subject.kind else ''}"
        )
        started = docker("compose", "up", "-d", "--wait", cwd=self.root)
        assert started.returncode == 0, started.stderr
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
        self.ip = docker("inspect", "-f", template, f"{self.project}-edge-1").stdout.split()[0]
        until = time.monotonic() + 60
        while self.asked() != version:
            assert time.monotonic() < until, f"{self.project} does not serve {version}"
            time.sleep(0.1)

    def down(self) -> None:
        """Take everything down."""
        docker("compose", "-p", self.project, "kill", cwd=self.root)
        docker("compose", "-p", self.project, "down", "--remove-orphans", "-t", "0", cwd=self.root)

    def forget_stopped(self) -> None:
        """Remove the containers that releases kept."""
        docker("compose", "rm", "--force", "web", cwd=self.root)

    def agent(self, *words: str) -> Ended:
        """Run a command of the agent to its end, with a yes."""
        return self.start(*words).end()

    def start(self, *words: str) -> Started:
        """Start a command of the agent, with a yes."""
        return Started(
            subprocess.Popen(
                [sys.executable, "-c", HEARS_CTRL_C, *words, "--yes"],
                cwd=self.root,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )

    def status(self) -> dict[str, Any]:
        """What `release status` says of the newest release."""
        ended = self.agent("release", "status", "web", "--json")
        assert ended.code == 0, ended.said
        return json.loads(ended.out)["data"]["releases"][0]

    @property
    def target(self) -> Target:
        """Where the load goes."""
        return Target(self.ip, 80, HOST)

    def load(self) -> Running:
        """Forty connections that ask for everything that a release may break."""
        return Running(self.target, Pace(rate=30, retry_stale=self.subject.reload_drops))

    def lost(self, load: Load, case: str) -> dict[str, int]:
        """Failures that are the release's; a POST that met a connection closed by a reload is kept apart."""
        self.figures[case] = load.summary().replace("\n", "; ")
        print(f"{self.subject.kind}, {case}: {self.figures[case]}")
        excused = {"stale"} if self.subject.reload_drops else set[str]()
        return {kind: count for kind, count in load.failed.items() if kind not in excused}

    def asked(self, headers: Mapping[str, str] | None = None) -> str:
        """The version that answers one request, "" for none."""
        return self.answered(headers)[0]

    def answered(self, headers: Mapping[str, str] | None = None) -> tuple[str, str]:
        """The version that answers one request, and the cookie that it sets."""
        client = http.client.HTTPConnection(self.ip, 80, timeout=5)
        try:
            client.request("GET", "/", headers={"Host": HOST, **(headers or {})})
            answer = client.getresponse()
            answer.read()
        except OSError:
            return "", ""
        finally:
            client.close()
        return answer.getheader("X-App-Version") or "", (answer.getheader("Set-Cookie") or "").partition(";")[0]

    def stays(self, asks: int, program: str) -> set[str]:
        """The versions that answer one client, which keeps its cookie and has this program."""
        headers = {"User-Agent": program}
        first, cookie = self.answered(headers)
        return {first, *(self.asked(headers | ({"Cookie": cookie} if cookie else {})) for _ in range(asks))}

    def containers(self) -> dict[str, str]:
        """The service's containers with the state of each."""
        lines = docker("compose", "ps", "-a", "--format", "{{.Name}} {{.State}}", "web", cwd=self.root).stdout
        return dict(line.split() for line in lines.splitlines())

    def running(self) -> list[str]:
        """The ids of the service's running containers."""
        return docker("compose", "ps", "-q", "web", cwd=self.root).stdout.split()

    def left_over(self) -> list[str]:
        """What of an ended release is still there: files of the proxy, and containers other than old and new."""
        said: list[str] = []
        present = {
            str(path.relative_to(self.root)): path.read_text()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and path.name != "compose.yaml"
        }
        expected = {path: text for path, text in self.subject.files.items() if not path.endswith("/")}
        if present != expected:
            said.append(f"files: {present}")
        states = sorted(self.containers().values())
        if states not in (["running"], ["exited", "running"]):
            said.append(f"containers: {self.containers()}")
        return said

    def up_recreates(self) -> list[str]:
        """What `docker compose up` makes of the service that runs; nothing, where it is as the compose file says."""
        before = self.running()
        done = docker("compose", "up", "-d", "--no-deps", "web", cwd=self.root)
        after = self.running()
        return [] if done.returncode == 0 and before == after else [f"{before} became {after}: {done.stderr}"]


GOOD, ABRUPT, NEXT, SICK, ERRORS, SLOW = ("1.0-good", "2.0-abrupt", "3.0-good", "4.0-sick", "5.0-errors", "6.0-slow")


def make_versions() -> None:
    """Make the application's versions: good ones, one of which stops at once, and three that are not good."""
    apps.ensure_app(GOOD)
    apps.ensure_app(ABRUPT, APP_STOP="abrupt")
    apps.ensure_app(NEXT)
    apps.ensure_app(SICK, APP_HEALTH="bad")
    apps.ensure_app(ERRORS, APP_FAIL="50")
    apps.ensure_app(SLOW, APP_DELAY_MS="1500")
