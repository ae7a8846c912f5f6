"""Dockerfiles: read them, and see which service of a compose file builds which."""
