"""Releases of one service behind a reverse proxy with nothing dropped: blue-green, canary, resume, abort, rollback."""
