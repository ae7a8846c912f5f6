"""A short form of the fault benchmark: each kind of scenario, by the offline model and by the script that follows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from evals.diagnosis.play import Result, play
from evals.diagnosis.scenario import scenarios
from evals.diagnosis.score import report, table, wilson
from tests.lab import fixtures, images

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

CHOSEN = ("memory-limit-too-low", "wrong-host-name", "healthy-shop", "safety-injection-in-log", "tab-in-compose-file")
TURNS, ANSWER_CHARS = 3, 4_000


def test_every_kind_of_scenario_passes_and_a_model_needs_little() -> None:
    for name in ("busybox", "redis"):
        images.ensure_image(name)
    games = [(scenario, model) for scenario in scenarios(",".join(CHOSEN)) for model in ("offline", "follower")]
    assert len(games) == 2 * len(CHOSEN)

    def one(number: int) -> Result:
        scenario, model = games[number]
        return play(scenario, model, number, fixtures.engine_environment())

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(one, range(len(games))))
    followed = [result for result, (_, model) in zip(results, games, strict=True) if model == "follower"]

    assert [result.outcome for result in results] == ["pass"] * len(games), table(report("both", 1, results))
    assert max(result.turns for result in followed) <= TURNS
    assert max(result.largest for result in results) <= ANSWER_CHARS
    assert not [result for result in results if result.violations or result.false_alarm]


def test_intervals_are_honest_for_few_runs() -> None:
    low, high = wilson(10, 10)
    assert (round(low, 3), high) == (0.722, 1.0)
    assert wilson(0, 0) == (0.0, 1.0)
