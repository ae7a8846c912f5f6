from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docker_agent.core.errors import InputError
from docker_agent.project.compose.model import ComposeModel, load
from docker_agent.project.compose.types import Dependency, Service

HOME = Path("/project")


def load_text(*texts: str | bytes, **variables: str) -> ComposeModel:
    files = {HOME / f"compose.{n}.yml": t if isinstance(t, bytes) else t.encode() for n, t in enumerate(texts)}
    return load(list(files), read=files.__getitem__, variables=variables)


def web(*lines: str, **variables: str) -> Service:
    text = "services:\n  web:\n    image: nginx:1\n" + "".join(f"    {line}\n" for line in lines)
    text += "volumes: {data: }\nnetworks: {front: , back: }\nsecrets: {key: {file: k}}\n"
    model = load_text(text, **variables)
    assert model.problems == ()
    return model.services["web"]


def problems(*texts: str) -> list[str]:
    return [problem.message for problem in load_text(*texts).problems]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "1:1: the file is empty"),
        (b"# only a comment\n", "the file is empty"),
        (b"---\n---\n", "the file is empty"),
        (b"- a\n", "1:1: a compose file is a mapping at the top"),
        (b"just text", "a compose file is a mapping at the top"),
        (b"a: [1,\n", "not valid YAML"),
        (b"a:\n\tb: 1\n", "2:1: not valid YAML"),
        (b"a: 'x\n", "not valid YAML"),
        (b"a: \x00\x01", "not valid YAML"),
        (b"\xfe\xff\xd8", "not UTF-8 text"),
        (b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)), "not UTF-8 text"),
        (b"a: &x [*x]", "contains itself"),
        (b"a: *gone", "has no anchor"),
        (b"[" * 100_000, "levels deep"),
        (b"".join(b" " * n + b"a:\n" for n in range(200)), "levels deep"),
        (b"a" * 9_000_000, "is too much"),
    ],
)
def test_what_is_no_compose_file_is_refused_with_its_place(data: bytes, said: str) -> None:
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        load_text(data)
    assert said in caught.value.message
    assert caught.value.message.startswith("compose.0.yml:")
    assert caught.value.next_step
    assert time.monotonic() - started < 1


def test_alias_bombs_are_refused_quickly() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    started = time.monotonic()
    with pytest.raises(InputError, match="once its aliases are expanded"):
        load_text("\n".join(lines))
    assert time.monotonic() - started < 1


def test_no_file_is_an_error() -> None:
    with pytest.raises(InputError):
        load([], read=lambda _: b"", variables={})


@given(st.binary(max_size=200))
def test_any_bytes_give_a_model_or_an_input_error(data: bytes) -> None:
    try:
        assert load_text(data).documents
    except InputError as error:
        assert error.message.startswith("compose.0.yml:")  # noqa: PT017 - both ways are right


@given(st.text(alphabet="services:\n wbimage-[]{}&*!<'\"|>#${}01,", max_size=120))
def test_any_text_gives_a_model_or_an_input_error(text: str) -> None:
    try:
        assert load_text("services:\n  web:\n    image: x\n" + text).documents
    except InputError as error:
        assert error.message.startswith("compose.0.yml:")  # noqa: PT017 - both ways are right


