"""A Dockerfile's text as instructions and stages, each with its place."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import Any, cast

from docker_agent.core.record import field, mutable, record
from docker_agent.domains.compose.dockerfile.words import LISTABLE, PAIRED, WITH_HEREDOC

_DIRECTIVE = r"#[ \t]*([A-Za-z][\w-]*)[ \t]*=[ \t]*(.*?)[ \t\r]*"
_WORD = r"[ \t]*(\S+)[ \t\r]*"
_FLAG = r"[ \t]*--([a-z-]+)(?:=(\"[^\"]*\"|'[^']*'|\S*))?(?=\s|$)"
_HEREDOC = r"(?:^|(?<=\s))\d*<<(-?)([\"']?)([\w.]+)\2"
_DIRECTIVES = frozenset({"syntax", "escape", "check"})


@record
class Instruction:
    """One instruction.

    Attributes
    ----------
    word: in capitals, as `RUN`.
    text: what follows word and flags; continuations and comments inside are blanks, so that an offset into it plus
        `text_start` is an offset into the file.
    script: `text`, with the bodies of here-documents after it.
    start, end: the range in the file, here-documents left out.
    """

    word: str
    text: str
    script: str
    start: int
    text_start: int
    end: int
    flags: tuple[tuple[str, str], ...] = ()

    @cached_property
    def items(self) -> tuple[str, ...] | None:
        """The words of the list form `["a", "b"]`, None where it is not in that form."""
        if self.word not in LISTABLE or not self.body.startswith("["):
            return None
        try:
            found: Any = json.loads(self.body)
        except ValueError:
            return None
        words = cast("list[object]", found) if isinstance(found, list) else [None]
        return tuple(str(word) for word in words) if all(isinstance(word, str) for word in words) else None

    @cached_property
    def body(self) -> str:
        """What is run or checked: the text, in a HEALTHCHECK what stands after CMD."""
        if self.word == "HEALTHCHECK":
            return re.sub(r"(?i)^cmd(?=[\s\[])\s*", "", self.text.strip())
        return self.text.strip()

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The arguments, in either form."""
        if self.items is not None:
            return self.items
        try:
            return tuple(shlex.split(self.text))
        except ValueError:
            return tuple(self.text.split())

    @cached_property
    def pairs(self) -> tuple[tuple[str, str | None], ...]:
        """Keys and values of ARG, ENV and LABEL, also in the old form `ENV KEY value`; None where none is given."""
        first, _, rest = self.text.strip().partition(" ")
        if self.word in PAIRED and "=" not in first:
            return ((first, rest.strip()),)
        split = (word.partition("=") for word in self.words)
        return tuple((key, value if equals else None) for key, equals, value in split)


@record
class Stage:
    """What one FROM begins; `name` is in small letters, "" where it has none."""

    index: int
    image: str
    name: str
    begin: Instruction
    instructions: tuple[Instruction, ...]

    def all(self, word: str) -> list[Instruction]:
        """Its instructions of one word."""
        return [instruction for instruction in self.instructions if instruction.word == word]


@record
class Dockerfile:
    """A Dockerfile: `preamble` are the ARGs before the first FROM, `faults` what the parser itself cannot read."""

    text: str
    instructions: tuple[Instruction, ...]
    preamble: tuple[Instruction, ...]
    stages: tuple[Stage, ...]
    faults: tuple[tuple[int, int, str], ...] = ()

    def stage(self, target: str) -> Stage | None:
        """The stage of a name or number, the last one for "", None where there is none."""
        if not target:
            return self.stages[-1] if self.stages else None
        found = [stage for stage in self.stages if target.lower() == stage.name or target == str(stage.index)]
        return found[-1] if found else None

    def line_of(self, target: str) -> list[Stage]:
        """A stage and the stages that it is made from, itself first."""
        found: list[Stage] = []
        stage = self.stage(target)
        while stage is not None:
            found.append(stage)
            above = stage
            stage = next(
                (each for each in reversed(self.stages[: above.index]) if each.name == above.image.lower()), None
            )
        return found


def parse_dockerfile(text: str) -> Dockerfile:
    """Read a Dockerfile; what cannot be read is among its `faults`, and the rest still read."""
    reader = _Reader(text)
    instructions = tuple(reader.instructions())
    first = next((at for at, each in enumerate(instructions) if each.word == "FROM"), len(instructions))
    return Dockerfile(text, instructions, instructions[:first], tuple(_stages(instructions)), tuple(reader.faults))


