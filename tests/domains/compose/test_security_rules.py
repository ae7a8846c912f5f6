from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import Rule
from docker_agent.domains.compose import all_rules, check_model
from docker_agent.project.compose.model import ComposeModel, load
from docker_agent.project.disk import LocalDisk
from docker_agent.project.edit.values import apply_edits

FILE = Path("/project/compose.yml")
RULES = {rule.code: rule for rule in all_rules()}


def model_of(text: str, **variables: str) -> ComposeModel:
    return load([FILE], read=lambda _: text.encode(), variables=variables)


def of(code: str, text: str, **variables: str) -> list[Finding]:
    return check_model(model_of(text, **variables), rules=[RULES[code]])


def web(lines: str, image: str = "app:1") -> str:
    return f"services:\n  web:\n    image: {image}\n" + "".join(f"    {line}\n" for line in lines.splitlines())


FLAGGED = [
    ("no_new_privileges", "security_opt: [label=type:container_t]"),
    ("no_new_privileges", "security_opt: ['no-new-privileges:false']"),
    ("no_new_privileges", "security_opt: [no-new-privileges=false]"),
    ("unbound_port", "ports: ['8080:80']"),
    ("unbound_port", "ports: ['8080']"),
    ("unbound_port", "ports: [8080]"),
    ("unbound_port", "ports: ['0.0.0.0:8080:80']"),
    ("unbound_port", "ports: ['[::]:8080:80']"),
    ("unbound_port", "ports: ['9000-9010:9000-9010']"),
    ("unbound_port", "ports: [{target: 80, published: '8080'}]"),
    ("unbound_port", "ports: [{target: 80, published: '8080', host_ip: 0.0.0.0}]"),
    ("unbound_port", "ports: ['${PORT:-8080}:80']"),
    ("sensitive_port_public", "ports: ['5432:5432']"),
    ("sensitive_port_public", "ports: ['15432:5432']"),
    ("sensitive_port_public", "ports: [{target: 6379, published: 6379}]"),
    ("sensitive_port_public", "ports: ['[::]:3306:3306']"),
    ("sensitive_port_public", "ports: ['27010-27020:27010-27020']"),
    ("privileged_port", "ports: ['22:22']"),
    ("privileged_port", "ports: ['127.0.0.1:631:631']"),
    ("privileged_port", "ports: ['514:5514/udp']"),
    ("cap_drop_all", "cap_drop: [NET_RAW, MKNOD]"),
    ("cap_host_exec", "cap_add: [ALL]"),
    ("cap_host_exec", "cap_add: [CAP_SYS_ADMIN]"),
    ("cap_host_exec", "cap_add: [sys_module]"),
    ("cap_host_exec", "cap_add: [SYS_PTRACE]\npid: host"),
    ("cap_host_adjacent", "cap_add: [NET_ADMIN]\nnetwork_mode: host"),
    ("cap_bounded", "cap_add: [NET_ADMIN]"),
    ("cap_bounded", "cap_add: [SYS_PTRACE]\npid: service:web"),
    ("cap_host_availability", "cap_add: [IPC_LOCK]"),
    ("cap_host_disclosure", "cap_add: [CAP_SYSLOG]"),
    ("read_only_root", "read_only: false"),
    ("host_network", "network_mode: host"),
    ("host_network", "network_mode: ${MODE:-host}"),
    ("host_namespace", "pid: host"),
    ("host_namespace", "ipc: host"),
    ("host_namespace", "userns_mode: host"),
    ("profile_disabled", "security_opt: ['seccomp:unconfined']"),
    ("profile_disabled", "security_opt: [seccomp=unconfined]"),
    ("profile_disabled", "security_opt: [apparmor=unconfined, seccomp=unconfined]"),
    ("profile_disabled", "security_opt: ['label:disable']"),
    ("profile_disabled", "security_opt: [systempaths=unconfined]"),
    ("sensitive_mount", "volumes: ['/:/host:ro']"),
    ("sensitive_mount", "volumes: ['/etc/:/host/etc:ro']"),
    ("sensitive_mount", "volumes: ['//var//lib/docker:/x:ro']"),
    ("sensitive_mount", "volumes: [{type: bind, source: /proc, target: /p, read_only: true}]"),
    ("sensitive_mount", "volumes: ['~/.aws:/root/.aws']"),
    ("sensitive_mount", "volumes: ['/home/anna/.ssh/id_ed25519:/key:ro']"),
    ("sensitive_mount", "volumes: ['/var/run/dbus:/run/dbus']"),
    ("writable_host_root", "volumes: ['/:/host']"),
    ("writable_host_root", "volumes: ['/etc:/etc:rw']"),
    ("writable_host_root", "volumes: ['/etc/cron.d:/x']"),
    ("writable_host_root", "volumes: [{type: bind, source: /root/.ssh, target: /x}]"),
    ("host_device", "devices: ['/dev/sda']"),
    ("host_device", "devices: ['/dev/nvme0n1:/dev/x:r']"),
    ("host_device", "devices: [{source: /dev/mem, target: /dev/mem}]"),
    ("host_device", "device_cgroup_rules: ['a *:* rwm']"),
    ("mount_propagation", "volumes: ['/mnt:/mnt:shared']"),
    ("mount_propagation", "volumes: [{type: bind, source: /mnt, target: /m, bind: {propagation: rslave}}]"),
    ("user_unset", "hostname: x"),
    ("tmpfs_options", "tmpfs: '/tmp:exec'"),
    ("tmpfs_options", "tmpfs: ['/run', '/tmp:size=1m,suid']"),
    ("cgroup_parent", "cgroup_parent: system.slice"),
    ("default_network", "network_mode: bridge"),
    ("env_file_risk", "env_file: [{path: ./config/.env.sample}]"),
    ("socket_mount", "volumes: ['${DOCKER_SOCK:-/var/run/docker.sock}:/x']"),
    ("socket_mount", "volumes: ['${DOCKER_SOCK}:/var/run/docker.sock:ro']"),
    ("socket_mount", "volumes: [{type: bind, source: '${DOCKER_SOCK}', target: /var/run/docker.sock}]"),
    ("socket_mount", "volumes: ['//var/run/docker.sock:/var/run/docker.sock']"),
    ("socket_mount", "volumes: ['/run/user/1000/docker.sock:/x']"),
    ("socket_mount", "volumes: ['~/.colima/default/docker.sock:/x']"),
    ("socket_mount", "volumes: ['/run/user/1000/podman/podman.sock:/x']"),
    ("socket_mount", "volumes: [{type: npipe, source: '\\\\.\\pipe\\docker_engine', target: '\\\\.\\pipe\\x'}]"),
    ("socket_mount", "volumes: ['/run/k3s/containerd:/x']"),
    ("socket_mount", "use_api_socket: true"),
    ("privileged_step", "build: {context: ., privileged: true}"),
    ("privileged_step", "build: {context: ., entitlements: [network.host, security.insecure]}"),
    ("privileged_step", "pre_stop: [{command: x, privileged: true}]"),
    ("docker_over_tcp", "environment: ['DOCKER_HOST=tcp://10.0.0.5:2375']"),
    ("docker_over_tcp", "environment: {DOCKER_HOST: 'tcp://[fd00::1]:2375'}"),
    ("docker_over_tcp", "environment: {DOCKER_HOST: 'tcp://host.docker.internal:2375'}"),
]

