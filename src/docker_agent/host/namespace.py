"""Look around inside a container's network: what an address answers there, and what listens.

On the engine's own machine and with the right to it, through the network namespace of the container's process; else
with what the container's image has (`docker exec` of a shell, `cat`, `nc`).
"""

from __future__ import annotations

import ipaddress
import json
import re
import struct
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docker_agent.core.errors import InputError
from docker_agent.host.inside import Failed, refuse_outside
from docker_agent.host.models import Container, Listener, Reach
from docker_agent.host.shell import run

Execute = Callable[[Sequence[str]], tuple[int, str]]

MOST_S = 30.0
START_S = 3.0
HOST = re.compile(r"[\w.-]{1,253}|[0-9A-Fa-f:.]{2,45}", re.ASCII)
ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)
PATH = re.compile(r"[!-~]{0,2000}")
EMBEDDED_DNS = "127.0.0.11"
TABLES = ("tcp", "tcp6", "udp", "udp6")
LISTENS = {"tcp": "0A", "udp": "07"}
PROGRAM = Path(__file__).with_name("inside.py")
WAYS = {"namespace": "from the container's network namespace", "exec": "by a tool of its image"}
ASK = """
if [ "$2" = 0 ] && command -v getent >/dev/null; then
  getent ahosts "$1" || { echo "bad address"; exit 1; }
elif [ "$2" = 0 ] && command -v nc >/dev/null; then
  said=$(nc -w 1 "$1" 1 </dev/null 2>&1)
  echo "$said"
  case "$said" in *"bad address"*|*resol*|*"not known"*) exit 1 ;; esac
elif command -v bash >/dev/null; then
  bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit 1
    [ -z "$3" ] || { printf "GET %s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n" "$3" "$1" >&3; head -n 1 <&3; }' bash "$@"
elif command -v nc >/dev/null; then
  if [ -z "$3" ] && nc -z -w 1 127.0.0.1 1 2>&1 | grep -qi "option\\|usage"; then
    nc -w "$4" "$1" "$2" </dev/null >/dev/null
  elif [ -z "$3" ]; then nc -z -w "$4" "$1" "$2"
  else printf 'GET %s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n' "$3" "$1" | nc -w "$4" "$1" "$2" | head -n 1 | grep .; fi
else exit 127
fi
"""
SAID = (
    ("refused", re.compile(r"refused", re.IGNORECASE)),
    ("name not found", re.compile(r"bad address|not known|name resolution|can't find|not resolve", re.IGNORECASE)),
    ("no route", re.compile(r"no route|unreachable", re.IGNORECASE)),
    ("timeout", re.compile(r"timed? ?out", re.IGNORECASE)),
)


@dataclass(frozen=True)
class Target:
    """What to ask: `kind` is tcp, http or dns; the port is 0 for dns and the path empty for all but http."""

    kind: str
    host: str
    port: int = 0
    path: str = ""


def target_of(text: str) -> Target:
    """Read `tcp://HOST:PORT`, `http://HOST[:PORT]/PATH` or `dns:NAME`.

    Raises
    ------
    InputError: it is none of these.
    """
    kind, _, name = text.strip().partition(":")
    try:
        parts = urlsplit(text.strip())
        host, port = (name.strip("/"), 0) if kind == "dns" else (parts.hostname or "", parts.port or 0)
    except ValueError:
        host, port = "", 0
        parts = urlsplit("")
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}" if kind == "http" else ""
    known = kind == "dns" or (kind == "tcp" and port > 0) or kind == "http"
    if not known or not HOST.fullmatch(host) or host.startswith("-") or not PATH.fullmatch(path) or "@" in parts.netloc:
        raise InputError(f"{text!r} cannot be asked.", "Use tcp://db:5432, http://api:8080/health or dns:db.")
    return Target(kind, host, port or (80 if kind == "http" else 0), path)


def process_here(container: Container, endpoint: str) -> int:
    """The process of a container where it runs under this machine's own kernel, 0 where it does not."""
    state: dict[str, Any] = container.raw.get("State") or {}
    pid = int(state.get("Pid") or 0)
    if not endpoint.startswith(("unix://", "http+unix://")) or pid <= 0:
        return 0
    try:
        return pid if container.id in Path(f"/proc/{pid}/cgroup").read_text() else 0
    except OSError:
        return 0


def reach(container: Container, target: str, timeout_s: float, *, pid: int, execute: Execute) -> Reach:
    """Ask an address from inside a container's network; the answer says which way was taken.

    Parameters
    ----------
    pid: its process on this machine, 0 where the engine is elsewhere.
    execute: runs a command in the container; answers its exit code and output.

    Raises
    ------
    InputError: the target makes no sense, the container does not run, or there is no way in.
    """
    wanted, limit = target_of(target), _limited(timeout_s)
    if not container.running:
        raise InputError(f"{container.name} does not run, so nothing can be asked from it.", "Start it first.")
    return (_from_namespace(container, wanted, limit, pid) if pid else None) or _by_tool(
        container, wanted, limit, execute
    )


