"""Which values of a project are secrets: known by where they lie, by their key and by their own shape."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.core.pattern import lazy
from docker_agent.core.secret import PASSWORD_FLAG, SHORTEST, is_reference, key_looks_secret, value_looks_secret
from docker_agent.project.dotenv import parse_dotenv
from docker_agent.project.secret_leaks import leaks
from docker_agent.project.stack import Stack

HARMLESS_KEY = lazy(
    r"(?:^|_)(?:NAME|HOST|HOSTNAME|PORT|URL|URI|USER|USERNAME|DOMAIN|ENV|ENVIRONMENT|MODE|LEVEL|VERSION|TAG|IMAGE|PATH|"
    r"DIR|TZ|TIMEZONE|LANG|LOCALE|REGION|ZONE|EMAIL|REPLICAS|FILE|PROFILES|PROJECT)$",
    re.IGNORECASE,
)
HARMLESS_VALUE = lazy(r"[\d.,:]+|v?\d[\w.\-]*|(?:true|false|yes|no|on|off|none|null)|/[\w./\-]*", re.IGNORECASE)
ASSIGNMENT = lazy(r"^[ \t]*(?:export[ \t]+)?([\w.\-]+)[ \t]*=[ \t]*(.*)$", re.MULTILINE)
LARGEST_SECRET_FILE = 65_536


def looks_secret(key: str, value: str) -> bool:
    """Whether a key with this literal value holds a secret.

    A reference (`${VAR}`, a path under /run/secrets) is none; a placeholder such as `changeme` under a key for a
    password is one, because it is what the container will use.
    """
    text = value.strip()
    if not text or is_reference(text):
        return False
    if key_looks_secret(key):
        return not re.fullmatch(r"\d{1,3}|true|false|yes|no|none|null", text, re.IGNORECASE)
    return value_looks_secret(text) and not re.search(
        r"(?:_FILE|DIGEST|CHECKSUM|SHA\d*|HASH|COMMIT|REVISION)$", key.upper()
    )


def secrets_in_env(env: Iterable[str]) -> dict[str, str]:
    """The secrets in a container's environment (`KEY=value` entries), by key, those of six characters or more."""
    pairs = (entry.partition("=") for entry in env)
    return {key: value for key, _, value in pairs if len(value) >= SHORTEST and looks_secret(key, value)}


def secrets_in_argv(argv: Sequence[str]) -> dict[str, str]:
    """The passwords on a command line, by the flag before them: `--requirepass WORD`, `--password=WORD`."""
    found: dict[str, str] = {}
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        flag, given, value = word.partition("=")
        if PASSWORD_FLAG.fullmatch(flag):
            secret = value if given else following
            if len(secret) >= SHORTEST and not is_reference(secret) and not secret.startswith(("-", "/")):
                found[flag.lstrip("-")] = secret
    return found


def known_secrets(root: Path, stack: Stack | None, *, read: Callable[[Path], bytes]) -> dict[str, str]:
    """Every secret value that lies in a project, by name.

    These are the values in `.env` files (all but those that are harmless by key and value both: numbers, flags,
    versions, paths, names, hosts), in the files that `secrets:` names, and what is written out in the compose files:
    environments, build arguments, labels, commands, configuration texts. Values under six characters are left out:
    masking them would blur everything else.
    """
    found = secrets_of_env_files(env_files_of(root, stack), read)
    if stack is not None:
        for name, value in _secret_files(stack, read):
            found.setdefault(name, value)
        for key, value in _literals(stack):
            if len(value) >= SHORTEST and looks_secret(key, value):
                found.setdefault(key if found.get(key, value) == value else f"{key}_compose", value)
        _add_leaked(found, stack)
    return found


def secrets_of_env_files(files: Iterable[Path], read: Callable[[Path], bytes]) -> dict[str, str]:
    """The secret values of some `.env` files, by name; the first file that has a name counts."""
    found: dict[str, str] = {}
    for file in files:
        for key, value in _parsed(file, read).items():
            if _is_secret_in_dotenv(key, value):
                found.setdefault(key, value)
    return found


def _is_secret_in_dotenv(key: str, value: str) -> bool:
    if len(value) < SHORTEST or is_reference(value):
        return False
    if looks_secret(key, value):
        return True
    return not (HARMLESS_KEY.search(key) or HARMLESS_VALUE.fullmatch(value))


def env_files_of(root: Path, stack: Stack | None) -> list[Path]:
    """The files named `.env*` of a folder, and those that the services of a stack name."""
    try:
        names = _dotenv_names(root, root.stat().st_mtime_ns)
    except OSError:
        names = ()
    found = [root / name for name in names if (root / name).is_file()]
    if stack is not None:
        named = (stack.directory / name for service in stack.model.services.values() for name in service.env_files)
        found += [path for path in named if path.is_file() and path not in found]
    return found


@lru_cache(maxsize=64)
def _dotenv_names(folder: Path, changed_ns: int) -> tuple[str, ...]:
    """The names in a folder that begin with `.env`, kept until something is made or removed there."""
    del changed_ns
    return tuple(sorted(name for name in os.listdir(folder) if name.startswith(".env")))  # noqa: PTH208 - much quicker


def _parsed(file: Path, read: Callable[[Path], bytes]) -> dict[str, str]:
    """The variables of a file; one broken line does not hide the secrets on the others."""
    try:
        data = read(file)
    except InputError:
        return {}
    try:
        return parse_dotenv(data, file.name, {})
    except InputError:
        pairs = ASSIGNMENT.findall(data.decode("utf-8", "replace"))
        return {key: value.strip().strip("\"'") for key, value in pairs}


def _secret_files(stack: Stack, read: Callable[[Path], bytes]) -> Sequence[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for secret in stack.model.secrets.values():
        if not secret.file:
            continue
        try:
            data = read(stack.directory / secret.file)
        except InputError:
            continue
        value = data.decode("utf-8", "replace").strip()
        if SHORTEST <= len(value) <= LARGEST_SECRET_FILE:
            found.append((secret.key, value))
    return found


def _literals(stack: Stack) -> Iterable[tuple[str, str]]:
    for service in stack.model.services.values():
        pairs = [*service.environment.items(), *(service.build.args.items() if service.build else ())]
        yield from ((key, value) for key, value in pairs if value)


def _add_leaked(found: dict[str, str], stack: Stack) -> None:
    """Add what is written out in labels, commands, configuration texts and URLs."""
    for leak in leaks(stack.model):
        value = leak.suspicion.secret
        if leak.suspicion.weight != "placeholder" and len(value) >= SHORTEST and value not in found.values():
            name = wanted = (leak.suspicion.key or leak.written.key).lstrip("-")
            number = 2
            while name in found:
                name, number = f"{wanted}_{number}", number + 1
            found[name] = value
