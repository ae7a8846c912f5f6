"""Files that a platform fills in before Compose sees them: which platform, and which variables are its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# Names by which a platform gives itself away: as the start of a variable (with an underscore) or as all of it.
_SIGNS: Mapping[str, tuple[str, ...]] = {
    "coolify": ("SERVICE_FQDN_", "SERVICE_URL_", "SERVICE_USER_", "SERVICE_PASSWORD_", "SERVICE_BASE64_",
                "SERVICE_REALBASE64_", "SERVICE_HEX_", "SERVICE_SUPABASEANON_", "SERVICE_SUPABASESERVICE_"),
    "1panel": ("PANEL_APP_PORT_", "PANEL_DB_"),
    "runtipi": ("ROOT_FOLDER_HOST", "RUNTIPI_"),
    "umbrel": ("APP_DATA_DIR", "APP_SEED", "UMBREL_ROOT"),
}  # fmt: skip

# What the platform sets besides, once it is known to be the one.
_OWN: Mapping[str, tuple[str, ...]] = {
    "coolify": ("COOLIFY_", "SERVICE_"),
    "1panel": ("PANEL_", "CONTAINER_NAME", "HOST_IP", "CPUS", "MEMORY_LIMIT"),
    "runtipi": ("APP_", "ROOT_FOLDER_HOST", "RUNTIPI_", "STORAGE_PATH", "DOMAIN", "LOCAL_DOMAIN", "TZ"),
    "umbrel": ("APP_", "UMBREL_", "DEVICE_HOSTNAME", "DEVICE_DOMAIN_NAME", "TOR_", "NETWORK_IP"),
}  # fmt: skip

ANY = "any"

# What stands for one character of a value that a template engine fills in.
MARK = "\ue000"

_LOGIC = r"\{%.*?%\}|\{#.*?#\}|\{\{[-~]?\s*(?:[#/^>!]|(?:else|end|if|range|with|each|unless)\b).*?\}\}"
_VALUE = r"\{\{.*?\}\}"


def platform_of(names: Iterable[str]) -> str:
    """The platform whose variables are among the names, "" where none gives itself away."""
    seen = list(names)
    return next((platform for platform, signs in _SIGNS.items() if any(_is_one_of(name, signs) for name in seen)), "")


def is_set_by(platform: str, name: str) -> bool:
    """Whether a platform sets a variable; `any` sets them all."""
    return platform == ANY or _is_one_of(name, _OWN.get(platform, ()))


def hide_braces(text: str) -> str:
    """A text as long, in which each value of Jinja, Handlebars or Go templates is one word and their logic is blank."""
    blank = re.sub(_LOGIC, lambda match: " " * len(match.group()), text)
    return re.sub(_VALUE, lambda match: MARK * len(match.group()), blank)


def braces_in(text: str) -> list[re.Match[str]]:
    """Each value of a text that a template engine fills in."""
    return [match for match in re.finditer(_VALUE, text) if not re.fullmatch(_LOGIC, match.group())]


def _is_one_of(name: str, words: Iterable[str]) -> bool:
    return any(name.startswith(word) if word.endswith("_") else name == word for word in words)
