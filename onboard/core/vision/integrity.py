"""Would it show if a fix was wrong? The tests of `integrity.h`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib

Floats = npt.NDArray[np.float64]
PAIR = np.dtype([("residual_px", "f8", 2), ("covariance_px2", "f8", 3), ("point_m", "f8", 3)])
VERDICTS: dict[int, str] = {
    lib.OB_INTEGRITY_HOLDS: "holds",
    lib.OB_INTEGRITY_HINGES: "hinges on one match",
    lib.OB_INTEGRITY_DEVIATES: "one match deviates",
    lib.OB_INTEGRITY_SCATTERS: "matches scatter",
    lib.OB_INTEGRITY_TURNED: "attitude disagrees",
}


@dataclass(frozen=True, kw_only=True)
class IntegrityLimits:
    """Largest that is accepted; those of crater matching."""

    growth: float = 4.0  # of a variance when one is left out
    deviation: float = 14.0  # chi-square, 2 degrees of freedom
    scatter: float = 1.8  # mean square in sigmas, per axis
    turn: float = 22.0  # chi-square, 3 degrees of freedom


@dataclass(frozen=True, kw_only=True)
class Integrity:
    """Verdict, of VERDICTS, and the figures of the four tests."""

    verdict: str
    growth: float
    deviation: float
    scatter: float
    turn: float
    shift_by_turn_m_rad: Floats  # (3, 3), camera axes


def judge_fix(
    pairs: npt.NDArray[np.void],
    information: Floats,
    *,
    focal_px: float,
    attitude_sigma_rad: float = 0.0,
    limits: IntegrityLimits | None = None,
) -> Integrity:
    """`pairs`: (n,) of PAIR at the fix, n to 512. `information`: (3, 3), 1/m2, of the position
    before the frame, camera axes. Without `attitude_sigma_rad` the attitude is not tested.

    Raises ValueError for another shape or type, or numbers out of range.
    """
    if pairs.ndim != 1 or pairs.dtype != PAIR:
        raise ValueError(f"pairs: {pairs.dtype} {pairs.shape}, allowed (n,) of PAIR")
    if information.shape != (3, 3):
        raise ValueError(f"information: {information.shape}, allowed (3, 3)")
    view = (focal_px, np.asarray(information, np.float64).ravel().tolist(), attitude_sigma_rad)
    figures = ffi.new("ob_integrity *")
    verdict = lib.ob_integrity_test(
        ffi.from_buffer("ob_integrity_pair[]", np.ascontiguousarray(pairs)),
        len(pairs),
        ffi.new("ob_integrity_view *", view),
        ffi.new("ob_integrity_limits *", vars(limits or IntegrityLimits())),
        figures,
    )
    if verdict == lib.OB_INTEGRITY_BAD_INPUT:
        raise ValueError(
            f"pairs, information, focal_px {focal_px}, attitude_sigma_rad {attitude_sigma_rad}: "
            f"out of range, or not 1 to {lib.OB_INTEGRITY_PAIRS_MAX} pairs"
        )
    return Integrity(
        verdict=VERDICTS[verdict],
        growth=figures.growth,
        deviation=figures.deviation,
        scatter=figures.scatter,
        turn=figures.turn,
        shift_by_turn_m_rad=np.array(list(figures.shift_by_turn_m_rad)).reshape(3, 3),
    )
