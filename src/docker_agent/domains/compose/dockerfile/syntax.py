"""What the builder refuses in a Dockerfile before it builds anything."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.nearest import nearest
from docker_agent.domains.compose.dockerfile.parse import Dockerfile, Instruction
from docker_agent.domains.compose.dockerfile.words import FLAGS

Fault = tuple[int, int, str, str]

_PORT = r"(?i)\d{1,5}(?:-\d{1,5})?(?:/(?:tcp|udp|sctp))?"
_STAGE = r"(?i)[a-z][a-z0-9_.-]*"
LAST_PORT = 65_535
_AT_ONCE = frozenset({"ONBUILD", "FROM", "MAINTAINER"})


def syntax_faults(dockerfile: Dockerfile) -> Iterator[Fault]:
    """Ranges with what is wrong there, and the word that was probably meant or ""."""
    yield from ((start, end, words, "") for start, end, words in dockerfile.faults)
    for each in dockerfile.instructions:
        if each.word not in FLAGS:
            near = nearest(each.word, FLAGS)
            yield each.start, each.start + len(each.word), f"there is no instruction {each.word}", near
            continue
        for words in (_unknown_flag(each), _bad_arguments(each)):
            if words:
                yield each.start, each.end, *words
    early = next((each for each in dockerfile.preamble if each.word in FLAGS and each.word != "ARG"), None)
    if not dockerfile.stages:
        yield 0, 0, "there is no FROM", ""
    elif early:
        yield early.start, early.end, f"{early.word} stands before the first FROM, where only ARG may stand", ""


def _unknown_flag(each: Instruction) -> tuple[str, str] | None:
    for name, _ in each.flags:
        if name not in FLAGS[each.word]:
            return f"{each.word} has no flag --{name}", nearest(name, FLAGS[each.word])
    return None


def _bad_arguments(each: Instruction) -> tuple[str, str] | None:
    words = each.words
    if not each.text:
        return None if each.word in {"CMD", "ENTRYPOINT"} else (f"{each.word} says nothing", "")
    match each.word:
        case "FROM" if len(words) not in {1, 3} or (len(words) == 3 and words[1].lower() != "as"):
            return "FROM takes an image, or an image AS a name", ""
        case "ADD" | "COPY" if len(words) < 2 and "<<" not in each.text:
            return f"{each.word} needs a source and a target", ""
        case "FROM" if len(words) == 3 and not re.fullmatch(_STAGE, words[2]):
            return f"{words[2]} is no name for a stage: letters, digits, -, _ and ., a letter first", ""
        case "STOPSIGNAL" if len(words) > 1:
            return "STOPSIGNAL takes one word", ""
        case "ENV" | "LABEL":
            return _bad_pairs(each)
        case "EXPOSE":
            bad = next((word for word in words if "$" not in word and not _is_port(word)), None)
            return (f"{bad} is not a port such as 8080 or 53/udp", "") if bad else None
        case "SHELL" if not each.items:
            return 'SHELL takes a list such as ["/bin/bash", "-c"]', ""
        case "HEALTHCHECK" if not re.match(r"(?i)(?:none\s*$|cmd\s*\S)", each.text):
            return "HEALTHCHECK takes CMD and a command, or NONE", ""
        case "ONBUILD" if (inner := each.text.split()[0].upper()) in _AT_ONCE or inner not in FLAGS:
            return f"ONBUILD cannot put off {inner}", ""
        case _:
            return None


def _bad_pairs(each: Instruction) -> tuple[str, str] | None:
    if len(each.pairs) == 1 and each.pairs[0][1] == "":
        key = each.pairs[0][0]
        return None if f"{key}=" in each.text else (f"{each.word} {key} has no value", "")
    bare = next((key for key, value in each.pairs if value is None), None)
    return (f"{bare} has no = and no value", "") if bare is not None else None


def _is_port(word: str) -> bool:
    found = re.fullmatch(_PORT, word)
    return bool(found) and all(int(port) <= LAST_PORT for port in re.findall(r"\d+", word))
