"""What the host makes of targets, of the kernel's tables and of the words of tools inside a container."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.host.inside import MOST_SETTINGS, Failed, refuse_outside, settings_file
from docker_agent.host.models import Container, Listener, Reach
from docker_agent.host.namespace import Target, listening, process_here, reach, target_of

HEAD = "  sl  local_address rem_address   st\n"
TCP = HEAD + "   0: 0100007F:0050 00000000:0000 0A 0:0\n   1: 0100007F:1F90 0200007F:0051 01 0:0\n"
TCP6 = HEAD + "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0\n"
UDP = HEAD + "   0: 00000000:0035 00000000:0000 07 0:0\n"
WEB = Container(id="a" * 64, name="web", image="x", status="running")


def asked(target: str, *answers: tuple[int, str]) -> Reach:
    """What a probe by a tool says after these answers, one for each command."""
    left = list(answers)
    return reach(WEB, target, 2.0, pid=0, execute=lambda _argv: left.pop(0))


def test_targets_are_read_and_others_refused() -> None:
    assert target_of("tcp://db:5432") == Target("tcp", "db", 5432)
    assert target_of("http://api:8080/health?x=1") == Target("http", "api", 8080, "/health?x=1")
    assert target_of("http://[::1]") == Target("http", "::1", 80, "/")
    assert target_of("dns:db.internal") == Target("dns", "db.internal")
    for wrong in ("", "db", "tcp://db", "tcp://db:99999", "dns:", "dns:-x", "dns:a b", "https://a/", "http://u:p@a/"):
        with pytest.raises(InputError, match="cannot be asked"):
            target_of(wrong)
    with pytest.raises(InputError, match="does not run"):
        reach(WEB.model_copy(update={"status": "exited"}), "dns:db", 1.0, pid=0, execute=lambda _argv: (0, ""))


def test_sockets_are_read_from_the_kernels_tables() -> None:
    tables = {"tcp": (0, TCP), "tcp6": (0, TCP6), "udp": (0, UDP), "udp6": (1, "cat: no such file")}

    def cat(argv: Sequence[str]) -> tuple[int, str]:
        return tables[argv[1].rpartition("/")[2]]

    assert listening(WEB, pid=0, execute=cat) == [
        Listener(ip="0.0.0.0", port=53, protocol="udp"),  # noqa: S104
        Listener(ip="127.0.0.1", port=80),
        Listener(ip="::", port=80),
    ]
    with pytest.raises(InputError, match="cannot be read"):
        listening(WEB, pid=0, execute=lambda _argv: (126, "no such file"))


def test_words_of_tools_become_one_failure() -> None:
    refused = "nc: can't connect to remote host (172.16.1.2): Connection refused"
    assert asked("tcp://db:1", (1, refused)).failure == "refused"
    assert asked("tcp://db:1", (1, "nc: bad address 'db'")).failure == "name not found"
    assert asked("tcp://db:1", (1, "bash: connect: Network is unreachable")).failure == "no route"
    assert asked("tcp://db:1", (143, "")).failure == "timeout"
    assert asked("dns:db", (0, refused)).addresses == ("172.16.1.2",)
    answer = asked("http://db/", (0, "172.16.1.2 STREAM db"), (0, "HTTP/1.1 404 Not Found\r\n"))
    assert (answer.status, answer.failure) == (404, "")
    with pytest.raises(InputError, match="no way into the network"):
        asked("tcp://db:1", (127, "OCI runtime exec failed"))


def test_http_is_only_asked_of_local_networks() -> None:
    assert asked("http://a.example/", (0, "93.184.215.14 STREAM")).failure == "not asked"
    assert asked("http://a.example/", (0, "")).failure == "not asked"
    assert asked("http://a.example/", (1, "bad address")).failure == "name not found"
    refuse_outside(["10.0.0.1", "127.0.0.1", "::1", "fd00::1", "192.168.1.1"])
    clouds = ("169.254.169.254", "100.100.100.200", "::ffff:100.100.100.200", "fd00:ec2::254", "fe80::1")
    for address in (*clouds, "::ffff:169.254.169.254", "8.8.8.8", "2606:4700::1"):
        with pytest.raises(Failed):
            refuse_outside([address])


def test_a_process_is_only_taken_for_a_containers_where_it_is() -> None:
    state = WEB.model_copy(update={"raw": {"State": {"Pid": 1}}})
    assert process_here(state, "unix:///var/run/docker.sock") == 0
    assert process_here(state, "tcp://10.0.0.1:2375") == 0
    assert process_here(WEB, "unix:///var/run/docker.sock") == 0


def test_no_link_of_a_container_leads_to_a_file_of_the_host(tmp_path: Path) -> None:
    root, secret = tmp_path / "root", tmp_path / "outside"
    (root / "etc").mkdir(parents=True)
    secret.mkdir()
    (secret / "hosts").write_text("secret")
    (root / "etc/hosts").write_text("x" * (MOST_SETTINGS + 1))
    assert len(settings_file("", root, "hosts")) == MOST_SETTINGS
    assert settings_file(str(secret / "hosts"), root, "hosts") == "secret"
    (root / "etc/resolv.conf").symlink_to(secret / "hosts")
    with pytest.raises(Failed, match="link"):
        settings_file("", root, "resolv.conf")
    (root / "etc").rename(root / "before")
    (root / "etc").symlink_to(secret)
    with pytest.raises(Failed, match="link"):
        settings_file("", root, "hosts")
    with pytest.raises(Failed, match="no plain file"):
        settings_file(str(root / "before"), root, "hosts")
