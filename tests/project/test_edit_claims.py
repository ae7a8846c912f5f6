from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.project.edit.claims import Claims
from docker_agent.project.edit.files import FileEdit
from docker_agent.project.edit.values import Edit

TAKEN = (Edit("a", 10, 20, "x"), Edit("a", 30, 30, "\n  restart: always"), Edit("a", 40, 50, ""))


@pytest.mark.parametrize(
    ("edit", "free"),
    [
        (Edit("a", 0, 9, "y"), True),
        (Edit("a", 0, 10, "y"), False),
        (Edit("a", 20, 20, "y"), False),
        (Edit("a", 21, 29, "y"), True),
        (Edit("a", 25, 30, "y"), False),
        (Edit("a", 30, 35, "y"), False),
        (Edit("a", 12, 45, "y"), False),
        (Edit("a", 45, 46, "y"), False),
        (Edit("a", 51, 51, "y"), True),
        (Edit("a", 30, 30, "\n  logging: {}"), True),
        (Edit("a", 30, 30, "\n  restart: no"), False),
        (Edit("b", 12, 14, "y"), True),
    ],
)
def test_edits_that_meet_are_not_made_together(edit: Edit, *, free: bool) -> None:
    claims = Claims()

    assert claims.take(TAKEN)
    assert claims.take([Edit("c", 0, 1, "z"), edit]) is free
    assert claims.take([Edit("c", 0, 1, "z")]) is not free


def test_a_file_is_added_to_once() -> None:
    claims, edit = Claims(), FileEdit(Path("/p/.env"), "A=b\n", "Because.")

    assert claims.take([], [edit])
    assert not claims.take([TAKEN[0]], [edit])
    assert claims.take([TAKEN[0]])
