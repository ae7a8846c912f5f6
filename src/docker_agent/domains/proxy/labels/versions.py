"""What a running Traefik's version makes of labels: options that it does not know, and rules in an older syntax."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TypeVar

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.domains.proxy.labels.options import GONE, GONE_SETTINGS, SINCE, known_options
from docker_agent.domains.proxy.labels.rule_syntax import check_rule

T = TypeVar("T")

PREFIX = "traefik."
NEWEST = (99,)
FIRST_WORDS = ("http", "tcp", "udp", "tls", "docker", "swarm", "enable")
# Tried: 3.2.3 matches nothing with it, 3.7.15 all names below.
WILDCARD, WILDCARD_SINCE = re.compile(r"\bHost\([`\"]\*(\.[^`\"]+)", re.IGNORECASE), (3, 7)
ALONE = re.compile(r"http\.middlewares\.\*\.(grpcweb|encodedcharacters)|.*\.passivehealthcheck")
# Traefik 1 had options right below `traefik.`; later ones look at none of them.
VERSION_1 = re.compile(r"(frontend|backend|port|protocol|weight|domain|tags|[\w-]+\.(frontend|port))\b")


def is_old(version: str) -> bool:
    """Whether a version is Traefik 2, whose rules and some options have other names."""
    return numbers(version)[0] == 2


def numbers(version: str) -> tuple[int, ...]:
    """A version to compare, the newest where it is not known."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(map(int, found[1].split("."))) if found else NEWEST


def check_labels(
    labels: Mapping[str, str], version: str, service: str = "", *, default_syntax: str = ""
) -> list[Finding]:
    """What a running Traefik refuses or ignores of a container's labels, each with the fix.

    Parameters
    ----------
    version: as the API tells it; "" is taken for the newest.
    service: whose labels they are, as findings shall name it.
    default_syntax: Traefik's `core.defaultRuleSyntax`, "" where it is not set.
    """
    found: list[Finding] = []
    for key, value in labels.items():
        if not key.lower().startswith(PREFIX):
            continue
        option = generic(key)
        found += _of_option(key, option, version, service)
        if option in {"http.routers.*.rule", "tcp.routers.*.rule"}:
            syntax = labels.get(f"{key[: -len('.rule')]}.rulesyntax", default_syntax).lower()
            old = is_old(version) or syntax == "v2"
            for severity, message, fix in check_rule(value, old=old, tcp=option.startswith("tcp")):
                found.append(_finding("proxy-rule", severity, service, f"{key}: {message}", fix, f"{key}={value}"))
            for host in WILDCARD.findall(value) if numbers(version) < WILDCARD_SINCE else ():
                fix = f"Write HostRegexp(`^[^.]+{re.escape(host)}$`)."
                said = f"{key}: Host(`*{host}`) is no wildcard before Traefik 3.7, so it matches nothing."
                found.append(_finding("proxy-rule", Severity.ERROR, service, said, fix, f"{key}={value}"))
    return found


def check_settings(settings: Mapping[str, str], version: str, proxy: str, *, engine: str = "") -> list[Finding]:
    """What a Traefik's version makes of its own options, and of the engine that it runs on.

    Parameters
    ----------
    proxy: its container's name, as findings shall name it.
    engine: the Docker Engine's version, "" where it is not known.
    """
    running = numbers(version)
    found: list[Finding] = []
    for key in settings:
        gone = next((GONE_SETTINGS[word] for word in GONE_SETTINGS if f"{key}.".startswith(f"{word}.")), None)
        if gone and version and running >= numbers(gone[0]):
            how = "does not start with it" if gone[1] else "will not know it in its next major release"
            severity = Severity.ERROR if gone[1] else Severity.WARN
            said = f"--{key} was withdrawn in Traefik {gone[0]}, which {how}."
            found.append(_of_proxy("proxy-old-option", severity, proxy, said, gone[2]))
    if (3, 6, 4) <= running < (3, 6, 7):
        said = f"Traefik {version} answers 400 to paths with encoded characters such as %2F."
        fix = "Update Traefik, or allow them: --entrypoints.NAME.http.encodedcharacters.allowencodedslash=true."
        found.append(_of_proxy("proxy-encoded-characters", Severity.WARN, proxy, said, fix))
    if engine and numbers(engine) >= (29,) and running < (3, 6, 1):
        said = f"Traefik {version} does not reach Docker Engine {engine}, whose API is newer."
        found.append(_of_proxy("proxy-engine-29", Severity.ERROR, proxy, said, "Update Traefik to 3.6.1 or newer."))
    return found


