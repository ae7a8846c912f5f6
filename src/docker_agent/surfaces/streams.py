"""The standard streams, made ready for whatever is printed."""

from __future__ import annotations

import os
import sys


def ready_streams() -> None:
    """Lead standard streams that the caller closed to nowhere, and let no character break the output."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
