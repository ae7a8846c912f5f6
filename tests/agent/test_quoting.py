"""Messages that were pasted into a prompt."""

from __future__ import annotations

import time

import pytest

from docker_agent.agent.quoting import split_prompt
from docker_agent.agent.wish import find_names, read_wish

BIND = "Bind for 0.0.0.0:80 failed: port is already allocated"
DAEMON = f"Error response from daemon: driver failed: {BIND}"


@pytest.mark.parametrize(
    ("prompt", "own", "quoted"),
    [
        (f"I get: {DAEMON}", "I get:", DAEMON),
        (f"compose up says: {BIND}. Please fix it.", "compose up says: Please fix it.", f"{BIND}."),
        (DAEMON, "", DAEMON),
        (f"{DAEMON}. Why?", "Why?", f"{DAEMON}."),
        (
            f"web is down\n\n  {DAEMON}\n  second line\n\nwhat is that",
            "web is down what is that",
            f"{DAEMON}\nsecond line",
        ),
        (f"why does web say `{BIND}`?", "why does web say ?", BIND),
        (f'`web` says "{BIND}"', "`web` says", BIND),
        (
            "the api says \u201cconnect ECONNREFUSED 172.18.0.3:5432\u201d",
            "the api says",
            "connect ECONNREFUSED 172.18.0.3:5432",
        ),
        ("my site shows '502 Bad Gateway'", "my site shows", "502 Bad Gateway"),
        (f"```\nlevel=info\n{DAEMON}\n```\nfix it", "fix it", f"level=info\n{DAEMON}"),
        ("what is 'exec format error: x' and \"no such file\"", "what is  and", "exec format error: x\nno such file"),
    ],
)
def test_a_message_is_told_from_the_words_around_it(prompt: str, own: str, quoted: str) -> None:
    assert split_prompt(prompt) == (own, quoted)


@pytest.mark.parametrize(
    "prompt",
    [
        "why does `web` restart?",
        'run "docker compose up" again',
        "docker compose up fails with permission denied, please fix",
        "web gets connection refused from db",
        "web is broken: it says connection refused when I call db",
        "question: why is permission denied in web",
        "check this: is the port already in use?",
        "don't touch db, it isn't mine, it can't start",
        "",
        "a" * 50_000,
    ],
)
def test_names_commands_and_sentences_are_no_message(prompt: str) -> None:
    assert split_prompt(prompt) == (prompt, "")


@pytest.mark.parametrize(
    "piece", ["\n", ":", ": error", "`", '"', "'a ", ". fix", "``` a", "a\n: ", "\u201c", "error "]
)
def test_a_hostile_prompt_is_split_at_once(piece: str) -> None:
    started = time.process_time()

    split_prompt(piece * 20_000)

    assert time.process_time() - started < 1


def test_what_a_message_says_is_no_wish_and_names_count_only_where_the_person_names_none() -> None:
    message = "Error: why delete everything? explain: fix or remove container db"

    asked = read_wish(f"web is down\n```\n{message}\n```")

    assert (asked.quoted, asked.changes, asked.fixes, asked.destroys, asked.everything) == (
        message,
        True,
        False,
        False,
        False,
    )
    assert read_wish(f"what does this mean\n```\n{message}\n```").changes is False
    assert read_wish(f"web is down, just explain it\n```\n{message}\n```").changes is False
    assert find_names(f"web is down\n```\n{message}\n```", ["web", "db"]) == {"web": "web"}
    assert find_names(f"it is down\n```\n{message}\n```", ["web", "db"]) == {"db": "db"}
