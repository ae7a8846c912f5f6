"""What all rules together say: the noise on good files, and one finding for one fault."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from evals.compose_samples import sample

from docker_agent.core.finding import Severity, worst
from docker_agent.domains.compose.judge import judge
from docker_agent.domains.compose.severities import Profile, Severities
from docker_agent.project.compose.model import ComposeModel, load
from docker_agent.project.disk import LocalDisk
from docker_agent.project.stack import find_stack, open_stack

HEALTHY = Path(__file__).parents[3] / "examples" / "healthy"
FILE = Path("/project/compose.yml")

BLOG = """
    services:
      blog:
        image: wordpress:6.8.3
        restart: unless-stopped
        ports: ["127.0.0.1:8080:80"]
        environment:
          WORDPRESS_DB_HOST: db
          WORDPRESS_DB_PASSWORD_FILE: /run/secrets/password
        secrets: [password]
        depends_on: [db]
        volumes: [content:/var/www/html/wp-content]
      db:
        image: mariadb:11.8
        restart: unless-stopped
        environment: {MARIADB_ROOT_PASSWORD_FILE: /run/secrets/password}
        secrets: [password]
        volumes: [data:/var/lib/mysql]
    volumes: {content: {}, data: {}}
    secrets: {password: {file: ./password.txt}}
"""
WATCH = """
    services:
      prometheus:
        image: prom/prometheus:v3.7.3
        restart: unless-stopped
        ports: ["9090:9090"]
        volumes: [metrics:/prometheus]
      exporter:
        image: prom/node-exporter:v1.10.2
        restart: unless-stopped
        network_mode: host
        pid: host
        volumes: ["/:/host:ro,rslave"]
      proxy:
        image: traefik:v3.6
        restart: unless-stopped
        ports: ["80:80", "443:443"]
        volumes: [/var/run/docker.sock:/var/run/docker.sock:ro]
    volumes: {metrics: {}}
"""
LATEST = """
    x-app: &app
      image: registry.example.org/shop:latest
      restart: unless-stopped
      env_file: [{path: shop.env, required: false}]
    services:
      web: {<<: *app, command: [serve], ports: ["8000:8000"]}
      worker: {<<: *app, command: [work]}
      db: {image: postgres, volumes: ["data:/var/lib/postgresql/data"]}
    volumes: {data: {}}