FINE = [
    ("no_new_privileges", "security_opt: [no-new-privileges]"),
    ("no_new_privileges", "security_opt: ['no-new-privileges: true']"),
    ("no_new_privileges", "security_opt: ['${OPTION}']"),
    ("unbound_port", "ports: ['127.0.0.1:8080:80']"),
    ("unbound_port", "ports: ['[::1]:8080:80']"),
    ("unbound_port", "ports: ['192.168.1.2::80']"),
    ("unbound_port", "ports: ['80:8080', '443:8443/tcp', '443:8443/udp', '53:5353/udp']"),
    ("unbound_port", "ports: [{target: 80, published: 8080, host_ip: '::1'}]"),
    ("unbound_port", "ports: ['${PORT}:80']"),
    ("unbound_port", "ports: ['8080:80']\nnetwork_mode: host"),
    ("unbound_port", "ports: ['5432:5432']"),
    ("sensitive_port_public", "ports: ['127.0.0.1:5432:5432']"),
    ("sensitive_port_public", "ports: ['5432:80']"),
    ("sensitive_port_public", "ports: ['9200:9200']"),
    ("sensitive_port_public", "expose: ['5432']"),
    ("privileged_port", "ports: ['80:80', '443:443', '25:25', '8022:22']"),
    ("privileged_port", "ports: ['22']"),
    ("cap_drop_all", "cap_drop: ['all']"),
    ("cap_drop_all", "cap_drop: [CAP_ALL]"),
    ("cap_host_exec", "cap_add: [NET_BIND_SERVICE, CHOWN, SETUID]"),
    ("cap_host_exec", "cap_add: ['${CAPABILITY}']"),
    ("cap_host_exec", "cap_drop: [SYS_ADMIN]"),
    ("cap_bounded", "cap_add: [NET_ADMIN]\nnetwork_mode: host"),
    ("read_only_root", "read_only: true"),
    ("read_only_root", "read_only: ${READ_ONLY}"),
    ("host_network", "network_mode: none"),
    ("host_network", "network_mode: ${MODE}"),
    ("host_namespace", "ipc: shareable\npid: service:web"),
    ("profile_disabled", "security_opt: [seccomp=./seccomp.json, apparmor=docker-default]"),
    ("sensitive_mount", "volumes: ['/etc/localtime:/etc/localtime:ro', '/etc/pihole:/etc/pihole', '/home/anna/x:/x']"),
    ("sensitive_mount", "volumes: ['etc:/etc', './etc:/etc', '/etc:/etc']\n"),
    ("sensitive_mount", "volumes: ['/srv:/srv', '/mnt/home:/home', '/rooted:/x', '/lib/modules:/lib/modules:ro']"),
    ("writable_host_root", "volumes: ['/etc:/etc:ro', '/etc/nginx:/etc/nginx', '/usr/share/x:/x', '/var/log:/l']"),
    ("writable_host_root", "volumes: [{type: bind, source: /, target: /host, read_only: true}]"),
    ("host_device", "devices: ['/dev/dri', '/dev/net/tun', '/dev/ttyUSB0', 'nvidia.com/gpu=all']"),
    ("host_device", "device_cgroup_rules: ['c 188:* rmw']"),
    ("mount_propagation", "volumes: ['/:/host:ro,rslave', '/x:/x:rprivate', 'shared:/y']"),
    ("user_unset", "user: ${UID_}"),
    ("user_unset", "environment: [PUID=1000]"),
    ("user_unset", "build: ."),
    ("tmpfs_options", "tmpfs: '/exec'"),
    ("tmpfs_options", "tmpfs: ['/tmp:noexec,nosuid,nodev', '/run:mode=755']"),
    ("cgroup_parent", "cgroup_parent: ${PARENT}"),
    ("default_network", "network_mode: none"),
    ("env_file_risk", "env_file: .env"),
    ("socket_mount", "volumes: ['${DATA}:/data', './docker.sock:/x', 'docker.sock:/y']"),
    ("socket_mount", "use_api_socket: false"),
    ("privileged_step", "post_start: [{command: x, privileged: false}, {command: y, user: root}]"),
    ("privileged_step", "privileged: true"),
    ("docker_over_tcp", "environment: {DOCKER_HOST: 'tcp://socket-proxy:2375'}"),
    ("docker_over_tcp", "environment: {DOCKER_HOST: 'tcp://127.0.0.1:2375'}"),
    ("docker_over_tcp", "environment: {DOCKER_HOST: 'tcp://10.0.0.5:2376', OTHER: 1}"),
    ("docker_over_tcp", "environment: {DOCKER_HOST: 'ssh://root@10.0.0.5'}"),
    ("docker_over_tcp", "environment: {DOCKER_HOST: '${HOST_OF_ENGINE}'}"),
    ("docker_over_tcp", "environment: [DOCKER_HOST]"),
]


