# ruff: noqa: INP001, T201
"""From an empty folder to a shop behind HTTPS: files, check, deployment through the gates, a request, the way it took.

`python examples/workflows/shop_https.py` runs it. Needs an engine and `openssl`. Standard library only.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
AGENT = (sys.executable, "-m", "docker_agent")
HOST = "shop.localhost"
IMAGES = {"traefik": "3.7.15", "python": "3.11", "postgres": "15", "redis": "7"}
ROUTED_WITHIN_S = 15.0
SERVER = f"subjectAltName=DNS:{HOST}\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
CERTIFICATE = f"""\
openssl req -x509 {KEY} -days 30 -subj '/CN=Authority of the shop' -addext keyUsage=critical,keyCertSign,cRLSign \
-keyout ../authority/ca-key.pem -out certs/ca.pem
openssl req -new {KEY} -subj /CN={HOST} -keyout certs/shop-key.pem -out ../authority/shop.csr
openssl x509 -req -in ../authority/shop.csr -CA certs/ca.pem -CAkey ../authority/ca-key.pem -CAcreateserial \
-CAserial ../authority/serial -extfile ../authority/server.ext -days 30 -out certs/shop.pem
chmod 644 certs/shop-key.pem
"""


@dataclass(frozen=True)
class Shop:
    """The folder of the stack, with ports and a compose project of its own."""

    folder: Path
    environment: Mapping[str, str]
    http_port: int
    https_port: int

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder and keep what it says."""
        return subprocess.run(words, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False)


def main() -> int:
    """Go the whole way; the exit code is that of the first step that failed, and no step follows it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with a_shop() as shop:
            reason = what_is_missing(shop)
            if reason:
                print(f"This cannot be shown here: {reason}.", file=sys.stderr)
                return 1
            return next((code for code in (step(shop) for step in STEPS) if code != 0), 0)
    except KeyboardInterrupt:
        print("\nStopped; what the example made is removed.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


@contextmanager
def a_shop() -> Generator[Shop]:
    """An empty folder, two free ports, a project name and a state folder; all is removed at the end, come what may."""
    home = Path(tempfile.mkdtemp(prefix="docker-agent-shop-"))
    project = f"shop-https-{secrets.token_hex(3)}"
    ours = {"DOCKER_AGENT_STATE": str(home / "state"), "COMPOSE_PROJECT_NAME": project}
    environment = {**os.environ, **ours, "COMPOSE_ANSI": "never", "COMPOSE_PROGRESS": "quiet"}
    folder = home / "shop"
    folder.mkdir()
    shop = Shop(folder, environment, *free_ports())
    try:
        yield shop
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if shutil.which("docker") is not None:
            shop.run("docker", "compose", "-p", project, "down", "--volumes", "--timeout", "1")
        shutil.rmtree(home, ignore_errors=True)


def free_ports() -> tuple[int, int]:
    """Two ports of this machine that nothing listens on."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def what_is_missing(shop: Shop) -> str:
    """What the example needs and does not find here, or nothing."""
    for program in ("docker", "openssl"):
        if shutil.which(program) is None:
            return f"the command {program} is not installed"
    answered = shop.run("docker", "version", "--format", "{{.Server.Version}}")
    if answered.returncode != 0:
        return (answered.stderr.strip().splitlines() or ["no Docker Engine answers"])[-1].rstrip(".")
    if not engine_socket(shop):
        return "the engine is not reached by a socket of this machine, which Traefik reads from"
    tags = (f"docker-agent-lab/{name}:{version}" for name, version in IMAGES.items())
    if shop.run("docker", "image", "inspect", *tags).returncode != 0:
        made = subprocess.run((sys.executable, "-m", "tests.lab", "images", *IMAGES), cwd=ROOT, check=False)
        return "" if made.returncode == 0 else "its images could not be made"
    return ""


def engine_socket(shop: Shop) -> str:
    """The engine's socket on this machine, or nothing."""
    endpoint = os.environ.get("DOCKER_HOST", "")
    if not endpoint:
        endpoint = shop.run("docker", "context", "inspect", "-f", "{{.Endpoints.docker.Host}}").stdout.strip()
    path = endpoint.removeprefix("unix://")
    return path if endpoint.startswith("unix://") and Path(path).exists() else ""


