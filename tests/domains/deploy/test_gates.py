"""Every gate stops a deployment to production, says where and what to do, and lets it pass by a recorded override."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.domains.deploy.places import CONTEXT, GOOD, composed, machine, session, shop_at

from docker_agent.domains.deploy.picture import all_gates
from docker_agent.host.fake import World
from docker_agent.host.models import Container

CRITICAL = """{"Results": [{"Vulnerabilities": [{"VulnerabilityID": "CVE-2026-1", "PkgName": "openssl",
"InstalledVersion": "3.0.1", "FixedVersion": "3.0.2", "Severity": "CRITICAL"}]}]}"""
GUEST = Container(
    id="9" * 12,
    name="blog",
    image="blog:1",
    project="blog",
    status="running",
    labels={"traefik.http.routers.x.rule": "Host(`shop.example.org`)"},
)

CASES = {
    "compose_valid": ("privileged_mode", "web", "read_only", "privileged: true"),
    "tags": ("unpinned_image", "web", "image", "image: web:latest"),
    "secrets": ("secrets_in_env", "db", "environment", "environment: {POSTGRES_PASSWORD: pR7x-vQ29mLk4tWz}"),
    "limits": ("memory_limit", "db", "mem_limit", ""),
    "users": ("user_unset", "web", "user", ""),
    "health": ("healthcheck_missing", "web", "healthcheck", ""),
    "logs": ("log_rotation_missing", "web", "logging", ""),
}
OTHERS: dict[str, tuple[str, Callable[[World], object]]] = {
    "compose": ("gate-compose-invalid", lambda world: world.react("docker", "compose", "config", code=1, err="no")),
    "scan": ("gate-scan-critical", lambda world: world.react("trivy", out=CRITICAL)),
    "scan missing": ("gate-scan-missing", lambda world: world.reactions.pop(("trivy",))),
    "routes": ("gate-route-twice", lambda world: world.add(GUEST)),
}


def with_line(service: str, key: str, line: str) -> str:
    """The good file with another line, or none, in place of one of a service."""
    head, name, rest = GOOD.partition(f"\n  {service}:\n")
    lines = rest.splitlines(keepends=True)
    at = next(index for index, each in enumerate(lines) if each.startswith(f"    {key}:"))
    lines[at] = f"    {line}\n" if line else ""
    return head + name + "".join(lines)


def stopped_and_overridden(folder: Path, world: World, code: str) -> None:
    outcome = session(folder, world).call("stack_deploy", {})
    assert [each["code"] for each in outcome.data["stops"]] == [code] * len(outcome.data["stops"]), outcome.data
    assert outcome.exit_code == 3
    assert outcome.data["stops"][0]["where"]
    assert outcome.data["stops"][0]["fix"]
    assert f"--override {code} " in str(outcome.error)
    assert composed(world) == []

    overridden = session(folder, world, code)
    assert overridden.call("stack_deploy", {}).exit_code == 0
    assert composed(world) == ["up -d --no-deps db", "up -d --no-deps migrate", "up -d --no-deps web"]
    assert overridden.door.audit.records()[-1]["overrides"] == [code]


@pytest.mark.parametrize("name", CASES)
def test_a_fault_in_the_files_stops_the_deployment(name: str, tmp_path: Path) -> None:
    code, service, key, line = CASES[name]
    stopped_and_overridden(tmp_path, machine(shop_at(tmp_path), with_line(service, key, line)), code)


@pytest.mark.parametrize("name", OTHERS)
def test_what_the_machine_says_stops_the_deployment(name: str, tmp_path: Path) -> None:
    code, change = OTHERS[name]
    world = machine(shop_at(tmp_path))
    change(world)
    stopped_and_overridden(tmp_path, world, code)


def test_data_without_a_backup_and_a_broken_policy_stop_it(tmp_path: Path) -> None:
    root = shop_at(tmp_path)
    (root / ".project-context.md").write_text(CONTEXT.replace("- Backup: every night, tried in May\n", ""))
    stopped_and_overridden(tmp_path / "one", machine(_moved(root, tmp_path / "one")), "gate-backup-missing")
    (root / ".project-context.md").write_text(f"{CONTEXT}- Policies:\n  - image_digest: error\n")
    stopped_and_overridden(tmp_path / "two", machine(_moved(root, tmp_path / "two")), "image_digest")


def _moved(root: Path, folder: Path) -> Path:
    folder.mkdir()
    text = (root / ".project-context.md").read_text()
    new = shop_at(folder)
    (new / ".project-context.md").write_text(text)
    return new


def test_elsewhere_most_gates_only_warn_and_the_order_is_the_one_that_is_written_down(tmp_path: Path) -> None:
    text = with_line("db", "mem_limit", "").replace('    healthcheck: {test: ["CMD", "web", "--check"]}\n', "")
    world = machine(shop_at(tmp_path), text)
    tries = {name: session(tmp_path, world).call("stack_deploy", {"environment": name}) for name in ("dev", "staging")}
    assert {name: outcome.exit_code for name, outcome in tries.items()} == {"dev": 0, "staging": 3}
    remarks = [line.split()[:2] for line in tries["dev"].data["remarks"]]
    assert remarks == [["warn", "memory_limit"], ["warn", "healthcheck_missing"]]
    names = "compose_valid policies tags secrets limits users health logs scan backup routes stop_grace"
    assert " ".join(each.name for each in all_gates()) == names