def test_each_rule_is_about_something_that_is_there() -> None:
    for code in {code for code, _ in [*FLAGGED, *FINE]}:
        assert RULES[code].area == "security"


@pytest.mark.parametrize(("code", "lines"), FLAGGED)
def test_flagged(code: str, lines: str) -> None:
    (finding,) = of(code, web(lines))
    assert (code, "web") == (finding.code, finding.object)
    assert finding.message.startswith(("web ", "What ", "The build of web", "A pre_stop hook of web"))


@pytest.mark.parametrize(("code", "lines"), FINE)
def test_fine(code: str, lines: str) -> None:
    assert of(code, web(lines)) == []


@pytest.mark.parametrize(
    ("code", "image", "lines"),
    [
        ("cap_host_exec", "ghcr.io/analogj/scrutiny:v0.8", "cap_add: [SYS_RAWIO]"),
        ("cap_host_adjacent", "crazymax/fail2ban:1.1.0", "cap_add: [NET_ADMIN]\nnetwork_mode: host"),
        ("cap_host_availability", "hashicorp/vault:1.20", "cap_add: [IPC_LOCK]"),
        ("host_network", "ghcr.io/home-assistant/home-assistant:2026.10", "network_mode: host"),
        ("host_network", "plexinc/pms-docker", "network_mode: host"),
        ("host_namespace", "quay.io/prometheus/node-exporter:v1.9.1", "pid: host"),
        ("host_namespace", "app:1", "uts: host"),
        ("profile_disabled", "lscr.io/linuxserver/firefox:1", "security_opt: ['seccomp:unconfined']"),
        ("sensitive_mount", "gcr.io/cadvisor/cadvisor:v0.52.1@sha256:" + "0" * 64, "volumes: ['/:/rootfs:ro']"),
        ("host_device", "ghcr.io/analogj/scrutiny:v0.8", "devices: ['/dev/sda', '/dev/sdb']"),
        ("socket_mount", "portainer/portainer-ce:2.33", "volumes: ['/var/run/docker.sock:/var/run/docker.sock']"),
        ("socket_mount", "tecnativa/docker-socket-proxy:v0.4.1", "volumes: ['/var/run/docker.sock:/d.sock:ro']"),
    ],
)
def test_what_an_image_is_made_for_is_a_remark(code: str, image: str, lines: str) -> None:
    (finding,) = of(code, web(lines, image))
    assert Severity.INFO is finding.severity
    (other,) = of(code, web(lines, "other:1")) if image != "app:1" else [finding]
    assert other.severity is (RULES[code].severity if image != "app:1" else Severity.INFO)