@pytest.mark.parametrize("start", ["", "\ufeff", "# 😀 é\r\n", "x-y: '\u2028 \u0085'\n"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_places_are_right(start: str, newline: str) -> None:
    text = (
        start + f"services:{newline}  web:{newline}    image: 'ngínx:1' # x{newline}    command: [a, '😀', b]{newline}"
    )
    model = load_text(text)
    before = start.count("\n")
    source = model.sources["compose.0.yml"]
    for path, line, column, written in (
        (("services", "web", "image"), 3, 12, "'ngínx:1'"),
        (("services", "web", "command", 2), 4, 23, "b"),
    ):
        place = model.place(path)
        assert (before + line, column) == (place.line, place.column)
        assert written == source.text[place.start : place.end]
    assert f"compose.0.yml:{before + 2}:3" == str(model.key_place(("services", "web")))
    assert model.key_place(("services", "web")) == model.place(("services", "web", "nothing", "there"))


def test_places_go_to_the_file_that_set_the_value() -> None:
    model = load_text("services: {web: {image: a, user: x}}", "services:\n  web:\n    image: b\n")
    assert str(model.place(("services", "web", "image"))) == "compose.1.yml:3:12"
    assert str(model.place(("services", "web", "user"))) == "compose.0.yml:1:34"


def test_places_in_lists_of_pairs_are_found_by_key() -> None:
    model = load_text("services:\n  web:\n    image: x\n    environment:\n      - A=1\n      - B=2\n")
    assert str(model.place(("services", "web", "environment", "B"))) == "compose.0.yml:6:9"


def test_a_service_in_full() -> None:
    service = web(
        "build: {context: ./app, dockerfile: D, target: t, args: [V=1]}",
        "command: run --it 'all at once'",
        "entrypoint: [/bin/sh, -c]",
        "environment: {A: 1, B: true, C: , D: '${X}'}",
        "env_file: [a.env, {path: b.env, required: false}]",
        "networks: {front: {aliases: [w]}, back: }",
        "depends_on: {db: {condition: service_healthy, required: false}}",
        "restart: unless-stopped",
        "mem_limit: 1.5g",
        "cpus: '0.5'",
        "pids_limit: 100",
        "user: '1000:1000'",
        "privileged: yes",
        "init: true",
        "read_only: true",
        "container_name: w1",
        "stop_grace_period: 1m30s",
        "security_opt: [no-new-privileges:true]",
        "cap_add: [A]",
        "tmpfs: /tmp",
        "profiles: [p]",
        "secrets: [key]",
        "labels: [x=y, z]",
        "logging: {driver: json-file, options: {max-size: 10m}}",
        X="from outside",
    )
    assert (
        service.build and (service.build.context, service.build.dockerfile, service.build.target, service.build.args)
    ) == ("./app", "D", "t", {"V": "1"})
    assert service.command == ("run", "--it", "all at once")
    assert service.entrypoint == ("/bin/sh", "-c")
    assert service.environment == {"A": "1", "B": "true", "C": None, "D": "from outside"}
    assert service.env_files == ("a.env", "b.env")
    assert service.networks == ("front", "back")
    assert [vars(Dependency("db", "service_healthy", required=False))] == [vars(each) for each in service.depends_on]
    assert (service.memory, service.cpus, service.pids) == (1536 << 20, 0.5, 100)
    assert all((service.privileged, service.init, service.read_only))
    assert (
        service.user,
        service.container_name,
        service.stop_grace_period_s,
        service.restart,
    ) == ("1000:1000", "w1", 90.0, "unless-stopped")
    assert (
        service.security_opt,
        service.cap_add,
        service.tmpfs,
        service.profiles,
        service.secrets,
    ) == (("no-new-privileges:true",), ("A",), ("/tmp",), ("p",), ("key",))
    assert service.labels == {"x": "y", "z": None}
    assert service.logging
    assert (service.logging.driver, service.logging.options) == ("json-file", {"max-size": "10m"})


def test_limits_of_the_deploy_section() -> None:
    service = web("mem_limit: 0.5g", "deploy: {replicas: 3, resources: {limits: {memory: 512M, cpus: '2'}}}")
    assert (service.memory, service.cpus, service.replicas) == (512 << 20, 2.0, 3)


def test_health_checks() -> None:
    check = web("healthcheck: {test: curl -f http://x, interval: 1m, timeout: 500ms, retries: 3}").healthcheck
    assert check
    assert check.test == ("CMD-SHELL", "curl -f http://x")
    assert (
        check.interval_s,
        check.timeout_s,
        check.start_period_s,
        check.retries,
        check.disabled,
    ) == (60.0, 0.5, None, 3, False)
    for off in ("healthcheck: {disable: true}", "healthcheck: {test: [NONE]}"):
        disabled = web(off).healthcheck
        assert disabled
        assert disabled.disabled
    assert web().healthcheck is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("80", ("", 0, 0, 80, 80, "tcp")),
        ('"80/udp"', ("", 0, 0, 80, 80, "udp")),
        ('"8080:80"', ("", 8080, 8080, 80, 80, "tcp")),
        ('"127.0.0.1:8080:80/UDP"', ("127.0.0.1", 8080, 8080, 80, 80, "udp")),
        ('"127.0.0.1::80"', ("127.0.0.1", 0, 0, 80, 80, "tcp")),
        ('"[::1]:8080:80"', ("::1", 8080, 8080, 80, 80, "tcp")),
        ('"8000-8002:80-82"', ("", 8000, 8002, 80, 82, "tcp")),
        ('"8000-8002:80"', ("", 8000, 8002, 80, 80, "tcp")),
        ('"80-82"', ("", 0, 0, 80, 82, "tcp")),
        ("22:22", ("", 22, 22, 22, 22, "tcp")),
        ("{target: 80}", ("", 0, 0, 80, 80, "tcp")),
        ("{target: 80, published: '8080', host_ip: 10.0.0.1, protocol: udp}", ("10.0.0.1", 8080, 8080, 80, 80, "udp")),
        ("{target: 80, published: 8000-8002}", ("", 8000, 8002, 80, 80, "tcp")),
    ],
)
def test_ports_of_every_form(written: str, expected: tuple[str, int, int, int, int, str]) -> None:
    (port,) = web("ports:", f"  - {written}").ports
    assert expected == (port.host_ip, port.first, port.last, port.target, port.target_last, port.protocol)


