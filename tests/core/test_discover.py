"""Finding what grows by walking a package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from docker_agent.core.discover import instances, modules
from docker_agent.core.rule import Rule
from docker_agent.core.summaries import summaries

PACKAGE = "dalab_grown"
FILES = {
    "__init__.py": '"""All of it."""\n',
    "zeta.py": '"""Last."""\nNUMBER = 26\nTEXT = "z"\n',
    "alpha.py": '"""First."""\nfrom dalab_grown.inner.deep import SHARED\nMINE = SHARED / 2\n',
    "inner/__init__.py": '"""Inner ones."""\n',
    "inner/deep.py": "from fractions import Fraction\nSHARED = Fraction(2)\nAGAIN = SHARED\n",
    "inner/_private.py": '"""Hidden from summaries."""\n',
    "notes.txt": "no module\n",
}


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Path]:
    for name, text in FILES.items():
        path = tmp_path / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    sys.path.insert(0, str(tmp_path))
    yield tmp_path / PACKAGE
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.mark.usefixtures("package")
def test_modules_are_listed_sorted_without_being_imported() -> None:
    found = list(modules(PACKAGE))

    assert [name.removeprefix(f"{PACKAGE}.") for name in found] == [
        "alpha",
        "inner",
        "inner._private",
        "inner.deep",
        "zeta",
    ]
    assert f"{PACKAGE}.zeta" not in sys.modules


@pytest.mark.usefixtures("package")
def test_instances_are_found_once_each_in_order_of_modules() -> None:
    assert instances(PACKAGE, Fraction) == [2, 1]


@pytest.mark.usefixtures("package")
def test_nothing_of_a_kind_is_an_empty_list() -> None:
    assert instances(PACKAGE, Rule) == []


def test_a_package_that_is_not_there_is_an_import_error() -> None:
    with pytest.raises(ModuleNotFoundError):
        list(modules("docker_agent.nosuch"))


def test_summaries_are_first_lines_and_import_nothing(package: Path) -> None:
    assert summaries(package) == {"alpha": "First.", "zeta": "Last.", "inner": "Inner ones."}
    assert summaries(package / "inner") == {"deep": "from fractions import Fraction"}
    assert summaries(package / "nosuch") == {}
    assert PACKAGE not in sys.modules