@pytest.mark.parametrize(
    ("image", "flagged"),
    [
        ("redis:alpine", True),
        ("mariadb:lts", True),
        ("shop/app:production", True),
        ("${REGISTRY}/app:latest", True),
        ("${REGISTRY}/app:${TAG}", False),
        ("${REGISTRY}/app:1.4", False),
        ("${IMAGE}", False),
        ("redis:8-alpine", False),
        ("debian:bookworm-slim", False),
        ("python:bookworm", True),
        ("app@sha256:" + "a" * 64, False),
    ],
)
def test_tags_that_move(image: str, flagged: bool) -> None:
    assert flagged == bool(of("unpinned_image", f"services:\n  web:\n    image: {image}\n"))


def test_a_digest_is_asked_for_only_where_there_is_a_version() -> None:
    images = ["app", "app:latest", "redis:alpine", "${REGISTRY}/app:1", "app:1@sha256:" + "a" * 64]
    assert [of("image_digest", f"services:\n  web:\n    image: {image}\n") for image in images] == [[]] * 5
    assert len(of("image_digest", "services:\n  web:\n    image: localhost:5000/app:1\n")) == 1


def test_images_that_ask_to_be_privileged_are_told_what_does_with_less() -> None:
    (finding,) = of("privileged_mode", web("privileged: true", "ghcr.io/blakeblackshear/frigate:0.16.0"))
    assert finding.severity is Severity.WARN
    assert "/dev/dri" in finding.fix
    (other,) = of("privileged_mode", web("privileged: true"))
    assert other.severity is Severity.ERROR


def test_an_engine_in_a_container_without_certificates_is_a_remark() -> None:
    (finding,) = of("docker_over_tcp", web("environment: {DOCKER_TLS_CERTDIR: ''}", "docker:28-dind"))
    assert finding.severity is Severity.INFO
    assert of("docker_over_tcp", web("environment: {DOCKER_TLS_CERTDIR: ''}", "docker:28-cli")) == []
    assert of("docker_over_tcp", web("environment: {DOCKER_TLS_CERTDIR: /certs}", "docker:28-dind")) == []


@pytest.mark.parametrize(
    "lines",
    [
        "environment: {POSTGRES_HOST_AUTH_METHOD: trust}",
        "environment: [xpack.security.enabled=false]",
        "environment: {xpack.security.enabled: false}",
        "environment: {MYSQL_ALLOW_EMPTY_PASSWORD: 'yes'}",
        "command: --api.insecure=true --providers.docker",
        "command: [mysqld, --skip-grant-tables]",
        "command: redis-server --protected-mode no",
        "command: start-notebook.sh --NotebookApp.token=''",
        "entrypoint: [code-server, --auth, none]",
    ],
)
def test_servers_without_a_password(lines: str) -> None:
    (inner,) = of("auth_disabled", web(lines))
    (local,) = of("auth_disabled", web(f"{lines}\nports: ['127.0.0.1:8080:8080']"))
    (public,) = of("auth_disabled", web(f"{lines}\nports: ['8080:8080']"))
    (host,) = of("auth_disabled", web(f"{lines}\nnetwork_mode: host"))
    assert [each.severity for each in (inner, local, public, host)] == [*[Severity.INFO] * 2, *[Severity.WARN] * 2]


