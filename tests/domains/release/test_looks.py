"""What is read of a proxy's log, and of a prompt that asks for a release."""

from __future__ import annotations

import pytest

from docker_agent.agent.amounts import image_in, percents_in, seconds_in
from docker_agent.domains.proxy import Hit, hits
from docker_agent.domains.release.image import repository_of, wanted_image
from docker_agent.host.fake import World
from docker_agent.host.models import Container

LINES = {
    '172.18.0.1 - - [26/Nov/2026:21:57:01 +0000] "GET / HTTP/1.1" 502 11 "-" "-" 42 "web@docker" '
    '"http://172.18.0.3:8080" 12ms': [Hit("172.18.0.3:8080", 502, 0.012)],
    '{"DownstreamStatus":200,"Duration":1500000,"ServiceAddr":"shop-web-2:8080","RouterName":"web@file"}': [
        Hit("shop-web-2:8080", 200, 0.0015)
    ],
    'docker_agent "10.0.0.3:8080, 10.0.0.4:8080" "502, 200" 0.250': [
        Hit("10.0.0.3:8080", 502, 0.25),
        Hit("10.0.0.4:8080", 200, 0.25),
    ],
    'docker_agent "10.0.0.3:8080" "-" 0.250': [],
    '{"level":"info","logger":"http.log.access","status":404,"duration":0.002,"docker_agent":"shop-web-2:8080"}': [
        Hit("shop-web-2:8080", 404, 0.002)
    ],
    '{"level":"info","msg":"using config"}': [],
    '{"status": "half': [],
    '{"docker_agent": "a:1", "status": "x"}': [],
    '10.0.0.9 - - [26/Nov/2026:21:57:01 +0000] "GET / HTTP/1.1" 200 615 "-" "curl/8"': [],
    "": [],
}


def test_requests_are_read_from_the_log_of_each_proxy() -> None:
    proxy = Container(id="1" * 12, name="proxy", image="traefik:3")
    for line, expected in LINES.items():
        assert hits(World().add(proxy).say("proxy", line).host.reads, proxy, since=0.0) == expected, line


@pytest.mark.parametrize(
    ("now", "image", "whole"),
    [
        ("shop/web:1.0", "v1.1.0", "shop/web:v1.1.0"),
        ("shop/web:1.0", ":stable", "shop/web:stable"),
        ("registry:5000/web", "2", "registry:5000/web:2"),
        ("web:1@sha256:abc", "1.1", "web:1.1"),
        ("web:1", "stable", "web:stable"),
        ("web:1", "nginx:1.27", "nginx:1.27"),
        ("web:1", "shop/web:2", "shop/web:2"),
        ("web:1", "web@sha256:abc", "web@sha256:abc"),
    ],
)
def test_a_tag_alone_is_one_of_the_image_that_runs(now: str, image: str, whole: str) -> None:
    assert wanted_image(now, image) == whole
    assert repository_of("registry:5000/shop/web") == "registry:5000/shop/web"


@pytest.mark.parametrize(
    ("prompt", "image", "percents", "seconds"),
    [
        ("release v1.1.0 blue-green", "v1.1.0", "", 10.0),
        ("send 10 % to the new version, watch it for five minutes, then go on", "", "10", 300.0),
        ("canary web 1.1.0 at 10 and 50 percent, 90 s each", "1.1.0", "10,50", 90.0),
        (
            "release registry.example.com:5000/shop/web:2.0-rc.1 an hour",
            "registry.example.com:5000/shop/web:2.0-rc.1",
            "",
            3600.0,
        ),
        ("release web at 18:30", "", "", 10.0),
        ("release web to v2", "v2", "", 10.0),
        ("release web 4 as a canary with 10 %", "4", "10", 10.0),
        ("send 10 % to web 4, watch it for 5 seconds, then go on or go back", "4", "10", 5.0),
        ("release stable of web", "stable", "", 10.0),
        ("release version 4 of web blue-green", "4", "", 10.0),
        ("release the new version of web", "", "", 10.0),
        ("release web, watch it 30 seconds", "", "", 30.0),
        ("ship web 20 percent", "", "20", 10.0),
    ],
)
def test_a_prompt_says_which_version_how_much_and_how_long(
    prompt: str, image: str, percents: str, seconds: float
) -> None:
    assert (image_in(prompt), percents_in(prompt), seconds_in(prompt, 10.0)) == (image, percents, seconds)
