"""Comments `# docker-agent: ignore[rule,...] reason`: which findings they cover, and which of them cover none."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.nearest import nearest
from docker_agent.core.pattern import lazy
from docker_agent.core.record import value
from docker_agent.domains.compose.fault import fault
from docker_agent.project.comments import comments
from docker_agent.project.compose.model import ComposeModel, Document
from docker_agent.project.compose.nodes import Mapping, Node, Place, Sequence, Source

UNUSED_SUPPRESSION = "unused_suppression"

_MARK = "docker-agent:"
_COMMENT = lazy(r"#[ \t]*docker-agent:[ \t]*ignore\b(?:\[([^\]\n]*)\])?")
_WORD = lazy(r"[^\s,]+")
_MANY = 200  # words that are compared with the rules' codes
_NO_CONTENT = lazy(r"\s*(?:#.*|---|%.*)?\s*")


@value
class Suppression:
    """One rule that one comment silences in some lines of a file; `code` is empty where the comment names no rule."""

    code: str
    place: Place
    first: int
    last: int

    def covers(self, model: ComposeModel, finding: Finding) -> bool:
        """Whether a finding is in these lines, or is about a service that is named there."""
        if finding.code != self.code:
            return False
        file, line = where(finding)
        if file == self.place.file and self.first <= line <= self.last:
            return True
        return any(self.first <= named <= self.last for named in _named(model, self.place.file, finding.object))


class Comments:
    """The comments of a model's files, and what they have silenced so far."""

    def __init__(self, model: ComposeModel) -> None:
        self.model = model
        self.silenced: list[Finding] = []
        self._found = suppressions(model)
        self._used: set[Suppression] = set()

    def silence(self, finding: Finding) -> bool:
        """Whether a comment covers a finding, which is noted then."""
        covering = [each for each in self._found if each.covers(self.model, finding)]
        self._used.update(covering)
        if covering:
            self.silenced.append(finding)
        return bool(covering)

    def unused(self, codes: Collection[str], live: Collection[str]) -> Iterator[Finding]:
        """The remarks on comments that silenced nothing.

        Parameters
        ----------
        codes: those that there are.
        live: those of rules that were run.
        """
        yield from misnamed(self.model, self._found, codes)
        for each in self._found:
            if each.code in live and each not in self._used:
                message = f"The comment ignores {each.code}, which finds nothing here."
                yield fault(self.model, each.place, each.place.file, message, "Take it out.")


def where(finding: Finding) -> tuple[str, int]:
    """The file and line of the first thing that a finding was read from."""
    file, line, _ = finding.evidence[0].where.rsplit(":", 2)
    return file, int(line)


def suppressions(model: ComposeModel) -> list[Suppression]:
    """What the comments of all files silence: the line they are on, the node they are above, or all of the file."""
    found: list[Suppression] = []
    for source in (*model.sources.values(), *model.others.values()):
        if _MARK in source.text:
            found += _in_file(source, [document for document in model.documents if document.source is source])
    return found


def misnamed(model: ComposeModel, found: Collection[Suppression], codes: Collection[str]) -> Iterator[Finding]:
    """The remarks on comments that name no rule, or none that there is.

    Parameters
    ----------
    codes: those that there are.
    """
    hints: dict[str, str] = {}
    for each in found:
        if not each.code:
            hint = "Write # docker-agent: ignore[rule] reason."
            yield fault(model, each.place, each.place.file, "The comment names no rule to ignore.", hint)
        elif each.code not in codes:
            if each.code not in hints:
                near = nearest(each.code, codes) if len(hints) < _MANY else ""
                hints[each.code] = f'Did you mean "{near}"?' if near else "Take it out."
            hint = hints[each.code]
            yield fault(model, each.place, each.place.file, f"The comment ignores {each.code}, which is no rule.", hint)


def _named(model: ComposeModel, file: str, service: str) -> Iterator[int]:
    """The lines of a file that name a service."""
    for document in model.documents:
        services = document.root.get("services")
        if document.source.name == file and isinstance(services, Mapping) and service in services.index:
            yield services.index[service].key.place.line


def _in_file(source: Source, documents: list[Document]) -> Iterator[Suppression]:
    lines = source.text.split("\n")
    starts = _starts(documents)
    for begin, end in comments(source.text, [document.root for document in documents]):
        match = _COMMENT.search(source.text, begin, end)
        if match is None:
            continue
        first, last = _lines_of(source, lines, starts, source.place(begin, end).line)
        words = list(_WORD.finditer(source.text, *match.span(1))) if match.group(1) else []
        if not words:
            yield Suppression("", source.place(*match.span()), first, last)
        for word in words:
            yield Suppression(word.group().replace("-", "_"), source.place(*word.span()), first, last)


def _lines_of(source: Source, lines: list[str], starts: dict[int, int], line: int) -> tuple[int, int]:
    """The lines that a comment covers, none (1, 0) where it stands above nothing."""
    if not lines[line - 1].lstrip().startswith("#"):
        return line, _end_line(source, starts, line)
    if all(_NO_CONTENT.fullmatch(above) for above in lines[: line - 1]):
        return 1, len(lines)
    below = next((at for at in range(line, len(lines)) if not lines[at].lstrip().startswith("#")), None)
    return (below + 1, _end_line(source, starts, below + 1)) if below is not None and lines[below].strip() else (1, 0)


def _end_line(source: Source, starts: dict[int, int], line: int) -> int:
    last = max(line, len(source.line_starts))
    begin = source.line_starts[line - 1]
    end = source.line_starts[line] if line < last else len(source.text) + 1
    ends = [to for start, to in starts.items() if begin <= start < end]
    return max([line, *(source.place(to, to).line for to in ends)])


def _starts(documents: list[Document]) -> dict[int, int]:
    """Where keys and items begin, and where their values end."""
    starts: dict[int, int] = {}
    seen: set[int] = set()
    waiting: list[Node] = [document.root for document in documents]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            for entry in node.entries:
                end = entry.alias[1] if entry.alias else entry.value.end
                starts[entry.key.start] = max(end, starts.get(entry.key.start, 0))
                waiting.append(entry.value)
        elif isinstance(node, Sequence):
            for item in node.items:
                starts[item.start] = max(item.end, starts.get(item.start, 0))
                waiting.append(item)
    return starts
