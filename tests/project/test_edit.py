from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docker_agent.core.errors import InputError
from docker_agent.project.compose.model import ComposeModel, load
from docker_agent.project.edit.steps import write_step
from docker_agent.project.edit.values import (
    Edit,
    KeyPath,
    Value,
    apply_edits,
    remove_key,
    remove_service_key,
    set_service_value,
    set_value,
)

ROOT = Path("/project")


def model_of(*texts: str | bytes) -> ComposeModel:
    files = {ROOT / f"compose.{n}.yml": t if isinstance(t, bytes) else t.encode() for n, t in enumerate(texts)}
    return load(list(files), read=files.__getitem__, variables={})


def put(text: str, path: KeyPath, value: Value, service: str = "web") -> str:
    """The text after the edit, having made sure that a second one would change nothing."""
    after = apply_edits(text, set_service_value(model_of(text), service, path, value))
    assert set_service_value(model_of(after), service, path, value) == []
    return after


def take(text: str, *path: str, service: str = "web") -> str:
    after = apply_edits(text, remove_service_key(model_of(text), service, path))
    assert remove_service_key(model_of(after), service, path) == []
    return after


BLOCK = "services:\n  web:\n    image: nginx  # why\n    # tail\n\n  db:\n    image: x\n"


@pytest.mark.parametrize(
    ("before", "path", "value", "after"),
    [
        (BLOCK, ("mem_limit",), "1g", BLOCK.replace("# why\n", "# why\n    mem_limit: 1g\n")),
        (
            BLOCK,
            ("deploy", "resources", "limits", "memory"),
            "1g",
            BLOCK.replace("# why\n", "# why\n    deploy:\n      resources:\n        limits:\n          memory: 1g\n"),
        ),
        (BLOCK, ("image",), "nginx:1.29", BLOCK.replace("image: nginx ", "image: nginx:1.29 ")),
        ("services: {web: {image: x}}", ("restart",), "no", 'services: {web: {image: x, restart: "no"}}'),
        ("services: {web: {image: x,}}", ("init",), True, "services: {web: {image: x, init: true,}}"),
        ("services: {web: {}}", ("a", "b"), 1, "services: {web: {a: {b: 1}}}"),
        (
            "services:\n    web:\n        image: x",
            ("logging",),
            {"driver": "local", "options": {"max-file": "3"}},
            (
                "services:\n    web:\n        image: x\n        logging:\n            driver: local\n"
                '            options:\n                max-file: "3"'
            ),
        ),
        (
            "services:\n  web:\n    cpus: '0.5' # x\n    image: y",
            ("cpus",),
            "it's",
            "services:\n  web:\n    cpus: 'it''s' # x\n    image: y",
        ),
        ('services: {web: {mem_limit: "64m"}}', ("mem_limit",), "1g", 'services: {web: {mem_limit: "1g"}}'),
        ("services:\n  web:\n    user:\n    image: y", ("user",), "a", "services:\n  web:\n    user: a\n    image: y"),
        (
            "services:\n  web:\n    deploy:  # d\n    image: y",
            ("deploy", "replicas"),
            2,
            "services:\n  web:\n    deploy:  # d\n      replicas: 2\n    image: y",
        ),
        (
            "services:\n  web:\n    deploy: ~\n    image: y",
            ("deploy", "replicas"),
            2,
            "services:\n  web:\n    deploy:\n      replicas: 2\n    image: y",
        ),
        (
            'services:\n  web:\n    ports: ["80:80", 81:81]\n',
            ("ports", 0),
            "82:80",
            'services:\n  web:\n    ports: ["82:80", 81:81]\n',
        ),
        (
            "services:\n  web:\n    environment:\n    - A=1\n    - 'B=2'\n    image: x\n",
            ("environment", "B"),
            "${C}",
            "services:\n  web:\n    environment:\n    - A=1\n    - 'B=${C}'\n    image: x\n",
        ),
        (
            "services:\n  web:\n    environment:\n    - A=1 # one\n    image: x\n",
            ("environment", "B"),
            "2 3",
            'services:\n  web:\n    environment:\n    - A=1 # one\n    - "B=2 3"\n    image: x\n',
        ),
        (
            "services:\n  web:\n    healthcheck:\n      test: a\n      retries: 3\n    image: x\n",
            ("healthcheck",),
            {"test": ["CMD", "b"]},
            "services:\n  web:\n    healthcheck:\n      test:\n        - CMD\n        - b\n    image: x\n",
        ),
        (
            "x-a: &a {restart: always}\nservices:\n  web:\n    <<: *a\n    image: x\n",
            ("restart",),
            "on-failure",
            "x-a: &a {restart: always}\nservices:\n  web:\n    <<: *a\n    image: x\n    restart: on-failure\n",
        ),
        (
            "x-m: &m 64m\nservices:\n  web:\n    mem_limit: *m\n    image: x\n",
            ("mem_limit",),
            "1g",
            "x-m: &m 64m\nservices:\n  web:\n    mem_limit: 1g\n    image: x\n",
        ),
        (
            "services:\n  web:\n    command: |\n      a\n      b\n\n\n  db:\n    image: y\n",
            ("init",),
            True,
            "services:\n  web:\n    command: |\n      a\n      b\n    init: true\n\n\n  db:\n    image: y\n",
        ),
    ],
)
def test_set(before: str, path: KeyPath, value: Value, after: str) -> None:
    assert after == put(before, path, value)
    windows = before.replace("\n", "\r\n")
    assert after.replace("\n", "\r\n") == put(windows, path, value)


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("x-a: &a {deploy: {a: 1}}\nservices: {web: {<<: *a, image: x}}", ("deploy", "b"), "shared through an anchor"),
        ("services: {web: &w {image: x}, b: *w}", ("restart",), "without changing something else"),
        ("services: {web: {mem_limit: &m 64m}, b: {mem_limit: *m}}", ("mem_limit",), "without changing something else"),
        (
            "services:\n  web:\n    image: x\n    command: |+\n      a\n\n\n",
            ("init",),
            "without changing something else",
        ),
        ("services: {web: {image: x}}", ("image", "tag"), "is no mapping"),
        ("services: {web: }", ("image",), "web"),
        ("services: {db: {image: x}}", ("image",), "There is no service web"),
    ],
)
def test_set_refuses_what_would_change_more(text: str, path: KeyPath, said: str) -> None:
    if said == "web":
        assert put(text, path, "v") == "services: {web: {image: v}}"
        return
    with pytest.raises(InputError) as caught:
        set_service_value(model_of(text), "web", path, "v")
    assert said in caught.value.message
    assert caught.value.next_step


