"""Reverse proxies of this host: routes, what Traefik, Nginx and Caddy say of themselves, and how traffic is divided."""

from docker_agent.domains.proxy.driver import Change, Configured, Driver, Proxy, Splitter, all_drivers
from docker_agent.domains.proxy.entry import entry_of
from docker_agent.domains.proxy.find import find_proxy
from docker_agent.domains.proxy.read import kind_of, read_proxies
from docker_agent.domains.proxy.route import Canary, Share
from docker_agent.domains.proxy.state import ProxyState, Router, Server, Upstream
from docker_agent.domains.proxy.traffic import Hit, hits

__all__ = [
    "Canary",
    "Change",
    "Configured",
    "Driver",
    "Hit",
    "Proxy",
    "ProxyState",
    "Router",
    "Server",
    "Share",
    "Splitter",
    "Upstream",
    "all_drivers",
    "entry_of",
    "find_proxy",
    "hits",
    "kind_of",
    "read_proxies",
]
