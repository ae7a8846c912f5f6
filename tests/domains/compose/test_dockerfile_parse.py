from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docker_agent.domains.compose.dockerfile.ignore import is_ignored
from docker_agent.domains.compose.dockerfile.parse import Dockerfile, Instruction, parse_dockerfile
from docker_agent.domains.compose.dockerfile.shell import commands_of
from docker_agent.domains.compose.dockerfile.syntax import syntax_faults


def words(text: str) -> list[tuple[str, str]]:
    return [(each.word, " ".join(each.text.split())) for each in parse_dockerfile(text).instructions]


def only(text: str) -> Instruction:
    (each,) = parse_dockerfile(text).instructions
    return each


def faults(text: str) -> list[str]:
    return [message for _, _, message, _ in syntax_faults(parse_dockerfile(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from a\nRun  b c \n", [("FROM", "a"), ("RUN", "b c")]),
        ("# comment\n\nFROM a\n  # another\nRUN b # kept\n", [("FROM", "a"), ("RUN", "b # kept")]),
        ("RUN a \\\n  b \\\n\n  # inside\n  c\nRUN d", [("RUN", "a b c"), ("RUN", "d")]),
        ("RUN a \\  \n  b", [("RUN", "a b")]),
        ("RUN a \\\r\n  b\r\nRUN c\r\n", [("RUN", "a b"), ("RUN", "c")]),
        ("RUN a \\\\\nRUN b", [("RUN", "a \\\\"), ("RUN", "b")]),
        ("# escape=`\nRUN a `\n b\nCOPY c:\\ d", [("RUN", "a b"), ("COPY", "c:\\ d")]),
        ("# syntax=docker/dockerfile:1\n# escape=`\nRUN a `\n b", [("RUN", "a b")]),
        ("# words\n# escape=`\nRUN a `\nRUN b", [("RUN", "a `"), ("RUN", "b")]),
        ("RUN a \\", [("RUN", "a")]),
        ("RUN a \\\n# end", [("RUN", "a")]),
        ("RUN <<EOF\nFROM x\nEOF\nUSER y", [("RUN", "<<EOF"), ("USER", "y")]),
        ("COPY <<-'A' <<B /d/\nx\n\tA\ny\nB\nUSER y", [("COPY", "<<-'A' <<B /d/"), ("USER", "y")]),
        ('RUN echo "<<EOF"\nUSER y', [("RUN", 'echo "<<EOF"'), ("USER", "y")]),
        ('RUN sh -c "cat <<EOF"\nUSER y', [("RUN", 'sh -c "cat <<EOF"'), ("USER", "y")]),
        ("ENV A=1<<2\nUSER y", [("ENV", "A=1<<2"), ("USER", "y")]),
    ],
)
def test_instructions(text: str, expected: list[tuple[str, str]]) -> None:
    assert words(text) == expected


def test_offsets_lead_to_the_words_in_the_file() -> None:
    text = "FROM a\n\nRUN one \\\n  # not this\n  two \\\n  three\n"
    run = parse_dockerfile(text).instructions[1]
    start = run.text_start + run.text.index("three")
    assert text[start : start + 5] == "three"
    assert text[run.start : run.end].endswith("three")
    assert len(run.text) == run.end - run.text_start


def test_the_script_of_a_run_holds_its_here_documents_at_their_place() -> None:
    text = "RUN <<EOF bash\n  apt-get install x\nEOF\nUSER y\n"
    run = parse_dockerfile(text).instructions[0]
    start = run.text_start + run.script.index("apt-get")
    assert text[start:].startswith("apt-get install x")
    assert run.text == "<<EOF bash"


def test_flags_lists_and_pairs() -> None:
    assert only("COPY --from=b --chown=a:b --link x y").flags == (("from", "b"), ("chown", "a:b"), ("link", ""))
    assert only('CMD [ "a", "b c" ]').items == ("a", "b c")
    assert only('CMD ["a", 1]').items is None
    assert only("RUN [ -f x ] && y").items is None
    assert only('HEALTHCHECK --interval=5s CMD ["a"]').items == ("a",)
    assert only("ENV A=1 B='x y' C").pairs == (("A", "1"), ("B", "x y"), ("C", None))
    assert only("ENV A some words").pairs == (("A", "some words"),)
    assert only("ARG A").pairs == (("A", None),)


def test_stages() -> None:
    text = "ARG V=1\nFROM a:$V AS Build\nRUN x\nFROM build AS two\nFROM --platform=linux/arm64 c\nUSER d\n"
    found = parse_dockerfile(text)
    assert [(stage.name, stage.image) for stage in found.stages] == [("build", "a:$V"), ("two", "build"), ("", "c")]
    assert [each.text for each in found.preamble] == ["V=1"]
    assert [stage.index for stage in found.line_of("two")] == [1, 0]
    assert [found.stage(name) is not None for name in ("BUILD", "1", "2", "3", "no")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert found.stage("") is found.stages[2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FROM a\nCOPPY b c", "there is no instruction COPPY"),
        ("FROM a\nCOPY --chwon=b c d", "COPY has no flag --chwon"),
        ("FROM a\nCOPY b", "COPY needs a source and a target"),
        ("FROM a b", "FROM takes an image, or an image AS a name"),
        ("FROM a\nUSER", "USER says nothing"),
        ("FROM a\nENV A=1 B", "B has no = and no value"),
        ("FROM a\nENV A", "ENV A has no value"),
        ("FROM a\nEXPOSE http", "http is not a port such as 8080 or 53/udp"),
        ("FROM a\nSHELL bash", 'SHELL takes a list such as ["/bin/bash", "-c"]'),
        ("FROM a\nHEALTHCHECK curl x", "HEALTHCHECK takes CMD and a command, or NONE"),
        ("FROM a\nONBUILD FROM b", "ONBUILD cannot put off FROM"),
        ("FROM a AS 1x", "1x is no name for a stage: letters, digits, -, _ and ., a letter first"),
        ("FROM a\nLABEL a", "LABEL a has no value"),
        ("FROM a\nLABEL a=b c", "c has no = and no value"),
        ("FROM a\nSTOPSIGNAL a b", "STOPSIGNAL takes one word"),
        ("FROM a\nEXPOSE 99999", "99999 is not a port such as 8080 or 53/udp"),
        ("FROM a\nEXPOSE 80/foo", "80/foo is not a port such as 8080 or 53/udp"),
        ("FROM a\nHEALTHCHECK CMD", "HEALTHCHECK takes CMD and a command, or NONE"),
        ("FROM a\nSHELL []", 'SHELL takes a list such as ["/bin/bash", "-c"]'),
        ("FROM a\nRUN", "RUN says nothing"),
        ("RUN a\nFROM b", "RUN stands before the first FROM, where only ARG may stand"),
        ("", "there is no FROM"),
        ("FROM a\nRUN <<EOF\nx", "the here-document EOF is not closed"),
        ("# escape=x\nFROM a", "the escape character is either \\ or `"),
    ],
)
def test_what_the_builder_refuses(text: str, message: str) -> None:
    assert faults(text) == [message]


@pytest.mark.parametrize(
    "text",
    [
        'FROM a\nENV A=\nENV B x y\nLABEL maintainer "me"\nLABEL a=b c=d',
        "FROM a AS b\nEXPOSE 80 53/udp 8000-8010 $PORT",
        "FROM a\nHEALTHCHECK NONE\nHEALTHCHECK --retries=3 CMD x\nSTOPSIGNAL SIGTERM\nCMD",
        'FROM a\nONBUILD RUN x\nMAINTAINER me\nVOLUME /a /b\nSHELL ["a"]',
        "FROM a\nCOPY <<EOF /x\n1\nEOF\nRUN --mount=type=cache,target=/x --network=none y",
        "FROM a\nUSER a b\nWORKDIR a b\nARG a b\nENTRYPOINT\nONBUILD CMD a\nVOLUME [a]\nENV a b c",
        "ARG A=b\nFROM $A\nADD --checksum=sha256:1 http://x /y",
    ],
)
def test_what_the_builder_takes(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a b && c || d; e | f", ["a b", "c", "d", "e", "f"]),
        ("if x; then sudo y; fi", ["x", "sudo y", "fi"]),
        ("a \"b && c\" 'd;e'", ["a \"b && c\" 'd;e'"]),
        ("A=1 B=2 apt-get x", ["apt-get x"]),
        ("curl ${URL}/a -o $(basename x)", ["curl ${URL}/a -o $(basename x)"]),
        ("( a && { b; } )", ["a", "b", "}"]),
        ("set -eux; apk add x", ["set -eux", "apk add x"]),
    ],
)
def test_simple_commands(script: str, expected: list[str]) -> None:
    run = only(f"RUN {script}")
    found = list(commands_of(run))
    assert [each.text for each in found] == expected
    assert [f"RUN {script}"[slice(*each.span)] for each in found] == expected


