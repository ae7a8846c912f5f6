"""Where the boxes and lines of a drawn graph stand: columns by wave, few crossings, no line through a box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

GAP_X, GAP_Y, LANE = 90.0, 22.0, 10.0
SWEEPS = 6

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle by its upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """Boxes by name, and for each line its points from the left to the right."""

    boxes: Mapping[str, Box]
    lines: tuple[tuple[Point, ...], ...]
    width: float
    height: float


@dataclass(frozen=True)
class _Cell:
    """A box in a column, or the place where a line passes through the column."""

    name: str
    line: int = -1


def lay_out(
    columns: Sequence[Sequence[str]], sizes: Mapping[str, tuple[float, float]], lines: Sequence[tuple[str, str]]
) -> Layout:
    """Place boxes and lines.

    Parameters
    ----------
    columns: names from left to right.
    sizes: width and height of each.
    lines: from a name to one in another column, the left one first.
    """
    column_of = {name: number for number, names in enumerate(columns) for name in names}
    grid = [[_Cell(name) for name in names] for names in columns]
    chains: list[list[_Cell]] = []
    for number, (left, right) in enumerate(lines):
        passing = [_Cell("", number) for _ in range(column_of[left] + 1, column_of[right])]
        for offset, cell in enumerate(passing, column_of[left] + 1):
            grid[offset].append(cell)
        chains.append([_Cell(left), *passing, _Cell(right)])
    grid = _ordered(grid, chains, column_of)
    heights = [[sizes[cell.name][1] if cell.name else LANE for cell in column] for column in grid]
    totals = [sum(each) + GAP_Y * max(len(each) - 1, 0) for each in heights]
    tallest = max(totals, default=0.0)
    boxes: dict[str, Box] = {}
    passes: dict[tuple[int, int], tuple[float, float, float]] = {}
    x = 0.0
    for number, column in enumerate(grid):
        wide = max((sizes[cell.name][0] for cell in column if cell.name), default=0.0)
        y = (tallest - totals[number]) / 2
        for cell, height in zip(column, heights[number], strict=True):
            if cell.name:
                boxes[cell.name] = Box(x, y, wide, height)
            else:
                passes[number, cell.line] = (x, x + wide, y + height / 2)
            y += height + GAP_Y
        x += wide + GAP_X
    placed = _lines(lines, boxes, passes, column_of)
    return Layout(boxes, placed, max(x - GAP_X, 0.0), tallest)


def _ordered(
    grid: list[list[_Cell]], chains: Sequence[Sequence[_Cell]], column_of: Mapping[str, int]
) -> list[list[_Cell]]:
    """Each column sorted by the middle of its neighbours, from the left and from the right in turn."""
    before: dict[tuple[int, _Cell], list[_Cell]] = {}
    behind: dict[tuple[int, _Cell], list[_Cell]] = {}
    for chain in chains:
        for number, (left, right) in enumerate(pairwise(chain), column_of[chain[0].name]):
            before.setdefault((number + 1, right), []).append(left)
            behind.setdefault((number, left), []).append(right)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        order = range(1, len(grid)) if forward else range(len(grid) - 2, -1, -1)
        for number in order:
            other = grid[number - 1 if forward else number + 1]
            position = {cell: at / max(len(other) - 1, 1) for at, cell in enumerate(other)}
            near = before if forward else behind
            grid[number] = _sorted(grid[number], number, near, position)
    return grid


def _sorted(
    column: list[_Cell],
    number: int,
    near: Mapping[tuple[int, _Cell], list[_Cell]],
    position: Mapping[_Cell, float],
) -> list[_Cell]:
    weights: dict[_Cell, float] = {}
    for at, cell in enumerate(column):
        found = [position[other] for other in near.get((number, cell), [])]
        weights[cell] = sum(found) / len(found) if found else at / max(len(column) - 1, 1)
    return sorted(column, key=lambda cell: weights[cell])


def _lines(
    lines: Sequence[tuple[str, str]],
    boxes: Mapping[str, Box],
    passes: Mapping[tuple[int, int], tuple[float, float, float]],
    column_of: Mapping[str, int],
) -> tuple[tuple[Point, ...], ...]:
    """Each line from the right edge of one box to the left edge of the other; ends at one edge are spread along it."""

    def next_y(number: int, *, leaving: bool) -> float:
        """The height of the far end of a line, by which the ends at one edge are sorted."""
        left, right = lines[number]
        column = column_of[left] + 1 if leaving else column_of[right] - 1
        passing = passes.get((column, number))
        box = boxes[right if leaving else left]
        return passing[2] if passing else box.y + box.height / 2

    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    for name, box in boxes.items():
        for side, found in ((0, starts), (1, ends)):
            mine = [number for number, line in enumerate(lines) if line[side] == name]
            mine.sort(key=lambda number: next_y(number, leaving=side == 0))
            for at, number in enumerate(mine, 1):
                found[number] = box.y + box.height * at / (len(mine) + 1)
    placed: list[tuple[Point, ...]] = []
    for number, (left, right) in enumerate(lines):
        points = [(boxes[left].x + boxes[left].width, starts[number])]
        for column in range(column_of[left] + 1, column_of[right]):
            begin, end, y = passes[column, number]
            points += [(begin, y), (end, y)]
        placed.append((*points, (boxes[right].x, ends[number])))
    return tuple(placed)
