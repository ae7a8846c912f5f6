"""Where a proxy is reached for a URL, and the check that a route answers."""

from __future__ import annotations

from typing import Any

import pytest

from docker_agent.core.errors import CheckFailed, InputError
from docker_agent.core.plan import Check
from docker_agent.domains.proxy.changing.answers import route_answers
from docker_agent.domains.proxy.entry import find_entry
from docker_agent.host.check import run_check
from docker_agent.host.fake import World
from docker_agent.host.models import Answer, Attachment, Certificate, Container, Port

VIA = "127.0.0.1:8443"
URL = "https://app.example.com/"


def proxy(*ports: tuple[int, int], ip: str = "172.18.0.2", **fields: Any) -> Container:
    """A proxy that publishes (port of the machine, port of the container)."""
    published = tuple(Port(container_port=inside, host_port=outside) for outside, inside in ports)
    places = (Attachment(network="edge", ip=ip),) if ip else ()
    return Container(id="p", name="edge", image="traefik", status="running", ports=published, networks=places, **fields)


@pytest.mark.parametrize(
    ("container", "entrypoints", "url", "address"),
    [
        (proxy((80, 80), (443, 443)), {}, "http://app.test/", "127.0.0.1:80"),
        (proxy((80, 80), (443, 443)), {}, "https://app.test/", "127.0.0.1:443"),
        (proxy((8080, 80), (8443, 443)), {}, "https://app.test/", "127.0.0.1:8443"),
        (proxy((8080, 80), (9090, 8080)), {}, "http://app.test:9090/", "127.0.0.1:9090"),
        (proxy((80, 8000), (443, 8443)), {"web": ":8000", "websecure": ":8443"}, "https://a.test", "127.0.0.1:443"),
        (proxy((1080, 8000), (1443, 9443)), {"web": ":8000", "websecure": ":9443/tcp"}, URL, "127.0.0.1:1443"),
        (proxy((1443, 9443)), {"traefik": ":8080", "web": ":8000"}, "http://a.test", "172.18.0.2:8000"),
        (proxy(), {}, "https://a.test", "172.18.0.2:443"),
        (proxy(ip="", network_mode="host"), {}, "http://a.test:81", "127.0.0.1:81"),
    ],
)
def test_a_published_port_is_the_way_in_before_the_containers_own(
    container: Container, entrypoints: dict[str, str], url: str, address: str
) -> None:
    assert find_entry(container, entrypoints, url).address == address


def test_a_proxy_without_a_way_in_is_said_so() -> None:
    for container, url in ((proxy((80, 80), ip=""), URL), (proxy(), "ftp://a.test"), (proxy(), "http://a:port/")):
        with pytest.raises(InputError):
            find_entry(container, {}, url)


def check(world: World, **args: str | float | bool) -> str:
    """What the check says."""
    step = Check(name="route-answers", args={"url": URL, "via": VIA, "timeout_s": 3.0, **args}, why="w")
    return run_check(step, {route_answers.name: route_answers}, world.host.reads, lambda _line: None)


def test_it_holds_as_soon_as_the_answer_is_as_wanted() -> None:
    world = World()
    world.answers[f"{URL} via {VIA}"] = Answer(status=404)
    world.later = [
        (world.clock + 1, lambda now: now.answers.update({f"{URL} via {VIA}": Answer(status=201, body="v2")}))
    ]

    assert "answers 201 with 'v2'" in check(world, status=201, contains="v2")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(status=404, body="404 page not found\n"), "as Traefik says where no router fits"),
        (Answer(status=502), "it answers 502: the proxy reaches nothing"),
        (Answer(status=200, body="v1"), "it answers 200 without 'v2'"),
        (Answer(error="connection refused"), "no answer (connection refused)"),
        (Answer(status=302, headers={"location": "/login"}), "a redirect to /login"),
        (Answer(status=301, headers={"location": URL}), f"in a loop: {URL} -> {URL}"),
        (
            Answer(error="x", certificate=Certificate(names=("b.test",), verify_error="Hostname mismatch")),
            "the certificate is for b.test, not for app.example.com",
        ),
        (
            Answer(error="x", certificate=Certificate(issuer="TRAEFIK DEFAULT CERT", verify_error="self-signed")),
            "no certificate for app.example.com and shows its default one",
        ),
        (Answer(error="x", certificate=Certificate(names=("a",), verify_error="has expired")), "for a has expired"),
    ],
)
def test_what_came_instead_is_told_in_words(answer: Answer, words: str) -> None:
    world = World()
    world.answers[f"{URL} via {VIA}"] = answer

    with pytest.raises(CheckFailed) as caught:
        check(world, contains="v2")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "served"),
    [
        (Answer(status=401), True),
        (Answer(status=302), True),
        (Answer(status=404, body="no such page here"), True),
        (Answer(status=404, body="404 page not found\n"), False),
        (Answer(status=502), False),
        (Answer(error="connection refused"), False),
    ],
)
def test_any_answer_of_the_application_will_do_where_no_status_is_known(answer: Answer, served: bool) -> None:
    world = World(answers={f"{URL} via {VIA}": answer})
    step = Check(why="", name="route-answers", args={"url": URL, "via": VIA, "status": 0, "timeout_s": 1.0})
    checks = {"route-answers": route_answers}
    if served:
        assert f"answers {answer.status}" in run_check(step, checks, world.host.reads, lambda _line: None)
    else:
        with pytest.raises(CheckFailed, match="does not answer from the application"):
            run_check(step, checks, world.host.reads, lambda _line: None)
