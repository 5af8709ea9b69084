"""How good a list of craters is: one to one, by place and size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
OFF_MAX, RATIO_MAX = 0.5, 1.5  # of the smaller radius; of the larger radius over the smaller


@dataclass
class Score:
    """Of craters within limits of radius; scores of several images add up."""

    right: int = 0
    wrong: int = 0
    there: int = 0
    off_px: tuple[float, ...] = ()

    def __add__(self, other: Score) -> Score:
        return Score(
            self.right + other.right,
            self.wrong + other.wrong,
            self.there + other.there,
            self.off_px + other.off_px,
        )

    @property
    def f1(self) -> float:
        return 2 * self.right / max(self.right + self.wrong + self.there, 1)

    def __str__(self) -> str:
        precision = self.right / max(self.right + self.wrong, 1)
        off = f"{np.median(self.off_px):.2f}" if self.off_px else "-"
        recall = self.right / max(self.there, 1)
        return f"F1 {self.f1:.3f}, precision {precision:.2f}, recall {recall:.2f}, off {off} px"


def score(found: Array, truth: Array, radius_px: tuple[float, float]) -> Score:
    """Rows (column, row, radius) of `found`, the best first, against those of `truth`.

    A true crater outside the limits is neither asked for nor held against who finds it.
    """
    least, most = radius_px
    free = np.ones(len(truth), bool)
    asked = (truth[:, 2] >= least) & (truth[:, 2] <= most)
    right, wrong, off_px = 0, 0, []
    for column, row, radius in found:
        off = np.hypot(truth[:, 0] - column, truth[:, 1] - row)
        smaller = np.minimum(truth[:, 2], radius)
        alike = free & (off < OFF_MAX * smaller)
        alike &= np.maximum(truth[:, 2], radius) < RATIO_MAX * smaller
        if alike.any():
            best = int(np.argmin(np.where(alike, off / truth[:, 2], np.inf)))
            free[best] = False
            if asked[best]:
                right += 1
                off_px.append(float(off[best]))
        else:
            wrong += int(least <= radius <= most)
    return Score(right, wrong, int(asked.sum()), tuple(off_px))
