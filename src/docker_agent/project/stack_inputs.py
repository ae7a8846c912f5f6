"""What a plan for a stack is bound to: the digest of every file that Compose reads."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.project.stack import Read, Stack


def inputs_of(stack: Stack, read: Read) -> dict[str, str]:
    """SHA-256 of every file that Compose reads for a stack, by path relative to the root; "" for one that is not there.

    These are the compose files as they were read, with all that they include and extend, the `.env` files, and the
    services' env files.

    Raises
    ------
    InputError: one of them is there and cannot be read.
    """
    found = {_name(stack, source.path): _digest(source.data) for source in stack.model.sources.values()}
    env_files = (stack.model.resolve(name) for service in stack.model.services.values() for name in service.env_files)
    for path in (*stack.dotenv, *stack.model.further, *env_files):
        try:
            found.setdefault(_name(stack, path), _digest(read(path)))
        except InputError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            found.setdefault(_name(stack, path), "")
    return found


def _name(stack: Stack, path: Path) -> str:
    return os.path.relpath(path, stack.root).replace(os.sep, "/")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
