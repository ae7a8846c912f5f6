"""Versions, shares, times, hosts and users that a prompt names, for the SOPs."""

from __future__ import annotations

import re

IMAGE = re.compile(
    r"(?<![\w./-])[a-z0-9][\w.-]*(?:[:/][\w.-]+)*:\w[\w.-]*|(?<![\w.:/-])v?\d+(?:\.\d+){1,3}(?:-[\w.]+)?\b|\bv\d+\b",
    re.IGNORECASE,
)
# A version without a dot counts where the words around it say what it is.
NAMED = re.compile(
    r"\bversion (v?\d[\w.-]*)|\btag (?:named |called )?([a-z0-9][\w.-]*)"
    r"|\b(?:release|to|ship) [\w-]+ (v?\d[\w.-]*)\b(?! ?(?:%|percent|seconds?|minutes?|hours?|s\b|m\b))"
    r"|\brelease (?!version\b|new\b|it\b|one\b)([\w.-]+) of ",
    re.IGNORECASE,
)
PERCENTS = re.compile(r"(\d{1,3}(?:\s*(?:,|and|then|to)\s*\d{1,3})*)\s*(?:%|percent\b|per cent\b)", re.IGNORECASE)
NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "five": 5, "ten": 10, "fifteen": 15, "thirty": 30}
TIME = re.compile(
    rf"\b(?:(\d+)\s*|({'|'.join(NUMBERS)})\s+)(s|sec|seconds?|m|min|minutes?|h|hours?)\b",
    re.IGNORECASE,
)
HOST = re.compile(
    r"(?<![\w@:/.-])(?:https?://)?((?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,})(?![\w-])", re.IGNORECASE
)
USER = re.compile(r"\b(?:user|username|login) (?:is |named |called )?(?!and\b|with\b)([\w.@-]*\w)", re.IGNORECASE)
VARIABLE = re.compile(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b")
OPENS = re.compile(r"\b(?:end|ended|stop|finish|leave|off|out of|open|reopen|online|over|lift|done)\b", re.IGNORECASE)
UNITS = {"s": 1, "m": 60, "h": 3600}


def image_in(prompt: str) -> str:
    """The image or version that a prompt names (`v1.1.0`, `shop/web:2`), "" for none; a time of day is none."""
    found = (match.group() for match in IMAGE.finditer(prompt))
    image = next((word for word in found if not re.fullmatch(r"\d{1,2}:\d\d", word)), "")
    named = NAMED.search(prompt) if not image else None
    return next(filter(None, named.groups()), "").rstrip(".-") if named else image


def percents_in(prompt: str) -> str:
    """The shares that a prompt names, as a list such as `10,50`; "" for none."""
    return ",".join(number for found in PERCENTS.findall(prompt) for number in re.findall(r"\d+", found))


def seconds_in(prompt: str, default: float) -> float:
    """The first length of time that a prompt names, in seconds."""
    found = TIME.search(prompt)
    if found is None:
        return default
    return float(found[1] or NUMBERS[found[2].lower()]) * UNITS[found[3][0].lower()]


def hosts_in(prompt: str) -> list[str]:
    """The host names that a prompt names, in lower case; names of files such as compose.yaml are none."""
    found = (name.lower() for name in HOST.findall(prompt))
    return [
        name for name in dict.fromkeys(found) if not name.endswith((".yaml", ".yml", ".md", ".conf", ".env", ".py"))
    ]


def user_in(prompt: str, default: str) -> str:
    """The user that a prompt names ("user ann")."""
    found = USER.search(prompt)
    return found[1] if found else default


def variable_in(prompt: str, default: str) -> str:
    """The variable that a prompt names (`ADMIN_PASSWORD`); one without an underscore may be any word in capitals."""
    found = VARIABLE.search(prompt)
    return found[1] if found else default


def opens_in(prompt: str) -> bool:
    """Whether a prompt about maintenance asks to end it."""
    return OPENS.search(prompt) is not None
