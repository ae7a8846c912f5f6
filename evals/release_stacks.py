"""A stack for each kind of proxy with the lab's application behind it, up for one measurement and then taken away."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evals.load_wire import Target
from tests.lab import fixtures, images
from tests.lab.apps import ensure_app

HOST = "app.test"
OLD, NEW = "bench-1", "bench-2"
STEP_S = 300.0
READY_S = 120.0
COMPOSE = """name: dalab-bench-{name}
services:
  proxy:
    image: {proxy}
    depends_on: [web]
    {body}
  web:
    image: {app}
    expose: ["8080"]
    environment: {{APP_STOP: {stop}}}
    healthcheck: {{timeout: 10s}}
    labels:
      traefik.enable: "true"
      traefik.http.routers.web.rule: Host(`app.test`)
      traefik.http.services.web.loadbalancer.server.port: "8080"
"""
TRAEFIK = """command:
      - --providers.docker.exposedbydefault=false
      - --providers.docker.constraints=Label(`com.docker.compose.project`,`dalab-bench-traefik`)
      - --providers.file.directory=/etc/traefik/dynamic
      - --entrypoints.web.address=:80
      - --api.insecure=true
      - --accesslog=true
    volumes: ["{socket}:/var/run/docker.sock", "./dynamic:/etc/traefik/dynamic"]"""
NGINX_SITE = f"""server {{
    listen 80;
    server_name {HOST};
    location / {{
        proxy_set_header Host $host;
        proxy_pass http://web:8080;
    }}
}}
"""
CADDY_SITE = f"""http://{HOST} {{
	reverse_proxy web:8080
}}
"""


@dataclass(frozen=True)
class Kind:
    """One proxy as it is used in a project.

    Attributes
    ----------
    retry_stale: whether the load repeats a GET whose idle connection was closed, as clients do.
    look_again: what makes it look up the service's servers again; empty where it does so by itself.
    """

    name: str
    body: str
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    retry_stale: bool = True
    look_again: tuple[str, ...] = ()


KINDS = (
    Kind("traefik", TRAEFIK, {"dynamic/.keep": ""}, retry_stale=False),
    Kind(
        "nginx",
        'volumes: ["./conf.d:/etc/nginx/conf.d"]',
        {"conf.d/app.conf": NGINX_SITE},
        look_again=("nginx", "-s", "reload"),
    ),
    Kind("caddy", 'volumes: ["./caddy:/etc/caddy"]', {"caddy/Caddyfile": CADDY_SITE}),
)


class StepFailed(Exception):
    """A command of a measurement did not succeed; the message ends with what it said."""


@dataclass(frozen=True)
class Stack:
    """A running stack in a folder of its own."""

    kind: Kind
    root: Path
    old: str
    new: str

    def run(self, *argv: str) -> str:
        """Run a command in the stack's folder and return what it prints.

        Raises
        ------
        StepFailed: it did not succeed.
        """
        environment = {
            **os.environ,
            **fixtures.engine_environment(),
            "DOCKER_AGENT_STATE": str(self.root / ".state"),
        }
        said = " ".join(argv).replace(f"{sys.executable} -m docker_agent", "docker-agent")
        try:
            done = subprocess.run(
                argv, cwd=self.root, env=environment, capture_output=True, text=True, check=False, timeout=STEP_S
            )
        except subprocess.TimeoutExpired as error:
            raise StepFailed(f"{said}: not done in {STEP_S:.0f} s") from error
        if done.returncode:
            raise StepFailed(f"{said}: {(done.stderr or done.stdout).strip()[-600:]}")
        return done.stdout

    def compose(self, *words: str) -> str:
        """Run Compose on the stack."""
        return self.run("docker", "compose", *words)

    def agent(self, *words: str) -> str:
        """Run docker-agent on the stack."""
        return self.run(sys.executable, "-m", "docker_agent", *words)

    def web(self) -> set[str]:
        """The containers of the service."""
        return set(self.compose("ps", "--quiet", "web").split())

    def name_new_image(self) -> None:
        """Write the new image into the compose file, as a person would."""
        path = self.root / "compose.yaml"
        path.write_text(path.read_text().replace(self.old, self.new))

    def wait_healthy(self, containers: set[str]) -> None:
        """Wait until all of these containers are healthy."""
        until = time.monotonic() + READY_S
        template = "{{.State.Health.Status}}"
        while set(self.run("docker", "inspect", "--format", template, *containers).split()) != {"healthy"}:
            if time.monotonic() > until:
                raise StepFailed(f"{containers} are not healthy after {READY_S:.0f} s")
            time.sleep(0.2)

    def look_again(self) -> None:
        """Make the proxy look up the service's servers again, where it does not do so by itself."""
        if self.kind.look_again:
            self.compose("exec", "-T", "proxy", *self.kind.look_again)

    def target(self) -> Target:
        """Where the proxy is reached, with no proxy of the engine in between."""
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
        ids = self.compose("ps", "--quiet", "proxy").split()
        return Target(self.run("docker", "inspect", "--format", template, *ids).split()[0], 80, HOST)


@contextlib.contextmanager
def stack(kind: Kind, stop: str) -> Generator[Stack]:
    """Bring a stack up with an application that stops `abrupt` or `graceful`, and take it away whatever happens."""
    proxy = images.ensure_image(kind.name)
    old, new = ensure_app(OLD), ensure_app(NEW)
    environment = {**os.environ, **fixtures.engine_environment()}
    socket = environment.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    with tempfile.TemporaryDirectory(prefix=f"dalab-bench-{kind.name}-") as folder:
        made = Stack(kind, Path(folder), old, new)
        body = kind.body.replace("{socket}", socket)
        text = COMPOSE.format(name=kind.name, proxy=proxy, body=body, app=old, stop=stop)
        for path, content in {"compose.yaml": text, **kind.files}.items():
            place = made.root / path
            place.parent.mkdir(exist_ok=True)
            place.write_text(content)
        try:
            take_away(made)
            made.compose("up", "--detach", "--quiet-pull")
            made.wait_healthy(made.web())
            yield made
        finally:
            take_away(made)


def take_away(made: Stack) -> None:
    """Remove all that belongs to the stack's project, also what an earlier run left."""
    made.compose("down", "--volumes", "--remove-orphans", "--timeout", "0")
