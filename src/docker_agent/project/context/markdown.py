"""A small, tolerant Markdown reader: lists, tables, `Key: value` lines, sub-headings and YAML fences as one tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile

import yaml

from docker_agent.project.context.sections import LOOSE_TITLES, TITLE, Line, Section, words

_ITEM = re.compile(r"(\s*)(?:[-*+•]|\d{1,3}[.)])(?:\s+|$)(?:\[[ xX]\]\s+)?")
_RULER = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?)?\s*$|\s*\|?\s*:?-+:?\s*\|\s*$")
_MARKED_KEY = re.compile(
    r"(?P<mark>\*{1,3}|_{1,3}|`)(?P<key>[^*`]{1,80}?)(?P<inner>:?)\s?(?P=mark)\s*(?P<sep>[:=\u2013\u2014\u2192-])?\s*"
)
_PLAIN_KEY = re.compile(r"(?P<key>[^:=|`]{1,60}?)\s?(?::(?=\s|$)|\s=\s)\s*")
_BOLD = re.compile(r"(\*\*|__)(?=\S)([^*_]{1,200}?)(?<=\S)\1")
_LINK = re.compile(r"\[([^\]\[]{1,200})\]\([^()\s]{0,500}\)")
_SPAN = re.compile(r"`([^`]{1,500})`")
_DECORATION = re.compile(r"^[^\w*`'\"/.\[<({|~$!-]+")

_MAX_DEPTH = 12
_MAX_LINE = 600
_MAX_LINES = 5_000
_MAX_YAML_NODES = 5_000


@dataclass
class Node:
    """A key with its value and what is nested below; a bare list entry has no key. Line and column count from 1."""

    key: str
    value: str
    line: int
    column: int = 1
    children: list[Node] = field(default_factory=list["Node"])


def plain(text: str) -> str:
    """The words without code spans, bold marks and links."""
    return _LINK.sub(r"\1", _BOLD.sub(r"\2", text)).replace("`", "").strip()


def spans(text: str) -> list[str]:
    """The contents of the code spans."""
    return [span.strip() for span in _SPAN.findall(text) if span.strip()]


def split_key(text: str) -> tuple[str, str]:
    """Key and value of one entry; the key is "" where the text is no `Key: value`."""
    marked = _MARKED_KEY.match(text)
    if marked and (marked["inner"] or marked["sep"]):
        return marked["key"].strip(), text[marked.end() :].strip()
    found = _PLAIN_KEY.match(text)
    if found and len(found["key"].split()) <= 6 and words(found["key"]):
        return found["key"].strip(), text[found.end() :].strip()
    return "", text.strip()


def read_nodes(section: Section, known: Callable[[str], bool], complain: Callable[[int, int, str], None]) -> list[Node]:
    """The tree of a section; `known` tells the keys whose tables form a group, `complain` gets what cannot be read."""
    root = Node("", "", section.lines[0].number)
    stack: list[tuple[float, Node]] = [(-1_000.0, root)]
    lines = section.lines[:_MAX_LINES]
    if len(section.lines) > len(lines):
        complain(lines[-1].number, 1, f"Only the first {_MAX_LINES:,} lines of the section are read.")
    rest = iter(enumerate(lines[1:], start=1))
    for index, line in rest:
        if line.kind == "open":
            _close(stack, line)
            code = _until_close(lines, index)
            if code and code[-1].kind != "close":
                complain(line.number, 1, "This code fence is never closed.")
            language = words(line.text.strip().strip("`~"))
            for node in _read_yaml(line, language, code, complain):
                (root if known(node.key) else stack[-1][1]).children.append(node)
            for _ in code:
                next(rest)
        elif line.kind == "heading":
            node = Node(plain(line.text.strip().strip("#").strip()).strip(":"), "", line.number)
            _attach(stack, line.level - 100.0, node)
        elif line.kind == "text" and "|" in line.text and _is_table(lines, index):
            _close(stack, line)
            length, header, rows = _read_table(lines, index)
            if header and known(header) and stack[-1][1] is root:
                rows = [Node(header, "", line.number, 1, rows)]
            stack[-1][1].children.extend(rows)
            for _ in range(length - 1):
                next(rest)
        elif line.kind == "text" and line.text.strip():
            _read_entry(stack, line)
    return root.children


def _attach(stack: list[tuple[float, Node]], rank: float, node: Node, *, open_below: bool = True) -> None:
    while stack[-1][0] >= rank:
        stack.pop()
    stack[-1][1].children.append(node)
    if open_below and len(stack) < _MAX_DEPTH:
        stack.append((rank, node))


def _close(stack: list[tuple[float, Node]], line: Line) -> None:
    """Leave the list entries that a table or fence stands outside of."""
    indent = len(line.text) - len(line.text.lstrip())
    while stack[-1][0] >= indent:
        stack.pop()


def _read_entry(stack: list[tuple[float, Node]], line: Line) -> None:
    text = line.text[:_MAX_LINE].expandtabs(4)
    quote = re.match(r"\s*(?:>\s?)+", text)
    text = text[quote.end() :] if quote else text
    item = _ITEM.match(text)
    body = text[item.end() :] if item else text.lstrip()
    indent = len(item[1]) if item else len(text) - len(body)
    decorated = _DECORATION.match(body)
    body = body[decorated.end() :] if decorated else body
    if not body.strip() or set(body.strip()) <= set("-*_ "):
        return
    key, value = split_key(body)
    if not item and not key and _is_prose(value):
        return
    column = line.text.find(body[:1]) + 1 if quote or decorated else len(text) - len(body) + 1
    node = Node(plain(key), value, line.number, column)
    if item:
        _attach(stack, float(indent), node)
    else:
        _attach(stack, indent - 0.5, node, open_below=bool(key) and not value)


def _is_prose(text: str) -> bool:
    return text.endswith((".", "!", "?")) or (len(text.split()) > 6 and not spans(text))


def _is_table(lines: tuple[Line, ...], index: int) -> bool:
    follows = lines[index + 1].text if index + 1 < len(lines) else ""
    return lines[index].text.lstrip().startswith("|") or bool(_RULER.match(follows))


def _read_table(lines: tuple[Line, ...], index: int) -> tuple[int, str, list[Node]]:
    """How many lines the table has, the first word of its header ("" without one), and its rows."""
    found: list[Node] = []
    header, length = "", 0
    for line in takewhile(lambda line: line.kind == "text" and "|" in line.text, lines[index:]):
        length += 1
        if _RULER.match(line.text[:_MAX_LINE]):
            header = found.pop().key if length == 2 and found else header
            continue
        inside = line.text[:_MAX_LINE].strip().removeprefix("|").removesuffix("|")
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inside)]
        cells[0] = _DECORATION.sub("", cells[0])
        notes = [Node("", cell, line.number, line.text.find(cell) + 1) for cell in cells[2:] if cell]
        value = cells[1] if len(cells) > 1 else ""
        found.append(Node(plain(cells[0]).strip(":"), value, line.number, line.text.find(cells[0]) + 1, notes))
    return length, header, found


def _until_close(lines: tuple[Line, ...], index: int) -> list[Line]:
    found: list[Line] = []
    for line in lines[index + 1 :]:
        found.append(line)
        if line.kind != "code":
            break
    return found


def _read_yaml(opening: Line, language: str, code: list[Line], complain: Callable[[int, int, str], None]) -> list[Node]:
    if language not in {"", "yaml", "yml"}:
        return []
    body = "\n".join(line.text for line in code if line.kind == "code")
    try:
        top = yaml.compose(body, Loader=yaml.SafeLoader)
        nodes = list(_from_yaml(top, opening.number + 1, 0, [0])) if top else []
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        if language:
            row, column = (mark.line, mark.column) if mark else (0, 0)
            complain(opening.number + 1 + row, column + 1, "This YAML cannot be read.")
        return []
    if len(nodes) == 1 and not nodes[0].value and words(nodes[0].key) in {TITLE, *LOOSE_TITLES}:
        return nodes[0].children
    return nodes if language or any(node.key for node in nodes) else []


def _from_yaml(top: yaml.Node, line: int, depth: int, count: list[int]) -> Iterator[Node]:
    count[0] += 1
    if count[0] > _MAX_YAML_NODES or depth > _MAX_DEPTH:
        raise ValueError("too much YAML")
    if isinstance(top, yaml.MappingNode):
        for key, value in top.value:
            mark = key.start_mark
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            text = str(value.value) if isinstance(value, yaml.ScalarNode) else ""
            nested = [] if isinstance(value, yaml.ScalarNode) else list(_from_yaml(value, line, depth + 1, count))
            yield Node(name, text, line + mark.line, mark.column + 1, nested)
    elif isinstance(top, yaml.SequenceNode):
        for entry in top.value:
            nested = list(_from_yaml(entry, line, depth + 1, count))
            mark = entry.start_mark
            only = len(nested) == 1
            yield nested[0] if only else Node("", "", line + mark.line, mark.column + 1, nested)
    elif isinstance(top, yaml.ScalarNode):
        yield Node("", str(top.value), line + top.start_mark.line, top.start_mark.column + 1)
