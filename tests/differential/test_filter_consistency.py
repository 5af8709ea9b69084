"""Is the filter's covariance the covariance of its errors? NEES and NIS over seeded descents.

Each run draws truth from the model that `filter.h` states: prior errors, biases and their walks,
noise, map error. Then the normalised estimation error squared of n states is chi squared with n
degrees of freedom, and its mean over N independent runs, times N, with N n; the normalised
innovation squared of each stream likewise (Bar-Shalom, Li & Kirubarajan 2001, section 5.4). The
bands below hold with probability 0.999 each, so that the dozen of checks together fail by chance
once in 80 sets of seeds; the seeds are fixed.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest
from navigation_simulation import Descent, Ground, N, lib, make_params, make_site, rolling_hills
from scipy.stats import chi2

RUNS = 16
NOMINAL, DYNAMIC, BIASES = slice(0, N), slice(0, 9), slice(9, 18)
EPOCHS = ("coast", "braking", "approach", "end")


def descend(seed: int, hills_m: float) -> tuple[Descent, dict[str, list[float]]]:
    """Coast with stars, a braking burn with range and craters, then velocity near the ground."""
    ground = Ground(make_site())
    rolling_hills(ground, amplitude_m=hills_m)
    descent = Descent(ground, make_params(), seed)
    nees: dict[str, list[float]] = {}

    def note(epoch: str) -> None:
        nees[epoch] = [descent.nees(s) for s in (NOMINAL, DYNAMIC, BIASES)]

    for k in range(250):
        descent.fly(10, (0.0, 1e-3, 0.0), (0.0, 0.0, 0.0))
        if k % 2 == 0:
            descent.star()
        descent.range(0)
        if k in (120, 240):
            descent.craters(descent.matches(12))
    note("coast")
    for k in range(700):
        descent.fly(10, (0.0, -0.002, 0.0), (0.02, 0.01, 2.8))
        if k % 2 == 0:
            descent.range(0)
        if k % 150 == 149:
            descent.craters(descent.matches(12))
        if k == 350:
            note("braking")
    note("approach")
    for _ in range(150):
        descent.fly(10, (0.0, -0.004, 0.001), (0.02, 0.01, 3.5))
        descent.velocity()
        descent.range(0)
    note("end")
    return descent, nees


@functools.cache
def runs() -> tuple[tuple[Descent, dict[str, list[float]]], ...]:
    return tuple(descend(seed, 0.0) for seed in range(100, 100 + RUNS))


def band(degrees: int) -> tuple[float, float]:
    """Of the mean of a chi squared variable over its degrees of freedom, at 0.999."""
    low, high = chi2.ppf([0.0005, 0.9995], degrees) / degrees
    return float(low), float(high)


@pytest.mark.parametrize("epoch", EPOCHS)
@pytest.mark.parametrize(("index", "size"), [(0, N), (1, 9), (2, 9)])
def test_nees_of_all_dynamic_and_bias_states(epoch: str, index: int, size: int) -> None:
    mean = np.mean([nees[epoch][index] for _, nees in runs()]) / size
    low, high = band(RUNS * size)
    print(f"NEES {epoch} {size}: {mean:.3f} in [{low:.3f}, {high:.3f}]")
    assert low < mean < high


@pytest.mark.parametrize(("stream", "degrees"), [("RANGE_A", 1), ("VELOCITY", 3), ("STAR", 3)])
def test_nis_of_each_stream(stream: str, degrees: int) -> None:
    samples = np.concatenate([d.nis[stream] for d, _ in runs()])
    low, high = band(len(samples) * degrees)
    mean = samples.mean() / degrees
    print(f"NIS {stream}: {mean:.3f} of {len(samples)} in [{low:.3f}, {high:.3f}]")
    assert low < mean < high


def test_innovations_are_white() -> None:
    """Correlation of successive range innovations over sigma: 0 within 3.3 / sqrt(n)."""
    pairs, total = 0.0, 0
    for descent, _ in runs():
        values = np.array(descent.signed)
        pairs += float(values[1:] @ values[:-1])
        total += len(values) - 1
    assert abs(pairs / total) < 3.3 / np.sqrt(total)


def test_no_good_sample_is_lost() -> None:
    """5 sigma gates of one degree pass all but 6e-7; of three degrees at 30 all but 1.4e-6."""
    for descent, _ in runs():
        for stream in range(lib.OB_STREAMS):
            gate = descent.filter.gate[stream]
            assert gate.rejected_count == 0
            assert gate.state == lib.OB_GATE_ACCEPTING


def test_over_hills_the_filter_is_not_overconfident() -> None:
    """Hills of 60 m, 6 to 9 km long, slope 0.06 rms: horizontal errors become height errors.

    The filter takes from its map how much, but as noise, so the band has an upper end only.
    """
    flights = [descend(seed, 60.0) for seed in range(200, 208)]
    _, high = band(8 * 9)
    for epoch in EPOCHS:
        mean = np.mean([nees[epoch][1] for _, nees in flights]) / 9
        print(f"NEES over hills, {epoch}: {mean:.3f} < {high:.3f}")
        assert mean < high
    assert all(d.filter.gate[0].rejected_count < 20 for d, _ in flights)


def test_errors_shrink_as_sensors_allow() -> None:
    """From 500 m and 0.5 m/s to what 12 craters with 15 m a frame, and 150 velocities, leave."""
    for descent, _ in runs():
        sigma = descent.out.position_sigma_m
        assert max(sigma[0], sigma[1]) < 15.0
        assert max(descent.out.velocity_sigma_m_s[i] for i in range(3)) < 1.0
        e = descent.error()
        assert np.linalg.norm(e[:2]) < 5.0 * np.hypot(sigma[0], sigma[1])
        # The altitude above the true ground is better known than map and position by themselves.
        assert (
            abs(descent.out.altitude_m - descent.altitude_m()) < 5.0 * descent.out.altitude_sigma_m
        )
        assert descent.out.altitude_worst_m < descent.altitude_m()