def longest_s(timeout_s: float) -> float:
    """The longest that a command of a probe may run which has a time limit of its own, in seconds."""
    return _limited(timeout_s) + 2 * START_S


def listening(container: Container, *, pid: int, execute: Execute) -> list[Listener]:
    """What listens in a container's network.

    Raises
    ------
    InputError: there is no way in.
    """
    if pid:
        try:
            return list(_listeners({name: Path(f"/proc/{pid}/net/{name}").read_text() for name in TABLES}))
        except OSError as error:
            raise InputError(f"The sockets of {container.name} cannot be read: {error.strerror}.") from error
    tables: dict[str, str] = {}
    for name in TABLES:
        code, out = execute(("cat", f"/proc/net/{name}"))
        if code and not name.endswith("6"):
            raise InputError(
                f"The sockets of {container.name} cannot be read: its image has no cat, or it did not answer."
            )
        tables[name] = "" if code else out
    return list(_listeners(tables))


def _limited(timeout_s: float) -> float:
    return max(0.5, min(timeout_s, MOST_S))


def _from_namespace(container: Container, target: Target, limit_s: float, pid: int) -> Reach | None:
    """The answer through the namespace, None without the right to enter it."""
    asked: dict[str, Any] = {
        "pid": pid,
        "hosts": str(container.raw.get("HostsPath") or ""),
        "resolv": str(container.raw.get("ResolvConfPath") or ""),
        "timeout_s": limit_s,
        "kind": target.kind,
        "host": target.host,
        "port": target.port,
        "path": target.path,
    }
    ran = run((sys.executable, "-I", str(PROGRAM), json.dumps(asked)), cwd=Path("/"), timeout_s=limit_s + START_S)
    if ran.timed_out:
        return Reach(
            way=WAYS["namespace"], failure="timeout", detail=f"no answer within {limit_s:g} s", seconds=limit_s
        )
    return None if ran.code else Reach(way=WAYS["namespace"], **json.loads(ran.out))


def _by_tool(container: Container, target: Target, limit_s: float, execute: Execute) -> Reach:
    if target.kind == "http":
        named = _run_tool(container, Target("dns", target.host), limit_s, execute)
        try:
            refuse_outside(named.addresses)
        except Failed as error:
            return Reach(way=named.way, failure=error.args[0], detail=error.args[1], seconds=named.seconds)
        if not named.addresses:
            words = f"the address of {target.host} is not known, so it may be outside; ask its port with tcp://"
            unknown = Reach(way=named.way, failure="not asked", detail=words, seconds=named.seconds)
            return named if named.failure else unknown
    return _run_tool(container, target, limit_s, execute)


def _run_tool(container: Container, target: Target, limit_s: float, execute: Execute) -> Reach:
    seconds = max(1, round(limit_s))
    words = (target.host, str(target.port), target.path, str(seconds))
    began = time.monotonic()
    code, out = execute(("timeout", str(seconds + 2), "sh", "-c", ASK, "sh", *words))
    took = round(time.monotonic() - began, 3)
    if code in {126, 127}:
        raise InputError(
            f"There is no way into the network of {container.name}: its image has no shell with `timeout`, bash or nc.",
            "Run docker-agent on the engine's own machine as root.",
        )
    line = out.strip().split("\n")[0][:200]
    if code:
        told = next((failure for failure, pattern in SAID if pattern.search(out)), "broken")
        failure = "timeout" if code in {124, 143} else told
        return Reach(way=WAYS["exec"], failure=failure, detail=line or f"exit code {code}", seconds=took)
    status = re.match(r"HTTP/[\d.]+ (\d{3})", line)
    return Reach(
        way=WAYS["exec"],
        addresses=tuple(dict.fromkeys(ADDRESS.findall(out))) if target.kind == "dns" else (),
        status=int(status[1]) if status else 0,
        first=line if status else "",
        seconds=took,
    )


def _listeners(tables: dict[str, str]) -> Iterator[Listener]:
    """The listening sockets in the kernel's tables, each once, in the order of ports; not those of Docker's own DNS."""
    found: set[tuple[int, str, str]] = set()
    for name, table in tables.items():
        protocol = name.removesuffix("6")
        for line in table.splitlines()[1:]:
            words = line.split()
            if len(words) > 3 and words[3] == LISTENS[protocol] and words[2].endswith(":0000"):
                address, _, port = words[1].partition(":")
                found.add((int(port, 16), _address(address), protocol))
    for port, ip, protocol in sorted(found):
        if ip != EMBEDDED_DNS:
            yield Listener(ip=ip, port=port, protocol=protocol)


def _address(digits: str) -> str:
    """An address as the kernel writes it: words of 32 bits in the machine's own order."""
    words = [int(digits[start : start + 8], 16) for start in range(0, len(digits), 8)]
    return str(ipaddress.ip_address(struct.pack(f"={len(words)}I", *words)))
