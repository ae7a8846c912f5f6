"""What Traefik's versions make of labels; each line was tried on 3.2.3 and 3.7.15."""

from __future__ import annotations

import pytest

from docker_agent.core.finding import Severity, worst
from docker_agent.domains.proxy.labels.rule_syntax import check_rule, new_rule
from docker_agent.domains.proxy.labels.versions import check_labels, check_settings, is_old

ROUTER, SERVICE = "traefik.http.routers.shop", "traefik.http.services.shop.loadbalancer"
MIDDLEWARE = "traefik.http.middlewares.m"


@pytest.mark.parametrize(
    ("key", "version", "code", "fix"),
    [
        (f"{ROUTER}.entryPoints", "3.7.15", "", ""),
        (f"{ROUTER}.entrypoint", "3.7.15", "proxy-unknown-option", "traefik.http.routers.shop.entrypoints"),
        (f"{SERVICE}.server.prot", "3.7.15", "proxy-unknown-option", f"{SERVICE}.server.port"),
        (f"{ROUTER}.tls.domains[0].main", "3.2.3", "", ""),
        (f"{ROUTER}.observability.accesslogs", "3.2.3", "proxy-unknown-option", "3.3"),
        (f"{ROUTER}.observability.accesslogs", "3.7.15", "", ""),
        (f"{SERVICE}.sticky.cookie.path", "3.2.3", "proxy-unknown-option", "3.3"),
        (f"{SERVICE}.strategy", "v3.4.0", "", ""),
        (f"{MIDDLEWARE}.ratelimit.redis.endpoints", "3.2.3", "proxy-unknown-option", "3.4"),
        (f"{MIDDLEWARE}.errors.errorrequestheaders", "3.6.14", "proxy-unknown-option", "3.6.15"),
        (f"{MIDDLEWARE}.encodedcharacters", "3.7.15", "proxy-unknown-option", "encodedcharacters."),
        (f"{MIDDLEWARE}.compress", "3.7.15", "", ""),
        (f"{MIDDLEWARE}.headers.customresponseheaders.X-A", "3.7.15", "", ""),
        (f"{MIDDLEWARE}.headers.accesscontrolalloworigin", "3.2.3", "proxy-unknown-option", "originlist"),
        (f"{MIDDLEWARE}.headers.sslredirect", "3.2.3", "proxy-old-label", "redirectscheme"),
        (f"{MIDDLEWARE}.ipwhitelist.sourcerange", "3.2.3", "proxy-old-label", "ipallowlist"),
        (f"{MIDDLEWARE}.ipwhitelist.sourcerange", "2.11.2", "", ""),
        (f"{MIDDLEWARE}.ipallowlist.sourcerange", "2.10", "proxy-unknown-option", "2.11"),
        ("traefik.frontend.rule", "3.7.15", "proxy-old-label", "traefik.http.routers.NAME.rule"),
        ("traefik.docker.network", "3.7.15", "", ""),
        ("traefik.http.foo.bar", "", "proxy-unknown-option", ""),
        ("com.example.traefik.http.foo", "3.7.15", "", ""),
        ("traefik.mine", "3.7.15", "", ""),
    ],
)
def test_an_option_is_known_to_the_versions_that_have_it(key: str, version: str, code: str, fix: str) -> None:
    found = check_labels({key: "1"}, version, "web")
    assert [each.code for each in found] == ([code] if code else [])
    assert all(fix in each.fix and each.object == "web" for each in found)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("Host(`a.b`) && PathPrefix(`/x`)", ""),
        ('Host("a.b")', ""),
        ("Host(`a`,`b`)", "Write (Host(`a`) || Host(`b`))."),
        ("HostRegexp(`{sub:[a-z]+}.a.b`)", r"Write HostRegexp(`^[a-z]+\.a\.b$`)."),
        (r"HostRegexp(`^.+\.a\.b$`)", ""),
        ("Headers(`X-A`,`b`)", "Write Header(`X-A`, `b`)."),
        ("Header(`X-A`,`b`)", ""),
        ("PathPrefix(`/{id:[0-9]+}`)", "Write PathRegexp(`^/[0-9]+`)."),
        ("Method(`GET`,`POST`)", "Write (Method(`GET`) || Method(`POST`))."),
        ("Query(`a=b`)", ""),
        ("HostHeader(`a`)", "Write Host(`a`)."),
        ("Host('a')", "Write Host(`a`)."),
        ("Host(a)", "Write Host(`a`)."),
        ("Host:a.b", "Write it as Host(`shop.example.com`)."),
        ("HostSNI(`a`)", "Write Host(`shop.example.com`)."),
    ],
)
def test_a_rule_is_told_in_the_words_of_traefik_3(rule: str, said: str) -> None:
    assert [fix for _, _, fix in check_rule(rule)] == ([said] if said else [])


def test_the_syntax_of_traefik_2_is_taken_where_it_is_asked_for() -> None:
    old = {f"{ROUTER}.rule": "Host(`a`,`b`) && Headers(`X-A`,`b`)"}
    assert worst(check_labels(old, "3.7.15", "web")) is Severity.ERROR
    assert check_labels(old, "2.11.2", "web") == []
    assert check_labels(old, "3.2.3", "web", default_syntax="v2") == []
    per_router = {**old, f"{ROUTER}.rulesyntax": "v2"}
    assert [each.code for each in check_labels(per_router, "3.2.3", "web")] == []
    assert [each.code for each in check_labels(per_router, "3.7.15", "web")] == ["proxy-old-label"]
    assert [fix for _, _, fix in check_rule("Header(`X-A`,`b`)", old=True)] == ["Write Headers(...)."]
    assert new_rule("Host(`a`,`b`) && Headers(`X-A`,`b`)") == "(Host(`a`) || Host(`b`)) && Header(`X-A`, `b`)"
    wildcard = {f"{ROUTER}.rule": "Host(`*.a.test`)"}
    assert [each.fix for each in check_labels(wildcard, "3.2.3")] == [r"Write HostRegexp(`^[^.]+\.a\.test$`)."]
    assert check_labels(wildcard, "3.7.15") == []
    assert (is_old("2.11.2"), is_old("3.0.0"), is_old("")) == (True, False, False)


@pytest.mark.parametrize(
    ("setting", "version", "fix"),
    [
        ("providers.docker.swarmmode", "3.0.0", "--providers.swarm"),
        ("experimental.http3", "3.1.0", "entry point"),
        ("core.defaultrulesyntax", "3.4.0", "Traefik 3"),
        ("core.defaultrulesyntax", "3.2.3", ""),
        ("providers.docker.swarmmode", "2.11.2", ""),
        ("providers.docker", "3.7.15", ""),
    ],
)
def test_static_options_that_a_version_withdrew_are_told(setting: str, version: str, fix: str) -> None:
    found = check_settings({setting: "true"}, version, "edge")
    assert [fix in each.fix for each in found] == ([True] if fix else [])


def test_releases_that_do_otherwise_are_told() -> None:
    assert [each.code for each in check_settings({}, "3.6.5", "edge")] == ["proxy-encoded-characters"]
    assert [each.code for each in check_settings({}, "3.6.0", "edge", engine="29.1.0")] == ["proxy-engine-29"]
    assert check_settings({}, "3.7.15", "edge", engine="29.1.0") == []
