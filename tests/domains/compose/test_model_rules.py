"""Compose's consistency checks, case by case; each verdict is that of Docker Compose 2.40.3."""

from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.finding import Finding, Severity
from docker_agent.domains.compose import all_rules, check_model
from docker_agent.project.compose.model import load

FILE = Path("/project/compose.yml")


def findings(text: str, **variables: str) -> list[Finding]:
    model = load([FILE], read=lambda _: text.encode(), variables=variables)
    return check_model(model, rules=[rule for rule in all_rules() if rule.area == "model"])


def refusals(text: str, **variables: str) -> list[str]:
    return [
        f"{finding.code} {finding.evidence[0].where.removeprefix('compose.yml:')}"
        for finding in findings(text, **variables)
        if finding.severity is Severity.ERROR
    ]


def remarks(text: str) -> list[str]:
    return [finding.code for finding in findings(text) if finding.severity is Severity.WARN]


REFUSED = [
    ("services: {a: {}}", "no_image_or_build 1:12"),
    ("services: {a: {image: ''}}", "no_image_or_build 1:12"),
    ("services: {a: {image: x, networks: [n]}}", "undefined_network 1:37"),
    ("services: {a: {image: x, networks: {n: {aliases: [q]}}}}", "undefined_network 1:37"),
    ("services: {a: {image: x, networks: [x-n]}}\nnetworks: {x-n: }", "undefined_network 1:37"),
    ("services: {a: {image: x, volumes: [data:/x]}}", "undefined_volume 1:36"),
    ("services: {a: {image: x, volumes: [{type: volume, source: ./d, target: /x}]}}", "undefined_volume 1:36"),
    ("services: {a: {image: x, secrets: [s]}}", "undefined_secret 1:36"),
    ("services: {a: {image: x, secrets: [{source: s}]}}", "undefined_secret 1:45"),
    ("services: {a: {image: x, secrets: [{target: s}]}}", "undefined_secret 1:36"),
    ("services: {a: {build: {secrets: [s]}}}", "undefined_secret 1:34"),
    ("services: {a: {image: x, configs: [c]}}", "undefined_config 1:36"),
    ("services: {a: {image: x, models: [m]}}", "undefined_model 1:35"),
    ("services: {a: {image: x, models: {m: {}}}}", "undefined_model 1:35"),
    ("services: {a: {image: x, depends_on: [b]}}", "undefined_dependency 1:39"),
    (
        "services: {a: {image: x, depends_on: {b: {condition: service_started, required: false}}}}",
        "undefined_dependency 1:39",
    ),
    ("services: {a: {image: x, links: ['b:alias']}}", "undefined_dependency 1:34"),
    ("services: {a: {image: x, volumes_from: ['b:ro']}}", "undefined_dependency 1:41"),
    ("services: {a: {image: x, depends_on: [b]}, b: {image: y, profiles: [p]}}", "undefined_dependency 1:39"),
    ("services: {a: {image: x, network_mode: 'service:b'}}", "undefined_namespace_service 1:40"),
    ("services: {a: {image: x, ipc: 'service:b'}}", "undefined_namespace_service 1:31"),
    ("services: {a: {image: x, pid: 'service:b'}}", "undefined_namespace_service 1:31"),
    ("services: {a: {image: x, uts: 'service:b'}}", "undefined_namespace_service 1:31"),
    ("services: {a: {image: x, depends_on: [a]}}", "dependency_cycle 1:39"),
    ("services: {a: {image: x, pid: 'service:a'}}", "dependency_cycle 1:31"),
    ("services: {a: {image: x, links: [b]}, b: {image: x, volumes_from: [a]}}", "dependency_cycle 1:68"),
    ("services: {a: {image: x, network_mode: host, networks: [default]}}", "network_mode_and_networks 1:46"),
    ("services: {a: {image: x, healthcheck: {test: [curl]}}}", "healthcheck_test_form 1:47"),
    ("services: {a: {image: x, tmpfs: [/t, '/t:size=1m']}}", "duplicate_mount_target 1:38"),
    ("services: {a: {image: x, tmpfs: /t, volumes: [/t]}}", "duplicate_mount_target 1:47"),
    ("services: {a: {image: x, scale: 2, deploy: {replicas: 3}}}", "replicas_conflict 1:33"),
    ("services: {a: {image: x, scale: -1}}", "replicas_conflict 1:33"),
    ("services: {a: {image: x, deploy: {replicas: -1}}}", "replicas_conflict 1:45"),
    ("services: {a: {image: x, container_name: web1, scale: 2}}", "container_name_with_replicas 1:42"),
    ("services: {a: {image: x, cpus: 1, deploy: {resources: {limits: {cpus: '2'}}}}}", "limit_conflict 1:32"),
    ("services: {a: {image: x, mem_limit: 1g, deploy: {resources: {limits: {}}}}}", "limit_conflict 1:37"),
    ("services: {a: {image: x, pids_limit: 5, deploy: {resources: {limits: {pids: 6}}}}}", "limit_conflict 1:38"),
    (
        "services: {a: {image: x, mem_reservation: 1g, deploy: {resources: {reservations: {memory: 2g}}}}}",
        "limit_conflict 1:43",
    ),
    ("secrets: {s: {}}", "secret_source 1:11"),
    ("secrets: {s: {name: x}}", "secret_source 1:11"),
    ("secrets: {s: {driver: x}}", "secret_source 1:11"),
    ("secrets: {s: {external: false}}", "secret_source 1:11"),
    ("secrets: {s: {file: x, environment: Y}}", "secret_source 1:24"),
    ("secrets: {s: {environment: ''}}", "secret_source 1:28"),
    ("configs: {c: {}}", "secret_source 1:11"),
    ("configs: {c: {file: x, content: y}}", "secret_source 1:24"),
    ("volumes: {v: {external: true, driver: x}}", "external_conflict 1:31"),
    ("volumes: {v: {external: 'yes', labels: [x=y]}}", "external_conflict 1:32"),
    ("networks: {n: {external: {name: x}, name: y}}", "external_conflict 1:43"),
    ("services: {a: {build: {dockerfile: x, dockerfile_inline: y}}}", "build_conflicts 1:39"),
    ("services: {a: {build: {additional_contexts: {c: 'service:b'}}}}", "build_conflicts 1:45"),
    (
        "services: {a: {build: {additional_contexts: {c: 'service:b'}}}, b: {image: x}}",
        "build_conflicts 1:45",
    ),
    ("services: {a: {build: {platforms: [linux/amd64]}, platform: linux/arm64}}", "build_conflicts 1:61"),
    ("services: {a: {image: x, gpus: [{count: 1, device_ids: ['0']}]}}", "device_request 1:34"),
    (
        (
            "services: {a: {image: x, deploy: {resources: {reservations: {devices: "
            "[{capabilities: [gpu], count: 1, device_ids: ['0']}]}}}}}"
        ),
        "device_request 1:94",
    ),
    ("services: {a: {image: x, develop: {watch: [{path: ., action: sync}]}}}", "watch_target 1:44"),
    ("services: {a: {image: x, develop: {watch: [{path: ., action: sync+restart}]}}}", "watch_target 1:44"),
    ("services: {a: {image: x, develop: {watch: [{path: '', action: rebuild}]}}}", "watch_target 1:51"),
]

