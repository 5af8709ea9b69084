"""How often a fix by the landing's matcher is what it says: `make reliability FRAMES=300000`.

Simulated frames of `reliability_frames.py`, usual and adversarial. A fix is false when its
position is off by more than it promises, or half of its matches or more are wrong. It promises six
sigma of its covariance, with the share of the attitude's uncertainty, and beyond that what one
wrong match can do: within its gate of three sigma it shifts the fix by 3 sqrt(h) at most, in sigmas
of the covariance, where h is the largest leverage and 1 / (1 - h) the growth of `integrity.h`.
Fewer wrong matches than half may leave the position right; what they do to it is seen there.

Frames come in chunks with seeds of their own, so several processes may share a campaign
(`--first-chunk`), and `--report` puts their files together.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import operator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from reliability_frames import FRAMES_OF_A_PLACE, GRID, HOPELESS, KINDS, TURNED, Frame, draw_place

from onboard.core.vision.crater_matching import (
    DETECTION,
    MATCHED,
    STATUS_NAMES,
    ffi,
    lib,
)

Array = npt.NDArray[np.float64]
# Chi-square with three degrees of freedom: beyond 6 sigma lie 7.5e-8 of right fixes.
FALSE_SIGMA, GATE_SIGMA = 6.0, 3.0
FALSE_SHARE = 0.5
RECORD = np.dtype(
    [
        ("kind", "i4"),
        ("status", "i4"),
        ("count", "i4"),
        ("wrong", "i4"),
        ("log10_chance", "f8"),
        ("distance", "f8"),  # Mahalanobis, of the position error
        ("error_m", "f8"),
        ("integrity", "f8", 4),  # growth, deviation, scatter, turn
        ("off", "?"),  # beyond FALSE_SIGMA, or nothing could be right; whatever the status
    ]
)
CELLS = 1000  # of probability, for the diagram of matches
CHUNK = 2000  # frames
EDGES = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 1.0)
CHANCES = (-400, -20, -15, -12, -10, -8, -7, -6, -5, -4, -3, -2, -1, 0)


class Matcher:
    """The matcher with the settings of the landing."""

    def __init__(self) -> None:
        self._matcher = ffi.new("ob_crater_matcher *")
        self._out = ffi.new("ob_crater_matched[]", 512)
        self.fix = ffi.new("ob_crater_fix *")
        self._view = np.frombuffer(ffi.buffer(self._out), MATCHED)
        self._settings = ffi.new(
            "ob_crater_match_settings *",
            {
                "radius_min_px": 3.0,
                "radius_max_px": 40.0,
                "radius_ratio_max": 1.5,
                "gate_sigma": 3.0,
                "log10_chance_max": -6.0,
                "rival_fraction_max": 0.7,
                "count_min": 6,
            },
        )

    def match(self, frame: Frame) -> npt.NDArray[np.void]:
        """Rows of MATCHED, none unless accepted; the rest stands in `fix`."""
        lens = frame.place.lens
        camera = ffi.new(
            "ob_camera *",
            {
                "focal_px": lens.focal_px,
                "center_column_px": lens.center_px,
                "center_row_px": lens.center_px,
                "width": lens.size,
                "height": lens.size,
                "q_body_from_camera": (1.0, 0.0, 0.0, 0.0),
            },
        )
        up = frame.place.site[2]
        level, vertical = frame.prior_sigma_m
        covariance = level**2 * np.eye(3) + (vertical**2 - level**2) * np.outer(up, up)
        prior = ffi.new("ob_crater_prior *")
        prior.position_mcmf_m = frame.prior_m.tolist()
        prior.q_mcmf_from_body = frame.q_mcmf_from_camera.tolist()
        prior.position_covariance_m2 = covariance.ravel().tolist()
        prior.attitude_sigma_rad = frame.attitude_sigma_rad
        rows = np.column_stack([frame.map_m, frame.map_diameter_m, frame.map_sigma_m])
        rows = np.ascontiguousarray(rows)
        detections = np.zeros(len(frame.detections), DETECTION)
        detections["pixel"] = frame.detections[:, :2]
        detections["radius_px"] = frame.detections[:, 2]
        detections["pixel_covariance"][:, ::2] = frame.sigma_px**2
        status = lib.ob_crater_match(
            camera,
            prior,
            ffi.from_buffer("ob_crater_map_entry[]", rows),
            len(rows),
            ffi.from_buffer("ob_crater_detection[]", detections),
            len(detections),
            self._settings,
            self._matcher,
            self._out,
            512,
            self.fix,
        )
        written = self.fix.count if status == lib.OB_CRATER_FIX_ACCEPTED else 0
        return self._view[:written]


def judge(frame: Frame, matcher: Matcher, matched: npt.NDArray[np.void]) -> tuple[np.void, Array]:
    """A RECORD without its kind, and for each match whether it is right."""
    fix = matcher.fix
    record = np.zeros((), RECORD)
    record["status"], record["count"] = fix.status, fix.count
    record["log10_chance"] = fix.log10_chance
    if fix.count == 0:
        return record[()], np.zeros(0, bool)
    origin = dict(zip(map(tuple, frame.detections[:, :2]), frame.origin, strict=True))
    right = np.array(
        [origin[tuple(m["pixel"])] == m["catalogue_index"] for m in matched], dtype=bool
    )
    error = frame.prior_m + list(fix.position_offset_mcmf_m) - frame.place.eye_m
    record["error_m"] = np.linalg.norm(error)
    record["distance"] = np.sqrt(error @ np.linalg.solve(covariance(frame, fix), error))
    record["wrong"] = (~right).sum()
    figures = fix.integrity
    record["integrity"] = figures.growth, figures.deviation, figures.scatter, figures.turn
    record["off"] = record["distance"] > FALSE_SIGMA or not frame.fixable
    return record[()], right


def accepted(records: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    result: npt.NDArray[np.bool_] = records["status"] == lib.OB_CRATER_FIX_ACCEPTED
    return result


def false(records: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    """Of the accepted ones, those that are."""
    growth = np.maximum(records["integrity"][..., 0], 1.0)
    promised = FALSE_SIGMA + GATE_SIGMA * np.sqrt(1.0 - 1.0 / growth)
    hopeless = np.isin(records["kind"], [list(KINDS).index(name) for name in HOPELESS])
    wrong = records["wrong"] >= FALSE_SHARE * records["count"]
    result: npt.NDArray[np.bool_] = accepted(records) & (
        (records["distance"] > promised) | wrong | hopeless
    )
    return result


def covariance(frame: Frame, fix: Any) -> Array:
    """Of the position, with the attitude's share. Where that was not worked out, as the fix was
    refused before: a turn moves the ground by as much times the altitude, and by more at a slant.
    """
    by_turn = np.array(list(fix.shift_by_turn_m_rad)).reshape(3, 3)
    if not by_turn.any():
        by_turn = 2.0 * frame.place.altitude_m * np.eye(3)
    by_turn *= frame.attitude_sigma_rad
    result: Array = np.array(list(fix.position_covariance_m2)).reshape(3, 3) + by_turn @ by_turn.T
    return result


@dataclass
class Tally:
    """Of a campaign or a part of it."""

    records: npt.NDArray[np.void]  # RECORD
    cells: npt.NDArray[np.int64]  # (CELLS, 2): wrong and right matches by stated probability

    def __add__(self, other: Tally) -> Tally:
        records = np.concatenate([self.records, other.records])
        return Tally(records, self.cells + other.cells)


def fly(chunk: int, frames: int = CHUNK) -> Tally:
    """The frames of one chunk. Matches are counted where the fix is not false."""
    draw = np.random.default_rng([0xC4A7E5, chunk])
    names, shares = list(KINDS), np.array([share for _, share in KINDS.values()])
    tally = Tally(np.zeros(frames, RECORD), np.zeros((CELLS, 2), np.int64))
    matcher = Matcher()
    place = grid = draw_place(draw)
    for k in range(frames):
        if k % FRAMES_OF_A_PLACE == 0:
            place, grid = draw_place(draw), draw_place(draw, grid=True)
        kind = int(draw.choice(len(names), p=shares))
        where = grid if names[kind] == GRID else place
        frame = KINDS[names[kind]][0](draw, where)
        matched = matcher.match(frame)
        record, right = judge(frame, matcher, matched)
        tally.records[k] = record
        tally.records[k]["kind"] = kind
        if not false(tally.records[k]):
            cell = np.minimum((matched["probability"] * CELLS).astype(int), CELLS - 1)
            np.add.at(tally.cells, (cell, right.astype(int)), 1)
    return tally


def report(tally: Tally) -> None:
    for kind, name in enumerate(KINDS):
        own = tally.records[tally.records["kind"] == kind]
        statuses, counts = np.unique(own["status"], return_counts=True)
        reasons = ", ".join(f"{STATUS_NAMES[s]} {c}" for s, c in zip(statuses, counts, strict=True))
        print(f"{name}: {len(own)} frames: {reasons}; false {false(own).sum()}")
    meant = tally.records["kind"] != list(KINDS).index(TURNED)
    fixes = tally.records[meant & accepted(tally.records)]
    print(
        f"attitude as stated: {len(fixes)} fixes, {false(fixes).sum()} false, bound at 95 % "
        f"{bound(fixes):.2g}; {fixes['off'].sum()} beyond {FALSE_SIGMA:g} sigma alone; "
        f"NEES over 3: {np.mean(fixes['distance'] ** 2) / 3.0:.3f}"
    )
    for record in fixes[fixes["off"] | false(fixes)]:
        print(f"  {record}")
    report_fixes(tally.records[meant])
    report_matches(tally.cells)


def bound(fixes: npt.NDArray[np.void]) -> float:
    """Of the rate at 95 %, for the number of false ones that were seen (Poisson)."""
    from scipy.stats import chi2

    return float(chi2.ppf(0.95, 2 * false(fixes).sum() + 2)) / 2.0 / max(len(fixes), 1)


def report_fixes(records: npt.NDArray[np.void]) -> None:
    """By the stated chance: all poses, whatever was against them, and those that were accepted."""
    for low, high in itertools.pairwise(CHANCES):
        own = records[(records["log10_chance"] <= high) & (records["log10_chance"] > low)]
        own = own[own["count"] > 0]
        fixes = own[accepted(own)]
        print(
            f"  chance 10^{low} to 10^{high}: {len(own)} poses, {own['off'].sum()} off; "
            f"{len(fixes)} accepted, {false(fixes).sum()} false"
        )


def report_matches(cells: npt.NDArray[np.int64]) -> None:
    for stated, observed, count in diagram(cells):
        print(f"  {count} matches stated {stated:.4f}, observed {observed:.4f}")


def diagram(cells: npt.NDArray[np.int64]) -> list[tuple[float, float, int]]:
    """Mean stated probability, share of right ones, and number, of matches in each of EDGES."""
    middle = (np.arange(CELLS) + 0.5) / CELLS
    rows = []
    for low, high in itertools.pairwise(EDGES):
        part = slice(round(low * CELLS), round(high * CELLS))
        count = int(cells[part].sum())
        if count:
            stated = float((middle[part] * cells[part].sum(axis=1)).sum() / count)
            rows.append((stated, float(cells[part, 1].sum() / count), count))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=10000)
    parser.add_argument("--first-chunk", type=int, default=0)
    parser.add_argument("--out", type=Path, help="keeps what was counted, after every chunk")
    parser.add_argument("--report", type=Path, nargs="+", help="files of --out, put together")
    parser.add_argument("--draw", type=Path, help="the reliability diagram, SVG or PNG")
    options = parser.parse_args()
    if options.report:
        tally = functools.reduce(operator.add, map(load, options.report))
    else:
        tally = fly_all(options.first_chunk, options.frames, options.out)
    report(tally)
    if options.draw:
        draw_diagram(tally, options.draw)


def fly_all(first: int, frames: int, out: Path | None) -> Tally:
    tally = fly(first)
    for chunk in range(first + 1, first + -(-frames // CHUNK)):
        tally += fly(chunk)
        if out:
            np.savez_compressed(out, records=tally.records, cells=tally.cells)
    return tally


def load(path: Path) -> Tally:
    with np.load(path) as kept:
        return Tally(kept["records"][list(RECORD.names or ())], kept["cells"])


def draw_diagram(tally: Tally, path: Path) -> None:
    """Left: matches. Right: false positions among all poses, by their stated chance."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 4.2), layout="constrained")
    stated, observed, count = np.array(diagram(tally.cells)).T
    left.plot([1.0, 1e-3], [1.0, 1e-3], color="0.7")
    sigma = np.sqrt(np.maximum(1.0 - observed, 1.0 / count) / count)
    left.errorbar(1.0 - stated, 1.0 - observed, 2.0 * sigma, fmt="o", ms=4)
    left.set(xscale="log", yscale="log", xlim=(1.0, 5e-4), ylim=(1.0, 5e-4))
    left.set(xlabel="stated: 1 - probability of a match", ylabel="observed share of wrong ones")
    meant = tally.records[tally.records["kind"] != list(KINDS).index(TURNED)]
    draw_fixes(right, meant)
    figure.savefig(path, dpi=110)


def draw_fixes(axes: Any, records: npt.NDArray[np.void]) -> None:
    for part, label in ((records, "all poses"), (records[accepted(records)], "accepted")):
        rows = []
        for low, high in itertools.pairwise(CHANCES):
            own = part[(part["log10_chance"] <= high) & (part["log10_chance"] > low)]
            own = own[own["count"] > 0]
            if len(own):
                rows.append((np.mean(own["log10_chance"]), own["off"].sum(), len(own)))
        x, off, count = np.array(rows).T
        seen = off > 0
        axes.plot(x[seen], (off / count)[seen], "o-", ms=4, label=label)
        axes.plot(x[~seen], (3.0 / count)[~seen], "v", ms=5, color=axes.lines[-1].get_color())
    axes.plot([0.0, -6.0], [1.0, 1e-6], color="0.7")
    axes.set(
        yscale="log", xlim=(0.0, CHANCES[1]), xlabel="stated: log10 of the chance of a false fix"
    )
    axes.set(ylabel="observed share of false ones")
    axes.legend()


if __name__ == "__main__":
    main()
