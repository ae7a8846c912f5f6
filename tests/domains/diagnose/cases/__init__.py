"""How failures look to the fake host, a file a family: `FAILURES`, and `HEALTHY` for look-alikes that are none."""

from __future__ import annotations

import importlib
import pkgutil

from tests.domains.diagnose.places import Case

FAILURES: dict[str, Case] = {}
HEALTHY: dict[str, Case] = {}

for _entry in pkgutil.iter_modules(__path__):
    _family = importlib.import_module(f"{__name__}.{_entry.name}")
    for _all, _own in ((FAILURES, _family.FAILURES), (HEALTHY, getattr(_family, "HEALTHY", {}))):
        assert not set(_all) & set(_own), f"{_entry.name} uses the name of a case twice: {set(_all) & set(_own)}"
        _all.update(_own)
