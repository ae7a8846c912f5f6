"""The main job through the real SDK and the wire, in a project with secrets everywhere: none of them may leave."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from tests.agent.wire import Entry, WireFake, call, say, text, tool, tools
from tests.agent.wire_replies import Reply
from tests.command_line import Done, Place, read_well

PHRASE = "umbrella-falcon-meadow"
SPECIAL = 'Zk"9\\mq<7>&x'
URL_PASSWORD = "inside-the-url-4711"
DATABASE_URL = f"postgres://shop:{URL_PASSWORD}@db:5432/shop"
TOKEN = "tk-8d3f0a6c51b94e27"
IN_FILE = "kept-in-a-file-20931"
SECRETS = {"phrase": PHRASE, "special": SPECIAL, "url": URL_PASSWORD, "token": TOKEN, "file": IN_FILE}

PROMPT = f"investigate why web keeps restarting; I can log in with {PHRASE} by hand"
WRITTEN = "PASSWORD=<secret:SHOP_PHRASE>\nSPECIAL='<secret:SHOP_SPECIAL>'\n"


def coded(secret: str) -> set[str]:
    """The ways in which programs write a secret, but for the secret itself."""
    raw = secret.encode()
    base = base64.b64encode(raw).decode()
    once = json.dumps(secret)[1:-1]
    return {
        once,
        json.dumps(once)[1:-1],
        quote(secret, safe=""),
        quote_plus(secret),
        base.rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
        raw.hex().upper(),
    }


def basic(secret: str) -> str:
    """A user name and the secret as HTTP basic authentication writes them."""
    return base64.b64encode(f"shop:{secret}".encode()).decode()


def leaks(shown: str) -> list[str]:
    """The secrets that are in a text, by name and the form in which they are there."""
    forms = [(name, form) for name, secret in SECRETS.items() for form in sorted({secret, *coded(secret)})]
    forms += [(name, basic(secret)[8:-4]) for name, secret in SECRETS.items()]
    return [f"{name} as {form}" for name, form in forms if form in shown]


def prepare(place: Place) -> None:
    """Put secrets wherever a project may have them."""
    root = place.root
    (root / ".env").write_text(
        f"DATABASE_PASSWORD=example-only-not-a-real-password\nSHOP_PHRASE={PHRASE}\nSHOP_SPECIAL='{SPECIAL}'\n"
        f"DATABASE_URL={DATABASE_URL}\nAPI_TOKEN={TOKEN}\n"
    )
    (root / "vault.txt").write_text(IN_FILE)
    forms = sorted({form for secret in SECRETS.values() for form in {secret, basic(secret), *coded(secret)}})
    (root / "lines.txt").write_text("".join(f"trying {form} now\n" for form in [*forms, DATABASE_URL]))
    text = (root / "compose.yml").read_text()
    text = text.replace('echo "warming the cache"', 'cat /lines.txt\n        echo "warming the cache"')
    text = text.replace(
        "      DATABASE_PASSWORD: ${DATABASE_PASSWORD}\n",
        "      DATABASE_PASSWORD: ${DATABASE_PASSWORD}\n      SHOP_SPECIAL: ${SHOP_SPECIAL}\n"
        "      DATABASE_URL: ${DATABASE_URL}\n      NOTE: said ${SHOP_PHRASE} aloud\n"
        '    labels:\n      shop.note: "open with ${SHOP_PHRASE}"\n    volumes:\n      - ./lines.txt:/lines.txt:ro\n'
        "    secrets: [vault]\n",
    )
    check = '["CMD-SHELL", "echo checking with $$SHOP_SPECIAL and $$DATABASE_URL; nc -w 1 127.0.0.1 8080"]'
    text = text.replace('["CMD", "nc", "-w", "1", "127.0.0.1", "8080"]', check)
    broken = "\n  broken:\n    image: docker-agent-lab/busybox:1\n    command: [$API_TOKEN]\n\nvolumes:\n"
    text = text.replace("\nvolumes:\n", broken) + "\nsecrets:\n  vault:\n    file: ./vault.txt\n"
    (root / "compose.yml").write_text(text)
    context = root / ".project-context.md"
    context.write_text(context.read_text() + f"\n## Notes\n\nThe shop opens with {PHRASE} (also {TOKEN}).\n")


def script() -> list[Entry]:
    """What the service says, turn by turn."""
    write = {"path": ".env.shop", "content": WRITTEN, "why": "The shop reads its password here."}
    configs = [("stack_inspect", {"container": name, "section": "Config"}) for name in ("web", "broken")]
    files = [("files_read", {"path": name}) for name in (".env", "compose.yml", "vault.txt", ".project-context.md")]
    return [
        Reply(
            (say("I look first."), call("stack_list", {}), *(call(name, given) for name, given in [*configs, *files])),
            "tool_use",
        ),
        tools(("stack_logs", {"container": "web", "tail": 200}), ("diagnose", {"service": "web"})),
        tool("diagnose", {}),
        tool("files_write", write),
        tool("stack_restart", {"services": ["broken"]}),
        tool("files_write", {**write, "path": ".env.other", "content": "OTHER=<secret:NOBODY>\n"}),
        tool("files_write", {**write, "path": "app.conf"}),
        tool("diagnose_fix", {"code": "exit-137-oom", "service": "web"}),
        tool("stack_inspect", {"container": "web", "section": "State"}),
        text("The limit was too low. The password stays <secret:SHOP_PHRASE>."),
    ]


@pytest.fixture
def shop(example: Callable[[str], Place], busybox: str) -> Place:
    """The crash loop with secrets everywhere, started."""
    place = example("broken/crash-loop")
    prepare(place)
    assert busybox in (place.root / "compose.yml").read_text()
    assert place.docker("compose", "up", "-d", "web").returncode == 0
    assert "executable file not found" in place.docker("compose", "up", "-d", "broken").stderr
    place.wait_until(lambda: place.container("web").get("RestartCount", 0) >= 1)
    log = place.docker("logs", place.container("web")["Id"]).stdout
    assert {leak.split()[0] for leak in leaks(log)} == set(SECRETS)
    return place


def run(place: Place, *words: str) -> tuple[Done, WireFake]:
    fake = WireFake(script())
    with fake.serve() as url:
        service = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "test", "DOCKER_AGENT_MODEL": ""}
        done = place.agent(*words, PROMPT, **service)
    return done, fake


def results_of(fake: WireFake) -> list[tuple[str, bool]]:
    """The answers to all calls, in order, with whether they are errors."""
    messages: list[dict[str, Any]] = fake.requests[-1].json["messages"]
    parts = [part for message in messages for part in message["content"] if part["type"] == "tool_result"]
    return [(json.dumps(part["content"], ensure_ascii=False), bool(part.get("is_error"))) for part in parts]


def audit_of(place: Place) -> str:
    return "".join(path.read_text() for path in place.state.rglob("audit.jsonl"))


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_no_secret_leaves_and_the_job_is_done(shop: Place, flags: tuple[str, ...]) -> None:
    done, fake = run(shop, "--yes", *flags)
    read_well(done, 0)
    assert len(fake.requests) == len(script()), done.stderr
    assert all(request.path.startswith("/v1/messages") for request in fake.requests)

    for number, request in enumerate(fake.requests):
        found = leaks(request.wire.decode())
        assert found == [], f"request {number}: {found}"
    assert leaks(done.stdout) == [], done.stdout
    assert leaks(done.stderr) == [], done.stderr
    assert leaks(audit_of(shop)) == []
    assert "<secret:SHOP_PHRASE>" in done.stdout

    shown = [answer for answer, _ in results_of(fake)]
    errors = [answer for answer, is_error in results_of(fake) if is_error]
    restarted, unknown, placed = errors
    assert "executable file not found" in restarted
    assert "No secret is known as <secret:NOBODY>" in unknown
    assert "needs a person's yes" in placed
    assert "checking with <secret:SHOP_SPECIAL> and <secret:DATABASE_URL>" in shown[-1]

    assert (shop.root / ".env.shop").read_text() == f"PASSWORD={PHRASE}\nSPECIAL='{SPECIAL}'\n"
    assert not (shop.root / ".env.other").exists()
    assert not (shop.root / "app.conf").exists()
    waiting = [plan["digest"] for plan in shop.agent_json("log")["plans_waiting"] if plan["title"] == "Create app.conf"]
    read_well(shop.agent("apply", *waiting, "--yes"), 0)
    assert (shop.root / "app.conf").read_text() == (shop.root / ".env.shop").read_text()
    assert shop.container("web")["State"]["Health"]["Status"] == "healthy"
    assert "mem_limit: 96m" in (shop.root / "compose.yml").read_text()

    assert_masks_are_stable(fake)
    assert_prefix_is_cached(fake)


def assert_masks_are_stable(fake: WireFake) -> None:
    """A secret has one name wherever it stands, in every turn."""
    first = fake.requests[0].json
    prompt = first["messages"][0]["content"][0]["text"]
    assert prompt == PROMPT.replace(PHRASE, "<secret:SHOP_PHRASE>")
    assert "The shop opens with <secret:SHOP_PHRASE> (also <secret:API_TOKEN>)" in json.dumps(first["system"])
    _, inspect, broken, env_file, compose, vault, context, logs, *_ = [answer for answer, _ in results_of(fake)]
    for shown in (inspect, env_file, context, logs):
        assert "<secret:SHOP_PHRASE>" in shown
    for shown in (broken, env_file, context, logs):
        assert "<secret:API_TOKEN>" in shown
    for shown in (vault, logs):
        assert "<secret:vault>" in shown
    assert "${DATABASE_PASSWORD}" in compose
    for earlier, later in zip(fake.requests, fake.requests[1:], strict=False):
        before = [bare(message) for message in earlier.json["messages"]]
        assert before == [bare(message) for message in later.json["messages"]][: len(before)]


def bare(message: dict[str, Any]) -> str:
    return re.sub(r', "cache_control": \{[^}]*\}', "", json.dumps(message))


def assert_prefix_is_cached(fake: WireFake) -> None:
    """Tools and system come from the cache in every turn but the first."""
    first = fake.requests[0].json
    parts: list[dict[str, Any]] = [*first["tools"], *first["system"]]
    plain = [{key: value for key, value in part.items() if key != "cache_control"} for part in parts]
    size = sum(len(json.dumps(part, ensure_ascii=False)) for part in plain) // 4
    assert fake.usages[0]["cache_read_input_tokens"] == 0
    assert fake.usages[0]["cache_creation_input_tokens"] >= size
    for usage in fake.usages[1:]:
        assert usage["cache_read_input_tokens"] >= size


def test_without_a_yes_nothing_changes_and_nothing_leaves(shop: Place) -> None:
    before = (shop.root / "compose.yml").read_bytes()
    done, fake = run(shop)
    assert (done.returncode, len(fake.requests)) == (3, len(script())), done.stderr
    assert leaks("".join(request.wire.decode() for request in fake.requests) + done.stdout + done.stderr) == []
    assert before == (shop.root / "compose.yml").read_bytes()
    assert not (shop.root / ".env.shop").exists()
    assert len(shop.agent_json("log")["plans_waiting"]) == 5
    for words in (("log",), ("log", "--audit"), ("stack", "inspect", "web"), ("stack", "logs", "web"), ("context",)):
        assert leaks(shop.agent(*words).stdout) == [], words
