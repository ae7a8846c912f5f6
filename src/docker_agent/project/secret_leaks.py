"""Secrets that are written out in compose files: each value is looked at once, whatever place it is in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from docker_agent.core.record import field, record
from docker_agent.core.secret_pair import Suspicion, secret_by_shape, secret_pair
from docker_agent.core.secret_text import secrets_in_text, secrets_on_command_line, split_words
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Place, Scalar
from docker_agent.project.secret_places import Written, written_values


@record
class Leak:
    """One secret in a file: the value that holds it, the secret itself, and where exactly it stands."""

    written: Written
    node: Scalar = field(repr=False)
    suspicion: Suspicion = field(repr=False)
    place: Place


@lru_cache(maxsize=2)
def leaks(model: ComposeModel) -> tuple[Leak, ...]:
    """Every secret in the files of a model, in the order of the files."""
    documents = (*model.documents, *model.borrowed)
    return tuple(leak for document in documents for written in written_values(document) for leak in _in(written))


def secrets_in_comment(text: str) -> Iterator[Suspicion]:
    """The secrets in one line of a comment, given without its hash sign."""
    yield from secrets_in_text(text)
    for _, found in secrets_on_command_line(split_words(text)):
        yield found


def _in(written: Written) -> Iterator[Leak]:
    match written.kind:
        case "command":
            yield from _in_command(written)
        case "text":
            node = written.nodes[0]
            for found in secrets_in_text(written.said[0]):
                yield Leak(written, node, found, _place(node, found.secret))
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
        yield Leak(written, node, found, node.place)


def _in_command(written: Written) -> Iterator[Leak]:
    texts = written.said
    single = len(texts) == 1
    words = split_words(texts[0]) if single else texts
    for place, found in secrets_on_command_line(words):
        node = written.nodes[0 if single else place]
        yield Leak(written, node, found, _place(node, found.secret))


def _place(node: Scalar, secret: str) -> Place:
    """Where exactly a secret stands inside a longer value, the whole value's place where escapes moved it."""
    start = node.source.text.find(secret, node.start, node.end)
    return node.source.place(start, start + len(secret)) if start >= 0 else node.place
