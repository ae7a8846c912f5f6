"""The words that a Docker section is written with, and the draft that its entries fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from docker_agent.core.finding import Severity
from docker_agent.project.context.markdown import Node, plain, spans
from docker_agent.project.context.sections import words

Proxy = Literal["", "traefik", "nginx", "caddy"]
Gpu = Literal["", "any", "nvidia", "amd", "intel"]

KEYS = {
    "name": ("name", "project", "project name"),
    "reverse_proxy": ("reverse proxy", "proxy", "ingress", "load balancer", "edge proxy"),
    "reverse_proxy_version": ("reverse proxy version", "proxy version"),
    "network": ("network", "networks", "docker network", "default network", "proxy network", "shared network"),
    "gpu": ("gpu", "gpus", "gpu support", "gpu acceleration", "gpu passthrough", "gpu vendor"),
    "service_groups": ("service groups", "service group", "services", "groups"),
    "compose_files": ("compose files", "compose file", "docker compose files", "docker compose file", "compose"),
    "policies": ("security policies", "security policy", "policies", "policy", "security", "rules"),
    "production": ("production", "is production", "environment", "stage"),
    "hosts": ("hosts", "host", "docker hosts", "machines", "servers", "nodes", "docker contexts", "fleet"),
    "delegates": ("delegates", "delegate", "delegation", "delegate to", "agents", "other agents"),
    "projects": ("projects", "compose projects", "additional projects", "other projects", "own projects"),
}
SYNONYMS = {
    Severity.OFF: ("off", "ignore", "ignored", "allow", "allowed", "skip"),
    Severity.INFO: ("info", "information", "note", "notice", "hint"),
    Severity.WARN: ("warn", "warning", "warnings", "caution", "medium"),
    Severity.ERROR: ("error", "errors", "deny", "denied", "disallow", "forbid", "forbidden", "block", "blocked", "fail",
                     "prohibited", "critical", "high"),
}  # fmt: skip
YES = frozenset({"yes", "true", "on", "production", "prod", "live", "enabled", "enable", "required", "y"})
NO = frozenset({"no", "false", "off", "none", "development", "dev", "staging", "stage", "test", "testing", "local"})
NONE = frozenset({"", "none", "no", "n a", "false", "off", "disabled", "not used", "keine", "null"})

FIELD_OF = {alias: name for name, aliases in KEYS.items() for alias in aliases}
SEVERITY_OF = {synonym: severity for severity, synonyms in SYNONYMS.items() for synonym in synonyms}
VENDOR_OF: dict[str, Gpu] = {
    "nvidia": "nvidia", "cuda": "nvidia", "rtx": "nvidia", "geforce": "nvidia", "tesla": "nvidia",
    "amd": "amd", "rocm": "amd", "radeon": "amd", "intel": "intel", "arc": "intel", "quicksync": "intel",
}  # fmt: skip
_NOTE = re.compile(r"\s+(?:[-\u2013\u2014]+|#)\s+.*$|\s*\([^()]*\)\s*$")


@dataclass(frozen=True)
class Mistake:
    """Something in the file that was not understood or is better written otherwise; line and column count from 1."""

    line: int
    column: int
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Peer:
    """Another machine or another agent: its name, where it is reached (URL, address or context) and what it is for."""

    name: str
    address: str = ""
    note: str = ""


@dataclass
class Draft:
    """The fields as they are gathered; the attributes are those of `ProjectContext`."""

    name: str = ""
    reverse_proxy: Proxy = ""
    reverse_proxy_version: str = ""
    network: str = ""
    gpu: Gpu = ""
    service_groups: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    compose_files: tuple[str, ...] = ()
    policies: dict[str, Severity] = field(default_factory=dict[str, Severity])
    policy_lines: dict[str, int] = field(default_factory=dict[str, int])
    production: bool = False
    hosts: tuple[Peer, ...] = ()
    delegates: tuple[Peer, ...] = ()
    projects: tuple[str, ...] = ()
    unknown: dict[str, str] = field(default_factory=dict[str, str])
    mistakes: list[Mistake] = field(default_factory=list[Mistake])
    seen: dict[str, int] = field(default_factory=dict[str, int])

    def complain(self, line: int, column: int, message: str, hint: str = "") -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(line=line, column=column, message=message, hint=hint))


def known_key(key: str) -> bool:
    """Whether a key names one of the fields."""
    return words(key) in FIELD_OF


def texts(node: Node) -> Iterator[str]:
    """The node's value and the texts below, as `key: value` where there is a key."""
    if node.value:
        yield plain(node.value)
    for child in node.children:
        below = ", ".join(texts(child))
        yield f"{child.key}: {below}" if child.key and below else child.key or below


def first_value(node: Node) -> str:
    """The one value of a node: its own, or that of its first unnamed or kind-naming child."""
    kinds = {"", "name", "type", "kind", "vendor", "software"}
    below = (child.value for child in node.children if words(child.key) in kinds)
    return plain(node.value or next(below, ""))


def listed(node: Node, *, by_key: bool = False) -> list[str]:
    """All entries of a node: code spans or comma-separated words of its value, then those of each child.

    A child `key: value` counts by its value where that is a code span or a path, else (or with `by_key`) by its key.
    """
    found = split_values(node.value)
    for child in node.children:
        is_path = "." not in child.key and re.fullmatch(r"\S*[./*]\S*", plain(child.value))
        if child.key and (by_key or not (is_path or spans(child.value))):
            found.append(child.key)
        else:
            found += listed(child, by_key=by_key)
    return found


def split_values(value: str) -> list[str]:
    """The entries of one value: its code spans, or what stands between commas, without notes behind."""
    if quoted := spans(value):
        return [part.strip() for span in quoted for part in span.split(",") if part.strip()]
    bare = re.sub(r"\s+", " ", plain(value))
    inside = bare[1:-1] if bare.startswith("[") and bare.endswith("]") else bare
    parts = [_NOTE.sub("", part).strip(" \"'") for part in re.split(r"[,;](?![^(]*\))", inside)]
    return [part for part in parts if words(part) not in NONE or "*" in part]


def named(child: Node) -> tuple[str, Node]:
    """Name and content of an entry, also where the name is a value of its own (`name: core`)."""
    inner = next((below for below in child.children if words(below.key) == "name"), None)
    rest = [below for below in child.children if below is not inner]
    if words(child.key) == "name":
        return plain(child.value), Node("", "", child.line, child.column, child.children)
    if not child.key and inner:
        return plain(inner.value), Node("", child.value, child.line, child.column, rest)
    return child.key, child
