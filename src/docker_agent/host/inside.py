"""A program of its own: enter the network of another process, ask one address there, and print what came of it.

It is run by its path in a fresh interpreter, because a process that entered another network does not come back; so it
imports nothing but the standard library. Needs Linux, and the right to enter (usually root).
"""

from __future__ import annotations

import ctypes
import errno
import http.client
import ipaddress
import json
import os
import secrets
import socket
import stat
import struct
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

CLONE_NEWNET = 0x4000_0000
DNS_PORT = 53
DNS_TRY_S = 2.0
BANNER_S = 0.5
FIRST_BYTES = 512
MOST_SETTINGS = 64 * 1024
TYPES = ((1, 4), (28, 16))
NAME_ERROR, NO_ERROR = 3, 0
METADATA = tuple(map(ipaddress.ip_network, ("100.64.0.0/10", "169.254.0.0/16", "fd00:ec2::/32", "fe80::/10")))
NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL)


class Failed(Exception):
    """Why there was no answer: the kind, and words."""


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """Enter the network of `pid` and ask there; `failure` says in a word why nothing answered."""
    enter(asked["pid"])
    began = time.monotonic()
    until = began + asked["timeout_s"]
    answer: dict[str, Any] = {}
    try:
        answer["addresses"] = addresses = look_up(asked, until)
        if asked["kind"] == "http":
            refuse_outside(addresses)
        if asked["kind"] != "dns":
            answer |= ask(asked, addresses, until)
    except Failed as error:
        answer["failure"], answer["detail"] = error.args
    except ConnectionRefusedError:
        answer |= {"failure": "refused", "detail": "connection refused: nothing listens on that port there"}
    except TimeoutError:
        answer |= {"failure": "timeout", "detail": f"no answer within {asked['timeout_s']:g} s"}
    except (OSError, http.client.HTTPException) as error:
        lost = isinstance(error, OSError) and error.errno in NO_ROUTE
        answer |= {"failure": "no route" if lost else "broken", "detail": str(error) or type(error).__name__}
    return answer | {"seconds": round(time.monotonic() - began, 3)}


def enter(pid: int) -> None:
    """Make the network of a process the own one."""
    with Path(f"/proc/{pid}/ns/net").open("rb") as place:
        library = ctypes.CDLL(None, use_errno=True)
        if library.setns(place.fileno(), CLONE_NEWNET):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def look_up(asked: dict[str, Any], until: float) -> list[str]:
    """The addresses of a name: itself, of the container's hosts file, or of its name servers."""
    host, root = asked["host"], Path(f"/proc/{asked['pid']}/root")
    with suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    lines = [line.partition("#")[0].split() for line in settings_file(asked["hosts"], root, "hosts").splitlines()]
    written = [words[0] for words in lines if host.lower() in (word.lower() for word in words[1:])]
    if written:
        return written
    resolv = settings_file(asked["resolv"], root, "resolv.conf").splitlines()
    settings = [line.split() for line in resolv if line[:1] not in "#;"]
    servers = [words[1] for words in settings if words[:1] == ["nameserver"] and len(words) > 1]
    endings = next((words[1:] for words in reversed(settings) if words[:1] == ["search"]), list[str]())
    for name in (host, *(f"{host}.{ending}" for ending in endings if not host.endswith("."))):
        found = ask_servers(servers or ["127.0.0.1"], name.rstrip("."), until)
        if found:
            return found
    raise Failed("name not found", f"{host} is not known to {', '.join(servers)}")


