"""What belongs to a project, and texts that are cut without halving a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.host.fake import World
from docker_agent.host.models import Container
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import FOLDER_LABEL, Workspace


def workspace(root: Path, *projects: str) -> Workspace:
    context = ProjectContext(projects=projects)
    return Workspace(
        host=World().host.reads,
        root=root,
        context=context,
        project="shop",
        mask=lambda text: text.replace("hunter2hunter2", "<secret:P>"),
    )


def container(folder: str, project: str = "shop") -> Container:
    labels = {FOLDER_LABEL: folder} if folder else {}
    return Container(id="1", name="shop-web-1", image="web", project=project, service="web", labels=labels)


@pytest.mark.parametrize(
    ("folder", "project", "own"),
    [
        ("", "shop", True),
        ("HERE", "shop", True),
        ("HERE/docker", "shop", True),
        ("LINK", "shop", True),
        ("HERE/../other", "shop", False),
        ("HERE-2", "shop", False),
        ("/", "shop", False),
        ("a\0b", "shop", False),
        ("loop", "shop", False),
        ("HERE", "blog", False),
        ("HERE", "", False),
        ("/srv/peer", "peer", True),
    ],
)
def test_a_project_of_the_same_name_in_another_folder_is_foreign(
    tmp_path: Path, folder: str, project: str, own: bool
) -> None:
    root = tmp_path / "here"
    root.mkdir()
    (tmp_path / "link").symlink_to(root)
    place = folder.replace("HERE", str(root)).replace("LINK", str(tmp_path / "link"))
    assert own == workspace(root, "peer").owns_container(container(place, project))
    assert own == workspace(root, "peer").owns(project, place)


def test_a_name_alone_still_counts(tmp_path: Path) -> None:
    assert workspace(tmp_path).owns("shop")
    assert not workspace(tmp_path).owns("blog")


def test_a_cut_never_leaves_half_a_secret(tmp_path: Path) -> None:
    text = "x" * 20 + "hunter2hunter2" + "y" * 40
    for limit in range(12, 80):
        quoted = workspace(tmp_path).quote(text, limit)
        assert len(quoted) <= max(limit, 0)
        assert limit >= len(text) or "hunt" not in quoted
    assert workspace(tmp_path).quote("short", 12) == "short"
    assert workspace(tmp_path).quote("x" * 99, 12) == "xx ... (cut)"
