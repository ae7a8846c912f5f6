from __future__ import annotations

import os
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Severity
from docker_agent.project.context.model import (
    EMPTY,
    Peer,
    ProjectContext,
    find_context,
    parse_context,
    prompt_text,
    read_context,
)

HEAD = "## Docker Configuration\n\n"
FULL = """# Project Context: Shop

Sold by the yard.

## Docker Configuration

- **Reverse Proxy**: Traefik v3.2
- **Network**: `traefik-public` (external)
- **GPU**: NVIDIA RTX 4090 by CDI
- **Service Groups**:
  - **core**: traefik, authelia
  - media:
    - jellyfin - films
    - sonarr: series
- **Compose Files**: `compose.yml`, `services/*/compose.yml` (the others)
- **Environment**: Production
- **Owner**: Ada

### Security Policies

- root_user: error
- secrets_in_env: warn
- privileged_mode: off

## Elsewhere

- **Network**: not-this-one
"""


def messages(context: ProjectContext) -> list[tuple[int, str]]:
    return [(mistake.line, mistake.message) for mistake in context.mistakes]


def test_a_whole_section_is_typed() -> None:
    context = parse_context(FULL, Path("x"))

    expected = ProjectContext(
        path=Path("x"),
        name="Shop",
        text=FULL,
        reverse_proxy="traefik",
        reverse_proxy_version="3.2",
        network="traefik-public",
        gpu="nvidia",
        service_groups={"core": ("traefik", "authelia"), "media": ("jellyfin", "sonarr")},
        compose_files=("compose.yml", "services/*/compose.yml"),
        policies={"root_user": Severity.ERROR, "secrets_in_env": Severity.WARN, "privileged_mode": Severity.OFF},
        policy_lines={"root_user": 21, "secrets_in_env": 22, "privileged_mode": 23},
        production=True,
        unknown={"Owner": "Ada"},
    )
    assert expected == context


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_change_nothing(newline: str, bom: str) -> None:
    context = parse_context(bom + FULL.replace("\n", newline))

    plain = parse_context(FULL)
    assert replace(plain, text="") == replace(context, text="")


@pytest.mark.parametrize(
    "heading",
    [
        "# Docker Configuration",
        "###### Docker Configuration ######",
        "##Docker configuration:",
        "## 🐳 **Docker Configuration**",
        "## 3. Docker configuration",
        "## __DOCKER CONFIGURATION__",
        "Docker Configuration\n====================",
        "Docker Configuration\n---",
        "**Docker Configuration**",
        "Docker configuration:",
        "## Docker",
        "## Docker Config",
    ],
)
def test_the_section_is_found_however_its_title_is_written(heading: str) -> None:
    context = parse_context(f"# Title\n\n{heading}\n\n- Network: edge\n")

    assert (context.network, context.mistakes) == ("edge", ())


def test_a_misspelt_title_is_read_and_reported() -> None:
    context = parse_context("## Docker Configuraton\n- Network: edge\n")

    assert context.network == "edge"
    assert messages(context) == [(1, "`docker configuraton` is read as the Docker section.")]


@pytest.mark.parametrize("entry", ["- [Docker Configuration](#docker-configuration)", "- Docker Configuration"])
def test_a_table_of_contents_is_no_section(entry: str) -> None:
    context = parse_context(f"{entry}\n- Network: wrong\n\n## Docker Configuration\n- Network: right\n")

    assert (context.network, context.mistakes) == ("right", ())


@pytest.mark.parametrize(
    "text", ["", "\n", "words only", "## Other\n- Network: edge", "```\n## Docker Configuration\n```\n"]
)
def test_without_a_section_there_are_no_wishes_and_one_remark(text: str) -> None:
    context = parse_context(text)

    assert replace(context, text="", mistakes=()) == EMPTY
    assert messages(context) == [(1, "There is no Docker section.")]


