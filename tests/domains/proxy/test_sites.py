"""Sites of Nginx and Caddy: what stands beside each other, what is in the way, and what is read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.domains.proxy.subjects import OWN, SHOP, USER, proxy_of, with_files

from docker_agent.core.finding import Severity, worst
from docker_agent.domains.proxy import ProxyState, read_proxies
from docker_agent.domains.proxy.driver import Configured, Proxy, all_drivers
from docker_agent.domains.proxy.route import HealthCheck, Route, Tls
from docker_agent.domains.proxy.state import Kind
from docker_agent.host.fake import World
from docker_agent.host.models import Container, Mount

API = replace(SHOP, name="shop-api", service="api", path="/api")
KINDS: tuple[Kind, ...] = ("nginx", "caddy")


def configured(proxy: Proxy, *routes: Route) -> tuple[Configured, Proxy]:
    """The last of some routes, and the proxy with all of them."""
    done = Configured()
    for route in routes:
        done = all_drivers()[proxy.state.kind].configure(route, proxy)
        proxy = with_files(proxy, done)
    return done, proxy


def holding(kind: Kind, **files: str) -> Proxy:
    """A proxy with further files, by name without the folder."""
    proxy = proxy_of(kind)
    return replace(proxy, files={**proxy.files, **{f"{proxy.folder}/{name}": text for name, text in files.items()}})


def codes(done: Configured, severity: Severity) -> set[str]:
    """The findings of one severity."""
    return {each.code for each in done.findings if each.severity is severity}


@pytest.mark.parametrize("kind", KINDS)
def test_routes_of_one_site_stand_beside_each_other(kind: Kind) -> None:
    driver = all_drivers()[kind]
    _, both = configured(proxy_of(kind), SHOP, API)
    _, other_order = configured(proxy_of(kind), API, SHOP)
    assert both.files == other_order.files
    assert with_files(both, driver.remove("shop-api", both)).files == configured(proxy_of(kind), SHOP)[1].files
    moved, elsewhere = configured(both, replace(API, hosts=("api.example.com",)))
    assert len(moved.files) == 2
    assert "api" not in next(text for path, text in elsewhere.files.items() if "/shop.example.com" in path)
    # What closes one route leaves the other; a new text of the route opens it, and its way out leads nowhere.
    closed = with_files(both, driver.maintenance(API, both, "later"))
    assert with_files(closed, driver.remove("shop-api", closed)).files == configured(proxy_of(kind), SHOP)[1].files
    assert with_files(closed, driver.configure(API, closed)).files == both.files
    alone = with_files(proxy_of(kind), driver.maintenance(SHOP, proxy_of(kind), "later"))
    assert "later" in "".join(alone.files.values())
    assert with_files(alone, driver.remove("shop-maintenance", alone)).files == proxy_of(kind).files


@pytest.mark.parametrize("kind", KINDS)
def test_a_site_is_served_in_one_way(kind: Kind) -> None:
    _, proxy = configured(proxy_of(kind), replace(SHOP, tls=OWN))
    plain, kept = configured(proxy, API)
    assert codes(plain, Severity.INFO) >= {"site-tls"}
    assert "/certs/shop.pem" in "".join(kept.files.values())
    changed, after = configured(kept, replace(API, tls=replace(OWN, certificate="/new.pem")))
    assert codes(changed, Severity.WARN) == {"site-anew"}
    assert "/certs/shop.pem" not in "".join(after.files.values())
    named, _ = configured(proxy, replace(API, hosts=("shop.example.com", "shop.test")))
    assert (codes(named, Severity.ERROR), named.files) == ({"site-names"}, {})


@pytest.mark.parametrize("kind", KINDS)
def test_a_route_without_tls_in_a_site_with_it_is_proved_as_it_is_served(kind: Kind) -> None:
    secure, proxy = configured(proxy_of(kind), replace(SHOP, tls=OWN))
    plain, _ = configured(proxy, API)
    alone, _ = configured(proxy_of(kind), API)
    assert (secure.secured, plain.secured, alone.secured) == (True, True, False)
    changed, _ = configured(configured(proxy_of(kind), API)[1], replace(SHOP, tls=OWN))
    assert codes(changed, Severity.WARN) == {"site-tls"}
    assert changed.secured


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_person_wrote_into_a_site_stays_unless_it_has_to_be_served_otherwise(kind: Kind) -> None:
    _, proxy = configured(proxy_of(kind), SHOP)
    (path,) = [path for path in proxy.files if "shop.example.com" in path]
    head, line = {"nginx": ("server {\n", "    client_max_body_size 50m;\n"), "caddy": (".com {\n", "\tlog\n")}[kind]
    text = proxy.files[path].replace(head, f"{head}{line}", 1)
    edited = replace(proxy, files={**proxy.files, path: text})
    for route in (SHOP, API):
        again, after = configured(edited, route)
        assert line in after.files[path]
        assert "site-tls" not in codes(again, Severity.INFO)
    anew, after = configured(edited, replace(SHOP, tls=OWN))
    assert codes(anew, Severity.WARN) == {"site-anew"}
    assert any(line.strip() in each.message for each in anew.findings)
    windows = replace(proxy, files={**proxy.files, path: text.replace("\n", "\r\n")})
    assert codes(configured(windows, SHOP)[0], Severity.ERROR) == {"site-ends"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_site_with_tls_can_be_closed_and_opened(kind: Kind) -> None:
    driver, (_, proxy) = all_drivers()[kind], configured(proxy_of(kind), replace(SHOP, tls=OWN))
    closed = driver.maintenance(replace(SHOP, tls=Tls()), proxy, "")
    assert worst(closed.findings) is not Severity.ERROR
    shut = with_files(proxy, closed)
    assert shut.files != proxy.files
    assert with_files(shut, driver.remove("shop-maintenance", shut)).files == proxy.files


def test_a_site_in_the_projects_root_is_found_again() -> None:
    root = replace(proxy_of("nginx"), folder=".", files={})
    _, after = configured(root, SHOP)
    assert {*after.files} == {"shop.example.com.conf", "other-hosts.conf"}


def test_an_answer_for_other_names_that_a_person_wrote_stays() -> None:
    text = "server { listen 80 default_server; root /srv/mine; }\n"
    theirs = holding("nginx", **{"other-hosts.conf": text})
    _, after = configured(theirs, SHOP)
    assert text in after.files.values()


def test_a_rate_limit_lets_as_many_come_at_once() -> None:
    done, _ = configured(proxy_of("nginx"), replace(SHOP, rate=20))
    assert "limit_req zone=shop-rate burst=20 nodelay;" in "".join(filter(None, done.files.values()))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_in_the_way_stops_a_route(kind: Kind) -> None:
    by_hand = {
        "nginx": holding("nginx", **{"old.conf": "server { server_name a.test SHOP.example.com; }"}),
        "caddy": holding("caddy", **{"old.caddy": "a.test, https://Shop.example.com:443 {\n}\n"}),
    }[kind]
    taken, _ = configured(by_hand, SHOP)
    assert (codes(taken, Severity.ERROR), taken.files) == ({"site-taken"}, {})
    assert "/old." in taken.findings[-1].message
    _, proxy = configured(proxy_of(kind), SHOP)
    twice, _ = configured(proxy, replace(SHOP, name="second"))
    assert (codes(twice, Severity.ERROR), twice.files) == ({"site-taken"}, {})
    for odd in (
        replace(SHOP, hosts=("a;b",)),
        replace(SHOP, allow=("all; x",)),
        replace(SHOP, headers={"X Y": ""}),
        replace(SHOP, sticky="a-b"),
    ):
        assert codes(configured(proxy_of(kind), odd)[0], Severity.ERROR) == {"route-name"}
    assert codes(configured(proxy_of(kind), replace(SHOP, entrypoint="web"))[0], Severity.ERROR)


def test_nginx_says_what_it_cannot_do() -> None:
    nginx, driver = proxy_of("nginx"), all_drivers()["nginx"]
    assert codes(configured(nginx, replace(SHOP, tls=Tls()))[0], Severity.ERROR) == {"nginx-certificate"}
    taken = holding("nginx", **{"old.conf": "upstream shop { server a; }"})
    assert codes(configured(taken, SHOP)[0], Severity.ERROR) == {"site-taken"}
    wish = replace(SHOP, sticky="at", health=HealthCheck("/"), priority=5)
    assert codes(configured(nginx, wish)[0], Severity.WARN) == {"nginx-sticky", "nginx-health", "nginx-priority"}
    assert codes(driver.maintenance(SHOP, nginx, "x" * 5_000), Severity.ERROR) == {"nginx-page"}


def test_names_of_no_site_get_no_site_of_nginx() -> None:
    nginx, others = proxy_of("nginx"), "edge/conf.d/other-hosts.conf"
    done, proxy = configured(nginx, SHOP)
    assert "return 404;" in (done.files[others] or "")
    assert all_drivers()["nginx"].remove("shop", proxy).files[others] is None
    everybody, after = configured(proxy, replace(SHOP, name="all", hosts=()))
    assert everybody.files[others] is None
    assert others in with_files(after, all_drivers()["nginx"].remove("all", after)).files
    # A server that somebody wrote may be the one that got them; nothing is put before it unsaid.
    for text, expected in (("listen 80;", {"nginx-first"}), ("listen 80 default_server;", set[str]())):
        beside, _ = configured(holding("nginx", **{"web.conf": f"server {{ {text} }}"}), SHOP)
        assert codes(beside, Severity.WARN) == expected
        assert beside.files.keys() == {"edge/conf.d/shop.example.com.conf"}


def test_a_newer_nginx_looks_up_names_again_and_a_file_of_passwords_goes_with_them() -> None:
    nginx = proxy_of("nginx")
    newer = replace(nginx, state=replace(nginx.state, version="1.27.3"))
    done, proxy = configured(newer, replace(SHOP, tls=OWN, users=(USER,)))
    text = done.files["edge/conf.d/shop.example.com.conf"] or ""
    assert done.findings == ()
    assert "server web:8080 resolve;" in text
    assert "resolver 127.0.0.11" in text
    assert "http2 on;" in text
    assert done.files["edge/conf.d/shop.htpasswd"] == f"{USER}\n"
    open_again, _ = configured(proxy, SHOP)
    assert open_again.files["edge/conf.d/shop.htpasswd"] is None


def test_caddy_imports_the_sites_once_and_only_where_it_can() -> None:
    caddy = proxy_of("caddy")
    importing = replace(caddy, files={"edge/Caddyfile": "import /etc/caddy/*.caddy\n"})
    assert configured(importing, SHOP)[0].files.keys() == {"edge/shop.example.com.caddy"}
    for text in (":80\nrespond hello\n", "a {\n"):
        refused, _ = configured(replace(caddy, files={"edge/Caddyfile": text}), SHOP)
        assert (codes(refused, Severity.ERROR), refused.files) == ({"caddy-import"}, {})
    assert codes(configured(replace(caddy, files={}), SHOP)[0], Severity.ERROR) == {"caddy-import"}
    unended = replace(caddy, files={"edge/Caddyfile": "a.test {\n}"})
    assert (configured(unended, SHOP)[0].files["edge/Caddyfile"] or "").startswith("a.test {\n}\n\n#")


def test_caddy_says_what_it_cannot_do() -> None:
    caddy = proxy_of("caddy")
    wish = replace(SHOP, sticky="at", health=HealthCheck("/"), priority=5, tls=Tls(resolver="le"))
    expected = {"caddy-health", "caddy-priority", "caddy-resolver"}
    assert codes(configured(caddy, wish)[0], Severity.WARN) == expected
    for value in ('`\\"', "{$HOME}"):
        odd, _ = configured(caddy, replace(SHOP, headers={"X-A": value}))
        assert (codes(odd, Severity.ERROR), odd.files) == ({"caddy-text"}, {})
        assert worst(all_drivers()["caddy"].maintenance(SHOP, caddy, value).findings) is Severity.ERROR
    both = configured(caddy, replace(SHOP, tls=replace(OWN, redirect=False)))[0]
    text = both.files["edge/shop.example.com.caddy"] or ""
    assert "\nhttp://shop.example.com {\n\timport routes-of-shop.example.com\n}" in text
    assert "\nhttps://shop.example.com {\n\ttls /certs/shop.pem" in text


def read(kind: Kind, files: dict[str, str], mounts: dict[str, str], **fields: Any) -> ProxyState:
    """What is read of a proxy that has these files of the machine mounted."""
    container = Container(
        id="p",
        name="edge",
        image=f"{kind}:1.29.3-alpine",
        status="running",
        mounts=tuple(Mount(kind="bind", source=source, target=target) for target, source in mounts.items()),
        **fields,
    )
    world = World().add(container)
    world.files |= {Path(path): text.encode() for path, text in files.items()}
    (state,) = read_proxies(world.host.reads, [container], ["edge"], timeout_s=0.1)
    return state


def test_what_nginx_serves_is_read_from_its_files() -> None:
    files = {
        "/p/nginx.conf": "http { include conf.d/*.conf; } stream { server { listen 5432; proxy_pass db:5432; } }",
        "/p/conf.d/a.conf": (
            "upstream app { server web:8080; server web-2 down; server unix:/x; server api backup; }\n"
            "server { listen 80; server_name a.test *.b.test; location / { return 301 https://$host; } }\n"
            "server { listen 0.0.0.0:443 ssl; server_name a.test *.b.test; include /etc/nginx/conf.d/a.conf;\n"
            "  location /api/ { proxy_pass http://app/; }\n"
            "  location = /x { auth_basic on; proxy_pass https://api; }\n"
            "  location ~* ^/y { set $to web; proxy_pass http://$to:81$uri; } }\n"
            "server { server_name ~^c; location / { proxy_pass http://$unknown; } }\n"
        ),
        "/p/conf.d/broken.conf": "server {",
    }
    state = read("nginx", files, {"/etc/nginx": "/p"}, command=("nginx", "-g", "daemon off;"))
    assert (state.version, state.api) == ("1.29.3", "")
    assert [(each.name, each.rule, each.service or each.own) for each in state.routers] == [
        ("a.test:80/", "a.test", "return 301 https://$host"),
        ("*.b.test:80/", "*.b.test", "return 301 https://$host"),
        ("a.test:443/api/", "a.test /api/", "app"),
        ("*.b.test:443/api/", "*.b.test /api/", "app"),
        ("a.test:443/x", "(Host(`a.test`)) && Path(`/x`)", "https://api"),
        ("*.b.test:443/x", "(Host(`*.b.test`)) && Path(`/x`)", "https://api"),
        ("a.test:443^/y", "(Host(`a.test`)) && PathRegexp(`(?i)^/y`)", "http://web:81"),
        ("*.b.test:443^/y", "(Host(`*.b.test`)) && PathRegexp(`(?i)^/y`)", "http://web:81"),
        ("a.test:443/", "a.test", "files of its own"),
        ("*.b.test:443/", "*.b.test", "files of its own"),
        ("~^c:80/", "(HostRegexp(`^c`)) && PathPrefix(`/`)", "http://$unknown"),
    ]
    assert [each.tls for each in state.routers] == [False] * 2 + [True] * 8 + [False]
    assert [each.name for each in state.routers if each.default_at] == [
        *("a.test:80/", "a.test:443/api/", "a.test:443/x", "a.test:443^/y", "a.test:443/")
    ]
    ranks = {each.name: each.priority for each in state.routers}
    order = ("a.test:443/x", "a.test:443^/y", "a.test:443/api/", "a.test:443/", "*.b.test:443/x", "~^c:80/")
    assert sorted(order, key=ranks.__getitem__, reverse=True) == [*order]
    assert state.routers[4].middlewares == ("auth_basic on",)
    servers = {each.name: [server.url for server in each.servers] for each in state.services}
    assert servers["app"] == ["http://web:8080", "http://api:80"]
    assert servers["http://$unknown"] == []
    # One file over the one in the image, whose nginx.conf nobody sees.
    single = {"/etc/nginx/conf.d/default.conf": "/p/one"}
    state = read("nginx", {"/p/one": "server { location / { proxy_pass http://web; } }"}, single)
    assert [(each.rule, each.entrypoints) for each in state.routers] == [("_", (":80",))]
    assert read("nginx", {}, {}).routers == ()


def test_what_caddy_serves_is_read_from_its_files_where_its_api_is_silent() -> None:
    files = {
        "/p/Caddyfile": (
            "{\n\tadmin off\n}\n(app) {\n\treverse_proxy web:8080\n\timport app\n}\nimport sites/*.caddy\n"
            "a.test, http://b.test:8080 {\n\timport app\n\t@v2 path /v2/*\n"
            "\thandle_path /api/* {\n\t\treverse_proxy /x* api:80 https://api:81 {\n\t\t\tto more:1\n\t\t}\n\t}\n"
            "\thandle @v2 {\n\t\treverse_proxy {\n\t\t\tdynamic a two 90\n\t\t}\n\t}\n}\n"
        ),
        "/p/sites/c.caddy": "http:// {\n\timport ../Caddyfile\n\treverse_proxy c:1\n}\n",
        "/p/sites/d.caddy": "d {",
    }
    state = read("caddy", files, {"/etc/caddy": "/p"}, env=("CADDY_VERSION=v2.11.7",))
    assert state.version == "2.11.7"
    api = "http://api:80 https://api:81 http://more:1"
    shown = [(each.rule, each.service or each.own, *each.entrypoints, each.tls) for each in state.routers]
    assert shown[:5] == [
        ("*", "http://c:1", ":80", False),
        ("a.test /v2/*", "http://two:90", ":443", True),
        ("a.test /api/x*", api, ":443", True),
        ("a.test /api/*", "an empty answer", ":443", True),
        ("a.test", "http://web:8080", ":443", True),
    ]
    assert shown[5:] == [(rule.replace("a.", "b."), end, ":8080", False) for rule, end, _, _ in shown[1:5]]
    assert sorted(each.priority for each in state.routers[1:5]) == [each.priority for each in state.routers[4:0:-1]]
    assert sorted(len(each.servers) for each in state.services) == [1, 1, 1, 3]