def test_set_goes_to_the_file_that_has_the_value() -> None:
    model = model_of("services: {web: {image: a, user: u}}", "services: {web: {image: b}}")
    assert [edit.file for edit in set_service_value(model, "web", ("image",), "c")] == ["compose.1.yml"]
    assert [edit.file for edit in set_service_value(model, "web", ("user",), "c")] == ["compose.0.yml"]
    assert [edit.file for edit in set_service_value(model, "web", ("init",), value=True)] == ["compose.0.yml"]


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        (
            "services:\n  web:\n    image: x\n    privileged: true # c\n    # d\n    user: u\n",
            ("privileged",),
            "services:\n  web:\n    image: x\n    # c\n    # d\n    user: u\n",
        ),
        (
            "services:\n  web:\n    image: x\n    deploy:  # a\n      # b\n      c: '# q'\n      d: |  # c\n        #q",
            ("deploy",),
            "services:\n  web:\n    image: x\n    # a\n    # b\n    # c",
        ),
        ("services:\n  web:\n    image: x\n    init: true", ("init",), "services:\n  web:\n    image: x"),
        ("services: {web: {init: true, image: x}}", ("init",), "services: {web: {image: x}}"),
        ("services: {web: {image: x, init: true}}", ("init",), "services: {web: {image: x}}"),
        (
            "services:\n  web:\n    image: x\n    deploy:\n      resources:\n        limits:\n          cpus: 1\n",
            ("deploy", "resources", "limits", "cpus"),
            "services:\n  web:\n    image: x\n",
        ),
        ("services: {web: {image: x}}", ("init",), "services: {web: {image: x}}"),
    ],
)
def test_remove(before: str, path: tuple[str, ...], after: str) -> None:
    assert after == take(before, *path)
    assert after.replace("\n", "\r\n") == take(before.replace("\n", "\r\n"), *path)


