"""What programs say when they refuse: messages that were handed over, and errors of failed starts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.domains.diagnose.evidence import (
    Confidence,
    complaints,
    cut,
    found,
    inspected,
    logged,
    shortened,
    written,
)
from docker_agent.domains.diagnose.snapshot import Message, Snapshot
from docker_agent.domains.diagnose.telling import MAX_CHARS
from docker_agent.host.models import Container


@dataclass(frozen=True)
class Refusal:
    """One message that matches a signature.

    Attributes
    ----------
    match: what the pattern matched.
    container: whose start failed or whose log says it, None for a message that belongs to no container.
    evidence: where the message was read, with its line.
    """

    snapshot: Snapshot
    match: re.Match[str]
    evidence: Evidence
    container: Container | None = None

    def found(
        self,
        *more: Evidence | None,
        message: str,
        cause: str,
        fix: str,
        about: str = "",
        confidence: Confidence = "certain",
        severity: Severity | None = None,
    ) -> Finding:
        """A finding about the container, or about `about` (default: the message itself) where there is none.

        Without a severity it is an error, but a warning for a container that runs well.
        """
        if self.container is not None:
            return found(
                self.snapshot,
                self.container,
                self.evidence,
                *more,
                message=message,
                cause=cause,
                fix=fix,
                confidence=confidence,
                severity=severity,
            )
        return Finding(
            code="",
            severity=severity or Severity.ERROR,
            object=about or self.evidence.where.partition(":")[0],
            message=shortened(self.snapshot, message),
            cause=shortened(self.snapshot, cause),
            fix=shortened(self.snapshot, fix),
            confidence=confidence,
            evidence=(self.evidence, *(each for each in more if each is not None)),
        )

    def written(self, *path: str | int) -> Evidence | None:
        """Evidence from the compose file at a path below the container's service."""
        return written(self.snapshot, self.container, *path) if self.container else None


def refusals(snapshot: Snapshot, pattern: re.Pattern[str]) -> Iterator[Refusal]:
    """Failed starts and messages that match: the two places where the same words of the engine turn up."""
    for container in snapshot.containers:
        match = pattern.search(container.error) if not container.running else None
        if match:
            yield Refusal(snapshot, match, inspected(snapshot, container, "State.Error", container.error), container)
    yield from spoken(snapshot, pattern)


def spoken(snapshot: Snapshot, pattern: re.Pattern[str]) -> Iterator[Refusal]:
    """Messages that match, for what a program says before there is any container; the first match of each."""
    for message in snapshot.messages:
        match = pattern.search(message.text)
        if match:
            yield Refusal(snapshot, match, _quoted(snapshot, message, match))


def heard(snapshot: Snapshot, pattern: re.Pattern[str]) -> Iterator[Refusal]:
    """Lines of logs, and messages, that match: what an application says, wherever its words were read."""
    yield from _heard_in_logs(snapshot, pattern)
    yield from spoken(snapshot, pattern)


def _heard_in_logs(snapshot: Snapshot, pattern: re.Pattern[str]) -> Iterator[Refusal]:
    for container, line, match in complaints(snapshot, pattern):
        evidence = logged(snapshot, container, line)
        if evidence is not None:
            yield Refusal(snapshot, match, evidence, container)


def spoken_lines(
    snapshot: Snapshot, pattern: re.Pattern[str], unless: re.Pattern[str] | None = None
) -> Iterator[Refusal]:
    """The first line of each message that matches, as a log's line would, and has nothing of `unless`."""
    for message in snapshot.messages:
        for index, line in enumerate(message.text.split("\n")):
            match = pattern.search(line[:MAX_CHARS])
            if match and not (unless and unless.search(line)):
                yield Refusal(snapshot, match, line_of(snapshot, message, index))
                break


def _quoted(snapshot: Snapshot, message: Message, match: re.Match[str]) -> Evidence:
    return line_of(snapshot, message, message.text.count("\n", 0, match.start()))


def heard_lines(snapshot: Snapshot, pattern: re.Pattern[str], unless: re.Pattern[str]) -> Iterator[Refusal]:
    """As `heard`, but messages line by line, and nothing of a line that has `unless`."""
    for refusal in _heard_in_logs(snapshot, pattern):
        if not unless.search(refusal.match.string):
            yield refusal
    yield from spoken_lines(snapshot, pattern, unless)


def line_of(snapshot: Snapshot, message: Message, index: int) -> Evidence:
    """Evidence from a message: a line of it, by the number that it had in what was handed over."""
    number = message.numbers[index] if message.numbers else index + 1
    quote = cut(snapshot, message.text.split("\n")[index].strip())
    return Evidence(source="message", where=f"{message.source}:{number}", quote=quote)
