"""A short campaign of `crater_reliability.py`: no false fix, and probabilities that are right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from crater_reliability import CELLS, Tally, diagram, draw_diagram, false, fly, load
from reliability_frames import HOPELESS, KINDS, TURNED

from onboard.core._vision import lib

FRAMES = 2000


@pytest.fixture(scope="module")
def tally() -> Tally:
    """A chunk that is in no campaign of `make reliability`."""
    return fly(1_000_000, FRAMES)


def of_kind(tally: Tally, name: str) -> np.ndarray:
    own: np.ndarray = tally.records[tally.records["kind"] == list(KINDS).index(name)]
    return own


@pytest.mark.parametrize("name", [name for name in KINDS if name != TURNED])
def test_no_fix_is_false(tally: Tally, name: str) -> None:
    assert not false(of_kind(tally, name)).any()


@pytest.mark.parametrize("name", HOPELESS)
def test_where_nothing_is_right_nothing_is_accepted(tally: Tally, name: str) -> None:
    own = of_kind(tally, name)
    assert len(own) > 20
    assert not (own["status"] == lib.OB_CRATER_FIX_ACCEPTED).any()


def test_most_usual_frames_are_fixed(tally: Tally) -> None:
    """The rest has too few craters: 20 of the map may be in view, and a fifth of them detected."""
    own = of_kind(tally, "usual")
    assert np.mean(own["status"] == lib.OB_CRATER_FIX_ACCEPTED) > 0.85


def test_most_wrong_attitudes_are_seen(tally: Tally) -> None:
    """Straight down they are not (integrity.h)."""
    own = of_kind(tally, TURNED)
    seen = (own["status"] == lib.OB_CRATER_FIX_TURNED) | (
        own["status"] == lib.OB_CRATER_FIX_SCATTERS
    )
    assert np.mean(seen) > 0.5


def test_matches_are_right_as_often_as_stated(tally: Tally) -> None:
    """Within ten sigma of a binomial where there are enough: those of a fix are not independent."""
    cells = diagram(tally.cells)
    assert sum(count for _, _, count in cells) == tally.cells.sum() > 10_000
    for stated, observed, count in cells:
        wrong = (1.0 - stated) * count
        if wrong > 10.0:
            assert abs((1.0 - observed) * count - wrong) < 10.0 * np.sqrt(wrong), (stated, observed)


def test_a_tally_is_kept_and_drawn(tally: Tally, tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "t.npz", records=tally.records, cells=tally.cells)
    twice = load(tmp_path / "t.npz") + tally
    assert len(twice.records) == 2 * FRAMES
    assert twice.cells.shape == (CELLS, 2)
    draw_diagram(twice, tmp_path / "d.svg")
    assert (tmp_path / "d.svg").read_text().count("<path") > 50