@pytest.mark.parametrize(
    "body",
    [
        "- **Reverse Proxy**: Caddy 2.8\n- **Network**: edge",
        "- **Reverse Proxy:** Caddy 2.8\n- **Network:** edge",
        "* Reverse proxy: caddy:2.8-alpine\n* Network: `edge`",
        "1. `Reverse Proxy`: Caddy v2.8\n2. Network: edge",
        "Reverse Proxy: Caddy v2.8\nNetwork: edge",
        "Reverse Proxy = Caddy v2.8\n\nNetwork = edge",
        "| Key | Value |\n|---|---|\n| Reverse Proxy | Caddy v2.8 |\n| **Network** | `edge` |",
        "Key | Value\n--- | ---\nReverse Proxy | Caddy v2.8\nNetwork | edge",
        "```yaml\nreverse_proxy: caddy 2.8\nnetwork: edge\n```",
        "```yaml\ndocker_configuration:\n  reverse-proxy: caddy 2.8\n  network: edge\n```",
        "```yml\nreverse_proxy:\n  name: caddy\n  version: 2.8\n  network: edge\n```",
        "### Reverse Proxy\n\nCaddy 2.8\n\n### Network\n\nedge",
        "- Reverse Proxy:\n\t- Type: Caddy\n\t- Version: 2.8\n\t- Network: edge",
        "> - 🔀 **Reverse Proxy** - Caddy v2.8\n> - 🌐 **Network** — edge",
        "### General\n- **Network**: edge\n- **Reverse Proxy**: Caddy v2.8",
        "- [x] Reverse Proxy: [Caddy v2.8](https://caddyserver.com)\n- [ ] Network: edge",
    ],
)
def test_every_way_of_writing_reads_the_same(body: str) -> None:
    context = parse_context(HEAD + body)

    read = (context.reverse_proxy, context.reverse_proxy_version, context.network, context.mistakes, context.unknown)
    assert read == ("caddy", "2.8", "edge", (), {})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("none", ""),
        ("No", ""),
        ("not available", ""),
        ("Disabled", ""),
        ("yes", "any"),
        ("Required for ollama", "any"),
        ("AMD Radeon (ROCm)", "amd"),
        ("Intel Arc", "intel"),
        ("2x RTX 3090", "nvidia"),
    ],
)
def test_gpu_is_a_vendor(written: str, expected: str) -> None:
    context = parse_context(f"{HEAD}- GPU: {written}")

    assert expected == context.gpu


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Production: yes", True),
        ("Production: no", False),
        ("Environment: production (two hosts)", True),
        ("Environment: staging", False),
        ("Stage: dev", False),
    ],
)
def test_production_is_yes_or_no(line: str, expected: bool) -> None:
    assert expected is parse_context(f"{HEAD}- {line}").production


@pytest.mark.parametrize(
    "body",
    [
        "- Service Groups:\n  - core: db, web\n  - ops: grafana",
        "### Service Groups\n\n- core (db, web)\n- **ops** - grafana",
        "### Service Groups\n\n| Group | Services |\n|---|---|\n| core | db, web |\n| ops | `grafana` |",
        "| Service group | Services |\n|:--|:-:|\n| core | db, web |\n| ops | grafana |",
        "### Service Groups\n#### core\n- db\n- web\n#### ops\n- grafana",
        "```yaml\nservice_groups:\n  core: [db, web]\n  ops:\n    - grafana\n```",
        "```yaml\ngroups:\n  - name: core\n    services: [db, web]\n  - name: ops\n    services: [grafana]\n```",
    ],
)
def test_service_groups_in_every_shape(body: str) -> None:
    context = parse_context(HEAD + body)

    assert context.service_groups == {"core": ("db", "web"), "ops": ("grafana",)}
    assert context.mistakes == ()


def test_services_without_groups_form_one_group() -> None:
    context = parse_context(f"{HEAD}- Services: db, web\n")

    assert context.service_groups == {"services": ("db", "web")}


