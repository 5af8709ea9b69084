"""Draws what was matched over the image."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hil.vision.images import FileError
from hil.vision.sighting import Floats, Sighting

SMALL_PX, LARGE_PX = (
    600,
    1200,
)  # smaller images are drawn at twice their size; labels grow in larger
MATCHED, UNMATCHED, EXPECTED = (80, 255, 120), (255, 170, 40), (90, 170, 255)
BAR_PX = 22


def draw(
    image: npt.NDArray[np.uint8],
    sighting: Sighting,
    outlines: tuple[npt.NDArray[np.int64], Floats],
    names: Mapping[int, str],
    path: Path,
) -> None:
    """Writes a PNG: detections, the catalogue's craters as the pose puts them, and matches.

    `outlines`: catalogue rows and (n, corners, 2) pixels. `names` are written beside matches in
    place of rows. Raises FileError when the file cannot be written.
    """
    from PIL import Image, ImageDraw

    scale = 2 if max(image.shape) < SMALL_PX else 1
    height, width = scale * image.shape[0], scale * image.shape[1]
    picture = Image.new("RGB", (width, height + 2 * BAR_PX), (0, 0, 0))
    grey = Image.fromarray(image).resize((width, height), Image.Resampling.NEAREST)
    picture.paste(grey.convert("RGB"), (0, 0))
    pen = ImageDraw.Draw(picture)
    matched = set(sighting.rows[sighting.rows >= 0].tolist())
    for row, rim in zip(*outlines, strict=True):
        colour = MATCHED if int(row) in matched else EXPECTED
        pen.line([tuple(p) for p in scale * (rim + 0.5)], fill=colour)
    for detection, row in zip(sighting.detections, sighting.rows, strict=True):
        draw_detection(pen, detection, int(row), names, scale)
    draw_legend(pen, sighting, len(outlines[0]), height)
    write(picture, path)


def draw_detection(
    pen: object, detection: np.void, row: int, names: Mapping[int, str], scale: int
) -> None:
    """A ring around what was not matched, a cross in what was, with its name."""
    column, line = scale * (detection["pixel"] + 0.5)
    radius = scale * float(detection["radius_px"])
    if row < 0:
        box = (column - radius, line - radius, column + radius, line + radius)
        pen.ellipse(box, outline=UNMATCHED)  # type: ignore[attr-defined]
        return
    arm = 3 * scale
    pen.line((column - arm, line, column + arm, line), fill=MATCHED)  # type: ignore[attr-defined]
    pen.line((column, line - arm, column, line + arm), fill=MATCHED)  # type: ignore[attr-defined]
    label = names.get(row) or str(row)
    pen.text((column + arm + 1, line + 1), label, fill=MATCHED)  # type: ignore[attr-defined]


def draw_legend(pen: object, sighting: Sighting, expected: int, top: int) -> None:
    count = int((sighting.rows >= 0).sum())
    left = 6
    for text, colour in (
        (f"{count} matched", MATCHED),
        (f"{len(sighting.detections) - count} detected, not matched", UNMATCHED),
        (f"{max(0, expected - count)} in the catalogue, not matched", EXPECTED),
    ):
        pen.text((left, top + 5), text, fill=colour)  # type: ignore[attr-defined]
        left += 8 * len(text) + 16
    chance = f", chance of a false fix at most 1e{sighting.log10_chance:.0f}"
    text = sighting.status + (chance if sighting.log10_chance < 0.0 else "")
    colour = MATCHED if sighting.found else UNMATCHED
    pen.text((6, top + BAR_PX + 3), text, fill=colour)  # type: ignore[attr-defined]


def write(picture: object, path: Path) -> None:
    """Entirely or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(partial, format="PNG", optimize=True)  # type: ignore[attr-defined]
        os.replace(partial, path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise FileError(f"{path}: cannot be written: {error.strerror}") from None
