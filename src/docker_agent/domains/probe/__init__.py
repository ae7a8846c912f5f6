"""Probes: ask a port, a URL or a name from inside a container's network, to see what it can reach."""
