from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.domains.compose.changes.compared import compared
from docker_agent.domains.compose.explain_diff import DiffExplained, explain_diff
from docker_agent.domains.compose.facts.databases import database_risk
from docker_agent.host.fake import World
from docker_agent.project.compose.model import load
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.disk import HostDisk
from docker_agent.project.workspace import Workspace

ROOT = Path("/shop")


def explained(before: str, after: str, **files: str) -> DiffExplained:
    world = World()
    world.files.update({ROOT / name.replace("__", "."): text.encode() for name, text in files.items()})
    world.files.update({ROOT / "a.yml": before.encode(), ROOT / "b.yml": after.encode()})
    ws = Workspace(host=world.host.reads, root=ROOT, context=ProjectContext())
    return explain_diff.function(ws, "a.yml", "b.yml")


def web(*lines: str, more: str = "") -> str:
    return "services:\n  web:\n    image: nginx:1.29\n" + "".join(f"    {line}\n" for line in lines) + more


def actions(found: DiffExplained) -> dict[str, str]:
    return {each.service: each.action for each in found.services}


def why(found: DiffExplained, service: str = "web") -> str:
    return next(each.why for each in found.services if each.service == service)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ports: ['80:80']", "ports: [{target: 80, published: '80', protocol: tcp, mode: ingress}]"),
        ("ports: ['80-81:80-81']", "ports: ['80:80', '81:81']"),
        ("volumes: ['data:/d']", "volumes: [{type: volume, source: data, target: /d, volume: {}}]"),
        ("volumes: ['./d:/d']", "volumes: ['/shop/d:/d']"),
        ("environment: [A=1, B=x]", "environment: {B: x, A: 1}"),
        ("env_file: e.env", "environment: {E: 1}"),
        ("labels: [a=b]", "labels: {a: b}"),
        ("command: a 'b c'", "command: [a, b c]"),
        ("healthcheck: {test: curl x, interval: 90s}", "healthcheck: {test: [CMD-SHELL, curl x], interval: 1m30s}"),
        ("mem_limit: 1g", "mem_limit: 1024m"),
        ("cpus: 0.5", "cpus: '0.50'"),
        ("networks: [default]", "read_only: false"),
        ("networks: [one, two]", "networks: {two: , one: }"),
        ("expose: [80]", "expose: ['80']"),
        ("dns: 1.1.1.1", "dns: [1.1.1.1]"),
        ("secrets: [s]", "secrets: [{source: s, target: /run/secrets/s}]"),
        ("extra_hosts: ['a:1.2.3.4']", "extra_hosts: {a: 1.2.3.4}"),
        ("depends_on: []", "pull_policy: always"),
        ("deploy: {replicas: 1}", "deploy: {}"),
        ("deploy: {resources: {limits: {memory: 1g}}}", "deploy: {resources: {limits: {memory: 1024m}}}"),
        ("x-note: a", "x-note: b"),
    ],
)
def test_other_words_for_the_same_recreate_nothing(one: str, other: str) -> None:
    more = "networks: {one: , two: }\nvolumes: {data: }\nsecrets: {s: {environment: S}}\n"
    assert actions(explained(web(one, more=more), web(other, more=more), e__env="E=1\n")) == {"web": "none"}


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("user: a", "user: b", "user"),
        ("environment: {A: 1, B: 2}", "environment: {A: 2, B: 2}", "environment (A)"),
        ("env_file: e.env", "env_file: f.env", "environment (E)"),
        ("ports: ['80:80', '81:81']", "ports: ['81:81', '80:80']", "ports"),
        ("volumes: ['data:/d']", "volumes: [{type: volume, source: data, target: /d}]", "volumes"),
        ("x-note: a", "deploy: {}", "deploy"),
        ("x-note: a", "init: false", "init"),
        ("x-note: a", "command: []", "command"),
        ("x-note: a", "develop: {watch: [{path: ., action: rebuild}]}", "develop"),
        ("labels: {a: b}", "labels: {a: b, c: d}", "labels (c)"),
        ("cap_add: [A, B]", "cap_add: [B, A]", "cap_add"),
    ],
)
def test_what_recreates_is_named(one: str, other: str, words: str) -> None:
    more = "volumes: {data: }\n"
    found = explained(web(one, more=more), web(other, more=more), e__env="E=1\n", f__env="E=2\n")
    assert (actions(found), why(found)) == ({"web": "recreate"}, words)


