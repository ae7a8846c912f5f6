"""Mask the secrets of a stack in the lines of its files that are shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from docker_agent.core.errors import InputError
from docker_agent.core.secret import SHORTEST
from docker_agent.domains.compose.dockerfile.written import written_secrets
from docker_agent.domains.compose.hidden import holds_secret
from docker_agent.domains.compose.shared.stray_dollars import dollars_in_secrets
from docker_agent.domains.compose.shared.written import written_pairs
from docker_agent.host.files import read_file
from docker_agent.project.secret_leaks import leaks, secrets_in_comment
from docker_agent.project.secrets import known_secrets
from docker_agent.project.stack import Stack


class Mask:
    """Puts a mask in the place of every secret of a stack; they are looked for when the first line is shown.

    A short one, such as `abc`, is masked only in lines that also have its key; one that only a comment has, there.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._values: list[tuple[str, str]] | None = None
        self._short: list[tuple[str, str]] = []

    def __call__(self, text: str) -> str:
        """The text with masks."""
        if self._values is None:
            named = [(name, value) for name, value in written_secrets(self._stack.model) if len(value) >= SHORTEST]
            forms = {form: name for name, value in (*named, *self._known().items()) for form in _forms_of(value)}
            self._values = sorted(forms.items(), key=lambda pair: -len(pair[0]))
            self._short = list(self._short_ones())
        for value, name in self._values:
            if value in text:
                text = text.replace(value, f"<secret:{name}>")
        for value, key in self._short:
            before, found, after = text.partition(key)
            if found and value in after:
                text = before + key + after.replace(value, f"<secret:{key}>")
        return "\n".join(map(_without_comment_secrets, text.split("\n"))) if "#" in text else text

    def _known(self) -> Mapping[str, str]:
        try:
            return known_secrets(self._stack.directory, self._stack, read=read_file)
        except InputError:
            return {}

    def _short_ones(self) -> Iterator[tuple[str, str]]:
        for leak in leaks(self._stack.model):
            if len(leak.suspicion.secret) < SHORTEST:
                yield leak.suspicion.secret, (leak.suspicion.key or leak.written.key).lstrip("-")
        for name, value in written_secrets(self._stack.model):
            if len(value) < SHORTEST:
                yield value, name
        for service in self._stack.model.services.values():
            yield from ((value, key) for key, _, value in dollars_in_secrets(service))
            for key, node in written_pairs(service):
                if len(node.written) < SHORTEST and holds_secret(key, node.written):
                    yield node.written, key


def _without_comment_secrets(line: str) -> str:
    before, sign, said = line.partition("#")
    for found in [*secrets_in_comment(said)] if sign else []:
        said = said.replace(found.secret, f"<secret:{found.key.lstrip('-') or found.kind}>")
    return before + sign + said


def _forms_of(value: str) -> Iterator[str]:
    """How a value may stand in a compose file: as it is, with doubled dollar signs and quotes, with escapes."""
    for form in (value, value.replace("$", "$$")):
        yield form
        yield form.replace("'", "''")
        yield json.dumps(form, ensure_ascii=False)[1:-1]
