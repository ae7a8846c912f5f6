"""Write the catalogue of failures into ref-docs/failures.md and ref-docs/failures; `python -m evals.signature_manuals`.

The index has every code with one sentence; a page for each area has the manuals, each below its code as a heading.
"""

from __future__ import annotations

import sys
from pathlib import Path

from docker_agent.core.signature import Signature
from docker_agent.domains.diagnose.rank import catalogue

FOLDER = Path(__file__).resolve().parents[1] / "ref-docs"
AREAS = {
    "process": "Processes and exit codes",
    "health": "Health checks",
    "resource": "Resources",
    "storage": "Storage",
    "network": "Network",
    "proxy": "Reverse proxies",
    "image": "Images",
    "build": "Builds",
    "compose": "Compose",
    "engine": "Engine",
    "gpu": "GPUs",
}
INDEX = "failures.md"


def pages() -> dict[str, str]:
    """All pages by their path below `ref-docs`: the index, and one for each area."""
    areas = {area: [signature for signature in _sorted() if signature.area == area] for area in AREAS}
    return {INDEX: _index(areas), **{f"failures/{area}.md": _page(area, of) for area, of in areas.items()}}


def manual_section(signature: Signature) -> str:
    """The manual of one signature as Markdown: cause, what tells it from others, messages, whether a plan mends it."""
    prose, _, _ = signature.manual.partition("\nSeen\n----\n")
    parts = [f"## {signature.code}", prose.strip()]
    if signature.seen:
        parts += ["Seen:", "\n".join(("```text", *signature.seen, "```"))]
    if signature.mend:
        parts.append(f"`docker-agent diagnose fix {signature.code} SERVICE` plans a fix where one can be made.")
    return "\n\n".join(parts)


def write(folder: Path) -> int:
    """Write all pages, take out those of areas that are gone, and say how many there are."""
    made = pages()
    (folder / "failures").mkdir(parents=True, exist_ok=True)
    for path in folder.glob("failures/*.md"):
        if f"failures/{path.name}" not in made:
            path.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    return len(made)


def _sorted() -> list[Signature]:
    return sorted(catalogue().values(), key=lambda signature: signature.code)


def _index(areas: dict[str, list[Signature]]) -> str:
    parts = [
        "# Failures that are recognised",
        "",
        f"{len(catalogue())} failures. `docker-agent diagnose` names the code; `docker-agent reference CODE` explains.",
    ]
    for area, signatures in areas.items():
        rows = [
            f"| [{each.code}](failures/{area}.md#{each.code}) | {each.summary.replace('|', chr(92) + '|')} |"
            for each in signatures
        ]
        parts += ["", f"## {AREAS[area]}", "", "| failure | what it is |", "|---|---|", *rows]
    return "\n".join(parts) + "\n"


def _page(area: str, signatures: list[Signature]) -> str:
    title = f"# Failures: {AREAS[area]}"
    return "\n\n".join([title, *(manual_section(each) for each in signatures)]) + "\n"


if __name__ == "__main__":
    print(f"{write(FOLDER)} pages in {FOLDER}")
    sys.exit(0)