@pytest.mark.parametrize(
    "text",
    [
        "x-a: &a {init: true}\nservices: {web: {<<: *a, image: x}}",
        "services: {web: {init: true}}",
        "services: {web: {image: x, init: &i true}, b: {image: x, init: *i}}",
    ],
)
def test_remove_refuses_what_would_change_more(text: str) -> None:
    with pytest.raises(InputError):
        remove_service_key(model_of(text), "web", ("init",))


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        (BLOCK, ("volumes", "data"), BLOCK + "\nvolumes:\n  data:\n"),
        (BLOCK + "volumes:\n  a: {}\n# end", ("volumes", "data"), BLOCK + "volumes:\n  a: {}\n  data:\n# end"),
        ("{services: {web: {}}}", ("name",), "{services: {web: {}}, name: null}"),
    ],
)
def test_set_at_the_top(before: str, path: KeyPath, after: str) -> None:
    for newline in ("\n", "\r\n"):
        text = before.replace("\n", newline)
        assert apply_edits(text, set_value(model_of(text), path, None)) == after.replace("\n", newline)


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        (BLOCK + "volumes:\n  a:\n  b: # why\n", ("volumes", "b"), BLOCK + "volumes:\n  a:\n  # why\n"),
        (BLOCK + "volumes:\n  a:\n", ("volumes", "a"), BLOCK),
        ("{services: {}, volumes: {a: {}, b: {}}}", ("volumes", "a"), "{services: {}, volumes: {b: {}}}"),
    ],
)
def test_remove_at_the_top(before: str, path: tuple[str, ...], after: str) -> None:
    assert apply_edits(before, remove_key(model_of(before), path)) == after


def test_what_an_anchor_gives_beside_the_only_own_key_is_not_taken_out_with_it() -> None:
    text = "x-d: &d {mode: global}\nservices: {web: {image: x, deploy: {<<: *d, replicas: 2}}}"
    with pytest.raises(InputError, match="cannot be taken out alone"):
        remove_service_key(model_of(text), "web", ("deploy", "mode"))


def test_remove_takes_the_key_out_of_every_file() -> None:
    texts = ("services: {web: {image: x, init: true}}", "services: {web: {user: u, init: false}}")
    edits = remove_service_key(model_of(*texts), "web", ("init",))
    assert [edit.file for edit in edits] == ["compose.0.yml", "compose.1.yml"]


KEYS = st.sampled_from(["mem_limit", "restart", "a-b", "deploy", "labels", "user"])
WORDS = st.text(alphabet="ab09 :#'\"\\{}[],&*!|>%@`é😀\t~-?yn", max_size=8) | st.sampled_from(
    ["yes", "no", "null", "0x1F", "1:30", "1e3", "~", "<<", "${A:-b}"]
)
SCALARS = WORDS | st.integers(-5, 10_000) | st.booleans()
VALUES: st.SearchStrategy[Any] = SCALARS | st.lists(WORDS, max_size=3) | st.dictionaries(KEYS, SCALARS, max_size=3)
SERVICES = st.dictionaries(KEYS, SCALARS | st.dictionaries(KEYS, SCALARS, min_size=1, max_size=2), max_size=4)


Keys = dict[str, Any]


def written(services: dict[str, Keys], *, flow: bool, indent: int, newline: str, final: bool) -> str:
    """Compose text made of JSON scalars, which are YAML too, with comments and blank lines between."""
    pad = " " * indent
    if flow:
        body = {name: {"image": "x", **keys} for name, keys in services.items()}
        return "# start\nservices: " + json.dumps(body, ensure_ascii=False) + " # end"
    lines = ["# start", "services:  # all"]
    for name, keys in services.items():
        lines += [f"{pad}{name}:", f"{pad * 2}image: x  # pinned?", ""]
        for key, value in keys.items():
            if isinstance(value, dict):
                lines.append(f"{pad * 2}{key}:")
                inside = cast("Keys", value)
                lines += [f"{pad * 3}{word}: {json.dumps(inside[word], ensure_ascii=False)}  # in" for word in inside]
            else:
                lines.append(f"{pad * 2}{key}: {json.dumps(value, ensure_ascii=False)}  # of {key}")
        lines.append(f"{pad}# after {name}")
    return newline.join(lines) + (newline if final else "")


