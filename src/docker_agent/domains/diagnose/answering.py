"""What is answered first: where a message was handed over, what it is about."""

from __future__ import annotations

from docker_agent.core.finding import Finding
from docker_agent.domains.diagnose.causes import Explained
from docker_agent.domains.diagnose.evidence import label
from docker_agent.domains.diagnose.snapshot import Snapshot


def is_heard(finding: Finding) -> bool:
    """Whether a finding was read in the message that was handed over."""
    return any(each.where.startswith("message:") for each in finding.evidence)


def message_first(snapshot: Snapshot, explained: Explained) -> Explained:
    """Put first what the message tells, or what caused that; before it the container whose failed start it quotes."""
    heard = [finding for finding in explained.all if is_heard(finding)]
    codes = {finding.code for finding in heard}
    roots = {cause.identity for symptom, cause in explained.symptoms if is_heard(symptom)}
    texts = [message.text for message in snapshot.messages if message.source == "message"]
    failed = (each for each in snapshot.containers if each.error and any(each.error in text for text in texts))
    meant = {label(snapshot, each) for each in failed}

    def order(finding: Finding) -> int:
        if finding.code in codes and finding.object in meant:
            return 0
        return 1 if is_heard(finding) or finding.identity in roots else 2

    return Explained(
        tuple(sorted(explained.causes, key=order)),
        tuple(sorted(explained.symptoms, key=lambda each: order(each[0]))),
    )
