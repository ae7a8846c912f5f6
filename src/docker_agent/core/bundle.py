"""Load many small modules from one file, which is made of their compiled code and kept beside it (decision 006).

A rule is a file, and there are more than 150; finding, opening and importing one takes longer than running it. The same
is true of patterns, which the bundle has too. The file lies in the package's `__pycache__`, is void when one of its
modules changed, and is as trusted as what else lies there.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Iterator
from types import CodeType, ModuleType

from docker_agent.core.kept_patterns import Kept, patterns_to_keep, use_patterns

PACKAGE = __name__.partition(".")[0]
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - before pathlib is there
FILE = os.path.join(ROOT, "__pycache__", f"bundle.{sys.implementation.cache_tag}")  # noqa: PTH118

# A module's name, its file below the root, size and time of the file, its code.
Entry = tuple[str, str, int, int, CodeType]


def use_bundle() -> bool:
    """Load the modules of the bundle; False where there is none, or one of its modules changed."""
    try:
        with open(FILE, "rb") as file:  # noqa: PTH123
            bundle: tuple[list[Entry], Kept] = marshal.loads(file.read())  # noqa: S302 - as Python does
        entries, patterns = bundle
        for _, name, size, changed, _ in entries:
            found = os.stat(f"{ROOT}/{name}")  # noqa: PTH116
            if (found.st_size, found.st_mtime_ns) != (size, changed):
                return False
    except (OSError, ValueError, EOFError, TypeError):
        return False
    use_patterns(patterns)
    new = [entry for entry in entries if entry[0] not in sys.modules]
    for name, file_name, *_ in new:
        sys.modules[name] = _module(name, f"{ROOT}/{file_name}")
    for name, *_, code in new:
        module = sys.modules[name]
        exec(code, module.__dict__)  # noqa: S102 - what importing is
        parent, _, last = name.rpartition(".")
        setattr(sys.modules[parent], last, module)
    return True


def make_bundle(*roots: str) -> None:
    """Write the bundle of some modules, which are loaded, of all of ours that they import, and of the patterns in use.

    Parameters
    ----------
    roots: names of modules, or of packages with all that is loaded of them; this one is always there, so that a bundle
        of another form is void.
    """
    if sys.dont_write_bytecode:
        return
    half_done = f"{FILE}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(FILE), exist_ok=True)  # noqa: PTH103, PTH120
        with open(half_done, "wb") as file:  # noqa: PTH123
            marshal.dump((list(_entries((__name__, *roots))), patterns_to_keep()), file)
        os.replace(half_done, FILE)  # noqa: PTH105
    except OSError:
        return


def _module(name: str, file: str) -> ModuleType:
    """A module that is still to be run."""
    module = ModuleType(name)
    module.__file__ = file
    module.__package__ = name.rpartition(".")[0]
    if file.endswith("/__init__.py"):
        module.__package__ = name
        module.__path__ = [os.path.dirname(file)]  # noqa: PTH120
    return module


def _entries(roots: tuple[str, ...]) -> Iterator[Entry]:
    """The modules, each after what it imports, so that an import in one finds the other there; packages come last."""
    done: set[str] = set()
    waiting = [name for name in sys.modules if name.startswith(roots)][::-1]
    codes: dict[str, CodeType] = {}
    while waiting:
        name = waiting.pop()
        file = getattr(sys.modules.get(name), "__file__", None) or ""
        if name in done or not file.endswith(".py"):
            continue
        if name not in codes:
            with open(file, "rb") as source:  # noqa: PTH123
                words = (
                    -1 if ".rules." in name else 2
                )  # the docstring of a rule is its manual; those of others take time to read
                codes[name] = compile(source.read(), file, "exec", dont_inherit=True, optimize=words)
            above = [name.rsplit(".", up)[0] for up in range(1, name.count(".") + 1)]
            imported = [word for word in codes[name].co_names if word.startswith(f"{PACKAGE}.")]
            waiting = [*above, *waiting, name, *imported]
            continue
        done.add(name)
        found = os.stat(file)  # noqa: PTH116
        yield name, os.path.relpath(file, ROOT), found.st_size, found.st_mtime_ns, codes[name]