def test_the_value_of_a_changed_variable_is_never_said() -> None:
    found = explained(web("environment: {PASSWORD: old-secret}"), web("environment: {PASSWORD: new-secret}"))
    assert "secret" not in found.model_dump_json().replace("secrets_and_configs", "")


def test_new_removed_scaled_rebuilt_and_put_behind_a_profile() -> None:
    before = """services:
  gone: {image: a, ports: ["70:70"]}
  more: {image: a}
  built: {build: ./x}
  debug: {image: a}
"""
    after = """services:
  more: {image: a, scale: 3}
  built: {build: ./y}
  debug: {image: a, profiles: [debug]}
  new: {image: a}
"""
    found = explained(before, after)
    assert actions(found) == {"gone": "orphan", "more": "scale", "built": "rebuild", "debug": "left", "new": "start"}
    assert found.downtime == ("gone no longer publishes 70/tcp once it is removed",)
    assert found.verdict.endswith("data at risk: none seen.")


SHARING = """services:
  a: {{image: x, labels: {{v: {0}}}}}
  net: {{image: x, network_mode: "service:a"}}
  pid: {{image: x, pid: "service:a"}}
  files: {{image: x, volumes_from: [a]}}
  asked: {{image: x, depends_on: {{a: {{condition: service_started, restart: true}}}}}}
  linked: {{image: x, links: [a]}}
  plain: {{image: x, depends_on: [a]}}
  behind: {{image: x, network_mode: "service:net"}}
"""


def test_services_that_follow_another_one() -> None:
    found = explained(SHARING.format(1), SHARING.format(2))
    assert actions(found) == {
        "a": "recreate",
        "net": "recreate",
        "pid": "recreate",
        "files": "recreate",
        "asked": "restart",
        "linked": "restart",
        "plain": "none",
        "behind": "recreate",
    }
    assert why(found, "behind") == "network_mode is net, which is made anew"


def test_networks() -> None:
    one = web("networks: [front]", more="networks: {front: {driver_opts: {a: b}}}\n")
    other = web("networks: [front]", more="networks: {front: {driver_opts: {a: c}}}\n")
    found = explained(one, other)
    assert (actions(found), why(found)) == ({"web": "restart"}, "network shop_front is made anew")
    assert found.networks == (
        "shop_front has other settings: it is removed and made anew, and its containers are restarted",
    )
    renamed = explained(one, one.replace("{driver", "{name: edge, driver"))
    assert (actions(renamed), why(renamed)) == ({"web": "recreate"}, "network shop_front > edge")
    assert renamed.networks == ("edge is created", "shop_front is left until `down`")


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (
            "volumes: ['data:/d']",
            "volumes: ['other:/d']",
            "gets the volume shop_other at /d in place of the volume shop_data",
        ),
        ("volumes: ['data:/d']", "volumes: ['./d:/d']", "gets the bind /shop/d at /d in place of the volume shop_data"),
        ("volumes: ['./a:/d']", "volumes: ['./b:/d']", "gets the bind /shop/b at /d in place of the bind /shop/a"),
        ("volumes: ['data:/d']", "user: x", "no longer mounts the volume shop_data at /d"),
        ("volumes: ['data:/d']", "volumes: ['data:/e']", "finds the volume shop_data at /e and no longer at /d"),
        ("volumes: ['data:/d']", "volumes: ['/d']", "keeps the volume shop_data at /d until the container is removed"),
        ("volumes: ['/d']", "volumes: ['data:/d']", "gets the volume shop_data at /d in place of an anonymous volume"),
        ("user: x", "volumes: ['data:/d']", "what it wrote there so far is not in it"),
    ],
)
def test_data_at_risk(one: str, other: str, words: str) -> None:
    more = "volumes: {data: , other: }\n"
    found = explained(web(one, more=more), web(other, more=more))
    assert actions(found) == {"web": "recreate"}
    assert any(words in line for line in found.data_at_risk)
    assert "data at risk: yes" in found.verdict


