"""Load many small modules from one file, which is made of their compiled code and kept beside it (decision 006).

Two hundred rules are two hundred files; finding and opening each takes longer than running it. The file lies in the
package's `__pycache__`, is made again whenever one of the modules changed, and is as trusted as what else lies there.
"""

from __future__ import annotations

import marshal
import os
import sys
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any

PACKAGE = __name__.partition(".")[0]
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - before pathlib is there
FILE = os.path.join(ROOT, "__pycache__", f"bundle.{sys.implementation.cache_tag}")  # noqa: PTH118

# For each module: its file below the root, whether it is a package, size and time of the file, its code.
Entry = tuple[str, bool, int, int, bytes]


class Bundle:
    """Finds and loads the modules of a bundle, in the place of the search for files."""

    def __init__(self, entries: dict[str, Entry]) -> None:
        self.entries = entries

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The spec of a module that the bundle has, None for all others."""
        del path, target
        entry = self.entries.get(name)
        if entry is None:
            return None
        origin = os.path.join(ROOT, entry[0])  # noqa: PTH118 - before pathlib is there
        loader: Any = self
        spec = ModuleSpec(name, loader, origin=origin, is_package=entry[1])
        spec.has_location = True
        if entry[1]:
            spec.submodule_search_locations = [os.path.dirname(origin)]  # noqa: PTH120
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave making the module to Python."""
        del spec

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code in it."""
        code: CodeType = marshal.loads(self.entries[module.__name__][4])  # noqa: S302 - as Python does
        exec(code, module.__dict__)  # noqa: S102 - what importing is


def use_bundle() -> bool:
    """Load modules from the bundle from now on; False where there is none, or one of its modules changed."""
    try:
        with open(FILE, "rb") as file:  # noqa: PTH123
            entries: dict[str, Entry] = marshal.load(file)  # noqa: S302 - as Python does
        for name, _, size, changed, _ in entries.values():
            found = os.stat(os.path.join(ROOT, name))  # noqa: PTH116, PTH118
            if (found.st_size, found.st_mtime_ns) != (size, changed):
                return False
    except (OSError, ValueError, EOFError, TypeError):
        return False
    finder: Any = Bundle(entries)
    sys.meta_path.insert(0, finder)
    return True


def make_bundle() -> None:
    """Write the bundle of our modules that are loaded now, or leave it where the folder cannot be written."""
    if sys.dont_write_bytecode:
        return
    entries: dict[str, Entry] = {}
    for name, module in list(sys.modules.items()):
        origin = getattr(module, "__file__", None)
        if name.partition(".")[0] == PACKAGE and name != __name__ and origin and origin.endswith(".py"):
            found = os.stat(origin)  # noqa: PTH116
            with open(origin, "rb") as file:  # noqa: PTH123
                code = compile(file.read(), origin, "exec", dont_inherit=True)
            is_package = os.path.basename(origin) == "__init__.py"  # noqa: PTH119
            relative = os.path.relpath(origin, ROOT)
            entries[name] = (relative, is_package, found.st_size, found.st_mtime_ns, marshal.dumps(code))
    half_done = f"{FILE}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(FILE), exist_ok=True)  # noqa: PTH103, PTH120
        with open(half_done, "wb") as file:  # noqa: PTH123
            marshal.dump(entries, file)
        os.replace(half_done, FILE)  # noqa: PTH105
    except OSError:
        return