def test_a_dashboard_is_open_where_its_own_port_is() -> None:
    (finding,) = of("auth_disabled", web("command: ['--ping', '--api.insecure=true']\nports: ['80:80', '443:443']"))
    assert finding.severity is Severity.INFO
    assert finding.evidence[0].where == "compose.yml:4:25"


@pytest.mark.parametrize(
    "lines",
    [
        "environment: {POSTGRES_HOST_AUTH_METHOD: scram-sha-256}",
        "environment: {xpack.security.enabled: true}",
        "environment: {MYSQL_ALLOW_EMPTY_PASSWORD: 'yes', MYSQL_ROOT_PASSWORD: '${PASSWORD}x'}",
        "environment: {MYSQL_ALLOW_EMPTY_PASSWORD: ''}",
        "environment: {NEO4J_AUTH: '${AUTH}'}",
        "command: --api.insecure=false",
        "command: start-notebook.sh --NotebookApp.token='abc'",
        "command: echo --noauthority",
    ],
)
def test_servers_with_a_password(lines: str) -> None:
    assert of("auth_disabled", web(f"{lines}\nports: ['8080:8080']")) == []


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("oom_score_adj: -1000", "outlives the engine"),
        ("oom_score_adj: -500", "outlives the engine"),
        ("oom_kill_disable: true", "last memory"),
        ("oom_kill_disable: true\nmem_limit: 1g", "hangs"),
        ("oom_score_adj: -499", ""),
        ("oom_score_adj: 500", ""),
        ("oom_score_adj: ${SCORE}", ""),
        ("oom_kill_disable: false", ""),
    ],
)
def test_services_that_go_last(lines: str, words: str) -> None:
    found = of("oom_protected", web(lines))
    assert bool(words) == bool(found)
    assert all(words in finding.message for finding in found)


def test_capabilities_that_another_one_holds_are_not_told_again() -> None:
    codes = [code for code in RULES if code.startswith("cap_") and code != "cap_drop_all"]
    for added, told in (("NET_ADMIN, ALL, SYS_ADMIN, SYSLOG", "ALL"), ("SYS_ADMIN, CAP_SYS_ADMIN", "SYS_ADMIN")):
        (found,) = [each for code in codes for each in of(code, web(f"cap_add: [{added}]"))]
        assert f"has {told}, which" in found.message


def test_a_vpn_may_change_its_own_network() -> None:
    assert of("cap_bounded", web("cap_add: [NET_ADMIN]", "lscr.io/linuxserver/wireguard:latest")) == []


def test_some_are_worse_than_their_rule() -> None:
    (finding,) = of("sensitive_port_public", web("ports: ['2375:2375']", "docker:28-dind"))
    assert Severity.ERROR is finding.severity
    assert Severity.ERROR is RULES["cap_host_exec"].production
    assert Severity.ERROR is RULES["writable_host_root"].production


@pytest.mark.parametrize("image", ["elasticsearch:9.1.4", "opensearchproject/opensearch:3"])
def test_ports_that_others_use_too_go_by_the_name(image: str) -> None:
    assert len(of("sensitive_port_public", web("ports: ['9200:9200']", image))) == 1


def test_readers_of_the_socket_are_told_the_switches() -> None:
    (finding,) = of("socket_mount", web("volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']", "traefik:3.7"))
    assert "CONTAINERS=1" in finding.fix
    assert Severity.WARN is finding.severity


def test_volumes_that_are_folders_of_the_host() -> None:
    volume = (
        "volumes:\n  data:\n    driver_opts: {{type: none, o: '{}', device: {}}}\n"
        "services:\n  web:\n    image: app:1\n    volumes: ['data:/data{}']\n"
    )
    assert len(of("socket_mount", volume.format("bind", "/var/run/docker.sock", ""))) == 1
    assert len(of("writable_host_root", volume.format("bind", "/etc", ""))) == 1
    assert of("writable_host_root", volume.format("bind,ro", "/etc", "")) == []
    assert len(of("sensitive_mount", volume.format("rbind", "/etc", ":ro"))) == 1
    assert of("sensitive_mount", volume.format("addr=10.0.0.1", "/etc", ":ro")) == []


