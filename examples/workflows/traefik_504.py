# ruff: noqa: INP001, T201
"""A site behind Traefik that does not answer, since its label names a network that is not there: found and mended."""

from __future__ import annotations

import http.client
import sys
import time

from session import Failed, Session, session

HOST = "app.localhost"


def main() -> int:
    """Show it; the exit code is 1 where something did not end as expected."""
    with session("traefik-504", ("traefik", "app")) as here:
        here.docker("compose", "up", "-d", "--wait")
        port = int(here.docker("compose", "port", "traefik", "80").strip().rpartition(":")[2])
        time.sleep(2)
        here.say(f"The application is healthy, and Traefik answers {ask(port)} for http://{HOST}:{port}/")
        here.say("Which hop of the way is broken?")
        here.agent("proxy", "trace", f"http://{HOST}:{port}/", expect=1)
        here.say("One sentence: the cause, the plan, the change, the proof.")
        here.agent("--model", "offline", "--yes", f"http://{HOST}:{port}/ behind traefik answers 504, fix it")
        wait_for_200(here, port)
    return 0


def wait_for_200(here: Session, port: int) -> None:
    """Wait until Traefik has read the new container's labels, at most ten seconds."""
    deadline = time.monotonic() + 10
    while (status := ask(port)) != 200:
        if time.monotonic() > deadline:
            raise Failed(f"http://{HOST}:{port}/ still answers {status}")
        time.sleep(0.5)
    here.say(f"Now it answers {status}.")


def ask(port: int) -> int:
    """The status of one request."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
    try:
        line.request("GET", "/", headers={"Host": HOST})
        return line.getresponse().status
    finally:
        line.close()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as error:
        print(f"\nThe workflow failed: {error}", file=sys.stderr)
        sys.exit(1)
