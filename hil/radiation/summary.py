"""What a campaign of bit flips came to: counts by target and class, and how sure they are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

from rich.table import Table

from hil.radiation.campaign import CLASSES, Account
from hil.radiation.flips import SHARES

CONFIDENCE = 0.95


def upper_bound(events: int, trials: int) -> float:
    """The rate that so few events exclude with 95 % (Clopper and Pearson 1934, one-sided).

    Without an event it is close to 3 / trials.
    """
    if events >= trials:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        rate = (low + high) / 2.0
        low, high = (low, rate) if _at_most(events, trials, rate) < 1 - CONFIDENCE else (rate, high)
    return high


def _at_most(events: int, trials: int, rate: float) -> float:
    """The probability of so many events or fewer."""
    return sum(
        math.exp(
            math.lgamma(trials + 1)
            - math.lgamma(k + 1)
            - math.lgamma(trials - k + 1)
            + k * math.log(rate)
            + (trials - k) * math.log1p(-rate)
        )
        for k in range(events + 1)
    )


class Summary:
    """Of flips that were flown."""

    def __init__(self, accounts: Iterable[Account], octets: dict[str, int]) -> None:
        """`octets`: how large each target is."""
        self.accounts = sorted(accounts, key=lambda account: account.flip.number)
        self._octets = octets
        self.counts = {target: Counter[str]() for target in SHARES}
        for account in self.accounts:
            self.counts[account.flip.target][account.outcome] += 1

    @property
    def violated(self) -> list[Account]:
        """Those after which an expectation did not hold, and the board never noticed."""
        return [a for a in self.accounts if a.outcome == "silent" and a.violated]

    def as_json(self) -> dict[str, Any]:
        flips, violated = len(self.accounts), len(self.violated)
        return {
            "flips": flips,
            "violated": violated,
            "violated_at_most": upper_bound(violated, flips) if flips else None,
            "confidence": CONFIDENCE,
            "targets": {
                target: {"octets": self._octets[target], "flips": counts.total()}
                | {name: counts[name] for name in CLASSES}
                | {"violated": sum(a.flip.target == target for a in self.violated)}
                for target, counts in self.counts.items()
                if counts
            },
            "noted": [a.as_json() for a in self.accounts if a.outcome not in CLASSES[:2]],
        }

    def table(self) -> Table:
        """A row for each target."""
        table = Table("target", "octets", "flips", *CLASSES, "violated", box=None)
        for column in table.columns[1:]:
            column.justify = "right"
        for target, row in self.as_json()["targets"].items():
            table.add_row(target, *(f"{value:,}" for value in row.values()))
        total = [sum(c[name] for c in self.counts.values()) for name in CLASSES]
        cells = [sum(self._octets.values()), len(self.accounts), *total, len(self.violated)]
        table.add_row("all", *(f"{value:,}" for value in cells))
        return table
