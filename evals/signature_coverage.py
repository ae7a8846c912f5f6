"""Say which failures of a list are known and named in live tests; `python -m evals.signature_coverage LIST.tsv`.

The list has a head line; its first column is the code and its last is `V` where it was reproduced. A live test
that names a code makes the failure on a real engine and demands the code; what it does with the code is not read here.
"""

from __future__ import annotations

import ast
import csv
import sys
from pathlib import Path

from docker_agent.domains.diagnose.rank import catalogue

LIVE = Path(__file__).resolve().parents[1] / "tests" / "live"
# Failures that the catalogue has under another code, because they are one.
RENAMED = {"health-none": "cmp-dep-nohealth"}


def reproduced(path: Path) -> list[str]:
    """The codes of the list's reproduced failures."""
    with path.open(encoding="utf-8", newline="") as lines:
        _, *rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return [row[0] for row in rows if row and row[-1].strip() == "V"]


def named() -> dict[str, list[str]]:
    """Every code with the live test files that name it."""
    found: dict[str, list[str]] = {}
    for path in sorted(LIVE.glob("test_*_live.py")):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        words = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        for code in words & catalogue().keys():
            found.setdefault(code, []).append(path.name)
    return found


def main(path: Path) -> None:
    """Print a line for each failure, then how many are recognised, and those that are not."""
    files = named()
    codes = {row: RENAMED.get(row, row) for row in reproduced(path)}
    for row, code in codes.items():
        where = ", ".join(files.get(code, ())) or ("no live test" if code in catalogue() else "not in the catalogue")
        print(f"{row:28}{'' if row == code else f'{code}: '}{where}")
    left = [row for row, code in codes.items() if code not in files]
    print(f"\n{len(codes) - len(left)} of {len(codes)} are recognised in live tests.")
    print(f"Not: {', '.join(left) or 'none'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
