"""What a route changes in compose files: labels and networks, wherever they stand and in whichever form."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.proxy.subjects import proxy_of

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.changing.edits import ComposeEdits
from docker_agent.domains.proxy.changing.reach import Shared, shared_network
from docker_agent.host.fake import World
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.stack import open_stack
from docker_agent.project.workspace import Workspace

ROOT = Path("/srv/shop")
LABELS = {"traefik.enable": "true", "traefik.http.routers.shop.rule": "Host(`shop.test`)", "traefik.http.users": "a$b"}
GONE = ("traefik.http.routers.old.",)
RULE, ENTRY = "traefik.http.routers.old.rule", "traefik.http.routers.old.entrypoints"
BASE = "services:\n  base:\n    image: shop:1\n"


def editing(*texts: str) -> ComposeEdits:
    """The files of a stack, the later ones over the first."""
    world = World()
    names = ("compose.yaml", "compose.override.yaml")[: len(texts)]
    world.files |= {ROOT / name: text.encode() for name, text in zip(names, texts, strict=True)}
    workspace = Workspace(world.host.reads, ROOT, ProjectContext(), "shop")
    return ComposeEdits(workspace, open_stack(ROOT, [ROOT / name for name in names], read=world.host.reads.read_file))


def after(edits: ComposeEdits) -> dict[str, str]:
    """The texts that changed, by file."""
    return {path.name: text for path, text in edits.texts.items()}


@pytest.mark.parametrize(
    ("inherited", "own"),
    [
        ("[com.example.owner=ann]", ""),
        ("{traefik.enable: 'true', com.example.owner: ann}", ""),
        ("{com.example.owner: ann}", "    labels: {}\n"),
        ("{com.example.owner: ann}", "    labels:\n"),
        ("{com.example.owner: ann}", "    labels:\n      - com.example.tier=front\n"),
        ("{com.example.owner: ann}", "    labels: {com.example.tier: front}\n"),
    ],
)
def test_labels_are_written_once_beside_those_of_an_extended_service(inherited: str, own: str) -> None:
    edits = editing(f"{BASE}    labels: {inherited}\n  web:\n    extends: base\n{own}")
    edits.labels("web", LABELS)
    assert after(edits)["compose.yaml"].count("labels:") == 2
    found = edits.model.services["web"].labels
    assert LABELS.items() <= found.items()
    assert found["com.example.owner"] == "ann"
    assert ("com.example.tier" in found) is ("tier" in own)
    assert edits.model.services["base"].labels == edits.stack.model.services["base"].labels


@pytest.mark.parametrize("override", [f"      - {RULE}=Host(`a`)\n      - {ENTRY}=web\n", f"      {RULE}: Host(`a`)\n"])
@pytest.mark.parametrize("base", [f"[traefik.enable=true, {ENTRY}=b]", f"{{traefik.enable: 'true', {ENTRY}: b}}", "[]"])
def test_labels_go_from_every_file_in_either_form(base: str, override: str) -> None:
    edits = editing(
        f"services:\n  web:\n    image: shop:1\n    labels: {base}\n",
        f"services:\n  web:\n    restart: always\n    labels:\n{override}",
    )
    edits.labels("web", {"traefik.enable": "false"}, GONE)
    assert edits.model.services["web"].labels == {"traefik.enable": "false"}
    assert [name for name, text in after(edits).items() if "old" in text] == []


def test_a_label_that_another_service_lends_is_not_taken_out() -> None:
    edits = editing(f"{BASE}    labels: [{RULE}=Host(`a`)]\n  web:\n    extends: base\n")
    with pytest.raises(InputError, match=f"web has the label {RULE} from another service"):
        edits.labels("web", {"traefik.enable": "false"}, GONE)


@pytest.mark.parametrize(
    ("base", "override", "joined"),
    [
        ("", "", {"default", "edge"}),
        ("    networks:\n", "", {"default", "edge"}),
        ("    networks: {}\n", "", {"default", "edge"}),
        ("    networks: []\n", "    networks:\n", {"default", "edge"}),
        ("    networks: [back]\n", "", {"back", "edge"}),
        ("    networks: [back]\n", "    networks: {back: {aliases: [x]}}\n", {"back", "edge"}),
        ("    networks: [back]\n", "    networks:\n      back:\n        aliases: [x]\n", {"back", "edge"}),
        ("    networks:\n      back:\n", "    networks: [back]\n", {"back", "edge"}),
        ("    networks:\n      back:\n", "    networks: []\n", {"back", "edge"}),
    ],
)
def test_a_service_joins_a_network_and_leaves_none(base: str, override: str, joined: set[str]) -> None:
    edits = editing(
        f"services:\n  web:\n    image: shop:1\n{base}networks:\n  back:\n",
        f"services:\n  web:\n    restart: always\n{override}",
    )
    edits.join("web", "edge", "edge")
    assert set(edits.model.services["web"].networks) == joined
    assert edits.model.networks["edge"].external
    before = edits.stack.model.services["web"].network_aliases
    assert before.items() <= edits.model.services["web"].network_aliases.items()


def test_a_service_keeps_the_networks_that_it_extends() -> None:
    edits = editing(f"{BASE}    networks: [back]\n  web:\n    extends: base\nnetworks:\n  back:\n")
    edits.join("web", "edge", "edge")
    assert set(edits.model.services["web"].networks) == {"back", "edge"}


@pytest.mark.parametrize(
    ("own", "declared", "joins"),
    [
        ("", "", "edge"),
        ("networks:", "", "edge"),
        ("networks: [default, edge]", "networks: {edge: }\n", "edge-proxy"),
        ("", "networks: {edge: , edge-proxy: }\n", "edge-proxy-2"),
        ("networks: {edge: }", "networks: {edge: , front: {name: edge, external: true}}\n", "front"),
    ],
)
def test_a_key_that_means_another_network_is_not_taken_for_the_proxys(own: str, declared: str, joins: str) -> None:
    edits = editing(f"name: shop\nservices:\n  web:\n    image: shop:1\n    {own}\n{declared}")
    proxy = proxy_of("traefik")
    shared = shared_network(edits.stack, "web", proxy)
    assert shared == Shared("edge", joins)
    edits.join("web", shared.join, shared.network)
    network = edits.model.networks[joins]
    assert (network.external, network.name or joins) == (True, "edge")
    assert {joins, *edits.stack.model.services["web"].networks} - {""} <= {*edits.model.services["web"].networks}
    world = World()
    world.files |= {path: text.encode() for path, text in edits.texts.items()}
    written = open_stack(ROOT, edits.stack.files, read=world.host.reads.read_file)
    assert shared_network(written, "web", proxy) == Shared("edge")


@pytest.mark.parametrize("declared", ["  back: {}\n", "  back: {}\n  default: {}\n"])
def test_the_default_network_is_joined_as_it_is(declared: str) -> None:
    edits = editing(f"services:\n  web:\n    image: shop:1\n    networks: [back]\nnetworks:\n{declared}")
    edits.join("web", "default", "shop_default")
    assert after(edits)["compose.yaml"] == edits.stack.model.sources["compose.yaml"].text.replace(
        "[back]", "[back, default]"
    )
