"""Records: data as a dataclass would hold it, which other libraries take for one."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest
from pydantic import BaseModel

from docker_agent.core.record import field, record, replace, value


@value
class Point:
    """A place, with a name that does not count and a length that is reckoned."""

    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list[str], compare=False, repr=False)
    far: bool = field(init=False, compare=False, repr=False, default=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "far", self.x + self.y > 10)


@record
class Line:
    """Two places."""

    start: Point
    end: Point = Point(0)


class Drawing(BaseModel):
    points: tuple[Point, ...]


def test_fields_are_filled_by_place_by_name_and_by_default() -> None:
    first, second = Point(1, 2), Point(y=20, x=1, tags=["b"])

    assert (first.x, first.y, first.tags, first.far) == (1, 2, [], False)
    assert (second.x, second.y, second.tags, second.far) == (1, 20, ["b"], True)
    assert Point(1).tags is not Point(1).tags
    assert Line(first).end == Point(0)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'start'"):
        Line()  # pyright: ignore[reportCallIssue]


def test_values_are_equal_by_what_counts_and_records_to_themselves_only() -> None:
    assert Point(1, 2, ["a"]) == Point(1, 2) != Point(2, 1)
    assert len({Point(1, 2), Point(1, 2, ["a"])}) == 1
    assert Line(Point(1)) != Line(Point(1))
    assert repr(Point(1, 2)) == "Point(x=1, y=2)"


def test_one_is_made_of_another_and_reckons_anew() -> None:
    assert replace(Point(1, 2, ["a"]), x=9).tags == ["a"]
    assert replace(Point(1, 2), x=9).far
    assert replace(Point(9, 2), x=1).far is False


def test_records_are_copied_pickled_and_matched() -> None:
    line = Line(Point(1, 2), Point(3))

    assert copy.copy(line).start is line.start
    assert pickle.loads(pickle.dumps(Point(1, 2))) == Point(1, 2)  # noqa: S301 - what was pickled on this line
    match line:
        case Line(Point(x, y), _):
            assert (x, y) == (1, 2)


def test_dataclasses_and_pydantic_take_them_for_dataclasses() -> None:
    assert dataclasses.is_dataclass(Line)
    assert [each.name for each in dataclasses.fields(Line)] == ["start", "end"]
    assert dataclasses.replace(Point(1, 2), x=9).far
    assert dataclasses.asdict(Line(Point(1)))["end"] == {"x": 0, "y": 0, "tags": [], "far": False}
    drawing = Drawing.model_validate({"points": [{"x": 9, "y": 3}, Point(1)]})
    assert drawing.points == (Point(9, 3), Point(1))
    assert drawing.points[0].far
    assert drawing.model_dump()["points"][1]["y"] == 0
    assert Line(Point(1)).end == Point(0)
