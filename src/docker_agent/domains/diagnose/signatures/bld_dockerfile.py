"""Dockerfiles that cannot be read: an unknown instruction, no instruction at all, a FROM without an image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

UNKNOWN = re.compile(
    r"line (?P<line>\d{1,6}): unknown instruction: (?P<word>\S{1,100})(?: \(did you mean (?P<meant>\w{1,40})\?\))?"
)
EMPTY = re.compile(r"file with no instructions|the Dockerfile(?: \(\S{1,200}\))? cannot be empty")
NO_IMAGE = re.compile(
    r'failed to parse stage name "(?P<name>[^"\n]{0,255})": invalid reference format'
    r"|base name \((?P<words>[^)\n]{1,255})\) should not be blank"
)


@signature(code="bld-unknown-instr", area="build")
def bld_unknown_instr(snapshot: Snapshot) -> Iterator[Finding]:
    """The Dockerfile has a line that begins with no instruction.

    A misspelt instruction, or the rest of a command whose line before does not end with a backslash.

    Seen
    ----
        ERROR: failed to build: failed to solve: dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)
        ERROR: failed to solve: dockerfile parse error on line 7: unknown instruction: &&
    """
    for refusal in spoken(snapshot, UNKNOWN):
        match = refusal.match
        meant = match["meant"]
        yield refusal.found(
            message=f"Line {match['line']} of the Dockerfile begins with {match['word']}, which is no instruction.",
            cause="It is misspelt, or the line before lacks the backslash that carries a command on.",
            fix=f"{f'Write {meant}' if meant else 'Correct it'}, or end the line before with a backslash.",
        )


@signature(code="bld-empty", area="build")
def bld_empty(snapshot: Snapshot) -> Iterator[Finding]:
    """The Dockerfile holds no instruction.

    It is empty or holds comments only. A Dockerfile that is not there is another message.

    Seen
    ----
        ERROR: failed to build: failed to solve: file with no instructions
        ERROR: failed to build: failed to solve: the Dockerfile cannot be empty
    """
    for refusal in spoken(snapshot, EMPTY):
        yield refusal.found(
            message="The Dockerfile holds no instruction.",
            cause="It was not saved or is another file than the one that was meant.",
            fix="Begin it with FROM, or name the right file (-f, `build.dockerfile`).",
        )


@signature(code="bld-arg", area="build")
def bld_arg(snapshot: Snapshot) -> Iterator[Finding]:
    """A FROM names no image because an ARG in it is empty.

    The ARG has no default and was not given, or it is declared after FROM, where FROM does not see it. An image's name
    outside a Dockerfile that cannot be read is `img-badref`.

    Seen
    ----
        ERROR: failed to build: failed to solve: failed to parse stage name "busybox:": invalid reference format
        ERROR: failed to build: failed to solve: base name (${BASE}) should not be blank
    """
    for refusal in spoken(snapshot, NO_IMAGE):
        match = refusal.match
        yield refusal.found(
            message=f"FROM gets {match['name'] or match['words']!r}, which names no image.",
            cause="A variable in it is empty: its ARG has no default and was not given, or stands below FROM.",
            fix="Put `ARG NAME=default` before the first FROM, or give it (--build-arg, `build.args`).",
        )
