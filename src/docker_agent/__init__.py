"""An agent runtime for Docker and Docker Compose: typed tools, plans before changes, proof after them."""

__version__ = "0.1.0"
