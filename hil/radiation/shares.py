"""A campaign in several processes, each with an emulated board of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from hil import scenario as scenarios
from hil.radiation.campaign import Account, Campaign
from hil.radiation.laboratory import Laboratory
from hil.radiation.summary import Summary


class Share(NamedTuple):
    """What one process flies."""

    scenario: Path
    machine: str
    seed: int
    windows: int
    targets: tuple[str, ...]
    without: tuple[str, ...]  # of MEASURES
    numbers: Sequence[int]


def fly(share: Share, workers: int, on_account: Callable[[Account], None]) -> Summary:
    """Fly all of a share in so many processes; `on_account` sees what each flip came to.

    With several it sees them once they are done. Ctrl-C ends it with what was flown. Raises what
    `Laboratory` and `Campaign` raise.
    """
    if workers <= 1:
        return Summary(*_fly(share, on_account))
    parts = [share._replace(numbers=share.numbers[k::workers]) for k in range(workers)]
    accounts: list[Account] = []
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn) as pool:
        shares = [pool.submit(_fly_quietly, part) for part in parts]
        with suppress(KeyboardInterrupt):  # which ends theirs, too, with what they flew
            wait(shares)
        for flown in shares:
            some, octets = flown.result()
            accounts += some
            for account in some:
                on_account(account)
    return Summary(accounts, octets)


def _fly_quietly(share: Share) -> tuple[list[Account], dict[str, int]]:
    return _fly(share, lambda account: None)


def _fly(
    share: Share, on_account: Callable[[Account], None]
) -> tuple[list[Account], dict[str, int]]:
    scenario, text = scenarios.load(share.scenario)
    accounts: list[Account] = []
    with Laboratory(share.machine) as laboratory:
        campaign = Campaign(
            laboratory,
            scenario,
            text,
            seed=share.seed,
            windows=share.windows,
            targets=share.targets,
            without=share.without,
        )
        octets = campaign.targets.sizes()
        try:
            for account in campaign.fly(share.numbers):
                accounts.append(account)
                on_account(account)
        except KeyboardInterrupt:
            pass
    return accounts, octets
