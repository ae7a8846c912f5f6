"""Files of one site each, in which what belongs to a route stands between two comments.

Nginx and Caddy serve a name from one block, whatever the number of routes below it. So a file has the block of one
site, and a route is a part of it that can be replaced or go while the others stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from docker_agent.core.finding import Finding, Severity
from docker_agent.domains.proxy.driver import Proxy
from docker_agent.domains.proxy.route import Route

MARK = "# docker-agent: "
MAINTENANCE = "-maintenance"
RETRY_AFTER_S = 300
PART = re.compile(
    r"^(?P<indent>[ \t]*)# route (?P<name>\S+)\n(?P<body>.*?)^(?P=indent)# end of route (?P=name)\n",
    re.MULTILINE | re.DOTALL,
)
# A certificate of Nginx, or a block of Caddy for addresses without http://.
SECURED = re.compile(r"^ *ssl_certificate |^(?!http://|server \{)[\w*].*\{$", re.MULTILINE)
HOST = re.compile(r"[A-Za-z0-9.*_-]+")
NETWORK = re.compile(r"[0-9A-Fa-f.:/]+")
HEADER = re.compile(r"[A-Za-z0-9_-]+")
COOKIE = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True)
class Part:
    """What belongs to one route in one place; `body` is indented as it stands."""

    name: str
    body: str
    indent: str = ""

    @property
    def text(self) -> str:
        """The part with its comments, and the empty line before it."""
        return f"\n{self.indent}# route {self.name}\n{self.body}{self.indent}# end of route {self.name}\n"


def parts_of(text: str) -> list[Part]:
    """The parts of a file, in order; those within another are in its body."""
    return [Part(match["name"], match["body"], match["indent"]) for match in PART.finditer(text)]


def without(text: str, *names: str) -> str:
    """A file without the parts of some routes, wherever they stand."""
    for name in names:
        shown = re.escape(name)
        pattern = rf"(?:(?<=\n)\n)?^(?P<indent>[ \t]*)# route {shown}\n.*?^(?P=indent)# end of route {shown}\n"
        text = re.sub(pattern, "", text, flags=re.MULTILINE | re.DOTALL)
    return text


def bare(text: str) -> str:
    """A file without any part: how the site is served, whatever its routes."""
    return without(text, *(part.name for part in parts_of(text)))


def merged(frame: str, parts: Iterable[Part]) -> str:
    """A file with these parts, those of closed routes first: before the first block, or indented at its end."""
    ordered = sorted(parts, key=lambda each: (not each.name.endswith(MAINTENANCE), each.name))
    beside, within = ("".join(part.text for part in ordered if bool(part.indent) is inner) for inner in (False, True))
    head, end = frame.index("\n") + 1, frame.index("\n}\n") + 1
    return frame[:head] + beside + frame[head:end] + within + frame[end:]


def mark(hosts: Sequence[str]) -> str:
    """The first line of a file of ours, which names its hosts."""
    return f"{MARK}{' '.join(hosts) or 'any host'}; what belongs to one route stands between two comments\n"


def site_path(proxy: Proxy, hosts: Sequence[str], suffix: str) -> str:
    """The file of the site with these names."""
    name = re.sub(r"[^A-Za-z0-9.-]", "_", hosts[0].lower()) if hosts else "any-host"
    return proxy.path(f"{name}{suffix}")


def ways_of(route: Route) -> list[Route]:
    """A route, and how it might have been served before: without TLS, or with plain HTTP treated otherwise."""
    ways = [route, replace(route, tls=None)]
    return [*ways, replace(route, tls=replace(route.tls, redirect=not route.tls.redirect))] if route.tls else ways


def chosen_frame(route: Route, path: str, old: str, frames: Sequence[str]) -> tuple[str, list[Finding]]:
    """How a site is served that is there already, when a route is to be served there.

    What a person wrote into it stays, unless the route needs TLS, another certificate, or other names.

    Parameters
    ----------
    old: the file as it is, "" for none.
    frames: how the site is written for each of `ways_of` the route.
    """
    new, kept = frames[0], bare(old)
    others = ", ".join(dict.fromkeys(part.name for part in parts_of(old)))
    if others and not kept.startswith(mark(route.hosts)):
        said = f"{path} serves {others} under other names."
        return new, [found(route, "site-names", said, "Give this route the same names in the same order.")]
    if others and route.tls is None and is_secured(kept):
        said = f"{', '.join(route.hosts)} is served over TLS already, for {others}; so is this route."
        return kept, [found(route, "site-tls", said, severity=Severity.INFO)]
    written = {line for frame in frames for line in _lines(frame)}
    by_hand = [line for line in _lines(kept) if line not in written]
    if not old or [line for line in _lines(kept) if line in written] == _lines(new):
        return kept or new, []
    wrong: list[Finding] = []
    if others and is_secured(new) and not is_secured(kept):
        said = f"{others} will be served over TLS as this route is: they have the same names."
        wrong.append(found(route, "site-tls", said, severity=Severity.WARN))
    if by_hand:
        said = f"{path} is written anew, without these lines of it: {' '.join(by_hand[:5])}"
        wrong.append(found(route, "site-anew", said, "Put back afterwards what you wrote.", Severity.WARN))
    return new, wrong


def is_secured(frame: str) -> bool:
    """Whether a site is served over TLS."""
    return SECURED.search(frame) is not None


def _lines(frame: str) -> list[str]:
    return [line.strip() for line in frame.splitlines() if line.strip()]


def without_route(proxy: Proxy, name: str, suffix: str) -> dict[str, str | None]:
    """The sites that change when a route goes, with what is left of them; one without any route goes too."""
    changed: dict[str, str | None] = {}
    for path, text in proxy.files.items():
        if path.endswith(suffix) and text.startswith(MARK):
            left = without(text, name, f"{name}{MAINTENANCE}")
            if left != text:
                changed[path] = left if parts_of(left) else None
    return changed


def with_changes(files: Mapping[str, str], changed: Mapping[str, str | None]) -> dict[str, str]:
    """Files after a change."""
    return {path: text for path, text in {**files, **changed}.items() if text is not None}


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str | None]:
    """What has to be written, or to go, so that the files before are the ones after."""
    return {path: after.get(path) for path in sorted({*before, *after}) if before.get(path) != after.get(path)}


def lines_of(lines: Iterable[str], indent: str = "") -> str:
    """The text of some lines; only the first line of one that holds more, as a quoted page may, gets the indent."""
    return "".join(f"{indent}{line}\n" for line in lines)


def block(head: str, lines: Iterable[str], indent: str) -> list[str]:
    """The lines of a block."""
    return [f"{head} {{", *(f"{indent}{line}" for line in lines), "}"]


def unmet(route: Route, proxy: Proxy) -> Iterator[Finding]:
    """What keeps any proxy with such files from serving a route."""
    if proxy.unwritable or not proxy.folder:
        said = f"{proxy.unwritable or f'{proxy.container.name} reads no files'}."
        yield found(route, "proxy-files", said, "Then ask again.")
    for path, text in proxy.files.items():
        if text.startswith(MARK) and "\r\n" in text:
            yield found(
                route, "site-ends", f"{path} has line ends of Windows.", "Convert it (dos2unix), then ask again."
            )
    names = [
        ("host", HOST, route.hosts),
        ("network", NETWORK, route.allow),
        ("header", HEADER, tuple(route.headers)),
        ("cookie", COOKIE, (route.sticky,) if route.sticky else ()),
    ]
    for what, pattern, values in names:
        for value in values:
            if not pattern.fullmatch(value):
                yield found(route, "route-name", f"{value!r} is no name of a {what} here.", "Correct it.")


def found(route: Route, code: str, said: str, fix: str = "", severity: Severity = Severity.ERROR) -> Finding:
    """A finding about a route."""
    return Finding(code=code, severity=severity, object=route.name, message=said, fix=fix)
