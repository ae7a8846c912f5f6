"""Handbook pages on Docker: best practice, Engine API, troubleshooting; searched by words."""
