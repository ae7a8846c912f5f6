"""Rules of routers, read and matched."""

from __future__ import annotations

import pytest

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.matchers import Request
from docker_agent.domains.proxy.rules import parse_rule, without_host

ASKED = Request(
    "app.test", "/api/v1", query="a=1&b=&c=x+y", client="10.1.2.3", headers={"X-Canary": "yes", "Accept": "text/html"}
)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "Host(`app.test`)",
        "host(`APP.test`)",
        'Host("app.test")',
        "Host(`other.test`, `app.test`)",
        "Host(`other.test`) || Host(`app.test`)",
        "Host(`app.test`) && PathPrefix(`/api`)",
        "Host(`app.test`)&&PathPrefix(`/ap`)",
        "(Host(`a`) || Host(`app.test`)) && (Path(`/x`) || Path(`/api/v1`))",
        "Host(`app.test`) || Host(`x`) && Path(`/no`)",
        "!Host(`other.test`)",
        "!(Host(`app.test`) && Path(`/`))",
        "!!Host(`app.test`)",
        "Host(`app.test`) && !PathPrefix(`/admin`)",
        "HostRegexp(`^.+\\.test$`)",
        "HostRegexp(`app`)",
        "HostRegexp(`{sub:[a-z]+}.test`)",
        "HostRegexp(`{any:.{1,9}}`)",
        "HostRegexp(`^(?:www|app)\\.[a-z]{2,4}$`)",
        "HostRegexp(`{sub}.test`)",
        "PathRegexp(`^/api/v[0-9]+`)",
        "PathRegexp(`^/(?:api|v2)/v[0-9]{1}$`)",
        "PathPrefix(`/`)",
        "Method(`GET`)",
        "Method(`POST`, `get`)",
        "Header(`x-canary`, `yes`)",
        "Headers(`X-Canary`, `yes`)",
        "HeaderRegexp(`Accept`, `html$`)",
        "Query(`a`, `1`)",
        "Query(`b`)",
        "Query(`a=1`)",
        "Query(`c`, `x y`)",
        "QueryRegexp(`a`, `^[0-9]$`)",
        "ClientIP(`10.0.0.0/8`)",
        "ClientIP(`192.168.0.1`, `10.1.2.3`)",
        "  Host( `app.test` )  ",
        "app.test",
        "other.test, *.test",
        "_",
        "app.test /api",
        "/api*",
        "_ other.test",
    ],
)
def test_a_rule_that_fits(rule: str) -> None:
    assert parse_rule(rule).matches(ASKED)


@pytest.mark.parametrize(
    "rule",
    [
        "Host(`app.tes`)",
        "Host(`test`)",
        "HostRegexp(`^test`)",
        "HostRegexp(`{sub:[0-9]+}.test`)",
        "Path(`/api`)",
        "PathPrefix(`/API`)",
        "Host(`app.test`) && Path(`/`)",
        "Host(`app.test`) && (Path(`/`) || Method(`POST`))",
        "!Host(`app.test`)",
        "Header(`X-Canary`, `no`)",
        "Header(`X-Canary`)",
        "HeaderRegexp(`X-Other`, `.*`)",
        "Query(`a`, `2`)",
        "Query(`d`)",
        "QueryRegexp(`a`, `[a-z]`)",
        "ClientIP(`192.168.0.0/16`)",
        "ClientIP(`nonsense`)",
        "other.test",
        "*.example.com",
        "app.test /admin",
    ],
)
def test_a_rule_that_does_not_fit(rule: str) -> None:
    assert not parse_rule(rule).matches(ASKED)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("Hots(`a`)", "unsupported function: Hots"),
        ("Host(a)", "'a' has no backquotes around it"),
        ("Host(`a`", "')' is missing at the end"),
        ("Host(`a`))", "')' is too much"),
        ("Host(`a`) &&", "a matcher is missing at the end"),
        ("Host(`a`) Path(`/`)", "'Path' is too much"),
        ("Host(`a`) & Path(`/`)", "'& Path(`/`)' is not understood"),
        ("Host()", "')' has no backquotes"),
        ("(`a`)", "'a' stands where a matcher should"),
        ("Host(`a", "is not understood"),
        ("!" * 60 + "Host(`a`)", "nested too deeply"),
    ],
)
def test_a_rule_that_cannot_be_read_says_why(rule: str, why: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_rule(rule)
    assert why in caught.value.message


def test_what_a_rule_speaks_of() -> None:
    rule = parse_rule("(Host(`A.test`) || Host(`b.test`)) && PathPrefix(`/x`) && !Host(`c.test`)")

    assert (rule.hosts, rule.prefixes) == (("a.test", "b.test"), ("/x",))
    assert not rule.matches(Request("z.test", "/x"))
    assert without_host(rule).matches(Request("z.test", "/x"))
    assert not without_host(rule).matches(Request("z.test", "/y"))


@pytest.mark.parametrize(
    "rule",
    [
        "Host(`app.test`) && ClientIP(`172.16.0.0/12`)",
        "!ClientIP(`172.16.0.0/12`)",
        "Host(`other.test`) || ClientIP(`10.0.0.0/8`)",
        "PathRegexp(`^/[[:alnum:]]*$`)",
        "PathRegexp(`^/\\pL+\\z`)",
        "PathRegexp(`^/\\Qa.b`)",
        "HostRegexp(`[`)",
        "PathPrefix(`/{id:[0-9]+}`)",
        "Condition(`query a=1`)",
    ],
)
def test_a_rule_that_cannot_be_judged_from_here_is_neither_held_nor_missed(rule: str) -> None:
    request = Request("app.test", "/a b")

    assert parse_rule(rule).judge(request) is None
    assert parse_rule(f"({rule}) && Path(`/x`)").judge(request) is False
    assert not parse_rule(rule).matches(request)


def test_a_name_that_is_not_ascii_is_the_one_that_is_asked_for() -> None:
    assert parse_rule("Host(`xn--mller-kva.test`)").matches(Request("müller.test"))
    assert parse_rule("Host(`müller.test`)").matches(Request("xn--mller-kva.test"))
