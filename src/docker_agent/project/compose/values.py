"""Compose's own readings of text: durations, sizes, booleans, numbers."""

from __future__ import annotations

import re

# Patterns as text: they are compiled where a file has such a value.
_PART = r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)"
_DURATION = rf"[-+]?(?:{_PART})+"
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86400,
    "w": 604800,
}
_SIZE = r"(.*[0-9.]) ?([kmgtpKMGTP])?(?:[bB]|(?<=[kmgtpKMGTP])[iI][bB])?"
_LONGEST_S = 2**63 / 1e9
_INT = r"[-+]?[0-9]+"
_LONGEST, _LARGEST = 300, 2.0**63


def read_duration(text: str) -> float:
    """Seconds of a duration such as `1m30s`; raises ValueError where it is none."""
    match = re.fullmatch(_DURATION, text)
    if text in {"0", "+0", "-0"}:
        return 0.0
    if not match:
        raise ValueError(f'"{text}" is not a duration such as 30s or 1m30s')
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in re.findall(_PART, text))
    if seconds > _LONGEST_S:
        raise ValueError(f'"{text}" is longer than 292 years')
    return -seconds if text.startswith("-") else seconds


def read_size(text: str) -> int:
    """Bytes of a size such as `512m`; raises ValueError where it is none."""
    match = re.fullmatch(_SIZE, text)
    try:
        size = read_float(match.group(1)) if match else -1
    except ValueError:
        size = -1
    if match is None or size < 0:
        raise ValueError(f'"{text}" is not a size such as 512m or 2g')
    power = " kmgtp".index((match.group(2) or " ").lower())
    return int(min(size * 1024**power, _LARGEST))


def read_bool(text: str) -> bool:
    """A boolean, also in the words of YAML 1.1 that Compose takes; raises ValueError for any other."""
    word = text.lower()
    if word in {"true", "yes", "on", "y"}:
        return True
    if word in {"false", "no", "off", "n"}:
        return False
    raise ValueError(f'"{text}" is not true or false')


def read_int(text: str) -> int:
    """A whole number in decimal digits; raises ValueError where it is none."""
    if not re.fullmatch(_INT, text) or len(text) > _LONGEST:
        raise ValueError(f'"{text}" is not a whole number')
    return int(text)


def read_float(text: str) -> float:
    """A number as Go reads it, infinity and NaN among them; raises ValueError where it is none."""
    try:
        if text == text.strip():
            return float.fromhex(text) if "0x" in text.lower() and "p" in text.lower() else float(text)
    except ValueError:
        pass
    raise ValueError(f'"{text}" is not a number')


def read_mode(text: str) -> int:
    """The permission bits of octal digits; raises ValueError where they are none."""
    try:
        return int(text, 8)
    except ValueError:
        raise ValueError(f'"{text}" is not a file mode such as 0440') from None


def read_count(text: str) -> int:
    """How many devices, -1 for all; raises ValueError for anything else."""
    if text.lower() == "all":
        return -1
    try:
        return read_int(text)
    except ValueError:
        raise ValueError(f'"{text}" is neither all nor a whole number') from None


def refuse_text(text: str) -> int:
    """For numbers that Compose takes only unquoted, whatever the schema says; raises ValueError."""
    raise ValueError(f'"{text}" is text; write a number without quotes')
