"""The secrets that Dockerfiles hold or ask for, as rules tell them and as masks cover them."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.secret import key_looks_secret
from docker_agent.core.secret_pair import secret_pair
from docker_agent.core.secret_text import Suspicion, secrets_in_text, secrets_on_command_line, split_words
from docker_agent.domains.compose.dockerfile.build import instructions
from docker_agent.domains.compose.dockerfile.parse import Instruction
from docker_agent.project.compose.model import ComposeModel

FLAGS = {"true", "false", "0", "1"}


def is_secret(word: str, key: str, value: str | None) -> bool:
    """Whether an ARG, ENV or LABEL holds a secret, or is there to take one."""
    if word != "LABEL" and key_looks_secret(key):
        return word == "ARG" or (bool(value) and (value or "").lower() not in FLAGS)
    return value is not None and secret_pair("" if word == "LABEL" else key, value) is not None


def secrets_in_command(run: Instruction) -> Iterator[Suspicion]:
    """The secrets that a RUN has written out, each once."""
    on_line = (found for _, found in secrets_on_command_line(split_words(run.script)))
    yield from {found.secret: found for found in (*secrets_in_text(run.script), *on_line)}.values()


def written_secrets(model: ComposeModel) -> Iterator[tuple[str, str]]:
    """The key and the value of every secret written out in the Dockerfiles that are built."""
    for _, each in instructions(model, "ARG", "ENV", "LABEL", "RUN"):
        if each.word == "RUN":
            for found in secrets_in_command(each):
                yield found.key.lstrip("-") or found.kind, found.secret
            continue
        for key, value in each.pairs:
            if value and value.lower() not in FLAGS and not value.startswith("$") and is_secret(each.word, key, value):
                yield key, value