ACCEPTED = [
    "services: {a: {build: {}}}",
    "services: {a: {build: ''}}",
    "services: {a: {provider: {type: x}}}",
    "services: {a: {image: x, networks: [default]}}",
    "services: {a: {image: x, volumes: ['d:/x']}}",
    "services: {a: {image: x, external_links: [b], volumes_from: ['container:b']}}",
    "services: {a: {image: x, network_mode: 'container:b', ipc: shareable, pid: host, uts: host}}",
    "services: {a: {image: x, network_mode: host, networks: []}}",
    "services: {a: {image: x, healthcheck: {test: []}}}",
    "services: {a: {image: x, healthcheck: {test: curl x}}}",
    "services: {a: {image: x, tmpfs: [/t, /t]}}",
    "services: {a: {image: x, scale: 2, deploy: {replicas: 2}}}",
    "services: {a: {image: x, container_name: web1, deploy: {replicas: 1}}}",
    "services: {a: {image: x, cpus: 0.1, deploy: {resources: {limits: {cpus: '0.10'}}}}}",
    "services: {a: {image: x, cpus: 0, deploy: {resources: {limits: {cpus: '2'}}}}}",
    "services: {a: {image: x, cpus: 1, deploy: {resources: {reservations: {memory: 1g}}}}}",
    "services: {a: {image: x, mem_limit: 1g, deploy: {resources: {limits: {memory: 1024m}}}}}",
    "services: {a: {image: x, mem_limit: 1g, deploy: {replicas: 1}}}",
    "secrets: {s: {file: ''}, t: {external: true, labels: {a: b}}}",
    "configs: {c: {content: ''}, d: {external: false}, e: {external: {name: x}, name: x}}",
    "volumes: {v: {external: true, name: y, x-a: b}, w: {external: false, driver: z}}",
    "services: {a: {build: {additional_contexts: {c: 'service:b'}}}, b: {build: .}}",
    "services: {a: {build: {platforms: [linux/amd64, linux/arm64]}, platform: linux/arm64}}",
    "services: {a: {image: x, gpus: [{device_ids: ['0']}]}}",
    "services: {a: {image: x, develop: {watch: [{path: ., action: restart}]}}}",
    (
        "services: {a: {image: x, depends_on: {b: {condition: service_started, required: false}}}, "
        "b: {image: y, profiles: [p]}}"
    ),
]

