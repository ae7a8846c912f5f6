from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.project.compose.model import ComposeModel, load
from docker_agent.project.compose.nodes import Scalar, Sequence
from docker_agent.project.edit.items import append_item, remove_item, replace_scalar
from docker_agent.project.edit.values import apply_edits

PATH = ("services", "web", "ports")
BLOCK = "services:\n  web:\n    ports:\n    - a  # one\n    # between\n    - b # two\n    image: x\n"
FLOW = "services: {web: {ports: [a, b,], image: x}}"
LINES = "services:\n  web:\n    ports: [\n      a, # one\n      b # two\n    ]\n"


def model_of(text: str) -> ComposeModel:
    return load([Path("/project/compose.yml")], read=lambda _: text.encode(), variables={})


def items(model: ComposeModel) -> Sequence:
    node = model.documents[0].root.get("services")
    for key in PATH[1:]:
        node = node.get(key) if node is not None and not isinstance(node, Scalar | Sequence) else None
    assert isinstance(node, Sequence)
    return node


@pytest.mark.parametrize(
    ("text", "place", "after"),
    [
        (BLOCK, 0, "services:\n  web:\n    ports:\n    # one\n    # between\n    - b # two\n    image: x\n"),
        (BLOCK, 1, "services:\n  web:\n    ports:\n    - a  # one\n    # between\n    # two\n    image: x\n"),
        (FLOW, 0, "services: {web: {ports: [b,], image: x}}"),
        (FLOW, 1, "services: {web: {ports: [a,], image: x}}"),
        (LINES, 0, "services:\n  web:\n    ports: [\n      # one\n      b # two\n    ]\n"),
        (LINES, 1, "services:\n  web:\n    ports: [\n      a, # one\n       # two\n    ]\n"),
        ("services:\n  web:\n    ports:\n    - a\n    - b", 1, "services:\n  web:\n    ports:\n    - a"),
        (
            "services:\n  web:\n    ports:\n    - - a\n      - b\n    - c\n",
            0,
            "services:\n  web:\n    ports:\n    - c\n",
        ),
    ],
)
def test_an_item_is_taken_out_and_comments_stay(text: str, place: int, after: str) -> None:
    for newline in ("\n", "\r\n"):
        written = text.replace("\n", newline)
        model = model_of(written)
        assert apply_edits(written, [remove_item(model, PATH, items(model).items[place])]) == after.replace(
            "\n", newline
        )


def test_the_only_item_and_a_foreign_one_are_refused() -> None:
    model = model_of("x-p: &p [a, b]\nservices: {web: {ports: [a], volumes: *p}}")
    (only,) = items(model).items
    for path in (PATH, ("services", "web", "volumes")):
        with pytest.raises(InputError, match="cannot be taken out alone"):
            remove_item(model, path, only)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (BLOCK, BLOCK.replace("# two\n", '# two\n    - "c:1 2"\n')),
        (FLOW, FLOW.replace("b,]", 'b, "c:1 2",]')),
        ("services: {web: {ports: []}}", 'services: {web: {ports: ["c:1 2"]}}'),
        ("services:\n  web:\n    image: x\n", 'services:\n  web:\n    image: x\n    ports:\n      - "c:1 2"\n'),
    ],
)
def test_an_item_is_added_once(text: str, after: str) -> None:
    for newline in ("\n", "\r\n"):
        written, expected = text.replace("\n", newline), after.replace("\n", newline)
        assert apply_edits(written, append_item(model_of(written), PATH, "c:1 2")) == expected
        assert append_item(model_of(expected), PATH, "c:1 2") == []


@pytest.mark.parametrize(
    ("written", "replaced"),
    [
        ("a", "'1:2'"),
        ("22:22", "'1:2'"),
        ('"a"', '"1:2"'),
        ("'it''s'", "'1:2'"),
        ("a\\b", "'1:2'"),
    ],
)
def test_scalars_keep_their_quotes(written: str, replaced: str) -> None:
    text = f"services: {{web: {{ports: [{written}, b]}}}}"
    (node, _) = items(model_of(text)).items
    assert isinstance(node, Scalar)
    assert apply_edits(text, replace_scalar(node, "1:2")) == text.replace(
        written, replaced.replace("'", '"') if written[0] != "'" else replaced
    )
    assert replace_scalar(node, node.written) == []