def test_a_network_may_bind_published_ports() -> None:
    bound = (
        web("ports: ['8080:80', '5432:5432']\nnetworks: [inner]")
        + "networks:\n  inner:\n    driver_opts:\n      com.docker.network.bridge.host_binding_ipv4: "
    )
    assert of("unbound_port", bound + "127.0.0.1\n") == of("sensitive_port_public", bound + "127.0.0.1\n") == []
    assert len(of("unbound_port", bound + "0.0.0.0\n")) == 1


def test_one_finding_names_all_ports_and_their_places() -> None:
    (finding,) = of("unbound_port", web("ports: ['8080:80', '127.0.0.1:1:1', '9090', '161:161/udp']"))
    assert "publishes 8080, a random port for 9090, 161/udp on" in finding.message
    assert [evidence.where for evidence in finding.evidence] == [f"compose.yml:4:{n}" for n in (13, 41, 49)]


def test_anchors_point_at_where_the_value_is_written() -> None:
    text = "x-opts: &opts\n  cap_add: [SYS_ADMIN]\nservices:\n  web:\n    <<: *opts\n    image: app:1\n"
    (finding,) = of("cap_host_exec", text)
    assert finding.evidence[0].where == "compose.yml:2:13"


def test_extends_in_the_same_file_inherits_the_fault() -> None:
    text = "services:\n  web:\n    extends: base\n    image: app:1\n  base:\n    image: app:1\n    pid: host\n"
    found = of("host_namespace", text)
    assert [(finding.object, finding.evidence[0].where) for finding in found] == [
        ("web", "compose.yml:7:10"),
        ("base", "compose.yml:7:10"),
    ]


def test_a_hardened_base_hardens_who_extends_it() -> None:
    base = (
        "  base:\n    image: app:1\n    cap_drop: [ALL]\n    read_only: true\n    security_opt: [no-new-privileges]\n"
    )
    text = f"services:\n  web:\n    extends: {{service: base}}\n{base}"
    assert [of(code, text) for code in ("cap_drop_all", "read_only_root", "no_new_privileges")] == [[], [], []]


@pytest.mark.parametrize(
    ("environment", "flagged"),
    [
        ("{CONTAINERS: 1, POST: 1}", True),
        ("[CONTAINERS=1, POST=true]", True),
        ("{SERVICES: 1, POST: 1}", True),
        ("{SP_ALLOW_POST: '.*'}", True),
        ("{CONTAINERS: 1}", False),
        ("{CONTAINERS: 1, POST: 0}", False),
        ("{CONTAINERS: 1, POST: '${POST}'}", False),
        ("{NETWORKS: 1, POST: 1}", False),
    ],
)
def test_socket_proxies(environment: str, flagged: bool) -> None:
    text = web(f"environment: {environment}", "tecnativa/docker-socket-proxy:v0.4.1")
    assert flagged == bool(of("socket_proxy_open", text))
    assert of("socket_proxy_open", web(f"environment: {environment}")) == []


def test_volumes_with_one_writer_are_not_shared() -> None:
    text = (
        "services:\n"
        "  a: {image: a, volumes: ['vol:/v', 'vol:/w']}\n"
        "  b: {image: b, volumes: ['vol:/v:ro']}\n"
        "volumes: {vol: }\n"
    )
    assert of("shared_volume", text) == []
    (finding,) = of("shared_volume", text.replace(":ro", ""))
    assert (finding.object, len(finding.evidence)) == ("vol", 2)


def test_a_proxy_apart_from_the_data_is_fine() -> None:
    text = (
        "services:\n"
        "  proxy: {image: 'nginx:1.29', networks: [front]}\n"
        "  app: {image: 'app:1', networks: [front, back]}\n"
        "  db: {image: 'postgres:17.2', networks: [back]}\n"
        "networks: {front: , back: }\n"
    )
    assert of("default_network", text) == []
    (finding,) = of("default_network", text.replace("networks: [back]}", "networks: [back, front]}"))
    assert "proxy shares a network with db" in finding.message
    assert of("default_network", text.replace("postgres:17.2", "other:1").replace("[back]", "[front]")) == []


