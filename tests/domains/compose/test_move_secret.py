"""Secrets moved out of compose files: what runs gets the same values, and nothing else in the file changes."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from docker_agent.domains.compose import all_rules, check_model
from docker_agent.domains.compose.shared.move_secret import move_secret
from docker_agent.host.files import read_file, write_file
from docker_agent.host.plan_files import inside
from docker_agent.policy.redact import Redactor
from docker_agent.project.compose.model import ComposeModel, load
from docker_agent.project.disk import LocalDisk
from docker_agent.project.dotenv import parse_dotenv
from docker_agent.project.edit.files import FileEdit, text_after
from docker_agent.project.edit.steps import file_steps
from docker_agent.project.edit.values import Edit, apply_edits

RULES = [rule for rule in all_rules() if rule.code.startswith(("secret_in", "secret_by", "secrets_in"))]


def model_in(root: Path) -> ComposeModel:
    env = root / ".env"
    variables = parse_dotenv(env.read_bytes(), ".env", {}) if env.exists() else {}
    return load([root / "compose.yml"], read=read_file, variables=variables, disk=LocalDisk())


def edits_for(root: Path, text: str) -> list[Edit | FileEdit]:
    (root / "compose.yml").write_text(text)
    model = model_in(root)
    finding = check_model(model, rules=RULES)[0]
    return list(move_secret(model, finding))


def moved(root: Path, text: str) -> ComposeModel:
    """The model after the first secret was moved and everything was written."""
    edits = edits_for(root, text)
    assert edits, "no fix"
    after = apply_edits(text, [edit for edit in edits if isinstance(edit, Edit)])
    (root / "compose.yml").write_text(after)
    for path, content in text_after([edit for edit in edits if isinstance(edit, FileEdit)], LocalDisk()).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return model_in(root)


POSTGRES = """\
services:
  db:
    image: postgres:17.2  # pinned
    environment:
      POSTGRES_PASSWORD: "Tr0ub4dor-and-3"  # change it
      POSTGRES_USER: app