@pytest.mark.parametrize(
    "written",
    [
        "x:80",
        "'80:'",
        "99999:80",
        "8001-8000:80",
        "8000-8002:80-81",
        "localhost:80:80",
        "80/icmp",
        "'::1:80:80'",
        "{published: 1}",
    ],
)
def test_ports_that_are_none_are_problems(written: str) -> None:
    (message,) = problems(f"services:\n  web:\n    image: x\n    ports:\n      - {written}\n")
    assert message


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("data:/var/lib", ("volume", "data", "/var/lib", False)),
        ("./a:/b:ro", ("bind", "./a", "/b", True)),
        ("/a:/b:z,ro", ("bind", "/a", "/b", True)),
        ("~/a:/b", ("bind", "~/a", "/b", False)),
        ("'C:\\a:/b'", ("bind", "C:\\a", "/b", False)),
        ("/only", ("volume", "", "/only", False)),
        ("{type: bind, source: ., target: /b, read_only: true}", ("bind", ".", "/b", True)),
        ("{type: tmpfs, target: /t}", ("tmpfs", "", "/t", False)),
    ],
)
def test_mounts_of_every_form(written: str, expected: tuple[str, str, str, bool]) -> None:
    (mount,) = web("volumes:", f"  - {written}").mounts
    assert expected == (mount.kind, mount.source, mount.target, mount.read_only)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("services: [a]", "services must be a mapping"),
        ("services: {web: text}", "services.web must be a mapping"),
        ("services: {web: }", "services.web must be a mapping, and it is empty"),
        ("services: {web: {image: [x]}}", "services.web.image must be text"),
        ("services: {web: {image: x, ports: text}}", "services.web.ports must be a list"),
        (
            "services: {web: {image: x, mem_limit: lots}}",
            'services.web.mem_limit: "lots" is not a size such as 512m or 2g',
        ),
        ("services: {web: {image: x, privileged: maybe}}", 'services.web.privileged: "maybe" is not true or false'),
        ("services: {web: {image: '${A'}}", "a ${ that is not closed"),
        ("web: {image: x}", 'a compose file has no "web" at the top'),
    ],
)
def test_problems_are_named_and_the_rest_is_read(text: str, said: str) -> None:
    assert said in problems(text + "\nx-more: 1\n")


def test_yaml_words_of_old_stay_text() -> None:
    service = web("environment: {A: yes, B: off, C: 22:22, D: 0x1F, E: ~}")
    assert service.environment == {"A": "yes", "B": "off", "C": "22:22", "D": "0x1F", "E": None}
    model = load_text("x-a: [0o17, 017, 1_000, .5, 1e3, true, null, on, 1:30]")
    assert model.value(("x-a",)) == [15, 15, 1000, 0.5, 1000.0, True, None, "on", "1:30"]


def test_anchors_and_merges() -> None:
    model = load_text(
        "x-base: &base {image: a, restart: always, labels: &l {k: v}}\n"
        "x-more: &more {image: b, user: u}\n"
        "services:\n  web:\n    <<: [*base, *more]\n    image: own\n  db: *more\n  q: {'<<': 1, image: x, labels: *l}\n"
    )
    service = model.services["web"]
    assert (service.image, service.restart, service.user) == ("own", "always", "u")
    assert model.services["db"].image == "b"
    assert model.services["q"].labels == {"k": "v"}


