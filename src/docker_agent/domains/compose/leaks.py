"""Secrets that are written out in compose files: each value is found once and belongs to one rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.secret_pair import Suspicion, secret_by_shape, secret_pair
from docker_agent.core.secret_text import secrets_in_text, secrets_on_command_line, split_words
from docker_agent.project.compose import ComposeModel
from docker_agent.project.compose_nodes import Place, Scalar
from docker_agent.project.secret_places import Written, written_values

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


@dataclass(frozen=True)
class Leak:
    """One secret in a file: which rule reports it, the value that holds it, the secret, and where exactly it stands."""

    code: str
    written: Written
    node: Scalar = field(repr=False)
    suspicion: Suspicion = field(repr=False)
    place: Place


def leak_findings(model: ComposeModel, code: str, fix: str) -> Iterator[Finding]:
    """The findings of one rule about secrets; the secret is never part of them."""
    for leak in leaks(model):
        if leak.code == code:
            found, key = leak.suspicion, leak.suspicion.key or leak.written.key
            yield Finding(
                code="",
                severity=Severity.INFO if found.weight == "placeholder" else Severity.OFF,
                object=leak.written.owner,
                message=_WORDS[found.weight].format(owner=leak.written.owner, what=_what(leak)),
                fix=fix,
                confidence="likely" if found.kind == "random" else "certain",
                evidence=(Evidence(source="compose", where=str(leak.place), quote=key),),
            )


def leak_of(model: ComposeModel, finding: Finding) -> Leak | None:
    """The leak that a finding is about."""
    return next((leak for leak in leaks(model) if str(leak.place) == finding.evidence[0].where), None)


@lru_cache(maxsize=2)
def leaks(model: ComposeModel) -> tuple[Leak, ...]:
    """Every secret in the files of a model, in the order of the files."""
    return tuple(leak for document in model.documents for written in written_values(document) for leak in _in(written))


def _in(written: Written) -> Iterator[Leak]:
    match written.kind:
        case "command":
            yield from _in_command(written)
        case "text":
            node = written.nodes[0]
            for found in secrets_in_text(written.said[0]):
                yield Leak(_code(written, found), written, node, found, _place(node, found.secret))
        case _:
            yield from _in_value(written)


def _in_value(written: Written) -> Iterator[Leak]:
    node, text = written.nodes[0], written.said[0]
    found = secret_pair(written.key, text, whole=written.whole) if written.kind != "other" else secret_by_shape(text)
    if found is None and written.kind != "other" and len(text) > 8 and (":" in text or "=" in text):
        found = next(secrets_in_text(text), None)
        if found and found.by_key and "://" in text and " " not in text.strip():
            found = Suspicion(found.secret, "url", found.key, found.weight)
    if found:
        yield Leak(_code(written, found), written, node, found, node.place)


def _in_command(written: Written) -> Iterator[Leak]:
    texts = written.said
    single = len(texts) == 1
    words = split_words(texts[0]) if single else texts
    for place, found in secrets_on_command_line(words):
        node = written.nodes[0 if single else place]
        yield Leak(_code(written, found), written, node, found, _place(node, found.secret))


def _code(written: Written, found: Suspicion) -> str:
    if found.kind == "url":
        return "secret_in_url"
    if written.kind in {"environment", "argument"}:
        return "secrets_in_env" if found.by_key else "secret_by_value"
    return _CODES[written.kind]


def _place(node: Scalar, secret: str) -> Place:
    """Where exactly a secret stands inside a longer value, the whole value's place where escapes moved it."""
    start = node.source.text.find(secret, node.start, node.end)
    return node.source.place(start, start + len(secret)) if start >= 0 else node.place


def _what(leak: Leak) -> str:
    found, key = leak.suspicion, leak.written.key
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
