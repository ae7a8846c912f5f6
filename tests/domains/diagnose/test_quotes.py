"""What a finding quotes is what a person would have looked for."""

from __future__ import annotations

from tests.domains.diagnose.places import Case, ended, workspace, world_of

from docker_agent.core.finding import Finding
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import examine


def first(case: Case) -> Finding:
    """The first finding on the machine of a case."""
    return examine(collect(workspace(world_of(case))))[0]


def test_the_error_in_the_middle_of_a_long_log_is_quoted_before_its_end() -> None:
    lines = [f"INFO request {n} served, 0 errors" for n in range(1_000)]
    lines[400:400] = [
        "ERROR could not read the price list",
        "Traceback (most recent call last):",
        '  File "/app/shop.py", line 9, in load',
        "ValueError: no price for 7",
    ]
    found = first(Case("", ended(1), [*lines, "INFO shutting down"]))
    assert found.code == "exit-1-app"
    assert [(each.where, each.quote) for each in found.evidence[1:]] == [
        ("web:401", "ERROR could not read the price list"),
        ("web:404", "ValueError: no price for 7"),
        ("web:1005", "INFO shutting down"),
    ]
    assert "docker-agent stack logs web --tail 200000 --group" in found.fix
