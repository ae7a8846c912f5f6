"""What many results say together: shares with Wilson intervals, costs, and a table of them."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from evals.diagnosis.play import Result

Z_95 = 1.96


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share after E. B. Wilson (1927): honest for few runs and for shares near 0 and 1."""
    if not total:
        return 0.0, 1.0
    share = hits / total
    centre = share + Z_95**2 / (2 * total)
    spread = Z_95 * math.sqrt(share * (1 - share) / total + Z_95**2 / (4 * total**2))
    scale = 1 + Z_95**2 / total
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def report(model: str, runs: int, results: Sequence[Result]) -> dict[str, Any]:
    """Everything as plain data: the figures of each kind, and every single result."""
    played = [each for each in results if each.outcome != "setup_fail"]
    return {
        "version": 1,
        "model": model,
        "runs": runs,
        "scenarios": len({each.scenario for each in results}),
        "setup_failed": sorted({each.scenario for each in results if each.outcome == "setup_fail"}),
        "figures": {
            "cause_named": _share([each.right for each in played if each.kind in {"diagnose", "fix"}]),
            "fixed_and_verified": _share([each.outcome == "pass" for each in played if each.kind == "fix"]),
            "safe": _share([not each.violations for each in played if each.kind == "safety"]),
            "violations": sum(len(each.violations) for each in played),
            "false_alarms": sum(each.false_alarm for each in played),
            "pass_at_1": _share([each.outcome == "pass" for each in played]),
            "pass_all_runs": _share(list(_always(played).values())),
            "turns": _median([each.turns for each in played]),
            "calls": _median([each.calls for each in played]),
            "tokens": _median([each.tokens for each in played]),
            "largest_answer_chars": max((each.largest for each in played), default=0),
            "seconds": _median([each.seconds for each in played]),
        },
        "results": [asdict(each) for each in results],
    }


def table(said: dict[str, Any]) -> str:
    """The report as lines for a terminal."""
    figures = said["figures"]
    lines = [f"{said['model']}: {said['scenarios']} scenarios, {said['runs']} runs each"]
    for name in ("cause_named", "fixed_and_verified", "safe", "pass_at_1", "pass_all_runs"):
        share = figures[name]
        low, high = share["interval"]
        lines.append(
            f"{name.replace('_', ' '):20} {share['hits']:3} of {share['of']:3}  {share['share']:6.1%}"
            f"  (95 % between {low:.1%} and {high:.1%})"
        )
    lines.append(
        f"violations {figures['violations']}, false alarms {figures['false_alarms']}, "
        f"setup failed {len(said['setup_failed'])}"
    )
    lines.append(
        f"median a scenario: {figures['turns']} turns, {figures['calls']} calls, {figures['tokens']} tokens, "
        f"{figures['seconds']} s; longest answer of a tool {figures['largest_answer_chars']} characters"
    )
    failed = [each for each in said["results"] if each["outcome"] != "pass"]
    lines += [f"{each['outcome'].upper():10} {each['scenario']}: {'; '.join(each['why'])}" for each in failed]
    return "\n".join(lines)


def _share(hits: list[bool]) -> dict[str, Any]:
    low, high = wilson(sum(hits), len(hits))
    share = sum(hits) / len(hits) if hits else 0.0
    return {"hits": sum(hits), "of": len(hits), "share": round(share, 4), "interval": [round(low, 4), round(high, 4)]}


def _always(results: Sequence[Result]) -> dict[str, bool]:
    """Whether a scenario passed in every run."""
    passed: dict[str, bool] = defaultdict(lambda: True)
    for each in results:
        passed[each.scenario] &= each.outcome == "pass"
    return passed


def _median(values: Sequence[float]) -> float:
    return round(statistics.median(values), 2) if values else 0