"""


def test_a_known_image_reads_the_secret_from_a_file(tmp_path: Path) -> None:
    model = moved(tmp_path, POSTGRES)

    assert model.services["db"].environment == {
        "POSTGRES_PASSWORD_FILE": "/run/secrets/db_postgres_password",
        "POSTGRES_USER": "app",
    }
    assert model.services["db"].secrets == ("db_postgres_password",)
    assert model.secrets["db_postgres_password"].file == "./secrets/db_postgres_password.txt"
    assert (tmp_path / "secrets/db_postgres_password.txt").read_text() == "Tr0ub4dor-and-3"
    text = (tmp_path / "compose.yml").read_text()
    assert "# pinned" in text
    assert "# change it" in text
    assert "Tr0ub4dor" not in text
    assert check_model(model, rules=RULES) == []
    assert model.problems == ()


@pytest.mark.parametrize("environment", ["[POSTGRES_PASSWORD=Tr0ub4dor-and-3]", "{POSTGRES_PASSWORD: Tr0ub4dor-and-3}"])
@pytest.mark.parametrize("more", ["", "    secrets: [other]\nsecrets:\n  other:\n    file: ./other.txt\n"])
def test_in_every_form_of_an_environment(tmp_path: Path, environment: str, more: str) -> None:
    (tmp_path / "other.txt").write_text("x")
    model = moved(tmp_path, f"services:\n  db:\n    image: postgres:17.2\n    environment: {environment}\n{more}")

    assert model.services["db"].environment == {"POSTGRES_PASSWORD_FILE": "/run/secrets/db_postgres_password"}
    assert model.services["db"].secrets[-1] == "db_postgres_password"
    assert model.problems == ()


@pytest.mark.parametrize(
    "more",
    [
        '    user: "999"\n',
        "    cap_drop: [ALL]\n",
        "    healthcheck:\n      test: pg_isready -d $$POSTGRES_PASSWORD\n",
        "    command: postgres -c app.key=$$POSTGRES_PASSWORD\n",
    ],
)
def test_where_the_file_might_not_be_read_a_variable_is_used(tmp_path: Path, more: str) -> None:
    model = moved(tmp_path, POSTGRES + more)

    assert model.services["db"].environment["POSTGRES_PASSWORD"] == "Tr0ub4dor-and-3"
    assert (tmp_path / ".env").read_text() == "POSTGRES_PASSWORD=Tr0ub4dor-and-3\n"


def with_line(*lines: str) -> str:
    return "services:\n  web:\n    image: shop:1.4\n" + "".join(f"    {line}\n" for line in lines)


SAME = [
    ("environment:", "  API_TOKEN: a-token-1"),
    ("environment:", "  - API_TOKEN=a-token-1"),
    ("environment:", "  API_TOKEN: ${API_TOKEN:-a-token-1}"),
    ("environment:", "  - API_TOKEN=${API_TOKEN:-a-token-1}"),
    ("environment:", "  API_TOKEN: 'with space and \"quotes\"'"),
    ("environment:", "  API_TOKEN: pa$$word-1"),
    ("environment:", "  api.token: a-token-1"),
    ("environment:", "  DATABASE_URL: postgres://app:app@db/app"),
    ("environment:", "  UPSTREAM: q7Zr2Lx9Vb4Tn8KsW3pY6hD1"),
    ("build:", "  context: .", "  args:", "    NPM_TOKEN: a-token-1"),
    ("labels:", "  homepage.widget.password: a-token-1"),
    ("labels:", "  - homepage.widget.password=a-token-1"),
    ("command: redis-server --requirepass a-token-1",),
    ("command: [redis-server, --requirepass, a-token-1]",),
    ("healthcheck:", '  test: ["CMD", "redis-cli", "-a", "a-token-1", "ping"]'),
]


@pytest.mark.parametrize("lines", SAME, ids=lambda lines: lines[-1].strip())
def test_what_runs_stays_the_same(tmp_path: Path, lines: tuple[str, ...]) -> None:
    text = with_line(*lines)
    (tmp_path / "compose.yml").write_text(text)
    before = model_in(tmp_path)
    after = moved(tmp_path, text)

    assert after.value(("services",)) == before.value(("services",))
    assert check_model(after, rules=RULES) == []
    assert after.unset == ()
    assert (tmp_path / "compose.yml").read_text() != text


def test_a_name_that_is_taken_is_left_to_its_owner(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("API_TOKEN=of-another")
    model = moved(tmp_path, with_line("environment:", "  API_TOKEN: a-token-1"))

    assert (tmp_path / ".env").read_text() == "API_TOKEN=of-another\nWEB_API_TOKEN=a-token-1\n"
    assert model.services["web"].environment == {"API_TOKEN": "a-token-1"}


def test_new_places_are_kept_out_of_version_control(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("node_modules/\n")
    moved(tmp_path, with_line("environment:", "  API_TOKEN: a-token-1"))
    moved(tmp_path, POSTGRES)

    assert (tmp_path / ".gitignore").read_text() == "node_modules/\n.env\nsecrets/\n"


@pytest.mark.parametrize(
    "lines",
    [
        ("environment:", "  API_TOKEN: <your-token>"),
        ("environment:", '  API_TOKEN: "it\'s \\"both\\" quotes"'),
        ("command: app --password app",),
    ],
)
def test_what_is_not_sure_is_left(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert edits_for(tmp_path, with_line(*lines)) == []


def test_without_a_disk_there_is_no_fix() -> None:
    text = with_line("environment:", "  API_TOKEN: a-token-1")
    model = load([Path("/project/compose.yml")], read=lambda _: text.encode(), variables={})
    assert move_secret(model, check_model(model, rules=RULES)[0]) == []


def test_a_shared_environment_keeps_its_keys(tmp_path: Path) -> None:
    text = "x-env: &env\n  POSTGRES_PASSWORD: Tr0ub4dor-and-3\n" + "".join(
        f"{head}  {name}:\n    image: postgres:17.2\n    environment:\n      <<: *env\n"
        for head, name in (("services:\n", "one"), ("", "two"))
    )
    model = moved(tmp_path, text)

    assert {name: dict(s.environment) for name, s in model.services.items()} == {
        name: {"POSTGRES_PASSWORD": "Tr0ub4dor-and-3"} for name in ("one", "two")
    }


def test_the_plan_writes_private_files_and_shows_masks_only(tmp_path: Path) -> None:
    edits = [edit for edit in edits_for(tmp_path, POSTGRES) if isinstance(edit, FileEdit)]
    (step,) = file_steps(tmp_path, edits, LocalDisk())
    redactor = Redactor({"POSTGRES_PASSWORD": "Tr0ub4dor-and-3"})

    assert (step.path, step.before, step.mode) == ("secrets/db_postgres_password.txt", "", 0o600)
    assert "Tr0ub4dor" not in redactor.text(step.model_dump_json())
    assert "Tr0ub4dor" not in repr(edits)
    write_file(inside(tmp_path, step.path), step.content.encode(), step.mode)
    assert stat.S_IMODE((tmp_path / step.path).stat().st_mode) == 0o600