def write_files(shop: Shop) -> int:
    """Fill the empty folder; only `.env` holds secrets, which are made here and shown nowhere."""
    say("An empty folder:")
    show(shop, "ls -A")
    say("The stack is written into it, with secrets of its own in .env.")
    shutil.copytree(HERE / "shop-https", shop.folder, dirs_exist_ok=True)
    path = engine_socket(shop)
    values = {
        "HTTP_PORT": str(shop.http_port),
        "HTTPS_PORT": str(shop.https_port),
        "DOCKER_SOCKET": path,
        "DOCKER_GROUP": str(Path(path).stat().st_gid),
        "POSTGRES_PASSWORD": secrets.token_hex(24),
        "REDIS_PASSWORD": secrets.token_hex(24),
    }
    file = shop.folder / ".env"
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    show(shop, "ls -A")
    return show(shop, "stat -c '%a %n' .env")


def make_certificate(shop: Shop) -> int:
    """Make a certificate authority and, signed by it, the server's certificate."""
    say("A certificate authority of its own, whose key no container sees. The server's key is read by Traefik, which")
    say("runs as a user of its own; on this machine the folder above lets nobody else in.")
    authority = shop.folder.parent / "authority"
    authority.mkdir(mode=0o700)
    (authority / "server.ext").write_text(SERVER)
    (shop.folder / "certs").mkdir()
    return next((code for code in (show(shop, command) for command in CERTIFICATE.splitlines()) if code != 0), 0)


def check(shop: Shop) -> int:
    """Check the files as for production."""
    say("Is it fit for production? Remarks stop nothing.")
    return agent(shop, "check", "--profile", "prod")


def deploy(shop: Shop) -> int:
    """Deploy through the gates."""
    say("All gates are gone through. Where the image scan has no database of weaknesses it cannot answer, and that")
    say("stops a deployment to production; the override lets this one finding pass, and the audit log keeps it.")
    return agent(shop, "--override", "gate-scan-missing", "stack", "deploy", "--environment", "production", "--yes")


def ask(shop: Shop) -> int:
    """Ask by http and then where that leads to, as a client that trusts this authority and no other."""
    say(f"A client that trusts only this authority asks http://{HOST}:{shop.http_port}/ and follows the redirect:")
    try:
        status, target, _ = answer(HOST, shop.http_port)
        print(f"{status} {target}")
        status, body = once_routed(shop, urlsplit(target).port or 443)
        print(f"{status} {body}\n", flush=True)
        found = json.loads(body)
    except (OSError, ValueError, http.client.HTTPException) as error:
        print(f"It did not answer as it should: {error}", file=sys.stderr)
        return 1
    return 0 if (status, found.get("db"), found.get("redis")) == (200, "reached", "reached") else 1


def once_routed(shop: Shop, port: int) -> tuple[int, str]:
    """Status and content by https; Traefik takes up to two seconds to see a container that became healthy."""
    context = ssl.create_default_context(cafile=str(shop.folder / "certs" / "ca.pem"))
    deadline = time.monotonic() + ROUTED_WITHIN_S
    while True:
        status, _, body = answer(HOST, port, context)
        if status != 404 or time.monotonic() > deadline:
            return status, body
        time.sleep(0.2)


def trace(shop: Shop) -> int:
    """Show the way of a request, hop by hop."""
    say("The way that a request takes, hop by hop:")
    return agent(shop, "proxy", "trace", f"https://{HOST}:{shop.https_port}/", "--ca", "certs/ca.pem")


def look(shop: Shop) -> int:
    """Show what runs."""
    return agent(shop, "stack", "list")


STEPS: tuple[Callable[[Shop], int], ...] = (write_files, make_certificate, check, deploy, ask, trace, look)


def answer(host: str, port: int, context: ssl.SSLContext | None = None) -> tuple[int, str, str]:
    """Status, redirect target and content at / of a site on this machine, whatever its name resolves to."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        client = http.client.HTTPConnection(host, port)
        client.sock = context.wrap_socket(plain, server_hostname=host) if context else plain
        try:
            client.request("GET", "/")
            got = client.getresponse()
            return got.status, got.getheader("Location", ""), got.read().decode("utf-8", "replace").strip()
        finally:
            client.close()


def agent(shop: Shop, *words: str) -> int:
    """Print a command line as a person would type it, run it, and give its exit code."""
    print(f"$ docker-agent {shlex.join(words)}", flush=True)
    argv = (*AGENT, *words)
    code = subprocess.run(
        argv, cwd=shop.folder, env=shop.environment, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, check=False
    ).returncode
    print(flush=True)
    return code


def show(shop: Shop, command: str) -> int:
    """Print a command, run it, and print what it says; what it complains of only where it failed."""
    print(f"$ {command}", flush=True)
    done = shop.run(*shlex.split(command))
    print(done.stdout, end="", flush=True)
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
    return done.returncode


def say(words: str) -> None:
    """Print a remark."""
    print(f"# {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
