# ruff: noqa: INP001
"""A site behind Traefik that does not answer, since they share no network: the hop is found, and mended."""

from __future__ import annotations

import sys

from session import Failed, ask, once_routed, run, session

HOST = "app.localhost"


def main() -> int:
    """Show it; the exit code is that of the first failure."""
    with session("traefik-504", ("traefik", "app")) as here:
        here.docker("compose", "up", "-d", "--wait")
        port = int(here.docker("compose", "port", "traefik", "80").strip().rpartition(":")[2])
        url = f"http://{HOST}:{port}/"
        here.say(f"The application is healthy, and Traefik answers {once_routed(port, HOST)} for {url}")
        here.say("Which hop of the way is broken?")
        here.agent("proxy", "trace", url, expect=1)
        here.say("One sentence: the cause, the plan, the change, the proof.")
        here.agent("--model", "offline", "--yes", f"why is {url} 504? fix it")
        status, _ = ask(port, HOST)
        if status != 200:
            raise Failed(f"{url} still answers {status}")
        here.say(f"Now it answers {status}.")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