def mended(code: str, text: str) -> str:
    model = model_of(text)
    rule = RULES[code]
    (finding,) = check_model(model, rules=[rule])
    assert rule.mend
    after = apply_edits(text, rule.mend(model, finding))
    assert check_model(model_of(after), rules=[rule]) == []
    return after


MENDED = [
    ("no_new_privileges", "user: x", "user: x\nsecurity_opt:\n  - no-new-privileges:true"),
    ("no_new_privileges", "security_opt: [label=type:x]", "security_opt: [label=type:x, no-new-privileges=true]"),
    (
        "no_new_privileges",
        "security_opt:  # why\n  - label=type:x  # kept",
        "security_opt:  # why\n  - label=type:x  # kept\n  - no-new-privileges=true",
    ),
    ("no_new_privileges", "security_opt: ['no-new-privileges:false']", "security_opt: ['no-new-privileges:true']"),
    ("no_new_privileges", "security_opt: [no-new-privileges=false]", "security_opt: [no-new-privileges:true]"),
    ("unbound_port", "ports: ['8080:80', \"9:9/udp\"]", "ports: ['127.0.0.1:8080:80', \"127.0.0.1:9:9/udp\"]"),
    ("unbound_port", "ports:\n  - 8080  # page", "ports:\n  - 127.0.0.1::8080  # page"),
    ("unbound_port", "ports: ['${P:-8080}:80']", "ports: ['127.0.0.1:${P:-8080}:80']"),
    ("unbound_port", "ports: ['0.0.0.0:8080:80']", "ports: ['127.0.0.1:8080:80']"),
    ("unbound_port", "ports: ['[::]:8080:80']", "ports: ['127.0.0.1:8080:80']"),
    (
        "unbound_port",
        "ports:\n  - target: 80\n    published: 8080",
        "ports:\n  - target: 80\n    published: 8080\n    host_ip: 127.0.0.1",
    ),
    (
        "unbound_port",
        "ports: [{target: 80, published: 8080, host_ip: 0.0.0.0}]",
        "ports: [{target: 80, published: 8080, host_ip: 127.0.0.1}]",
    ),
    ("profile_disabled", "user: x\nsecurity_opt: ['seccomp:unconfined']", "user: x"),
    (
        "profile_disabled",
        "security_opt:\n  - no-new-privileges:true  # kept\n  - seccomp:unconfined",
        "security_opt:\n  - no-new-privileges:true  # kept",
    ),
    (
        "profile_disabled",
        "security_opt: ['seccomp:unconfined', 'label:disable', no-new-privileges]",
        "security_opt: [no-new-privileges]",
    ),
    ("tmpfs_options", "tmpfs: '/tmp:exec'  # fast", "tmpfs: '/tmp'  # fast"),
    ("tmpfs_options", "tmpfs: [/a:exec, '/b:rw,suid,size=1m']", "tmpfs: [/a, '/b:rw,size=1m']"),
    ("read_only_root", "tmpfs: [/x]", "tmpfs: [/x]\nread_only: true"),
    ("read_only_root", "read_only: false", "read_only: true\ntmpfs:\n  - /tmp"),
    ("cap_drop_all", "cap_drop: [MKNOD]", "cap_drop:\n  - ALL"),
    ("writable_host_root", "volumes: ['/lib/modules:/lib/modules']", "volumes: ['/lib/modules:/lib/modules:ro']"),
    ("writable_host_root", "volumes: ['/lib/modules:/lib/modules:rw']", "volumes: ['/lib/modules:/lib/modules:ro']"),
    ("writable_host_root", "volumes: ['/lib/modules:/m:z']", "volumes: ['/lib/modules:/m:z,ro']"),
]


@pytest.mark.parametrize(("code", "before", "after"), MENDED)
def test_fixes_change_only_what_they_mean(code: str, before: str, after: str) -> None:
    assert web(after) == mended(code, web(before))


@pytest.mark.parametrize("code", ["no_new_privileges", "cap_drop_all", "read_only_root"])
def test_what_is_added_to_a_base_is_not_added_twice(code: str) -> None:
    text = "services:\n  web:\n    extends: {service: base}\n  base:\n    image: app:1\n"
    model, rule = model_of(text), RULES[code]
    derived, base = check_model(model, rules=[rule])
    assert rule.mend
    assert (derived.object, list(rule.mend(model, derived))) == ("web", [])
    after = apply_edits(text, rule.mend(model, base))
    assert check_model(model_of(after), rules=[rule]) == []


