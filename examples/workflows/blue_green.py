# ruff: noqa: INP001
"""A new version of a web application, blue-green behind Traefik, a bad one, and the way back: no request is lost."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field

from session import Failed, Session, ask, once_routed, run, session

HOST = "app.localhost"
APP = "docker-agent-lab/app:1"
VERSIONS = {"1.0": "", "1.1": "APP_STOP=abrupt", "1.2": "APP_HEALTH=bad"}
EVERY_S = 0.03


@dataclass
class Load:
    """Asks again and again on connections that are kept, and counts what fails."""

    port: int
    asked: int = 0
    failed: list[str] = field(default_factory=list[str])
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Ask until it is stopped."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        while not self.stop.wait(EVERY_S):
            self.asked += 1
            try:
                line.request("GET", "/", headers={"Host": HOST})
                answer = line.getresponse()
                answer.read()
                if answer.status != 200:
                    self.failed.append(str(answer.status))
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(str(error) or type(error).__name__)
                with suppress(OSError):
                    line.close()
        line.close()


def main() -> int:
    """Show it; the exit code is 1 where a request was lost, else that of the first failure."""
    with session("blue-green", ("traefik", "app")) as here:
        here.say(
            f"Versions {', '.join(VERSIONS)} are built FROM {APP}, each with its own ENV (tests/lab makes that image)."
        )
        for version, variable in VERSIONS.items():
            make_version(here, version, variable)
        here.docker("compose", "up", "-d", "--wait")
        port = int(here.docker("compose", "port", "traefik", "80").strip().rpartition(":")[2])
        if once_routed(port, HOST) != 200:
            raise Failed("Traefik does not serve the application")
        load = Load(port)
        asking = [threading.Thread(target=load.run) for _ in range(4)]
        for each in asking:
            each.start()
        try:
            show(here, port)
        finally:
            load.stop.set()
            for each in asking:
                each.join()
        here.say(f"{len(load.failed)} of {load.asked} requests failed. {' '.join(load.failed[:5])}".rstrip())
        return 1 if load.failed else 0


def show(here: Session, port: int) -> None:
    """Release, release a bad version, and go back, while requests go on."""
    here.say(f"{serving(port, '1.0')} Release 1.1, which ends at once when it is told to stop.")
    here.agent("--model", "offline", "--yes", "release web 1.1 blue-green, watch it for 5 seconds")
    here.agent("release", "status")
    here.say(f"{serving(port, '1.1')} Version 1.2 never becomes healthy: it goes by itself, and the exit code is 1.")
    here.agent("--yes", "release", "start", "web", "1.2", "--drain-s", "1", expect=1)
    here.say(f"{serving(port, '1.1')} Back to 1.0.")
    here.agent("--model", "offline", "--yes", "roll back")
    here.agent("stack", "list")
    here.say(serving(port, "1.0"))


def serving(port: int, version: str) -> str:
    """The sentence that this version serves.

    Raises
    ------
    Failed: another one does.
    """
    answer = ask(port, HOST)
    if answer != (200, version):
        raise Failed(f"version {version} should serve, and {answer[1] or 'nothing'} answers {answer[0]}")
    return f"Version {version} serves."


def make_version(here: Session, version: str, variable: str) -> None:
    """Build a version of the application, as a project would have built it."""
    text = f"FROM {APP}\nENV APP_VERSION={version} {variable}\n"
    tag = f"{here.environment['COMPOSE_PROJECT_NAME']}-web:{version}"
    argv = ("docker", "build", "--quiet", "--tag", tag, "-")
    done = subprocess.run(argv, input=text, env=here.environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"version {version} could not be built: {done.stderr.strip()[-300:]}")


if __name__ == "__main__":
    sys.exit(run(main))
