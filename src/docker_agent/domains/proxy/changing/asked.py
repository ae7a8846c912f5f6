"""What somebody asks of a route in plain words, made into what drivers are given: names, ports, sizes, passwords."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

import bcrypt

from docker_agent.core.errors import AgentError, InputError
from docker_agent.domains.proxy.driver import Proxy
from docker_agent.host.host import Reads
from docker_agent.project.compose.values import read_size
from docker_agent.project.stack import Stack

HOST = re.compile(r"(\*\.)?(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
PATH = re.compile(r"(/[\w.~@:+%-]+)+/?|/")
HEADER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*):[ \t]*([\x20-\x7e]+)")
SPELT = {".": "-", "-": "--", "_": "__", "/": "_", "*": "any"}
USER = re.compile(r"[\w.@-]{1,64}")
ROUNDS = 10
MAX_PASSWORD = 72


def route_name(hosts: Sequence[str], path: str, service: str) -> str:
    """The name of the route for some hosts and a path: the same question gets the same name, another one another.

    A dot becomes a dash, a dash two, and what begins the path an underscore; so nothing that is asked for ends like the
    names that are made from it (`-maintenance`, `-http`).
    """
    words = f"{hosts[0] if hosts else service}{path.rstrip('/')}".lower()
    named = re.sub(r"[^a-z0-9]", lambda match: SPELT.get(match[0], f"_{ord(match[0]):x}_"), words)
    return named.strip("-") or "route"


def checked_hosts(hosts: Iterable[str]) -> tuple[str, ...]:
    """Host names without a scheme, in lower case.

    Raises
    ------
    InputError: one is no name of a host.
    """
    found = tuple(dict.fromkeys(host.strip().lower().rstrip(".") for host in hosts))
    for host in found:
        if not HOST.fullmatch(host):
            raise InputError(
                f"{host!r} is no host name.", "Give one such as shop.example.com, without http:// or a port."
            )
    return found


def checked_path(path: str) -> str:
    """A prefix such as `/api`, "" for everything.

    Raises
    ------
    InputError: it does not begin with a slash, or has characters that no prefix has.
    """
    if path and not PATH.fullmatch(path):
        raise InputError(f"{path!r} is no path.", "Give one that begins with a slash, such as /api.")
    return path.rstrip("/")


def checked_networks(allow: Iterable[str]) -> tuple[str, ...]:
    """Networks in CIDR notation.

    Raises
    ------
    InputError: one is none.
    """
    try:
        return tuple(str(ipaddress.ip_network(each.strip(), strict=False)) for each in allow)
    except ValueError as error:
        raise InputError(f"{error}.", "Give networks such as 10.0.0.0/8, or addresses.") from error


def checked_number(what: str, value: int, highest: int) -> int:
    """A number from 0 on, where 0 means that nothing is asked.

    Raises
    ------
    InputError: it is below 0 or too high.
    """
    if not 0 <= value <= highest:
        raise InputError(f"{what} is {value}.", f"Give a number from 1 to {highest}, or leave it out.")
    return value


def headers_of(lines: Iterable[str]) -> dict[str, str]:
    """Headers by name, from lines such as `X-Frame-Options: DENY`.

    Raises
    ------
    InputError: a line is none.
    """
    found: dict[str, str] = {}
    for line in lines:
        match = HEADER.fullmatch(line.strip())
        if match is None:
            raise InputError(f"{line!r} is no header.", "Give it as 'Name: value'.")
        found[match[1]] = match[2].strip()
    return found


def size_of(word: str) -> int:
    """Bytes of a size such as `50m`, 0 for "".

    Raises
    ------
    InputError: it is none.
    """
    try:
        return read_size(word) if word else 0
    except ValueError as error:
        raise InputError(f"{error}.", "Give max_body as 50m, 2g or a number of bytes.") from error


def user_line(user: str, variable: str, variables: Mapping[str, str], known: str) -> tuple[str, ...]:
    """The line of `htpasswd` for a user whose password is in a variable of `.env`; none where no user is named.

    Parameters
    ----------
    known: the configuration as it is: a hash in it that fits the password already is kept.

    Raises
    ------
    InputError: user or variable is missing, or the password cannot be hashed.
    """
    if not user and not variable:
        return ()
    if not USER.fullmatch(user):
        raise InputError("A password needs a user.", "Give auth_user: letters, digits, dots, dashes and @.")
    if not variable or not variables.get(variable):
        if not variable:
            raise InputError(f"There is no password for {user}.", "Name its variable of .env in auth_variable.")
        raise InputError(f".env sets no {variable}, the password of {user}.", f"Write a line {variable}=... into .env.")
    password = variables[variable].encode()
    if len(password) > MAX_PASSWORD:
        raise InputError(
            f"{variable} is longer than the {MAX_PASSWORD} bytes that bcrypt takes.", "Choose a shorter one."
        )
    for match in re.finditer(
        rf"(?<![\w.@-]){re.escape(user)}[: ]\$?(\$2[aby]\$\$?\d\d\$\$?[./A-Za-z0-9]{{53}})", known
    ):
        kept = match[1].replace("$$", "$")
        if bcrypt.checkpw(password, kept.encode()):
            return (f"{user}:{kept}",)
    hashed = bcrypt.hashpw(password, bcrypt.gensalt(ROUNDS)).decode()
    return (f"{user}:{hashed.replace('$2b$', '$2y$', 1)}",)


def seen_inside(proxy: Proxy, stack: Stack, word: str) -> str:
    """A PEM file as the proxy sees it: one of the project is looked for in the proxy's mounts.

    Raises
    ------
    InputError: the proxy does not see it.
    """
    if not word:
        return ""
    here = (stack.root / word).resolve()
    for mount in proxy.container.mounts:
        if mount.kind == "bind" and here.is_relative_to(mount.source):
            return str(PurePosixPath(mount.target) / here.relative_to(mount.source))
    if word.startswith("/") and any(
        PurePosixPath(word).is_relative_to(mount.target) for mount in proxy.container.mounts
    ):
        return word
    raise InputError(
        f"{proxy.container.name} does not see {word}.", f"Mount its folder into the service {proxy.container.service}."
    )


def port_of(reads: Reads, stack: Stack, service: str) -> int:
    """The port that a service listens on, as `expose`, `ports` or its image say.

    Raises
    ------
    InputError: none of them says it, or there are several.
    """
    described = stack.model.services[service]
    found = [int(each.partition("/")[0]) for each in described.expose if each.partition("/")[0].isdigit()]
    found = found or [port.target for port in described.ports if port.protocol == "tcp"]
    if not found:
        names = [each.image_id or each.image for each in reads.containers(stack.name) if each.service == service]
        found = _exposed(reads, (names or [described.image])[0])
    unique = sorted(set(found))
    if len(unique) == 1:
        return unique[0]
    seen = f"it may be {', '.join(map(str, unique))}" if unique else "neither compose file nor image says it"
    raise InputError(f"It is not known on which port {service} listens: {seen}.", "Give port.")


def _exposed(reads: Reads, image: str) -> list[int]:
    try:
        ports = reads.image(image).exposed
    except AgentError:
        return []
    return [int(port) for port, _, protocol in (each.partition("/") for each in ports) if protocol in {"", "tcp"}]