def test_a_service_name_that_cannot_be_one_is_reported() -> None:
    context = parse_context(f"{HEAD}- Service Groups:\n  - core: db, the web server\n")

    assert context.service_groups == {"core": ("db",)}
    assert messages(context) == [(4, "`the web server` is no service name.")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- Compose Files: a.yml, b/*.yml, **/c.yml", ("a.yml", "b/*.yml", "**/c.yml")),
        ("- Compose Files: `a.yml` and `b.yml`", ("a.yml", "b.yml")),
        (
            "- Compose Files:\n  - a.yml (main)\n  - b.yml: the rest\n  - **Dev**: `c.yml`\n  - Test: d.yml",
            tuple("abcd"),
        ),
        ('```yaml\ncompose_files: ["a.yml", b.yml]\n```', ("a.yml", "b.yml")),
        ("- Compose file: a.yml\n- Compose files: a.yml, b.yml", ("a.yml", "b.yml")),
    ],
)
def test_compose_files_are_kept_as_written(line: str, expected: tuple[str, ...]) -> None:
    wanted = tuple(f"{name}.yml" if len(name) == 1 else name for name in expected)
    assert wanted == parse_context(HEAD + line).compose_files


@pytest.mark.parametrize(
    "body",
    [
        "### Security Policies\n- root_user: error\n- latest_tag: info",
        "### Policies\n- **Root user**: error\n- `latest-tag`: info",
        "- Security policies: root_user=error, latest_tag=info",
        "- Policies:\n  - `root_user: error`\n  - latest_tag:info",
        "### Policies\n| Policy | For | Severity |\n|--|--|--|\n| root_user | all | error |\n| latest_tag | - | info |",
        "### Policies\n- error: root_user\n- info: latest_tag",
        "### Policies\n#### Error\n- root_user\n#### Info\n- latest_tag",
        "```yaml\nsecurity_policies:\n  root_user: error\n  latest_tag: info\n```",
        "### Policies\nThese hold for every stack.\n\n- root_user: error (always)\n- latest_tag: \u2139\ufe0f info",
    ],
)
def test_policies_in_every_shape(body: str) -> None:
    context = parse_context(HEAD + body)

    assert context.policies == {"root_user": Severity.ERROR, "latest_tag": Severity.INFO}
    assert context.mistakes == ()


@pytest.mark.parametrize(
    ("written", "severity"),
    [("warning", "warn"), ("deny", "error"), ("Forbidden", "error"), ("ignore", "off"), ("notice", "info")],
)
def test_a_synonym_counts_and_is_remarked(written: str, severity: str) -> None:
    context = parse_context(f"{HEAD}### Policies\n- root_user: {written}")

    assert {"root_user": Severity(severity)} == context.policies
    assert [(4, f"`{written.lower()}` is read as `{severity}`.")] == messages(context)


@pytest.mark.parametrize("written", ["eror", "false", "no", "disabled", "42", "", "maybe error"])
def test_a_severity_that_is_none_leaves_the_rule_alone(written: str) -> None:
    context = parse_context(f"{HEAD}### Policies\n- root_user: {written}")

    assert context.policies == {}
    assert [mistake.line for mistake in context.mistakes] == [4]


def test_the_nearest_severity_is_named() -> None:
    context = parse_context(f"{HEAD}### Policies\n- root_user: eror")

    assert context.mistakes[0].hint == "Did you mean `error`?"
    assert (context.mistakes[0].line, context.mistakes[0].column) == (4, 3)


def test_a_policy_in_prose_is_not_silently_dropped() -> None:
    context = parse_context(f"{HEAD}### Policies\n- No containers as root")

    assert [mistake.line for mistake in context.mistakes] == [4]


