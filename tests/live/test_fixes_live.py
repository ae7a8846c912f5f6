"""Plans applied through the door on a real engine: each is verified, and what it mends is not found any more."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path

import pytest
from tests.command_line import make_place
from tests.doors import Watch
from tests.lab import fixtures
from tests.live.failures import Broken, broken_project, docker, examined

from docker_agent.app import Options, Session, open_session
from docker_agent.policy.approve import YesApprover
from docker_agent.policy.permit import Mode

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

IMAGE = "docker-agent-lab/busybox:1"
SLEEP = 'command: ["sleep", "600"]'
LATER = (("start", "{}"),)
HTTPD = 'command: ["httpd", "-f", "-p", "80"]'


def shell(script: str) -> str:
    """A command that runs a script and then stays, if it ended well."""
    return f'command: ["sh", "-c", \'{script} && exec sleep 600\']'


PROCESS = {
    "killed": Broken("exit-137-kill", SLEEP),
    "deaf": Broken("exit-137-stop-timeout", f"{SLEEP}, stop_grace_period: 1s"),
    "paused": Broken("paused", SLEEP, after=(("pause", "{}"),)),
    "fewfiles": Broken("nofile-runc", f"{SLEEP}, ulimits: {{nofile: 6}}"),
    "unmade": Broken("cmp-not-created", SLEEP, after=(("rm", "-f", "{}"),)),
    "badlog": Broken("log-opt", f"{SLEEP}, logging: {{driver: json-file, options: {{max-size: zz}}}}"),
    "child": Broken(
        "oom-child-exit0",
        shell("head -c 40000000 /dev/zero | tail -c 30000000 | wc -c") + ", mem_limit: 16m, memswap_limit: 16m",
    ),
}
# What befalls a service right before it is mended: the engine remembers its last 256 events only.
BEFORE = {"killed": "kill", "deaf": "stop"}
RIGHTS = {
    "job": Broken("restart-loop-exit0", 'command: ["true"], restart: always'),
    "shm": Broken("shm-full", shell("dd if=/dev/zero of=/dev/shm/x bs=1M count=80")),
    "tmpfs": Broken("tmpfs-full", shell("dd if=/dev/zero of=/d/x bs=1M count=2") + ', tmpfs: ["/d:size=1m"]'),
    "readonly": Broken("ro-rootfs", shell("echo x > /tmp/x") + ", read_only: true"),
    "chown": Broken("cap-chown", shell("chown 1:1 /etc/passwd") + ", cap_drop: [ALL]"),
    "lowport": Broken("low-port", f'{HTTPD}, user: "1000", sysctls: {{net.ipv4.ip_unprivileged_port_start: 1024}}'),
    "volume": Broken("perm-named-volume", shell("touch /d/x") + ', user: "1000", volumes: ["fresh:/d"]'),
    "strict": Broken(
        "perm-named-volume",
        shell("touch /d/x") + ', user: "1000:1000", volumes: ["strict:/d"], cap_drop: [ALL], read_only: true',
    ),
}
PORTS = {
    "faraway": Broken(
        "log-remote-down",
        f'{SLEEP}, logging: {{driver: fluentd, options: {{fluentd-address: "127.0.0.1:28798"}}}}',
    ),
    "taken": Broken("port-inuse-host", f'{HTTPD}, ports: ["127.0.0.1:28794:80"]', start=False),
    "freed": Broken("port-allocated", f'{HTTPD}, ports: ["127.0.0.1:28796:80"]', start=False),
    "hostnet": Broken(
        "port-hostnet", 'command: ["httpd", "-f", "-p", "28797"], network_mode: host, ports: ["28797:28797"]'
    ),
    "notool": Broken(
        "health-tool-missing-shell",
        'command: ["sh", "-c", "mkdir /w; echo hello > /w/index.html; exec httpd -f -p 80 -h /w"], '
        'healthcheck: {test: "curl -f http://localhost:80/", interval: 2s, retries: 1}',
    ),
}
NAMES = {
    "holder": Broken("", HTTPD),
    "bridge": Broken("dns-default-bridge", shell("nc holder 80 < /dev/null") + ", network_mode: bridge"),
    "apart": Broken("net-isolation", shell("nc holder 80 < /dev/null") + ", networks: [far]"),
    "first": Broken("", f"{SLEEP}, networks: {{fixed: {{ipv4_address: 10.213.77.9}}}}"),
    "second": Broken(
        "net-ip-used",
        f"{SLEEP}, networks: {{fixed: {{ipv4_address: 10.213.77.9, aliases: [two]}}}}",
        start=False,
        after=LATER,
    ),
    "halfway": Broken("cmp-half-made", f"{HTTPD}, init: true", start=False),
}


def session_of(root: Path, state: Path) -> Session:
    """A session whose every plan gets a yes."""
    return open_session(
        Options(root=root, mode=Mode(yes=True)),
        screen=Watch(),
        approver=YesApprover(),
        environment={**os.environ, **fixtures.engine_environment(), "DOCKER_AGENT_STATE": str(state)},
    )


@contextmanager
def taken_ports() -> Generator[None]:
    """A port that a process of the host holds all the time, and one that a container gave up after it was missed."""
    leaver = ("run", "-d", "--rm", "--name", "dalab-fixes-leaver", "-p", "127.0.0.1:28796:80", IMAGE, "sleep", "600")
    with socket.create_server(("127.0.0.1", 28794)):
        try:
            assert docker(*leaver).returncode == 0
            for service in ("taken", "freed"):
                docker("start", f"dalab-fixes-ports-{service}-1")
            docker("rm", "-f", "dalab-fixes-leaver")
            yield
        finally:
            docker("rm", "-f", "dalab-fixes-leaver")


PROJECTS: dict[str, tuple[Mapping[str, Broken], str, Callable[[], AbstractContextManager[None]]]] = {
    "process": (PROCESS, "", nullcontext),
    "rights": (RIGHTS, "volumes: {fresh: {}, strict: {}}\n", nullcontext),
    "ports": (PORTS, "", taken_ports),
    "names": (NAMES, "networks: {far: {}, fixed: {ipam: {config: [{subnet: 10.213.77.0/24}]}}}\n", nullcontext),
}


def mend_all(folder: Path, name: str) -> list[str]:
    """Mend every failure of a project, one after the other; what was not verified or is still found, in words."""
    services, more, holding = PROJECTS[name]
    root, wrong = folder / name, list[str]()
    root.mkdir()
    with broken_project(root, f"dalab-fixes-{name}", services, more=more) as workspace, holding():
        session = session_of(root, folder / f"state-{name}")
        for service, case in services.items():
            if case.code:
                if service in BEFORE:
                    docker(BEFORE[service], f"dalab-fixes-{name}-{service}-1")
                outcome = session.call("diagnose_fix", {"code": case.code, "service": service})
                if outcome.data.get("verified") is not True or outcome.exit_code:
                    wrong.append(f"{service} {case.code}: {outcome.data.get('done')} {outcome.error}")
        found = [f"{each.object} {each.code} is still found: {each.message}" for each in examined(workspace)]
    return wrong + found


def test_plans_of_many_kinds_are_verified_and_what_they_mend_is_gone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(len(PROJECTS)) as pool:
        wrong = [line for lines in pool.map(partial(mend_all, tmp_path), PROJECTS) for line in lines]
    assert not wrong, "\n".join(wrong)


def test_what_a_no_and_a_failed_check_leave_is_said_as_it_is(tmp_path: Path) -> None:
    root = tmp_path / "again"
    root.mkdir()
    twice = "echo x > /tmp/x && sleep 1 && echo y > /etc/y"
    broken = {"web": Broken("ro-rootfs", shell(twice) + ", read_only: true")}
    with broken_project(root, "dalab-fixes-again", broken, settle_s=2.0):
        place = make_place(root, "dalab-fixes-again", tmp_path / "state", fixtures.engine_environment())
        written, container = (root / "compose.yaml").read_text(), place.container("web")["Id"]

        code, shown = place.agent_at_terminal("n\n", "ask", "fix web, it does not start")
        assert code == 3, shown
        assert "so nothing was changed" in shown
        assert ((root / "compose.yaml").read_text(), place.container("web")["Id"]) == (written, container)

        told = place.agent_json("--yes", "ask", "fix web, it does not start")
        call = next(call for call in told["calls"] if call["tool"] == "diagnose_fix")
        assert (told["ok"], told["exit_code"], call["data"]["verified"]) == (False, 1, False), told["answer"]
        assert "\nNot verified" in told["answer"]
        assert "\nVerified" not in told["answer"]
        assert place.container("web")["Id"] != container
        assert "tmpfs: [/tmp]" in (root / "compose.yaml").read_text()