def test_known_images_get_back_what_they_need() -> None:
    after = mended("cap_drop_all", web("restart: always", "postgres:17.2"))
    assert model_of(after).services["web"].cap_add == ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
    assert model_of(mended("cap_drop_all", web("user: '70'", "postgres:17.2"))).services["web"].cap_add == ()
    nginx = mended("read_only_root", web("volumes: ['cache:/var/cache/nginx']", "nginx:1.29"))
    assert model_of(nginx).services["web"].tmpfs == ("/tmp", "/run")


def test_a_mount_that_somebody_may_need_is_left() -> None:
    rule: Rule = RULES["writable_host_root"]
    model = model_of(web("volumes: ['/etc:/etc']"))
    (finding,) = check_model(model, rules=[rule])
    assert rule.mend
    assert list(rule.mend(model, finding)) == []


def index_of(*names: str) -> bytes:
    """A Git index of version 2 with these paths."""
    entries = b""
    for name in names:
        entry = bytes(60) + len(name).to_bytes(2) + name.encode()
        entries += entry + b"\0" * (8 - len(entry) % 8)
    return b"DIRC" + (2).to_bytes(4) + len(names).to_bytes(4) + entries + bytes(20)


def env_findings(root: Path) -> list[Finding]:
    file = root / "deploy" / "compose.yml"
    model = load([file], read=Path.read_bytes, variables={}, root=root, disk=LocalDisk())
    return check_model(model, rules=[RULES["env_file_risk"]])


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "deploy").mkdir()
    (tmp_path / ".git" / "index").write_bytes(index_of("README.md", "deploy/compose.yml"))
    (tmp_path / "deploy" / "compose.yml").write_text(web("env_file: prod.env"))
    (tmp_path / "deploy" / "prod.env").write_text("DB_PASSWORD=xK9mQ2vL7pR4tW8z\nLOG_LEVEL=info\n")
    return tmp_path


def test_an_environment_file_in_the_repository(repository: Path) -> None:
    (repository / ".git" / "index").write_bytes(index_of("deploy/prod.env"))
    (finding,) = env_findings(repository)
    assert finding.message == "prod.env of web is in the repository and holds DB_PASSWORD."
    assert (finding.severity, finding.confidence) == (Severity.WARN, "certain")
    assert "xK9mQ2vL7pR4tW8z" not in str(finding)


def test_the_files_of_secrets_and_the_projects_own_variables(repository: Path) -> None:
    (repository / ".git" / "index").write_bytes(index_of("deploy/.env", "deploy/db.txt"))
    (repository / "deploy" / "compose.yml").write_text(web("secrets: [db]") + "secrets:\n  db:\n    file: ./db.txt\n")
    (repository / "deploy" / "db.txt").write_text("xK9mQ2vL7pR4tW8z")
    (repository / "deploy" / ".env").write_text("API_TOKEN=xK9mQ2vL7pR4tW8z\nTAG=1\n")
    secret, variables = sorted(env_findings(repository), key=lambda finding: finding.object, reverse=True)
    assert secret.message == "./db.txt of db is in the repository and holds the secret db."
    assert secret.evidence[0].where == "deploy/compose.yml:7:11"
    assert variables.message == ".env is in the repository and holds API_TOKEN."


def test_an_environment_file_that_git_would_take(repository: Path) -> None:
    (finding,) = env_findings(repository)
    assert (finding.severity, finding.confidence) == (Severity.INFO, "likely")
    assert "is not ignored by Git" in finding.message


@pytest.mark.parametrize("pattern", ["*.env", "prod.env", "/deploy/prod.env", "deploy/", "!x\n# y\nprod.*"])
def test_an_ignored_environment_file_is_fine(repository: Path, pattern: str) -> None:
    (repository / ".gitignore").write_text(f"{pattern}\n")
    assert env_findings(repository) == []


def test_the_nearest_ignore_file_has_the_last_word(repository: Path) -> None:
    (repository / ".gitignore").write_text("*.env\n")
    (repository / "deploy" / ".gitignore").write_text("!prod.env\n")
    assert len(env_findings(repository)) == 1


def test_an_environment_file_without_secrets_or_repository_is_fine(repository: Path) -> None:
    (repository / "deploy" / "prod.env").write_text("LOG_LEVEL=info\n")
    assert env_findings(repository) == []
    (repository / "deploy" / "prod.env").write_text("DB_PASSWORD=xK9mQ2vL7pR4tW8z\n")
    (repository / ".git" / "index").unlink()
    assert env_findings(repository) == []
