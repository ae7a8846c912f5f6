"""Addresses of the host that ports listen on."""

from __future__ import annotations


def same_address(one: str, other: str) -> bool:
    """Whether two listeners on one port meet; "" is every address of both families."""
    if not one or not other or one == other:
        return True
    if {one, other} & {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return (":" in one) == (":" in other)
    return False
