"""Write the manual pages of the compose rules into ref-docs/rules; `python -m evals.rule_manuals`."""

from __future__ import annotations

import sys
from pathlib import Path

from docker_agent.domains.compose.manual import pages

FOLDER = Path(__file__).resolve().parents[1] / "ref-docs" / "rules"


def write(folder: Path) -> int:
    """Write all pages, take out those of rules that are gone, and say how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    made = pages()
    for path in folder.glob("*.md"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    return len(made)


if __name__ == "__main__":
    print(f"{write(FOLDER)} pages in {FOLDER}")
    sys.exit(0)