STYLES = st.fixed_dictionaries(
    {
        "flow": st.booleans(),
        "indent": st.sampled_from([1, 2, 4]),
        "newline": st.sampled_from(["\n", "\r\n"]),
        "final": st.booleans(),
    }
)


@given(st.fixed_dictionaries({"web": SERVICES, "db": SERVICES}), STYLES, st.lists(KEYS, min_size=1, max_size=3), VALUES)
def test_setting_changes_only_what_it_should(
    services: dict[str, dict[str, Any]], style: dict[str, Any], path: list[str], value: Any
) -> None:
    text = written(services, **style)
    model = model_of(text)
    try:
        edits = set_service_value(model, "web", tuple(path), value)
    except InputError as error:
        assert "is no mapping" in error.message  # noqa: PT017 - a scalar in the way is refused
        return
    after = apply_edits(text, edits)
    assert set_service_value(model_of(after), "web", tuple(path), value) == []
    for edit in edits:
        assert after.startswith(text[: edit.start])
        assert after.endswith(text[edit.end :])
    assert model.value(("services", "db")) == model_of(after).value(("services", "db"))
    assert text.count("#") == after.count("#") or any(edit.start != edit.end for edit in edits) or "#" in str(value)


@given(st.fixed_dictionaries({"web": SERVICES, "db": SERVICES}), STYLES, KEYS)
def test_removing_changes_only_what_it_should(
    services: dict[str, dict[str, Any]], style: dict[str, Any], key: str
) -> None:
    text = written(services, **style)
    after = take(text, key)
    expected = {name: node for name, node in model_of(text).value(("services", "web")).items() if name != key}
    assert expected == model_of(after).value(("services", "web"))
    assert model_of(text).value(("services", "db")) == model_of(after).value(("services", "db"))


def test_edits_that_overlap_are_refused() -> None:
    assert apply_edits("abcd", [Edit("f", 3, 4, "Y"), Edit("f", 1, 2, "X")]) == "aXcY"
    assert apply_edits("ab", [Edit("f", 1, 1, "1"), Edit("f", 1, 1, "2")]) == "a12b"
    for edits in ([Edit("f", 0, 2, ""), Edit("f", 1, 3, "")], [Edit("f", 0, 9, "")], [Edit("f", 2, 1, "")]):
        with pytest.raises(InputError):
            apply_edits("abc", edits)


def test_write_step_holds_the_whole_text_and_what_was_read() -> None:
    data = b"\xef\xbb\xbfservices:\r\n  web:\r\n    image: x"
    model = model_of(data)
    step = write_step(ROOT, model, set_service_value(model, "web", ("init",), value=True), "because")
    assert step.content == "\ufeffservices:\r\n  web:\r\n    image: x\r\n    init: true"
    assert hashlib.sha256(data).hexdigest() == step.before
    assert (step.path, step.why, step.touches) == ("compose.0.yml", "because", ("file:compose.0.yml",))


def test_write_step_refuses_no_edits_and_edits_of_two_files() -> None:
    model = model_of("services: {web: {image: x, init: true}}", "services: {web: {user: u, init: true}}")
    for edits in ([], remove_service_key(model, "web", ("init",))):
        with pytest.raises(InputError):
            write_step(ROOT, model, edits, "because")


def test_an_item_of_a_list_is_set_deeper_down() -> None:
    ports = "      - {target: 80, published: 8080}  # shop\n      - target: 81\n"
    text = f"services:\n  web:\n    image: x\n    ports:\n{ports}"
    model = model_of(text)
    edits = set_service_value(model, "web", ("ports", 0, "published"), 8081)
    assert apply_edits(text, edits) == text.replace("8080", "8081")
    edits = set_service_value(model, "web", ("ports", 1, "published"), 8082)
    assert "      - target: 81\n        published: 8082\n" in apply_edits(text, edits)
