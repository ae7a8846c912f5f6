"""One contract for the drivers of all reverse proxies: what they write is in tests/golden/routes, by kind and case."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pytest
from tests.domains.proxy.subjects import CANNOT, CASES, SHOP, proxy_of, unwritable, with_files

from docker_agent.app import all_checks
from docker_agent.core.finding import Finding, Severity, worst
from docker_agent.core.plan import Check, Engine, Probe, Risk, risk_of
from docker_agent.domains.proxy.driver import Configured, Driver, Proxy, all_drivers
from docker_agent.domains.proxy.route import Route
from docker_agent.domains.proxy.state import Kind

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "routes"
TRIED: list[tuple[Kind, str]] = [(kind, case) for kind in sorted(all_drivers()) for case in CASES]


def configured(driver: Driver, proxy: Proxy, routes: Sequence[Route]) -> tuple[Configured, Proxy]:
    """All that serves some routes, added one after the other, and the proxy with it."""
    labels: dict[str, str] = {}
    files: dict[str, str | None] = {}
    findings: list[Finding] = []
    for route in routes:
        done = driver.configure(route, proxy)
        labels, files, findings = {**labels, **done.labels}, {**files, **done.files}, [*findings, *done.findings]
        proxy = with_files(proxy, done)
    return Configured(labels, files, tuple(findings)), proxy


def shown(done: Configured) -> dict[str, str]:
    """What is compared with the golden files, by the last part of their names."""
    texts = {PurePosixPath(path).name: text for path, text in done.files.items() if text is not None}
    if done.labels:
        texts["labels"] = "".join(f"{key}={value}\n" for key, value in done.labels.items())
    if done.findings:
        texts["findings"] = "".join(
            f"{each.severity} {each.code}: {each.message}\n  {each.fix}\n" for each in done.findings
        )
    return texts


def taken_away(labels: dict[str, str], done: Configured) -> dict[str, str]:
    """Labels without those that are to go."""
    gone = [key for key, value in done.labels.items() if not value]
    return {
        key: value
        for key, value in labels.items()
        if not any(key == each or (each.endswith(".") and key.startswith(each)) for each in gone)
    }


@pytest.mark.parametrize(("kind", "case"), TRIED)
def test_a_route_is_written_as_the_golden_files_say(kind: Kind, case: str) -> None:
    done, _ = configured(all_drivers()[kind], proxy_of(kind), CASES[case])
    texts = shown(done)
    if os.environ.get("UPDATE_GOLDEN"):
        for old in (GOLDEN / kind).glob(f"{case}.*"):
            old.unlink()
        for name, text in texts.items():
            (GOLDEN / kind).mkdir(parents=True, exist_ok=True)
            (GOLDEN / kind / f"{case}.{name}").write_text(text)
    golden = {path.name.removeprefix(f"{case}."): path.read_text() for path in (GOLDEN / kind).glob(f"{case}.*")}
    assert golden == texts
    assert (worst(done.findings) is Severity.ERROR) == ((kind, case) in CANNOT)
    assert bool(done.labels or done.files) == ((kind, case) not in CANNOT)


@pytest.mark.parametrize(("kind", "case"), TRIED)
def test_a_second_time_changes_nothing_and_removing_leaves_what_was_there(kind: Kind, case: str) -> None:
    driver, before = all_drivers()[kind], proxy_of(kind)
    done, proxy = configured(driver, before, CASES[case])
    again, same = configured(driver, proxy, CASES[case])
    assert (again.labels, same.files) == (done.labels, proxy.files)
    assert all(PurePosixPath(path).is_relative_to(before.folder) for path in done.files)

    labels = dict(done.labels)
    for route in reversed(CASES[case]):
        away = driver.remove(route.name, proxy)
        labels, proxy = taken_away(labels, away), with_files(proxy, away)
    assert dict(proxy.files) == dict(before.files)
    assert set(labels) <= {"traefik.enable", "traefik.docker.network"}


@pytest.mark.parametrize("kind", sorted(all_drivers()))
def test_one_route_is_removed_or_replaced_and_the_other_stays(kind: Kind) -> None:
    driver, routes = all_drivers()[kind], CASES["two-applications"]
    both, proxy = configured(driver, proxy_of(kind), routes)
    first, alone = configured(driver, proxy_of(kind), routes[:1])
    away = driver.remove(routes[1].name, proxy)
    assert taken_away(dict(both.labels), away) == first.labels
    assert with_files(proxy, away).files == alone.files
    changed, after = configured(driver, proxy, [CASES["limits"][0]])
    fresh, _ = configured(driver, proxy_of(kind), [CASES["limits"][0], routes[1]])
    assert all(fresh.labels[key] == value for key, value in changed.labels.items())
    assert sorted("".join(after.files.values())) == sorted("".join(text for text in fresh.files.values() if text))


@pytest.mark.parametrize("kind", sorted(all_drivers()))
def test_maintenance_is_put_before_the_route_and_taken_away_again(kind: Kind) -> None:
    driver = all_drivers()[kind]
    for case in ("one-host", "tls-own", "path-prefix"):
        _, proxy = configured(driver, proxy_of(kind), CASES[case])
        route = CASES[case][0]
        closed = driver.maintenance(route, proxy, "<h1>Back soon</h1>")
        assert worst(closed.findings) is not Severity.ERROR
        text = "".join(text for text in closed.files.values() if text)
        assert "503" in text or kind == "traefik"
        assert route.hosts[0] in text
        assert "Back soon" in text or any("page" in each.message for each in closed.findings)
        after = with_files(proxy, closed)
        opened = with_files(after, driver.remove(f"{route.name}-maintenance", after))
        assert dict(opened.files) == dict(proxy.files)


@pytest.mark.parametrize("kind", sorted(all_drivers()))
def test_the_proxy_reads_its_files_and_is_seen_to_do_so(kind: Kind) -> None:
    proxy = proxy_of(kind)
    steps = all_drivers()[kind].reload(proxy, "shop-test", "A route was added.")
    assert all(isinstance(step, Engine | Check | Probe) and step.why for step in steps)
    assert all(step.target == proxy.container.name for step in steps if isinstance(step, Engine))
    assert all(step.name in all_checks() for step in steps if isinstance(step, Check))
    assert any(risk_of(step) is Risk.READ for step in steps) or any(
        isinstance(step, Engine) and step.action == "container_reload" for step in steps
    )


@pytest.mark.parametrize("kind", sorted(all_drivers()))
def test_what_cannot_be_written_is_said_and_not_left_out(kind: Kind) -> None:
    proxy = unwritable(proxy_of(kind))
    for case in ("tls-own", "timeouts"):
        done = all_drivers()[kind].configure(CASES[case][0], proxy)
        assert worst(done.findings) is Severity.ERROR
        assert not done.files
        assert any(proxy.unwritable in each.message + each.cause for each in done.findings)
    assert not all_drivers()[kind].remove(SHOP.name, proxy).files


@pytest.mark.parametrize("kind", sorted(all_drivers()))
def test_names_of_a_route_cannot_break_out_of_the_configuration(kind: Kind) -> None:
    """Headers hold quotes and dollars, which mean something in every configuration."""
    odd = {"X-Odd": 'a "b" \\ $host {c}; `d`'}
    plain = all_drivers()[kind].configure(SHOP, proxy_of(kind))
    done = all_drivers()[kind].configure(Route("shop", "web", 8080, hosts=SHOP.hosts, headers=odd), proxy_of(kind))
    text = "".join(text for text in done.files.values() if text) + "".join(done.labels.values())
    refused = worst(done.findings) is Severity.ERROR
    assert refused or re.search(r"\\\\|\\", text) or 'a "b" \\ $host {c}; `d`' in text
    assert refused or len(done.labels) == len(plain.labels) + 2 * bool(done.labels)
