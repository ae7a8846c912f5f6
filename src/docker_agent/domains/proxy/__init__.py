"""Reverse proxies of this host: what Traefik and Caddy route where, and what they complain of."""

from docker_agent.domains.proxy.read import kind_of, read_proxies
from docker_agent.domains.proxy.state import ProxyState, Router, Server, Upstream

__all__ = ["ProxyState", "Router", "Server", "Upstream", "kind_of", "read_proxies"]