def generic(key: str) -> str:
    """A label's option in lower case without names: `http.routers.*.rule` for `traefik.http.routers.shop.rule`."""
    parts = key.lower().removeprefix(PREFIX).split(".")
    if len(parts) > 2 and parts[0] in {"http", "tcp", "udp"}:
        parts[2] = "*"
    return re.sub(r"\[\d+\]", "[*]", ".".join(parts))


def _of_option(key: str, option: str, version: str, service: str) -> Iterator[Finding]:
    running = numbers(version)
    said = f"Traefik {version}" if version else "Traefik"
    if option.partition(".")[0] not in FIRST_WORDS:
        if VERSION_1.match(option):
            fix = "Write traefik.http.routers.NAME.rule and traefik.http.services.NAME.loadbalancer.server.port."
            yield _finding("proxy-old-label", Severity.WARN, service, f"{key} is for Traefik 1 and ignored.", fix, key)
        return
    refused = f"{said} does not know {key}, and refuses all labels of this container."
    if not _pattern().fullmatch(option) or ALONE.fullmatch(option):
        near = difflib.get_close_matches(option, known_options(), n=1, cutoff=0.6)
        fix = f"Write {_named(near[0], key)}." if near else "Take it out."
        yield _finding("proxy-unknown-option", Severity.ERROR, service, refused, fix, key)
        return
    since = _looked_up(SINCE, option)
    if since and running < numbers(since):
        fix = f"It came with Traefik {since}: take it out, or update Traefik."
        yield _finding("proxy-unknown-option", Severity.ERROR, service, refused, fix, key)
    gone = _looked_up(GONE, option)
    if gone and running >= numbers(gone[0]) and version:
        if gone[1]:
            yield _finding("proxy-unknown-option", Severity.ERROR, service, refused, gone[2], key)
        else:
            message = f"{key} is deprecated or without effect since Traefik {gone[0]}."
            yield _finding("proxy-old-label", Severity.WARN, service, message, gone[2], key)


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """All options as one expression."""
    options = (re.escape(each).replace(r"\*\*", r".+").replace(r"\*", r"[^.]+") for each in known_options())
    return re.compile("|".join(options))


def _looked_up(table: Mapping[str, T], option: str) -> T | None:
    """What a table says of an option, else of the nearest place above it."""
    parts = option.split(".")
    return next((table[word] for n in range(len(parts), 0, -1) if (word := ".".join(parts[:n])) in table), None)


def _named(option: str, key: str) -> str:
    """An option with the name that a label has."""
    parts, given = option.split("."), key.split(".")[1:]
    return ".".join(
        [PREFIX.rstrip("."), *(given[n] if part == "*" and n < len(given) else part for n, part in enumerate(parts))]
    )


def _finding(code: str, severity: Severity, service: str, message: str, fix: str, quote: str) -> Finding:
    evidence = Evidence("inspect", f"{service or 'container'} Config.Labels", quote)
    return Finding(code, severity, service or "traefik", message, fix=fix, evidence=(evidence,))


def _of_proxy(code: str, severity: Severity, proxy: str, message: str, fix: str) -> Finding:
    return Finding(code, severity, proxy, message, fix=fix, evidence=(Evidence("inspect", f"{proxy} Config.Cmd"),))