DISABLED = [
    "services: {a: {profiles: [p]}}",
    "services: {a: {image: x, profiles: [p], networks: [n]}}",
    "services: {a: {image: x, profiles: [p], depends_on: [b]}}",
    "services: {a: {image: x, profiles: [p], scale: -1}}",
]


@pytest.mark.parametrize(("text", "expected"), REFUSED)
def test_what_compose_refuses_is_one_error_at_its_place(text: str, expected: str) -> None:
    assert refusals(text) == [expected]


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_compose_accepts_is_no_error(text: str) -> None:
    assert refusals(text) == []


@pytest.mark.parametrize("text", DISABLED)
def test_services_whose_profile_is_off_are_warned_of(text: str) -> None:
    assert refusals(text) == []
    assert len(remarks(text)) == 1
    assert len(refusals(text, COMPOSE_PROFILES="p")) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("services: {a: {image: x, volumes: ['./a:/t', './b:/t']}}", "duplicate_mount_target"),
        ("services: {a: {image: x, tmpfs: /t/, volumes: [/t]}}", "duplicate_mount_target"),
        ("services: {a: {image: x, secrets: [s], volumes: ['./a:/run/secrets/s']}}\nsecrets: {s: {file: x}}", None),
        ("networks: {n: {external: true, driver: x}}", "external_conflict"),
        ("secrets: {s: {external: true, file: x}}", "external_conflict"),
        ("services: {a: {image: x, container_name: a/bc}}", "container_name_syntax"),
    ],
)
def test_what_compose_passes_over_is_a_warning(text: str, code: str | None) -> None:
    assert refusals(text) == []
    assert remarks(text) == [code or "duplicate_mount_target"]


@pytest.mark.parametrize(
    ("needs", "profiles", "said"),
    [
        ("depends_on: [b]", "[q]", "the profiles p, r do not start"),
        ("depends_on: [b], links: [b]", "[p]", "(depends_on), which the profile r does not start"),
        ("network_mode: 'service:b'", "[r]", "(network_mode), which the profile p does not start"),
        ("depends_on: [b]", "[r, q, p]", ""),
        ("depends_on: [b]", "[]", ""),
        ("depends_on: {b: {condition: service_started, required: false}}", "[q]", ""),
    ],
)
def test_a_profile_that_starts_a_service_without_what_it_needs_is_warned_of(
    needs: str, profiles: str, said: str
) -> None:
    text = f"services: {{a: {{image: x, profiles: [p, r], {needs}}}, b: {{image: y, profiles: {profiles}}}}}"
    found = [each.message for each in findings(text) if each.code == "profile_dependency"]

    assert len(found) == bool(said)
    assert said in "".join(found)


def test_cycles_are_told_once_each_with_all_their_services() -> None:
    text = """
services:
  a: {image: x, depends_on: [b]}
  b: {image: x, depends_on: [c, e]}
  c: {image: x, depends_on: [a]}
  d: {image: x, depends_on: [a, d]}
  e: {image: x}
"""
    found = [finding.message for finding in findings(text) if finding.code == "dependency_cycle"]
    assert found == ["a > b > c > a: each waits for the next.", "d waits for itself."]


def test_long_chains_of_services_are_walked() -> None:
    services = "".join(f"  s{n}: {{image: x, depends_on: [s{n + 1}]}}\n" for n in range(2000))
    assert refusals(f"services:\n{services}  s2000: {{image: x}}\n") == []


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("services: {a: {image: x, networks: [fornt]}}\nnetworks: {front: }", "front"),
        ("services: {a: {image: x, volumes: [dta:/x]}}\nvolumes: {data: }", "data"),
        ("services: {a: {image: x, depends_on: [bb]}, bbb: {image: x}}", "bbb"),
        ("services: {a: {image: x, network_mode: 'service:bb'}, bbb: {image: x}}", "bbb"),
    ],
)
def test_the_nearest_name_is_asked_for(text: str, hint: str) -> None:
    assert [finding.fix for finding in findings(text) if finding.severity is Severity.ERROR] == [
        f'Did you mean "{hint}"?'
    ]


def test_what_an_included_file_may_declare_is_not_called_undeclared() -> None:
    text = "include: ['oci://example.org/x']\nservices: {a: {image: x, networks: [n], depends_on: [b]}}\n"
    assert refusals(text) == []


def test_empty_variables_are_refused_as_compose_does_and_passed_over_where_a_platform_sets_them() -> None:
    text = "services: {a: {image: '${I}', networks: ['${N}'], links: ['${L}'], healthcheck: {test: ['${T}']}}}"
    assert sorted(refusals(text)) == [
        "healthcheck_test_form 1:89",
        "no_image_or_build 1:23",
        "undefined_dependency 1:59",
        "undefined_network 1:42",
    ]
    model = load([FILE], read=lambda _: text.encode(), variables={}, template=True)
    assert [f.code for f in check_model(model) if f.severity is Severity.ERROR] == []