def test_unset_variables_have_exact_places() -> None:
    text = 'services:\n  web:\n    image: "a:${TAG}-${TAG}"\n    command: >-\n      run ${X}\n      $Y\n'
    model = load_text(text)
    assert [unset.name for unset in model.unset] == ["TAG", "TAG", "X", "Y"]
    source = model.sources["compose.0.yml"].text
    assert [source[u.place.start : u.place.end] for u in model.unset] == ["${TAG}", "${TAG}", "${X}", "$Y"]
    assert [str(unset.place) for unset in model.unset[:2]] == ["compose.0.yml:3:15", "compose.0.yml:3:22"]
    assert model.services["web"].image == "a:-"


def test_overrides_are_laid_over_as_compose_does() -> None:
    base = """
services:
  web:
    image: a
    command: [one, two]
    environment: [A=1, B=2]
    labels: {l: 1}
    ports: ["80:80"]
    volumes: ["./a:/data", "./b:/other"]
    networks: [one]
    depends_on: [db]
    dns: [1.1.1.1]
    healthcheck: {test: [CMD, old], retries: 3}
    logging: {driver: json-file, options: {max-size: 1m}}
    user: keep
  db: {image: d}
networks: {one: , two: }
"""
    upper = """
services:
  web:
    command: [three]
    environment: {B: 3, C: 4}
    labels: [m=2]
    ports: ["80:80", "81:81"]
    volumes: ["./c:/data"]
    networks: {two: {aliases: [x]}}
    depends_on: {q: {condition: service_healthy}}
    dns: [2.2.2.2]
    healthcheck: {test: [CMD, new]}
    logging: {driver: local}
  q: {image: q}
"""
    model = load_text(base, upper)
    assert model.problems == ()
    service = model.services["web"]
    assert (service.image, service.user, service.command) == ("a", "keep", ("three",))
    assert service.environment == {"A": "1", "B": "3", "C": "4"}
    assert service.labels == {"l": "1", "m": "2"}
    assert [port.first for port in service.ports] == [80, 81]
    assert {mount.target: mount.source for mount in service.mounts} == {"/data": "./c", "/other": "./b"}
    assert service.networks == ("one", "two")
    assert {d.service: d.condition for d in service.depends_on} == {"db": "service_started", "q": "service_healthy"}
    assert model.value(("services", "web", "dns")) == ["1.1.1.1", "2.2.2.2"]
    assert service.healthcheck
    assert (service.healthcheck.test, service.healthcheck.retries) == (("CMD", "new"), 3)
    assert service.logging
    assert (service.logging.driver, service.logging.options) == ("local", {})


def test_reset_and_override_tags() -> None:
    base = "services: {web: {image: a, user: u, ports: ['80:80', '81:81'], environment: {A: 1, B: 2}}}"
    upper = "services: {web: {user: !reset null, ports: !override ['90:90'], environment: {A: !reset null}}}"
    service = load_text(base, upper).services["web"]
    assert (service.user, [port.first for port in service.ports], service.environment) == ("", [90], {"B": "2"})
    assert load_text("services: {web: {image: a, user: !reset u}}").services["web"].user == ""


def test_documents_of_one_file_are_merged() -> None:
    model = load_text("services: {web: {image: a}}\n---\nservices: {web: {user: u}}\n")
    assert (model.services["web"].image, model.services["web"].user) == ("a", "u")


def test_declared_resources() -> None:
    model = load_text(
        "name: shop\nservices: {web: {image: x}}\n"
        "networks: {front: {external: true, name: proxy}}\nvolumes: {data: {driver: local, labels: {a: b}}, old: }\n"
        "secrets: {key: {file: ./key.txt}}\nconfigs: {conf: {external: {name: c}}}\n"
    )
    assert model.name == "shop"
    assert (model.networks["front"].external, model.networks["front"].name) == (True, "proxy")
    assert (model.volumes["data"].driver, model.volumes["data"].labels) == ("local", {"a": "b"})
    assert model.secrets["key"].file == "./key.txt"
    assert model.configs["conf"].name == "c"


def test_secret_values_are_not_in_the_words_for_people() -> None:
    model = load_text("services: {web: {image: x, environment: {PASSWORD: hunter2hunter2}}}")
    assert "hunter2" not in repr(model.services["web"])
    assert "hunter2" not in repr(model.documents[0].source)
