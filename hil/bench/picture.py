"""One picture of a landing: camera frames with their matches above the trajectory."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hil.bench.report import FrameView, MissingExtra, Run, draw_flight
from hil.bench.whole_file import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DETECTED, MATCHED = "#ffd54f", "#ff5252"
FRAMES = 3
COLOURS = 96  # of the PNG's palette: a third of the size at no visible loss


def write(path: Path, run: Run) -> None:
    """Write a PNG. Raises MissingExtra, OSError, or ValueError for a run without a fix."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
        from PIL import Image
    except ImportError as error:
        raise MissingExtra(
            f"a picture needs the package {error.name}: pip install matplotlib pillow"
        ) from None
    shown = _choose([frame for frame in run.frames if len(frame.matched)])
    with plt.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        figure = plt.figure(figsize=(10.0, 6.4), dpi=100, constrained_layout=True)
        grid = figure.add_gridspec(2, 6, height_ratios=(3.2, 2.4))
        for k, frame in enumerate(shown):
            _frame(figure.add_subplot(grid[0, 2 * k : 2 * k + 2]), frame)
        draw_flight(figure.add_subplot(grid[1, :4]), figure.add_subplot(grid[1, 4:]), run)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        plt.close(figure)
    image = Image.open(buffer).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True)
    write_whole(path, content.getvalue())


def _choose(frames: Sequence[FrameView]) -> list[FrameView]:
    if len(frames) < FRAMES:
        raise ValueError(f"the run has {len(frames)} frames with a fix: a picture shows {FRAMES}")
    return [frames[k] for k in np.linspace(0, len(frames) - 1, FRAMES).round().astype(int)]


def _frame(axes: Axes, frame: FrameView) -> None:
    from matplotlib.patches import Circle

    axes.imshow(frame.image, cmap="gray", vmin=0, vmax=255)
    for circles, colour, width in (
        (frame.detections, DETECTED, 0.6),
        (frame.matched, MATCHED, 1.3),
    ):
        for column, row, radius in circles:
            axes.add_patch(Circle((column, row), radius, fill=False, color=colour, lw=width))
    axes.set_axis_off()
    axes.set_title(
        f"{frame.altitude_m / 1e3:.1f} km: {len(frame.matched)} of {len(frame.detections)} "
        "craters on the map",
        fontsize=9,
    )