def test_policies_in_yaml_keep_off_and_their_lines() -> None:
    context = parse_context(f"{HEAD}```yaml\npolicies:\n  root_user: off\n  x: nope\n```")

    assert context.policies == {"root_user": Severity.OFF}
    assert context.policy_lines == {"root_user": 5}
    assert [mistake.line for mistake in context.mistakes] == [6]


def test_later_keys_and_sections_win_and_are_reported() -> None:
    text = f"{HEAD}- Network: one\n- Network: two\n### Policies\n- a: warn\n- a: error\n"
    context = parse_context(f"{text}## Docker Configuration\n- GPU: amd\n")

    assert (context.network, context.policies, context.gpu) == ("two", {"a": Severity.ERROR}, "amd")
    assert [mistake.line for mistake in context.mistakes] == [4, 7, 8]


def test_unknown_keys_are_kept_and_near_ones_named() -> None:
    context = parse_context(f"{HEAD}- Revers Proxy: nginx\n- Backup:\n  - nightly\n  - weekly")

    assert context.unknown == {"Revers Proxy": "nginx", "Backup": "nightly, weekly"}
    assert [mistake.hint for mistake in context.mistakes] == ["Did you mean `Reverse Proxy`?"]


@pytest.mark.parametrize(("written", "hint"), [("traefic", "Did you mean traefik?"), ("HAProxy", "Supported are")])
def test_an_unsupported_proxy_is_reported(written: str, hint: str) -> None:
    context = parse_context(f"{HEAD}- Reverse Proxy: {written}")

    assert context.reverse_proxy == ""
    assert context.mistakes[0].hint.startswith(hint)


def test_hosts_and_delegates_are_peers() -> None:
    text = (
        f"{HEAD}### Hosts\n- alpha: ssh://ada@10.0.0.2 (edge)\n- beta\n"
        "### Delegates\n| Agent | URL | For |\n|---|---|---|\n| watch | http://127.0.0.1:9000 | metrics |\n"
        "```yaml\nhosts:\n  - name: gamma\n    address: ssh://ada@10.0.0.3\n    role: builds\n```\n"
    )
    context = parse_context(text)

    hosts = (
        Peer(name="alpha", address="ssh://ada@10.0.0.2", note="edge"),
        Peer(name="beta"),
        Peer(name="gamma", address="ssh://ada@10.0.0.3", note="builds"),
    )
    assert hosts == context.hosts
    assert (Peer(name="watch", address="http://127.0.0.1:9000", note="metrics"),) == context.delegates


def test_further_projects_are_listed() -> None:
    assert parse_context(f"{HEAD}- Projects: infra, mon (metrics)\n").projects == ("infra", "mon")
    assert parse_context(f"{HEAD}- Projects:\n  - infra\n  - mon: metrics\n").projects == ("infra", "mon")


def test_bad_yaml_is_reported_with_its_line() -> None:
    context = parse_context(f"{HEAD}```yaml\nnetwork: edge\n  gpu: [\n```\n- Network: still\n")

    assert context.network == "still"
    assert [mistake.line for mistake in context.mistakes] == [5]


def test_other_fences_and_comments_are_not_read() -> None:
    context = parse_context(f"{HEAD}```bash\nnetwork: a\n```\n<!--\n- Network: b\n-->\n- Network: c\n")

    assert (context.network, context.mistakes) == ("c", ())


def test_a_fence_left_open_is_reported() -> None:
    context = parse_context(f"{HEAD}- Network: edge\n```bash\n- Network: other\n")

    assert context.network == "edge"
    assert messages(context) == [(4, "This code fence is never closed.")]


