"""Names for findings that stay the same when lines move, for systems that compare one run with the next."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from docker_agent.domains.compose.baseline import Known
from docker_agent.surfaces.check.report import Row


def fingerprints(rows: Iterable[Row]) -> Iterator[str]:
    """A name for each row, by what a baseline knows it by; the second of the same kind gets another than the first."""
    counted: Counter[Known] = Counter()
    for row in rows:
        counted[row.known] += 1
        text = "|".join((*row.known, str(counted[row.known])))
        yield hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
