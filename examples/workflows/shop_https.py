# ruff: noqa: INP001, T201
"""From an empty folder to a shop behind HTTPS: files, check, deployment through the gates, a request, the way it took.

`python examples/workflows/shop_https.py` runs it. Needs an engine and `openssl`. Standard library only.
"""

from __future__ import annotations

import http.client
import json
import secrets
import shlex
import shutil
import socket
import ssl
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from session import HERE, ROUTED_WITHIN_S, Failed, Session, run, session

HOST = "shop.localhost"
IMAGES = ("traefik", "python", "postgres", "redis")
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
    """The folder of the stack, at first an empty one, and two ports of its own."""

    here: Session
    http_port: int
    https_port: int

    @property
    def folder(self) -> Path:
        """Where the stack is written."""
        return self.here.folder


def main() -> int:
    """Go the whole way; no step follows one that failed."""
    if shutil.which("openssl") is None:
        raise Failed("the command openssl is not installed")
    with session("shop-https", IMAGES) as here:
        shutil.rmtree(here.folder)
        here.folder.mkdir()
        shop = Shop(here, *free_ports())
        for step in (write_files, make_certificate, check, deploy, request, trace, look):
            step(shop)
    return 0


def free_ports() -> tuple[int, int]:
    """Two ports of this machine that nothing listens on."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def write_files(shop: Shop) -> None:
    """Fill the empty folder; only `.env` holds secrets, which are made here and shown nowhere."""
    shop.here.say("An empty folder:")
    show(shop, "ls -A")
    shop.here.say("The stack is written into it, with secrets of its own in .env.")
    shutil.copytree(HERE / "shop-https", shop.folder, dirs_exist_ok=True)
    engine = shop.here.environment["DOCKER_SOCKET"]
    if not Path(engine).exists():
        raise Failed("the engine is not reached by a socket of this machine, which Traefik reads from")
    values = {
        "HTTP_PORT": str(shop.http_port),
        "HTTPS_PORT": str(shop.https_port),
        "DOCKER_SOCKET": engine,
        "DOCKER_GROUP": str(Path(engine).stat().st_gid),
        "POSTGRES_PASSWORD": secrets.token_hex(24),
        "REDIS_PASSWORD": secrets.token_hex(24),
    }
    file = shop.folder / ".env"
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    show(shop, "ls -A")
    show(shop, "stat -c '%a %n' .env")


def make_certificate(shop: Shop) -> None:
    """Make a certificate authority and, signed by it, the server's certificate."""
    shop.here.say(
        "A certificate authority of its own, whose key no container sees. The server's key is read by Traefik, which\n"
        "# runs as a user of its own; on a server, give the key to that user and to nobody else."
    )
    authority = shop.folder.parent / "authority"
    authority.mkdir(mode=0o700)
    (authority / "server.ext").write_text(SERVER)
    (shop.folder / "certs").mkdir()
    for command in CERTIFICATE.splitlines():
        show(shop, command)


def check(shop: Shop) -> None:
    """Check the files as for production."""
    shop.here.say("Is it fit for production? Remarks stop nothing.")
    shop.here.agent("check", "--profile", "prod")


def deploy(shop: Shop) -> None:
    """Deploy through the gates."""
    shop.here.say(
        "All gates are gone through. Where the image scan has no database of weaknesses it cannot answer, and that\n"
        "# stops a deployment to production; the override lets this one finding pass, and the audit log keeps it."
    )
    scan = ("--override", "gate-scan-missing")
    shop.here.agent(*scan, "stack", "deploy", "--environment", "production", "--yes")


def request(shop: Shop) -> None:
    """Ask by http and then where that leads to, as a client that trusts this authority and no other."""
    shop.here.say(f"A client that trusts only this authority asks http://{HOST}:{shop.http_port}/, and is sent on:")
    try:
        status, target, _ = answer(HOST, shop.http_port)
        print(f"{status} {target}")
        status, body = once_served(shop, urlsplit(target).port or 443)
        print(f"{status} {body}", flush=True)
        found = json.loads(body)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Failed(f"it did not answer as it should: {error}") from error
    if (status, found.get("db"), found.get("redis")) != (200, "reached", "reached"):
        raise Failed("the shop does not reach all that it needs")


def once_served(shop: Shop, port: int) -> tuple[int, str]:
    """Status and content by https; Traefik takes up to two seconds to see a container that became healthy."""
    context = ssl.create_default_context(cafile=str(shop.folder / "certs" / "ca.pem"))
    deadline = time.monotonic() + ROUTED_WITHIN_S
    while True:
        status, _, body = answer(HOST, port, context)
        if status != 404 or time.monotonic() > deadline:
            return status, body
        time.sleep(0.2)


def trace(shop: Shop) -> None:
    """Show the way of a request, hop by hop."""
    shop.here.say("The way that a request takes, hop by hop:")
    shop.here.agent("proxy", "trace", f"https://{HOST}:{shop.https_port}/", "--ca", "certs/ca.pem")


def look(shop: Shop) -> None:
    """Show what runs."""
    shop.here.agent("stack", "list")


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


def show(shop: Shop, command: str) -> None:
    """Print a command, run it, and print what it says.

    Raises
    ------
    Failed: it failed.
    """
    print(f"$ {command}", flush=True)
    done = shop.here.run(tuple(shlex.split(command)))
    if done.returncode != 0:
        raise Failed(done.stdout.strip()[-500:], done.returncode)
    if not command.startswith("openssl"):
        print(done.stdout, end="", flush=True)


if __name__ == "__main__":
    sys.exit(run(main))
