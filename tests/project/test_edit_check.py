from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.project.compose.model import Document, load
from docker_agent.project.edit.check import lost_comments, stray_changes
from docker_agent.project.edit.values import Edit, apply_edits

FILE = Path("/project/compose.yml")
TEXT = """x-a: &a {init: true}
services:
  web:
    <<: *a
    image: x  # pinned
    ports:
      - "80:80"
      - "81:81"
    labels: &l {k: v}
  db:
    image: y
    labels: *l
"""


def documents(text: str) -> tuple[Document, ...]:
    return load([FILE], read=lambda _: text.encode(), variables={}).documents


def edit(old: str, new: str) -> Edit:
    start = TEXT.index(old)
    return Edit("compose.yml", start, start + len(old), new)


def insert(after: str, new: str) -> Edit:
    place = TEXT.index(after) + len(after)
    return Edit("compose.yml", place, place, new)


@pytest.mark.parametrize(
    "edits",
    [
        [edit("image: x", "image: z")],
        [insert("# pinned\n", "    user: u\n")],
        [edit('      - "80:80"\n', "")],
        [edit('      - "80:80"\n', '      - "1:1"\n      - "2:2"\n'), edit("image: y", "image: w")],
        [insert('"81:81"', '\n      - "82:82"')],
        [edit("*l", "{k: w}")],
        [insert("image: x", ":1")],
        [edit('"80:80"', "80:80")],
        [insert("# pinned\n", "    init: false\n")],
        [edit("  db:\n    image: y\n    labels: *l\n", "")],
    ],
)
def test_what_the_edits_touch_may_change(edits: list[Edit]) -> None:
    assert stray_changes(documents(TEXT), documents(apply_edits(TEXT, edits)), edits) == []


@pytest.mark.parametrize(
    ("edits", "path"),
    [
        ([edit("{k: v}", "{k: w}")], ["services.db.labels"]),
        ([edit("{init: true}", "{init: false}")], ["services.web.init"]),
        ([edit("    <<: *a\n", "")], ["services.web.init"]),
        ([insert("image: y", "\n     more")], ["services.db.image"]),
        ([insert("# pinned\n", "  other:\n")], ["services.web.ports", "services.web.labels"]),
    ],
)
def test_what_changes_elsewhere_is_told(edits: list[Edit], path: list[str]) -> None:
    assert stray_changes(documents(TEXT), documents(apply_edits(TEXT, edits)), edits) == path


def test_lost_comments_are_told() -> None:
    before = documents(TEXT + "    command: '# no'\n# end\n# end")
    assert lost_comments(before, documents(TEXT + "# end\n")) == ["# end"]
    assert lost_comments(before, documents(TEXT.replace("  # pinned", "") + "# end\n# end")) == ["# pinned"]
    assert lost_comments(before, before) == []
