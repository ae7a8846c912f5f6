"""Words that programs use when something is wrong: a line without any of them is not compared with signatures.

There are about a hundred patterns and up to twenty thousand lines, so that all with all would take seconds. The words
are parts of words, and many: the tests of the signatures fail where a line that one of them knows has none.
"""

from __future__ import annotations

import re

MAX_CHARS = 1_000
MAX_PREFIX = 120
LEVEL = re.compile(r"(?:^|[\s\[(|])(?:INFO|DEBUG|TRACE)(?=[\s\]):|])|\blevel\"?[=:] ?\"?(?:info|debug|trace)\b")

# fmt: off
WORDS = (
    "abort", "access", "already", "bad ", "broke", "bus ", "can't", "cannot", "capab",
    "certificate", "closed", "conflict", "connect", "corrupt", "could", "critical", "cuda",
    "deadlock", "denied", "different", "does", "down", "eacces", "eaddr", "eai_again", "econn",
    "empty", "emfile", "enfile", "enoent", "enomem", "enospc", "enotfound", "eof", "erofs",
    "err", "etimedout", "exceed", "exec", "exhaust", "exist", "expired", "fail", "fatal",
    "forbid", "full", "gpu", "illegal", "incompat", "insufficient", "invalid", "kill", "limit",
    "lock", "lookup", "mismatch", "missing", "mount", "must", "no ", "not ",
    "nvml", "nxdomain", "only", "oom", "open", "out of", "panic", "perm", "port",
    "privileges", "quota", "read-only", "refuse", "reject", "reset", "resolv", "retry", "rocm",
    "segfault", "servfail", "space", "syntax", "terminat", "timed", "timeout", "too ", "trace",
    "unable", "unauth", "unavail", "undefined", "unexpected", "unhealthy", "unknown", "unreach", "unsupport",
    "upstream", "version", "violat", "warn", "wrong", "xid",
)
# fmt: on


def is_telling(text: str) -> bool:
    """Whether a line has one of the words; case and what stands behind 1,000 characters do not count."""
    plain = text[:MAX_CHARS].lower()
    return any(word in plain for word in WORDS)


def is_chatter(text: str) -> bool:
    """Whether a line says of itself that nothing is wrong: its level is INFO, DEBUG or TRACE."""
    return LEVEL.search(text[:MAX_PREFIX]) is not None
