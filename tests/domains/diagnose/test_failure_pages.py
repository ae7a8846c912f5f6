"""The catalogue in ref-docs/failures says what the signatures say; UPDATE_GOLDEN=1 writes it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from evals.signature_manuals import AREAS, FOLDER, INDEX, pages, write

from docker_agent.domains.diagnose.rank import catalogue


def test_the_pages_are_those_of_the_signatures() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        write(FOLDER)
    made = pages()
    written = [INDEX, *(f"failures/{path.name}" for path in (FOLDER / "failures").glob("*.md"))]

    assert sorted(written) == sorted(made), "python -m evals.signature_manuals"
    stale = [name for name, text in made.items() if (FOLDER / name).read_text(encoding="utf-8") != text]
    assert stale == [], "python -m evals.signature_manuals"


def test_every_failure_stands_once_in_the_index_and_once_on_the_page_that_it_links_to() -> None:
    made = pages()
    links = re.findall(r"^\| \[([\w-]+)\]\((failures/\w+\.md)#\1\) \| .+\. \|$", made[INDEX], re.MULTILINE)

    assert sorted(code for code, _ in links) == sorted(catalogue())
    assert re.findall(r"^## (.+)$", made[INDEX], re.MULTILINE) == list(AREAS.values())
    for name, text in made.items():
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert name == INDEX or headings == [code for code, page in links if page == name]


def test_a_section_has_the_manual_with_its_messages_as_they_are() -> None:
    page = pages()["failures/process.md"]

    assert "\n## name-conflict\n\nA container of this name exists already.\n\nA stopped one counts too:" in page
    assert 'Seen:\n\n```text\nError response from daemon: Conflict. The container name "/web" is already' in page
    assert "`docker-agent diagnose fix exit-137-oom SERVICE` plans a fix where one can be made." in page
    assert not re.search(r"^-{3,}$", "".join(pages().values()), re.MULTILINE)


def test_a_page_of_an_area_that_is_gone_is_taken_out(tmp_path: Path) -> None:
    (tmp_path / "failures").mkdir()
    (tmp_path / "failures" / "no_such_area.md").write_text("old")

    assert write(tmp_path) == len(AREAS) + 1
    assert sorted(path.stem for path in (tmp_path / "failures").glob("*.md")) == sorted(AREAS)
