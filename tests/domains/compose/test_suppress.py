from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.finding import Severity
from docker_agent.domains.compose.judge import judge
from docker_agent.domains.compose.severities import Severities
from docker_agent.project.compose.model import load

TEXT = """services:
  web:
    image: nginx
    user: root
    ports:
      - "80:80"

  db:
    image: postgres
    user: root
"""


def verdict(text: str, *more: str) -> tuple[set[str], list[tuple[str, str]]]:
    """What stands of unpinned_image and root_user, and the remarks on comments."""
    files = {Path(f"/project/{n}.yml"): words.encode() for n, words in enumerate((text, *more))}
    model = load(list(files), read=files.__getitem__, variables={})
    findings = judge(model, Severities()).findings
    stands = {f"{f.object}.{f.code}" for f in findings if f.code in {"unpinned_image", "root_user"}}
    remarks = [(f.evidence[0].where, f.fix) for f in findings if f.code == "unused_suppression"]
    return stands, remarks


ALL = {"web.unpinned_image", "web.root_user", "db.unpinned_image", "db.root_user"}


@pytest.mark.parametrize(
    ("before", "after", "silenced"),
    [
        ("image: nginx", "image: nginx # docker-agent: ignore[unpinned_image] why", {"web.unpinned_image"}),
        ("    user: root\n    p", "    # docker-agent: ignore[root_user]\n    user: root\n    p", {"web.root_user"}),
        (
            "  web:",
            "  # docker-agent: ignore[root_user, unpinned_image] x\n  # more\n  web:",
            {"web.unpinned_image", "web.root_user"},
        ),
        ("  web:", "  web: # docker-agent: ignore[root-user] x", {"web.root_user"}),
        ("services:", "services: # docker-agent: ignore[root_user] x", {"web.root_user", "db.root_user"}),
        ("services:", "# docker-agent: ignore[root_user] x\n\nservices:", {"web.root_user", "db.root_user"}),
        ("services:", "# words\n---\n# docker-agent:ignore[root_user]\nservices:", {"web.root_user", "db.root_user"}),
        ("  db:", "  db: # docker-agent: ignore[unpinned_image]", {"db.unpinned_image"}),
    ],
)
def test_a_comment_covers_its_line_the_node_below_or_the_file(before: str, after: str, silenced: set[str]) -> None:
    for newline in ("\n", "\r\n"):
        text = TEXT.replace(before, after, 1).replace("\n", newline)
        assert verdict(text) == (ALL - silenced, [])


@pytest.mark.parametrize(
    ("before", "after", "where", "hint"),
    [
        ("image: nginx", "image: nginx # docker-agent: ignore[root_user]", "0.yml:3:41", "Take it out."),
        ("  db:", "  # docker-agent: ignore[root_user]\n\n  db:", "0.yml:8:26", "Take it out."),
        ("image: nginx", "image: nginx # docker-agent: ignore[root_usr]", "0.yml:3:41", 'Did you mean "root_user"?'),
        (
            "image: nginx",
            "image: nginx # docker-agent: ignore[]",
            "0.yml:3:18",
            "Write # docker-agent: ignore[rule] reason.",
        ),
        (
            "image: nginx",
            "image: nginx # docker-agent: ignore root_user",
            "0.yml:3:18",
            "Write # docker-agent: ignore[rule] reason.",
        ),
    ],
)
def test_comments_that_silence_nothing_are_told(before: str, after: str, where: str, hint: str) -> None:
    assert verdict(TEXT.replace(before, after, 1)) == (ALL, [(where, hint)])


def test_text_inside_a_value_is_no_comment() -> None:
    text = (
        TEXT + "    command: |\n      # docker-agent: ignore[root_user]\n      'x # docker-agent: ignore[root_user]'\n"
    )
    assert verdict(text) == (ALL, [])


def test_a_comment_at_a_service_covers_what_another_file_says_of_it() -> None:
    override = "services: {web: {user: '0'}}"
    text = TEXT.replace("  web:", "  web: # docker-agent: ignore[root_user]")
    assert verdict(text, override) == (ALL - {"web.root_user"}, [])


def test_comments_on_rules_that_are_off_are_left_alone() -> None:
    text = TEXT.replace("image: nginx", "image: nginx # docker-agent: ignore[root_user]")
    model = load([Path("/project/0.yml")], read=lambda _: text.encode(), variables={})
    assert "unused_suppression" in {finding.code for finding in judge(model, Severities()).findings}
    off = judge(model, Severities({"root_user": Severity.OFF})).findings
    assert "unused_suppression" not in {finding.code for finding in off}