def test_a_volume_with_another_name_is_another_volume() -> None:
    before = web("volumes: ['data:/d']", more="volumes: {data: }\n")
    found = explained(before, before.replace("{data: }", "{data: {name: fresh}}"))
    assert why(found) == "volume shop_data > fresh"
    assert found.data_at_risk[0].startswith("web gets the volume fresh at /d in place of the volume shop_data")
    assert found.volumes == (
        "fresh is created, empty, unless it is there already",
        "shop_data is left with its data, and nothing mounts it",
    )


def test_nothing_at_risk_where_the_mounts_stay() -> None:
    more = "volumes: {data: }\n"
    one, other = web("volumes: ['data:/d', '/e']", more=more), web("volumes: ['data:/d', '/e']", "user: x", more=more)
    assert explained(one, other).data_at_risk == ()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("postgres:16.4", "postgres:17.2", "postgres 16 > 17: it reads only files of its own major version"),
        ("postgres:17.2", "postgres:16", "an older version does not read"),
        ("timescale/timescaledb:2.17.2-pg16", "timescale/timescaledb:2.18.0-pg17", "postgres 16 > 17"),
        ("mysql:8.4", "mariadb:11", "mariadb cannot read the files of mysql"),
        ("registry:5000/team/mongo:6", "registry:5000/team/mongo:8", "one major version at a time"),
    ],
)
def test_databases_that_cannot_read_their_files(before: str, after: str, words: str) -> None:
    assert words in database_risk(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("postgres:17.1", "postgres:17.2"),
        ("postgres:latest", "postgres:17"),
        ("nginx:1", "nginx:2"),
        ("postgres:16-alpine", "postgis/postgis:16-3.4"),
        ("postgres:16", "adminer:5"),
        ("", ""),
    ],
)
def test_changes_of_image_that_need_no_word(before: str, after: str) -> None:
    assert database_risk(before, after) == ""


def test_secrets_and_configs_that_compose_does_not_compare() -> None:
    more = "secrets: {{s: {{file: ./{0}.txt}}}}\n"
    kept = explained(web("secrets: [s]", more=more.format("a")), web("secrets: [s]", more=more.format("b")))
    assert actions(kept) == {"web": "none"}
    assert kept.secrets_and_configs == (
        "secret s has another source, which web sees only after `up --force-recreate web`",
    )
    renewed = explained(
        web("secrets: [s]", more=more.format("a")), web("secrets: [s]", "user: x", more=more.format("b"))
    )
    assert renewed.secrets_and_configs == ("secret s has another source",)


def test_another_project_name_leaves_the_old_one_running() -> None:
    found = explained("name: one\n" + web(), "name: two\n" + web())
    assert actions(found) == {"web": "start"}
    assert "all of one keeps running beside it" in found.verdict


def test_ports_that_go_away_and_services_that_stop_for_a_moment() -> None:
    found = explained(web("ports: ['80:80', '81:81']"), web("ports: ['80:80']", "stop_grace_period: 30s"))
    assert found.downtime == (
        "web no longer publishes 81/tcp",
        "web is away while it is made anew, with 80/tcp (at most 30 s to stop)",
    )


def test_the_file_that_replaces_stands_for_the_other_one() -> None:
    world = World()
    world.files.update({ROOT / "a.yml": web("volumes: ['./d:/d']").encode()})
    world.files.update({ROOT / "new" / "b.yml": web("volumes: ['./d:/d']").encode()})
    ws = Workspace(host=world.host.reads, root=ROOT, context=ProjectContext())
    assert actions(explain_diff.function(ws, "a.yml", "new/b.yml")) == {"web": "none"}


def test_the_tool_only_reads_and_stays_inside() -> None:
    assert (explain_diff.name, explain_diff.risk) == ("compose_explain_diff", Risk.READ)
    ws = Workspace(host=World().host.reads, root=ROOT, context=ProjectContext())
    with pytest.raises(InputError, match="outside the project"):
        explain_diff.function(ws, "../a.yml", "b.yml")


def test_an_env_file_that_cannot_be_read_counts_by_its_name() -> None:
    world = World()
    texts = [web("env_file: [{path: x.env, required: false}]"), web("env_file: [{path: y.env, required: false}]")]
    models = [
        load([ROOT / "a.yml"], read=lambda _, text=text: text.encode(), variables={}, disk=HostDisk(world.host.reads))
        for text in texts
    ]
    one, other = (compared(model, model.services["web"]) for model in models)
    assert one != other