def _stages(instructions: tuple[Instruction, ...]) -> Iterator[Stage]:
    starts = [at for at, each in enumerate(instructions) if each.word == "FROM"]
    for index, (start, end) in enumerate(pairwise([*starts, len(instructions)])):
        begin = instructions[start]
        words = begin.text.split()
        named = len(words) == 3 and words[1].lower() == "as"
        image, name = (words[0] if words else ""), (words[2].lower() if named else "")
        yield Stage(index, image, name, begin, instructions[start + 1 : end])


@mutable
class _Reader:
    text: str
    faults: list[tuple[int, int, str]] = field(default_factory=list[tuple[int, int, str]])

    def __post_init__(self) -> None:
        self.escape = "\\"
        self.position = 0

    def instructions(self) -> Iterator[Instruction]:
        self._directives()
        while self.position < len(self.text):
            start, line = self._line()
            stripped = line.lstrip()
            if stripped and not stripped.startswith("#"):
                found = self._instruction(start, line)
                if found.word:
                    yield found

    def _line(self) -> tuple[int, str]:
        """The next line with its offset, without the line feed."""
        start = self.position
        end = self.text.find("\n", start)
        end = len(self.text) if end < 0 else end
        self.position = end + 1
        return start, self.text[start:end]

    def _directives(self) -> None:
        seen: set[str] = set()
        while self.position < len(self.text):
            start, line = self._line()
            found = re.fullmatch(_DIRECTIVE, line.strip())
            name = found.group(1).lower() if found else ""
            if not found or name not in _DIRECTIVES or name in seen:
                self.position = start
                return
            seen.add(name)
            if name == "escape":
                if found.group(2) in {"\\", "`"}:
                    self.escape = found.group(2)
                else:
                    self.faults.append((start, start + len(line), "the escape character is either \\ or `"))

    def _instruction(self, start: int, line: str) -> Instruction:
        joined = self._joined(line)
        word = re.match(_WORD, joined)
        name = word.group(1).upper() if word else ""
        text_start = word.end() if word else len(joined)
        flags: list[tuple[str, str]] = []
        while flag := re.compile(_FLAG).match(joined, text_start):
            flags.append((flag.group(1), (flag.group(2) or "").strip("\"'")))
            text_start = flag.end()
        end = start + len(joined)
        text = joined[text_start:]
        indent = len(text) - len(text.lstrip())
        self._heredocs(start, name, text)
        script = text[indent:] + self.text[end : self.position]
        begin = start + len(joined) - len(joined.lstrip())
        return Instruction(
            name,
            text[indent:].rstrip(),
            script.rstrip(),
            begin,
            start + text_start + indent,
            start + len(joined.rstrip()),
            tuple(flags),
        )

    def _joined(self, line: str) -> str:
        """A line with those that continue it, of the same length as in the file: what is no argument is blank."""
        joined = line
        while self._continues(joined) and self.position < len(self.text):
            bare = joined.rstrip()
            joined = bare[:-1] + " " * (len(joined) - len(bare) + 2)
            _, following = self._line()
            stripped = following.strip()
            while (not stripped or stripped.startswith("#")) and self.position < len(self.text):
                joined += " " * (len(following) + 1)
                _, following = self._line()
                stripped = following.strip()
            joined += " " * len(following) if stripped.startswith("#") else following
        if self._continues(joined):
            bare = joined.rstrip()
            joined = bare[:-1] + " " * (len(joined) - len(bare) + 1)
        return joined

    def _continues(self, line: str) -> bool:
        bare = line.rstrip(" \t\r")
        return bare.endswith(self.escape) and not bare.endswith(self.escape * 2)

    def _heredocs(self, start: int, name: str, text: str) -> None:
        if "<<" not in text or name not in WITH_HEREDOC | {"ONBUILD"} or text.lstrip().startswith("["):
            return
        for found in re.finditer(_HEREDOC, text):
            before = text[: found.start()]
            if before.count('"') % 2 or before.count("'") % 2:
                continue
            closed = False
            while not closed and self.position < len(self.text):
                _, line = self._line()
                bare = line.rstrip("\r")
                closed = (bare.lstrip("\t") if found.group(1) else bare) == found.group(3)
            if not closed:
                self.faults.append((start, start + 1, f"the here-document {found.group(3)} is not closed"))