@pytest.mark.parametrize(
    ("name", "patterns", "expected"),
    [
        (".env", [".env"], True),
        (".env", ["*"], True),
        (".env", ["**/.env"], True),
        (".env", [".env*", "!.env"], False),
        (".env", ["!.env", "*"], True),
        (".env", ["# .env", "", "env"], False),
        (".env", ["/.env"], True),
        (".env", [".e?v"], True),
        ("a/.env", ["*/.env"], True),
        ("a/.env", [".env"], False),
        ("a/.env", ["a"], True),
        ("a/b/.env", ["**"], True),
        ("a/b/.env", ["a/**/.env"], True),
        ("a/.env", ["a/**/.env"], True),
        ("b/.env", ["a/**/.env"], False),
        ("a" * 200, ["*a" * 60 + "b"], False),
    ],
)
def test_ignored_paths(name: str, patterns: list[str], expected: bool) -> None:
    assert is_ignored(name, patterns) is expected


PIECES = st.sampled_from(
    [
        "FROM a AS b\n",
        "RUN ",
        "COPY --from=b ",
        "\\\n",
        "# c\n",
        "\n",
        "<<EOF",
        "EOF\n",
        '["a"]',
        "'",
        '"',
        "$X",
        "`",
        "\r\n",
        "&& ",
        "=",
        "é",
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_text_is_read_and_every_place_is_in_it(text: str) -> None:
    found: Dockerfile = parse_dockerfile(text)
    list(syntax_faults(found))
    for each in found.instructions:
        assert text[each.start : each.start + len(each.word)].upper() == each.word
        assert 0 <= each.start <= each.end <= len(text)
        for command in commands_of(each):
            assert 0 <= command.span[0] < command.span[1] <= len(text)