"""
# What the profile prod lists of a service that has no measures, and of one that limits memory, CPU and log.
BARE = (
    "cap_drop_all cpu_limit healthcheck_missing log_rotation_missing memory_limit no_new_privileges pids_limit"
    " read_only_root"
)
LIMITED = "cap_drop_all image_digest no_new_privileges pids_limit read_only_root"

# What a user sees of good files: the codes for each service in dev, and in prod.
SEEN = {
    "blog": (
        {"blog": "not_hardened", "db": "not_hardened"},
        {"blog": f"{BARE} image_digest user_unset", "db": f"{BARE} image_digest stop_grace_missing"},
    ),
    "watch": (
        {
            "prometheus": "not_hardened",
            "exporter": "not_hardened host_namespace host_network sensitive_mount",
            "proxy": "not_hardened socket_mount",
        },
        {
            "prometheus": f"{BARE} image_digest unbound_port",
            "exporter": f"{BARE} image_digest host_namespace host_network sensitive_mount",
            "proxy": f"{BARE} image_digest socket_mount user_unset",
        },
    ),
    "latest": (
        {
            "web": "not_hardened unpinned_image",
            "worker": "not_hardened",
            "db": "not_hardened restart_missing unpinned_image",
        },
        {
            "web": f"{BARE} unbound_port unpinned_image user_unset",
            "worker": f"{BARE} user_unset",
            "db": f"{BARE} restart_missing stop_grace_missing unpinned_image",
        },
    ),
    "jobs": (
        {"app": "not_hardened", "migrate": "not_hardened", "shell": "not_hardened"},
        {
            "app": f"{LIMITED} unbound_port user_unset",
            "migrate": f"{LIMITED} user_unset",
            "shell": f"{LIMITED} user_unset",
        },
    ),
    "lab-web": ({"web": "not_hardened", "store": "not_hardened"}, {"web": LIMITED, "store": LIMITED}),
    "shop": (
        {"web": "not_hardened", "app": "not_hardened", "db": "not_hardened"},
        {"web": f"{LIMITED} user_unset", "app": f"{LIMITED} user_unset", "db": LIMITED},
    ),
}

# Lines of the service web (and more below it), the rule that speaks, and those that could say the same.
TOLD_ONCE = [
    (
        "healthcheck: {test: pg_isready -U $PGUSER}\n    environment: {PGUSER: shop}",
        "dollar_unescaped",
        "unset_variable",
    ),
    ("labels: {auth: 'admin:$apr1$Xp3nW8kz$rF0ykshdk'}", "dollar_unescaped", "unset_variable"),
    ("ports: ['${PORT}']", "bad_port", "unset_variable"),
    ("image: ${IMAGE}", "no_image_or_build", "unset_variable"),
    (
        "privileged: true\n    cap_add: [SYS_ADMIN, NET_ADMIN]",
        "privileged_mode",
        "cap_host_exec cap_bounded cap_drop_all",
    ),
    (
        "privileged: true\n    security_opt: [seccomp:unconfined]",
        "privileged_mode",
        "profile_disabled no_new_privileges",
    ),
    ("privileged: true\n    devices: [/dev/sda]", "privileged_mode", "host_device"),
    ("user: '0'", "root_user", "user_unset"),
    ("volumes: [/run/docker.sock:/run/docker.sock]", "socket_mount", "sensitive_mount writable_host_root"),
    ("volumes: ['/etc:/x']", "writable_host_root", "sensitive_mount"),
    ("volumes: ['/etc:/x:ro']", "sensitive_mount", "writable_host_root"),
    ("ports: ['5432:5432']", "sensitive_port_public", "unbound_port privileged_port"),
    ("environment: {DB: 'postgres://a:xK9mQ2vL7p@db/x'}", "secret_in_url", "secrets_in_env secret_by_value"),
    ("restart: sometimes", "bad_restart", "restart_missing schema"),
    ("restart: on", "bad_restart", "unquoted_boolean"),
    ("image: nginx:latest", "unpinned_image", "image_digest"),
    ("logging: {driver: none}", "logging_disabled", "log_rotation_missing"),
    (
        "depends_on: {db: {condition: service_healthy}}\n  db: {image: 'redis:8.2'}",
        "healthy_without_healthcheck",
        "healthcheck_missing@db",
    ),
]


def model_of(text: str) -> ComposeModel:
    data = textwrap.dedent(text).encode()
    return load([FILE], read=lambda _: data, variables={}, strict=False)


def seen(model: ComposeModel, profile: Profile) -> dict[str, list[str]]:
    by: dict[str, list[str]] = {}
    for finding in judge(model, Severities(profile=profile)).findings:
        by.setdefault(finding.object, []).append(finding.code)
    return {name: sorted(codes) for name, codes in by.items()}


def found(text: str, profile: Profile = "prod") -> set[str]:
    """The codes, alone and with the service."""
    findings = judge(model_of(text), Severities(profile=profile)).findings
    return {word for finding in findings for word in (finding.code, f"{finding.code}@{finding.object}")}


def good(name: str) -> ComposeModel:
    written = {"blog": BLOG, "watch": WATCH, "latest": LATEST}
    if name in written:
        return model_of(written[name])
    stack = find_stack(HEALTHY / name, environment={})
    assert stack is not None
    return stack.model


@pytest.mark.parametrize("name", SEEN)
def test_what_a_user_sees_of_a_good_file(name: str) -> None:
    expected = [{service: sorted(codes.split()) for service, codes in each.items()} for each in SEEN[name]]
    assert [seen(good(name), "dev"), seen(good(name), "prod")] == expected


@pytest.mark.parametrize("folder", sorted(HEALTHY.glob("*/")), ids=lambda folder: folder.name)
def test_healthy_examples_are_warned_of_nothing(folder: Path) -> None:
    findings = judge(good(folder.name), Severities()).findings
    assert worst(findings).rank <= Severity.INFO.rank


@pytest.mark.parametrize("profile", ["dev", "prod"])
def test_no_two_findings_share_code_and_place(profile: Profile) -> None:
    models = [*map(good, SEEN), *(model_of(sample(number)) for number in range(30))]
    for model in models:
        places = [(each.code, each.evidence[0].where) for each in judge(model, Severities(profile=profile)).findings]
        assert len(places) == len(set(places))


def test_a_fault_on_shared_lines_names_all_services() -> None:
    (finding,) = [each for each in judge(model_of(LATEST), Severities()).findings if "shop:latest" in each.message]
    assert finding.message.endswith(" (also: worker).")
    assert finding.object == "web"


@pytest.mark.parametrize(("lines", "speaks", "silent"), TOLD_ONCE)
def test_a_fault_is_told_by_one_rule(lines: str, speaks: str, silent: str) -> None:
    image = "" if lines.startswith("image:") else "    image: app:1.0\n"
    text = f"services:\n  web:\n{image}    {lines}\n"
    assert speaks in found(text)
    assert not found(text) & set(silent.split())


def test_the_old_format_is_told_once() -> None:
    assert {"services_missing"} == {word for word in found("redis:\n  image: redis:8\n") if "@" not in word}


def test_nothing_is_missed_in_a_service_that_is_nothing() -> None:
    assert found("services:\n  web:\n    command: x\n") == {"no_image_or_build", "no_image_or_build@web"}


def test_a_file_that_git_has_is_not_told_to_be_readable(tmp_path: Path) -> None:
    compose = tmp_path / "compose.yml"
    compose.write_text("services:\n  web:\n    image: app:1.0\n    env_file: web.env\n")
    (tmp_path / "web.env").write_text("DB_PASSWORD=xK9mQ2vL7pR4tW8z\n")
    (tmp_path / "web.env").chmod(0o644)
    assert told_of_files(tmp_path, compose) == ["secrets_world_readable"]
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index").write_bytes(b"DIRC" + (2).to_bytes(4) + b"\0" * 8)
    assert told_of_files(tmp_path, compose) == ["env_file_risk"]


def told_of_files(root: Path, compose: Path) -> list[str]:
    model = open_stack(root, [compose], environment={}, disk=LocalDisk()).model
    about = {"env_file_risk", "secrets_world_readable"}
    return [each.code for each in judge(model, Severities(profile="prod")).findings if each.code in about]
