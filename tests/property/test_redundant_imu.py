"""Two IMUs that disagree: the wrong one is given up at once, and a shaken vehicle costs neither."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from onboard.core._core import ffi, lib

TICK_NS = 10_000_000
GYRO_RAD, ACCEL_M_S = 4.36e-6, 1.0e-4  # white noise of a sample of the presets' units
Sample = list[float]
Wrong = Callable[[int, Sample], Sample]


class Pair:
    """Two units on one body, whose samples go through intake to the choice."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.choice = ffi.new("ob_imu_choice *")
        self.intakes = [ffi.new("ob_intake *") for _ in range(2)]
        for intake in self.intakes:
            lib.ob_intake_init(intake, lib.OB_ROW_IMU)
        self.array = ffi.new("ob_intake *[]", self.intakes)
        self.tick = 0
        self.truth = [0.0] * 6

    def fly(
        self, ticks: int, wrong: Wrong | None = None, unit: int = 0, shake: float = 0.0
    ) -> None:
        """`shake`: how much more the body feels from tick to tick (m/s; a hundredth of it, rad)."""
        for _ in range(ticks):
            self.tick += 1
            self._move(shake)
            took = [self._take(k, wrong if k == unit else None) for k in range(2)]
            now_ns = self.tick * TICK_NS
            came = took[self.choice.selected]
            lib.ob_imu_choice_step(self.choice, self.array, 2, came, now_ns)

    def _move(self, shake: float) -> None:
        for i in range(6):
            step = shake * (0.01 if i < 3 else 1.0)
            limit = 3e-3 if i < 3 else 0.1
            moved = self.truth[i] + self.random.uniform(-step, step)
            self.truth[i] = min(max(moved, -limit), limit)

    def _take(self, unit: int, wrong: Wrong | None) -> int:
        felt = [
            x + self.random.gauss(0.0, GYRO_RAD if i < 3 else ACCEL_M_S)
            for i, x in enumerate(self.truth)
        ]
        if wrong is not None:
            felt = wrong(self.tick, felt)
        row = ffi.new("ob_row *")
        row.imu.time_ns, row.imu.sequence = self.tick * TICK_NS, self.tick
        row.imu.delta_angle_rad, row.imu.delta_velocity_m_s = felt[:3], felt[3:]
        return int(lib.ob_intake_take(self.intakes[unit], self.tick * TICK_NS, row))


def offset(axis: int, amount: float) -> Wrong:
    def wrong(tick: int, felt: Sample) -> Sample:
        return [x + (amount if i == axis else 0.0) for i, x in enumerate(felt)]

    return wrong


seeds = st.integers(0, 2**32)


@given(
    seed=seeds,
    unit=st.integers(0, 1),
    axis=st.integers(0, 5),
    size=st.floats(1.0, 20.0),
    sign=st.sampled_from([-1, 1]),
    shake=st.floats(0.0, 3e-4),
)
def test_a_sudden_offset_costs_the_unit_that_has_it(
    seed: int, unit: int, axis: int, size: float, sign: int, shake: float
) -> None:
    """From six times the bound of the slow filter on, which then takes 100 ln(6 / 5) = 18 samples.

    The step stands out from the shaking: noise and shaking change by 1.1e-3 m/s, 3e-5 rad at most
    (six sigma), the step by 6e-3 m/s, 1.2e-4 rad less that, and by twice as much it has to.
    """
    pair = Pair(seed)
    pair.fly(30, shake=shake)
    amount = sign * size * (1.2e-4 if axis < 3 else 6e-3)
    pair.fly(30, offset(axis, amount), unit, shake)
    assert pair.choice.distrusted == 1 << unit
    assert (pair.choice.selected, pair.choice.switch_count) == (1 - unit, 1 - unit)


@given(seed=seeds, unit=st.integers(0, 1), axis=st.integers(0, 5))
def test_a_frozen_axis_is_given_up_once_the_body_moves(seed: int, unit: int, axis: int) -> None:
    pair = Pair(seed)
    pair.fly(20)
    pair.fly(50, lambda _, felt: [0.0 if i == axis else x for i, x in enumerate(felt)], unit)
    assert pair.choice.distrusted == 0, "half a second of the same may be chance"
    pair.truth[axis] = 1e-3 if axis < 3 else 0.03
    pair.fly(4, lambda _, felt: [0.0 if i == axis else x for i, x in enumerate(felt)], unit)
    assert pair.choice.distrusted == 1 << unit
    assert pair.choice.selected == 1 - unit


@given(seed=seeds, unit=st.integers(0, 1), axis=st.integers(0, 5))
def test_an_axis_that_is_dead_for_a_second_is_given_up_at_rest(
    seed: int, unit: int, axis: int
) -> None:
    pair = Pair(seed)
    pair.fly(20)
    pair.fly(102, lambda _, felt: [0.0 if i == axis else x for i, x in enumerate(felt)], unit)
    assert pair.choice.distrusted == 1 << unit


@given(seed=seeds, shake=st.floats(0.0, 0.05))
def test_two_healthy_units_are_trusted_however_the_body_is_shaken(seed: int, shake: float) -> None:
    pair = Pair(seed)
    pair.fly(500, shake=shake)
    assert (pair.choice.distrusted, pair.choice.switch_count) == (0, 0)
    assert pair.choice.agreed_steps == 500


@given(seed=seeds, unit=st.integers(0, 1))
def test_trust_returns_after_five_seconds_and_the_choice_stays(seed: int, unit: int) -> None:
    pair = Pair(seed)
    pair.fly(10)
    pair.fly(1, offset(3, 1.0), unit)
    assert pair.choice.distrusted == 1 << unit
    # 1 m/s, at 50 bounds of the quick filter, leaves it after 4 ln 50 = 16 samples; the slow one,
    # at 10 of its bounds, after 100 ln 10 = 230.
    pair.fly(200)
    assert pair.choice.distrusted == 1 << unit
    pair.fly(550)
    assert (pair.choice.distrusted, pair.choice.selected) == (0, 1 - unit)


@given(seed=seeds)
def test_a_slow_drift_is_left_to_navigation(seed: int) -> None:
    """Neither jumped nor froze: nothing says who is wrong, so nothing is changed."""
    pair = Pair(seed)
    pair.fly(20)
    start = pair.tick
    pair.fly(600, lambda tick, felt: [*felt[:5], felt[5] + 1e-5 * (tick - start)])
    assert pair.choice.agreed_steps == 0
    assert (pair.choice.distrusted, pair.choice.switch_count) == (0, 0)


def test_a_command_overrides_distrust() -> None:
    pair = Pair(1)
    pair.fly(10)
    pair.fly(1, offset(3, 1.0))
    assert (pair.choice.selected, pair.choice.distrusted) == (1, 1)
    now_ns = pair.tick * TICK_NS
    assert lib.ob_imu_choice_select(pair.choice, pair.intakes[0], 0, now_ns) == 1
    assert (pair.choice.selected, pair.choice.distrusted) == (0, 0)
