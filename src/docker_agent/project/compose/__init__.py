"""Compose files as typed data: read as Compose reads them, with the place of every value."""