def test_hostile_texts_neither_crash_nor_hang() -> None:
    chance = random.Random(7)
    started = time.monotonic()
    for _ in range(400):
        text = list(FULL)
        for _ in range(chance.randint(1, 60)):
            at = chance.randrange(len(text))
            text[at : at + chance.randint(0, 9)] = chance.choice("#*`|-: \n\t>[]()<!\r\0é🐳=~_,;") * chance.randint(
                1, 4
            )
        context = parse_context("".join(text))
        assert len(prompt_text(context, 300)) <= 300
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "body",
    [
        "- a" + " " * 300_000 + "b",
        "|" * 300_000,
        "|a|b\n" * 50_000,
        "- services: " + "(" * 300_000,
        "*" * 300_000,
        "- x: " + "`" * 300_000,
        "".join(" " * depth + "- a:\n" for depth in range(1_000)),
        "```yaml\n" + "[" * 100_000 + "\n```",
        "```yaml\na: &a [*a]\n```",
        "```yaml\na: &a [x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join(['*' + a] * 8)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
        + "```",
        "- Hosts: a\n" * 20_000,
    ],
)
def test_huge_and_nested_texts_take_little_time(body: str) -> None:
    started = time.monotonic()
    parse_context(HEAD + body)
    assert time.monotonic() - started < 10


def test_the_file_is_found_upwards(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_context(inner) is None

    (tmp_path / ".project-context.md").write_text(FULL)
    assert tmp_path / ".project-context.md" == find_context(inner)
    (inner / "x.yml").touch()
    assert tmp_path / ".project-context.md" == find_context(inner / "x.yml")

    (tmp_path / "a" / ".project-context.md").mkdir()
    assert tmp_path / ".project-context.md" == find_context(inner)

    (inner / ".project-context.md").write_text("")
    assert inner / ".project-context.md" == find_context(inner)


def test_the_search_stops_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home" / "ada"
    (home / "work").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    (home.parent / ".project-context.md").write_text("not hers")
    assert find_context(home / "work") is None

    (home / ".project-context.md").write_text("hers")
    assert home / ".project-context.md" == find_context(home / "work")


def test_a_file_planted_where_everyone_can_write_is_passed_over(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (shared / "mine").mkdir(parents=True)
    shared.chmod(0o1777)
    (shared / ".project-context.md").write_text("planted")

    assert find_context(shared / "mine") is None
    assert shared / ".project-context.md" == find_context(shared)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"abc\x00def", b"\x80\x81", b"x" * 2_100_000])
def test_what_is_no_text_is_an_input_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / ".project-context.md"
    path.write_bytes(data)

    with pytest.raises(InputError) as error:
        read_context(path)
    assert error.value.next_step


def test_what_cannot_be_opened_is_an_input_error(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, tmp_path / "none", pipe, tmp_path / "none" / "deeper"):
        with pytest.raises(InputError) as error:
            read_context(path)
        assert error.value.next_step


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_common_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / ".project-context.md"
    path.write_bytes(f"{HEAD}- Network: ädge\n".encode(encoding))

    context = read_context(path)
    assert ("ädge", path, ()) == (context.network, context.path, context.mistakes)


def test_a_short_file_goes_to_the_prompt_whole() -> None:
    assert prompt_text(parse_context(FULL)) == FULL
    assert prompt_text(EMPTY) == ""


def test_a_long_file_keeps_its_docker_section_then_its_head() -> None:
    text = "# Head\n" + "h" * 5_000 + "\n" + FULL + "t" * 5_000
    shown = prompt_text(parse_context(text), 3_000)

    section = FULL[FULL.index("## Docker Configuration") : FULL.index("## Elsewhere")]
    assert section in shown
    assert shown.startswith("# Head\nhhh")
    assert len(shown) <= 3_000
    lost = len(text) - sum(len(piece) for piece in shown.split("\n[... ")[:1]) - len(section)
    told = [int(part.split()[0].replace(",", "")) for part in shown.split("[... ")[1:]]
    assert lost == sum(told)


@pytest.mark.parametrize("limit", [0, 1, 50, 200, 400])
def test_the_limit_holds_even_when_the_section_does_not_fit(limit: int) -> None:
    shown = prompt_text(parse_context("x" * 1_000 + "\n" + FULL), limit)
    assert len(shown) <= limit
