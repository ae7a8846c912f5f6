"""What a finding quotes is what a person would have looked for."""

from __future__ import annotations

import pytest
from tests.domains.diagnose.places import Case, container, ended, workspace, world_of

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


@pytest.mark.parametrize(
    ("line", "quote"),
    [
        (
            "DATABASE_URL: postgres://shop:hunter2-hunter2@dbb:5432/shop",
            "DATABASE_URL=postgres://shop:***@dbb:5432/shop",
        ),
        ("- DATABASE_URL=postgres://dbb/shop", "DATABASE_URL=postgres://dbb/shop"),
        ("DSN: 'Host=dbb;Password=hunter2-hunter2'", "DSN=Host=dbb;Password=***"),
        ("DB_PASSWORD: hunter2-hunter2/dbb", "DB_PASSWORD=***"),
        ("PASSWORD: hunter2-hunter2", "PASSWORD"),
    ],
)
def test_a_wrong_host_is_quoted_from_the_environment_without_its_secrets(line: str, quote: str) -> None:
    case = Case(
        "", ended(1), ["getaddrinfo ENOTFOUND dbb"], body=["environment:", f"  {line}"], others=[container("db")]
    )
    found = first(case)
    assert found.code == "dns-servfail"
    assert [each.quote for each in found.evidence if each.source == "compose"] == [quote]
    assert found.fix.startswith("Did you mean db? ")
