"""The lines that `check` shows never have a secret in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.project.stack import open_stack
from docker_agent.surfaces.check.mask import Mask
from docker_agent.surfaces.entry import main

HASH = "$2y$10$" + "a1B2c3D4e5" * 5 + "abc"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("DB_PASSWORD: long-enough-1", "DB_PASSWORD: <secret:DB_PASSWORD>"),
        ("DB_PASSWORD: abc", "DB_PASSWORD: <secret:DB_PASSWORD>"),
        ("DB_PASSWORD: ${DB_PASSWORD:-abc}", "DB_PASSWORD: ${DB_PASSWORD:-<secret:DB_PASSWORD>}"),
        ("DATABASE_URL: postgres://app:abc@db/x", "DATABASE_URL: <secret:DATABASE_URL>"),
        (f"HASHED: {HASH.replace('$', '$$')}", "HASHED: <secret:HASHED>"),
        ('API_TOKEN: "with \\"quotes\\" in it"', 'API_TOKEN: "<secret:API_TOKEN>"'),
        ("API_TOKEN: 'it''s quoted'", "API_TOKEN: '<secret:API_TOKEN>'"),
        ("MODE: production", "MODE: production"),
        ("# - DB_PASSWORD=Cy7jRPIZGVK7dbAF5v  # old", "# - DB_PASSWORD=<secret:DB_PASSWORD>  # old"),
        ("MODE: a  # app --password hunter2hunter", "MODE: a  # app --password <secret:password>"),
        ("# the password: ask them, or see #12", "# the password: ask them, or see #12"),
    ],
)
def test_a_line_is_shown_with_masks(tmp_path: Path, line: str, shown: str) -> None:
    text = f"services:\n  web:\n    image: abc:1\n    environment:\n      {line}\n"
    (tmp_path / "compose.yaml").write_text(text)
    mask = Mask(open_stack(tmp_path, [tmp_path / "compose.yaml"]))

    assert mask(line) == mask(shown) == shown
    assert mask("    image: abc:1") == "    image: abc:1"


@pytest.mark.parametrize(
    "written", ["DB_PASSWORD: 'pa$Gh0stT0k'", "- DB_PASSWORD=pa$Gh0stT0k", "- 'DB_PASSWORD=pa$Gh0stT0k'"]
)
def test_a_password_with_a_dollar_sign_is_not_told_as_a_variable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(f"services:\n  web:\n    image: abc:1\n    environment:\n      {written}\n")

    with pytest.raises(SystemExit):
        main(["check", str(file), "-C", str(tmp_path)])

    shown = capsys.readouterr().out
    assert "Gh0st" not in shown
    assert "dollar_unescaped" in shown
    assert "<secret:DB_PASSWORD>" in shown


def test_a_number_that_is_a_secret_is_told_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "compose.yaml"
    values = "DB_PASSWORD: 0123, API_TOKEN: 012"
    file.write_text(f"services:\n  web:\n    image: abc:1\n    environment: {{{values}}}\n")

    for form in ("text", "json"):
        with pytest.raises(SystemExit):
            main(["check", str(file), "-C", str(tmp_path), "--format", form])
        shown = capsys.readouterr().out
        assert "number_rewritten" in shown
        assert not any(number in shown for number in ("0123", "012", " 83 ", " 10 "))
