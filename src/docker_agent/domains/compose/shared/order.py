"""The first of several keys or items that stands out of order, for the rules of style."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from docker_agent.project.compose.nodes import Scalar


def first_out_of_order(items: Iterable[Scalar], rank: Callable[[Scalar], Any]) -> tuple[Scalar, Scalar] | None:
    """The first item that belongs further up, with the item that it should stand before; None where all are in order.

    Only items of one file are compared, since files that are laid over each other have an order each.
    """
    seen: list[Scalar] = []
    for item in items:
        if seen and seen[-1].source is not item.source:
            seen = []
        if seen and rank(item) < rank(seen[-1]):
            return item, next(other for other in seen if rank(item) < rank(other))
        seen.append(item)
    return None
