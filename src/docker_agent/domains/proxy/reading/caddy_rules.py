"""What Caddy matches, as rules: hosts, paths, and conditions that are not judged from outside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from docker_agent.domains.proxy.matchers import CONDITION

HOST = 10_000_000
PREFIX = re.compile(r"PathPrefix\(`([^`]+)`\)")
# A path with anything else is one that Caddy decodes, replaces or takes for a pattern.
PLAIN = re.compile(r"/[\w./~+@:-]*")


def rule(hosts: Iterable[str], conditions: Sequence[str]) -> str:
    """The rule for some hosts, `*` among them for all, where all conditions hold."""
    names = [*dict.fromkeys(hosts)]
    conditions = [each for each in conditions if not any(_is_within(other, each) for other in conditions)]
    if not conditions:
        return ", ".join(names)
    if len(conditions) == 1 and (prefix := PREFIX.fullmatch(conditions[0])):
        return f"{', '.join(names)} {prefix[1]}*"
    where = [] if "*" in names or not names else [f"Host({', '.join(f'`{name}`' for name in names)})"]
    return " && ".join([*where, *(f"({each})" if "||" in each else each for each in conditions)])


def _is_within(other: str, each: str) -> bool:
    """Whether a condition says nothing beside another one, whose path lies below its own."""
    prefix = PREFIX.fullmatch(each)
    return prefix is not None and other != each and other.startswith((f"PathPrefix(`{prefix[1]}", f"Path(`{prefix[1]}"))


def paths(patterns: Iterable[str], within: str = "") -> str:
    """The condition that a path is one of these; their case does not count.

    Parameters
    ----------
    within: the prefix that was taken off before.
    """
    return " || ".join(_path(f"{within}{each}".lower() if each.startswith("/") else each.lower()) for each in patterns)


def _path(pattern: str) -> str:
    bare = pattern.strip("*")
    if PLAIN.fullmatch(pattern):
        return f"Path(`{pattern}`)"
    if pattern.endswith("*") and PLAIN.fullmatch(bare) and pattern == f"{bare}*":
        return f"PathPrefix(`{bare}`)"
    if pattern == f"*{bare}" and re.fullmatch(r"[\w./-]+", bare):
        return f"PathRegexp(`{re.escape(bare)}$`)"
    return condition(f"path {pattern}")


def condition(words: str) -> str:
    """A condition that is not judged."""
    return f"{CONDITION.capitalize()}(`{words.replace('`', '')}`)"


def rank(host: str) -> int:
    """A full name before one with a star, the longer of these first, and both before all hosts."""
    return 0 if host == "*" else HOST + len(host) * 10_000 if "*" in host else 2 * HOST
