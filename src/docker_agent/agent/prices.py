"""What the models of the Anthropic API cost and how much they read.

Source: the vendor's price list (platform.claude.com/docs/en/about-claude/pricing) and model pages, as of 2026-10-24.
The price of a cache read is 0.1 of the input price for most models, and less for some of the newer ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from docker_agent.agent.model import Usage

DEFAULT_CONTEXT = 200_000
MILLION = 1_000_000


@dataclass(frozen=True)
class Rates:
    """US dollars for a million tokens; `cache_write` is the rate of the five-minute cache."""

    input: float
    output: float
    cache_read: float
    cache_write: float

    def cost(self, usage: Usage) -> float:
        """What these tokens cost at these rates, in US dollars."""
        dollars = (
            usage.input * self.input
            + usage.output * self.output
            + usage.cache_read * self.cache_read
            + usage.cache_write * self.cache_write
        )
        return dollars / MILLION


@dataclass(frozen=True)
class Card:
    """One model: its context in tokens, its rates, and dearer ones for prompts over `long_from` tokens, if any."""

    context: int
    rates: Rates
    long_rates: Rates | None = None
    long_from: int = 100_000

    def cost(self, usage: Usage) -> float:
        """What one turn costs, in US dollars; an upper bound for a sum of turns where the rates have two bands."""
        prompt = usage.input + usage.cache_read + usage.cache_write
        rates = self.long_rates if self.long_rates and prompt > self.long_from else self.rates
        return rates.cost(usage)


_FABLE_5 = Card(MILLION, Rates(10.00, 50.00, 1.00, 12.50))
_FABLE_5_1 = Card(MILLION, Rates(10.00, 50.00, 0.25, 12.50))
_OPUS = Rates(5.00, 25.00, 0.50, 6.25)
_SONNET_4 = Rates(3.00, 15.00, 0.30, 3.75)

CARDS: dict[str, Card] = {
    "claude-fable-5-1": _FABLE_5_1,
    "claude-mythos-5-1": _FABLE_5_1,
    "claude-fable-5": _FABLE_5,
    "claude-mythos-5": _FABLE_5,
    "claude-opus-5-5": Card(MILLION, Rates(4.00, 20.00, 0.20, 5.00)),
    "claude-opus-5": Card(MILLION, _OPUS),
    "claude-opus-4-8": Card(MILLION, _OPUS),
    "claude-opus-4-7": Card(MILLION, _OPUS),
    "claude-opus-4-6": Card(MILLION, _OPUS),
    "claude-opus-4-5": Card(DEFAULT_CONTEXT, _OPUS),
    "claude-sonnet-5-5": Card(MILLION, Rates(2.00, 10.00, 0.10, 2.50)),
    "claude-sonnet-5": Card(MILLION, Rates(2.00, 10.00, 0.20, 2.50)),
    "claude-sonnet-4-6": Card(MILLION, _SONNET_4),
    "claude-sonnet-4-5": Card(DEFAULT_CONTEXT, _SONNET_4),
    "claude-haiku-5-5": Card(MILLION, Rates(0.10, 0.50, 0.01, 0.125), Rates(0.50, 2.50, 0.05, 0.625)),
    "claude-haiku-4-5": Card(DEFAULT_CONTEXT, Rates(1.00, 5.00, 0.10, 1.25)),
}


def card(name: str) -> Card | None:
    """The card of a model, by its name or its dated name (`claude-haiku-4-5-20251001`); None where it is unknown."""
    return CARDS.get(re.sub(r"-\d{8}$", "", name))
