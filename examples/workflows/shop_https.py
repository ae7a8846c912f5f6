# ruff: noqa: INP001, T201
"""A web application with PostgreSQL, Redis and Traefik, from an empty folder to an answer over HTTPS."""

from __future__ import annotations

import http.client
import json
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

from session import HERE, Failed, session

HOST = "shop.localhost"
STACK = HERE / "shop-https"
# No vulnerability database can be had without a network; with one, leave this out.
NO_DATABASE = ("--override", "gate-scan-missing")


def main() -> int:
    """Show it; the exit code is 1 where something did not end as expected."""
    with session("shop-https", ("traefik", "python", "postgres", "redis")) as here:
        empty(here.folder)
        here.say("An empty folder gets the stack's files, a password and a certificate of an own authority.")
        port = write_files(here.folder)
        make_certificate(here.folder)
        print(
            "\n".join(sorted(str(path.relative_to(here.folder)) for path in here.folder.rglob("*") if path.is_file()))
        )
        here.say("Is it fit for production?")
        here.agent("check", "--profile", "prod")
        here.say("Deploy it: gates first, then one service after the other, each healthy before the next.")
        here.agent(*NO_DATABASE, "--yes", "stack", "deploy", "--environment", "production")
        here.agent("stack", "list")
        here.say(f"https://{HOST}:{port}/ answers, by a certificate of the own authority:")
        print(ask(here.folder, port))
        here.agent("stack", "deploys")
    return 0


def empty(folder: Path) -> None:
    """Begin with nothing."""
    shutil.rmtree(folder)
    folder.mkdir()


def write_files(folder: Path) -> int:
    """The stack as it is kept here, with secrets that are made now; answers the port for HTTPS."""
    shutil.copytree(STACK, folder, dirs_exist_ok=True)
    (folder / "project-context.md").rename(folder / ".project-context.md")
    (folder / "env.example").rename(folder / ".env.example")
    port = free_port()
    dotenv = folder / ".env"
    dotenv.touch(mode=0o600)
    dotenv.write_text(f"POSTGRES_PASSWORD={secrets.token_urlsafe(24)}\nHTTPS_PORT={port}\n")
    return port


def make_certificate(folder: Path) -> None:
    """A certificate authority, and a certificate of it for the host; the authority's key is thrown away."""
    place = folder / "certificates"
    place.mkdir()
    names = place / "names"
    names.write_text(f"subjectAltName=DNS:{HOST}\n")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(
        place, "req", "-x509", *key, "-days", "30", "-subj", "/CN=Shop authority", "-keyout", "ca.key", "-out", "ca.pem"
    )
    openssl(place, "req", *key, "-subj", f"/CN={HOST}", "-keyout", "shop.key", "-out", "shop.csr")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "names")
    openssl(place, "x509", "-req", "-in", "shop.csr", *signed, "-out", "shop.pem")
    for name in ("ca.key", "ca.srl", "shop.csr", "names"):
        (place / name).unlink(missing_ok=True)
    (place / "shop.key").chmod(0o644)  # Traefik is not root here; on a server, give the key to its user instead.


def openssl(folder: Path, *words: str) -> None:
    """Run openssl."""
    program = shutil.which("openssl")
    if program is None:
        raise Failed("openssl is not installed")
    done = subprocess.run((program, *words), cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"openssl {words[0]}: {done.stderr.strip()[-300:]}")


def ask(folder: Path, port: int) -> str:
    """The answer over HTTPS, with the certificate checked against the own authority."""
    context = ssl.create_default_context(cafile=str(folder / "certificates" / "ca.pem"))
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname=HOST) as line:
        connection = http.client.HTTPConnection(HOST, port)
        connection.sock = line
        connection.request("GET", "/")
        answer = connection.getresponse()
        body = answer.read().decode()
    if answer.status != 200 or json.loads(body) != {"shop": "open", "postgres": True, "redis": True}:
        raise Failed(f"it answers {answer.status}: {body}")
    return f"{answer.status} {body}"


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as error:
        print(f"\nThe workflow failed: {error}", file=sys.stderr)
        sys.exit(1)