def settings_file(given: str, root: Path, name: str) -> str:
    """The start of the file that the engine keeps, or of /etc/NAME of a container, where a link could lead to the host.

    Parameters
    ----------
    root: the container's root folder; below it no link is followed.
    """
    place = os.open(given or root, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        for part in () if given else ("etc", name):
            below = os.open(part, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=place)
            os.close(place)
            place = below
        if not stat.S_ISREG(os.fstat(place).st_mode):
            raise Failed("broken", f"{given or '/etc/' + name} is no plain file")
        return os.read(place, MOST_SETTINGS).decode("utf-8", "replace")
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise Failed("broken", f"/etc/{name} of the container leads through a link") from error
        raise
    finally:
        os.close(place)


def ask_servers(servers: list[str], name: str, until: float) -> list[str]:
    """The addresses that the first answering server has for a name, none where there is no such name."""
    words = "no name server"
    for server in servers:
        try:
            return [address for kind, size in TYPES for address in query(server, name, (kind, size), until)]
        except TimeoutError:
            words = f"the name server {server} does not answer"
        except OSError as error:
            words = f"the name server {server}: {error.strerror or error}"
        except (Failed, struct.error, IndexError, ValueError) as error:
            words = f"the name server {server} answers {error}"
    raise Failed("no name server answers", f"{name}: {words}")


def query(server: str, name: str, wanted: tuple[int, int], until: float) -> list[str]:
    """One question to one server by UDP."""
    kind, size = wanted
    number = secrets.randbits(16)
    labels = b"".join(bytes([len(label)]) + label for label in name.encode("idna").split(b"."))
    question = struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack(">BHH", 0, kind, 1)
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        line.settimeout(left(until, DNS_TRY_S))
        line.connect((server, DNS_PORT))
        line.send(question)
        reply = line.recv(4_096)
    told, flags, _, count, _, _ = struct.unpack_from(">6H", reply)
    code = flags & 0xF
    if told != number or code not in {NO_ERROR, NAME_ERROR}:
        raise Failed({2: "SERVFAIL", 5: "REFUSED"}.get(code, f"code {code}"))
    position, found = len(question), list[str]()
    for _ in range(count if code == NO_ERROR else 0):
        position = past_name(reply, position)
        this, _, _, length = struct.unpack_from(">HHIH", reply, position)
        position += 10
        if (this, length) == (kind, size):
            found.append(str(ipaddress.ip_address(reply[position : position + length])))
        position += length
    return found


def past_name(reply: bytes, position: int) -> int:
    """Where the name at a position of a reply ends."""
    while reply[position]:
        if reply[position] >= 0xC0:
            return position + 2
        position += reply[position] + 1
    return position + 1


def refuse_outside(addresses: Sequence[str]) -> None:
    """An HTTP request may only go to the networks of this machine: elsewhere it could carry something out.

    Local, but refused as well, are the networks where clouds keep what they tell a machine, its credentials too.
    """
    for address in map(ipaddress.ip_address, addresses):
        plain = getattr(address, "ipv4_mapped", None) or address
        if plain.is_global or any(plain in network for network in METADATA):
            raise Failed("not asked", f"{address} is no address of a local network; ask its port with tcp://")


def ask(asked: dict[str, Any], addresses: list[str], until: float) -> dict[str, Any]:
    """Connect to the first address that answers and read the first bytes."""
    for last, address in enumerate(addresses, 1 - len(addresses)):
        try:
            line = socket.create_connection((address, asked["port"]), left(until))
        except OSError:
            if last:
                continue
            raise
        with line:
            return {"address": address, **(get(line, asked) if asked["kind"] == "http" else banner(line))}
    return {}


def get(line: socket.socket, asked: dict[str, Any]) -> dict[str, Any]:
    """The answer to one GET."""
    connection = http.client.HTTPConnection(asked["host"], asked["port"])
    connection.sock = line
    connection.request("GET", asked["path"], headers={"User-Agent": "docker-agent"})
    with connection.getresponse() as answer:
        return {"status": answer.status, "first": shown(answer.read(FIRST_BYTES))}


def banner(line: socket.socket) -> dict[str, Any]:
    """What the other side says by itself, if it does."""
    line.settimeout(BANNER_S)
    with suppress(OSError):
        return {"first": shown(line.recv(FIRST_BYTES))}
    return {"first": ""}


def left(until: float, at_most: float = 60.0) -> float:
    """The seconds that are left, at least a moment, because 0 would mean no limit."""
    return max(0.01, min(until - time.monotonic(), at_most))


def shown(data: bytes) -> str:
    """Bytes as text, whatever they are."""
    return data.decode("utf-8", "replace")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))))
