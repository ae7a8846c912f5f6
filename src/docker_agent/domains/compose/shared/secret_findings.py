"""Findings about secrets in compose files: each value is found once and belongs to one rule."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.secret_leaks import Leak, leaks

_CODES = {
    "command": "secret_in_command",
    "label": "secret_in_label",
    "text": "secret_in_config",
    "option": "secret_in_config",
    "other": "secret_by_value",
}
_WORDS = {
    "real": "{owner} has {what} written out in the file.",
    "default": "{owner} has {what} written out in the file, and it is a well-known default.",
    "placeholder": "{owner} has a placeholder where {what} belongs.",
}


def leak_findings(model: ComposeModel, code: str, fix: str) -> Iterator[Finding]:
    """The findings of one rule about secrets; the secret is never part of them."""
    for leak in leaks(model):
        if leak_code(leak) == code:
            found, key = leak.suspicion, leak.suspicion.key or leak.written.key
            yield Finding(
                code="",
                severity=Severity.INFO if found.weight == "placeholder" else Severity.OFF,
                object=leak.written.owner,
                message=_WORDS[found.weight].format(owner=leak.written.owner, what=_what(leak)),
                fix=fix,
                confidence="likely" if found.kind == "random" else "certain",
                evidence=(Evidence("compose", str(leak.place), key, leak.node.source.end_of(leak.place)),),
            )


def leak_of(model: ComposeModel, finding: Finding) -> Leak | None:
    """The leak that a finding is about."""
    return next((leak for leak in leaks(model) if str(leak.place) == finding.evidence[0].where), None)


def leak_code(leak: Leak) -> str:
    """The rule that a leak belongs to; each belongs to one."""
    if leak.written.key == "dockerfile_inline":
        return "dockerfile_secret"
    if leak.suspicion.kind == "url":
        return "secret_in_url"
    if leak.written.kind in {"environment", "argument"}:
        return "secrets_in_env" if leak.suspicion.by_key else "secret_by_value"
    return _CODES[leak.written.kind]


def _what(leak: Leak) -> str:
    found, key = leak.suspicion, leak.written.key
    key = "healthcheck" if key == "test" and leak.written.kind == "command" else key
    match found.kind:
        case "url":
            return f"a password in the URL of {key}"
        case "password":
            named = found.key.lstrip("-") or key
            return f"the secret {named}" if named == key else f"the secret {named} of {key}"
        case "random":
            return f"a generated key as {key}"
        case kind:
            return f"a {kind.replace('-', ' ')} as {key}"
