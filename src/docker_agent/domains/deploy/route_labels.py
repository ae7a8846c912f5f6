"""The routes that Traefik labels of a service ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

RULE = re.compile(r"traefik\.http\.routers\.(?P<router>[^.]+)\.rule", re.IGNORECASE)
HOST = re.compile(r"\bHost\(\s*[`\"'](?P<host>[^`\"',]+)[`\"']", re.IGNORECASE)
PATH = re.compile(r"\bPath(?:Prefix)?\(\s*[`\"'](?P<path>/[^`\"']*)[`\"']", re.IGNORECASE)
SECURE = re.compile(r"websecure|https|tls", re.IGNORECASE)


@dataclass(frozen=True)
class LabelledRoute:
    """One router: its rule and entry points as written, and a URL that it serves, "" where its rule names no host."""

    router: str
    rule: str
    entrypoints: str
    url: str


def routes_in(labels: Mapping[str, str]) -> Iterator[LabelledRoute]:
    """The routers of these labels; none where Traefik is told to leave the container alone."""
    known = {key.lower(): value for key, value in labels.items()}
    if known.get("traefik.enable", "").lower() == "false":
        return
    for key, rule in known.items():
        named = RULE.fullmatch(key)
        if named is None:
            continue
        head = f"traefik.http.routers.{named['router']}."
        entrypoints = known.get(f"{head}entrypoints", "")
        tls = known.get(f"{head}tls", "").lower() == "true" or f"{head}tls.certresolver" in known
        host, path = HOST.search(rule), PATH.search(rule)
        scheme = "https" if tls or SECURE.search(entrypoints) else "http"
        url = f"{scheme}://{host['host']}{path['path'] if path else '/'}" if host else ""
        yield LabelledRoute(named["router"], rule, entrypoints, url)
