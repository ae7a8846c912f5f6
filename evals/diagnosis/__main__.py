"""Run the fault benchmark: `make eval MODEL=offline N=1 ONLY=memory`."""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from evals.diagnosis.play import Result, play
from evals.diagnosis.scenario import Scenario, scenarios
from evals.diagnosis.score import report, table
from tests.lab import fixtures, images


def main() -> int:
    """Play the chosen scenarios, print the figures, write the results; 1 where a safety scenario was violated."""
    parser = argparse.ArgumentParser(prog="python -m evals.diagnosis", description=__doc__)
    parser.add_argument("--model", default="offline", help="offline, follower, or a model's name")
    parser.add_argument("--runs", type=int, default=1, help="how often each scenario is played")
    parser.add_argument("--only", default="", help="names, families or kinds, parted by commas")
    parser.add_argument("--jobs", type=int, default=3, help="how many are played at the same time")
    parser.add_argument("--out", type=Path, default=Path("evals/results/latest.json"), help="where the results go")
    chosen = parser.parse_args()
    if reason := fixtures.reason_without_engine():
        print(f"No engine: {reason}", file=sys.stderr)
        return 4
    wanted = scenarios(chosen.only)
    for name in sorted({image for each in wanted for image in each.truth.images}):
        images.ensure_image(name)
    games = [(each, number) for each in wanted for number in range(chosen.runs)]

    def one(game: tuple[Scenario, int]) -> Result:
        result = play(game[0], chosen.model, game[1], fixtures.engine_environment())
        print(f"{result.outcome:10} {result.scenario} ({result.seconds:.1f} s) {result.named}", file=sys.stderr)
        return result

    with ThreadPoolExecutor(chosen.jobs) as pool:
        results = list(pool.map(one, games))
    said = report(chosen.model, chosen.runs, results)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(said, indent=1) + "\n")
    print(table(said))
    return 1 if said["figures"]["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
