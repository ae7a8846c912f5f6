"""RUN steps whose command failed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from docker_agent.core.finding import Evidence, Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import cut
from docker_agent.domains.diagnose.messages import line_of, spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r'process "(?P<command>[^\n]{1,2000}?)" did not complete successfully: exit code: (?P<code>\d{1,3})'
)
OUTPUT = re.compile(r"^(?:#\d+ )?\d+\.\d+ (?P<said>[^\n]*\S)", re.MULTILINE)
FORMAT = re.compile(r"exec (?:container process )?\S{0,300}: exec format error|exec format error")
WHY = {
    "100": ("apt failed: a package is not known, or no mirror is reached.", "Run apt-get update in the same RUN."),
    "126": ("The program in it cannot be executed.", "Give it the right to be executed (COPY --chmod=755)."),
    "127": ("A program in it is not in the image.", "Install it in an earlier step, or take an image that has it."),
    "137": (
        "It was killed, most often for want of memory.",
        "Give the builder more memory, or let it work less at once.",
    ),
}


@signature(code="bld-run-exit", area="build")
def bld_run_exit(snapshot: Snapshot) -> Iterator[Finding]:
    """A command of a RUN step failed.

    The cause is in the step's own output, above the message; the exit code says its kind: 127 no such program, 126 not
    executable, 137 killed, 100 apt. A program for another processor is `bld-exec-format`.

    Seen
    ----
        ERROR: failed to build: failed to solve: process "/bin/sh -c npm run build" did not complete successfully: exit code: 1
        target web: failed to solve: process "/bin/sh -c nosuchcmd --x" did not complete successfully: exit code: 127
    """
    for refusal in spoken(snapshot, PATTERN):
        match = refusal.match
        if FORMAT.search(match.string):
            continue
        missing = "executable file not found" in match.string
        other = ("It failed by itself; its last words are the step's output.", "Mend what the output says.")
        cause, fix = WHY["127"] if missing else WHY.get(match["code"], other)
        yield refusal.found(
            _last_words(snapshot, match),
            message=f"`{cut(snapshot, match['command'].removeprefix('/bin/sh -c '))}` ended with code {match['code']}.",
            cause=cause,
            fix=fix,
        )


@signature(code="bld-exec-format", area="build")
def bld_exec_format(snapshot: Snapshot) -> Iterator[Finding]:
    """A RUN step's program is for another processor, and the builder cannot emulate it.

    Seen when an image is built for another platform without emulation, or from a base image of another platform. Other
    failures of a RUN step are `bld-run-exit`.

    Seen
    ----
        ERROR: failed to solve: process "/bin/sh -c true" did not complete successfully: exit code: 255: exec /bin/sh: exec format error
    """
    for refusal in spoken(snapshot, PATTERN):
        if FORMAT.search(refusal.match.string):
            yield refusal.found(
                _last_words(snapshot, refusal.match),
                message="The builder cannot run the programs of this image.",
                cause="The image is for another processor than the builder, and no emulation is installed.",
                fix="Build for this platform (--platform), or install QEMU emulation (binfmt) on the builder's host.",
            )


def _last_words(snapshot: Snapshot, match: re.Match[str]) -> Evidence | None:
    """The last line that the step printed."""
    text = match.string[: match.start()]
    last = next(reversed([*OUTPUT.finditer(text)]), None)
    if last is None:
        return None
    message = next(each for each in snapshot.messages if each.text == match.string)
    return replace(line_of(snapshot, message, text.count("\n", 0, last.start())), quote=cut(snapshot, last["said"]))
