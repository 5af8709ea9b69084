"""Pictures of the emulated Moon (`native/plant/include/plant/render.h`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.plant._plant import ffi, lib
from hil.world.terrain import Terrain

FIELDS = ("focal_px", "center_column_px", "center_row_px", "width", "height")


@dataclass(frozen=True)
class Sensor:
    """Of a small panchromatic camera: 1 ms shows mare under a Sun at 12 deg at 0.4 of scale."""

    electrons_per_s: float = 1.1e9  # in a pixel, at I/F = 1
    full_well_e: float = 20_000.0
    read_noise_e: float = 15.0
    blur: float = 0.10  # share of light in each neighbour along an axis


class Renderer:
    """Draws pictures with one camera over one terrain, in memory that it keeps.

    `camera` has the fields of `ob_camera` (onboard/camera.h): an `ob_camera *` of the core or
    any object with `focal_px`, `center_column_px`, `center_row_px`, `width` and `height`.
    """

    def __init__(self, terrain: Terrain, camera: Any, sensor: Sensor | None = None) -> None:
        self.terrain = terrain
        self._camera = ffi.new("ob_camera *")
        for field in FIELDS:
            setattr(self._camera, field, getattr(camera, field))
        self._sensor = ffi.new("pl_sensor *", {"exposure_s": 0.0, **vars(sensor or Sensor())})
        self._view = ffi.new("pl_view *")
        self.relief = ffi.new("pl_relief *")
        self._capacity = lib.pl_render_memory(self._camera)
        self._memory = np.empty(self._capacity, np.float32)
        self._floats = ffi.from_buffer("float[]", self._memory)

    def render(
        self,
        position_mcmf_m: Any,
        q_mcmf_from_camera: Any,
        sun_mcmf: Any,
        exposure_s: float,
        seed: int,
    ) -> npt.NDArray[np.uint8]:
        """Image (height, width), 8 bit; black where no ground is in sight.

        `position_mcmf_m` is that of the projection centre, `q_mcmf_from_camera` a scalar-first unit
        quaternion, `sun_mcmf` the unit vector to the Sun, `seed` that of the sensor's noise.
        """
        view = self._view
        view.position_mcmf_m = [float(x) for x in position_mcmf_m]
        view.q_mcmf_from_camera = [float(x) for x in q_mcmf_from_camera]
        view.sun_mcmf = [float(x) for x in sun_mcmf]
        self._sensor.exposure_s = exposure_s
        image = np.zeros((self._camera.height, self._camera.width), np.uint8)
        lib.pl_render(
            self.relief,
            self.terrain.handle,
            self._camera,
            view,
            self._sensor,
            seed,
            self._floats,
            self._capacity,
            ffi.from_buffer("uint8_t[]", image),
        )
        return image


def render(
    terrain: Terrain,
    camera: Any,
    pose: tuple[Any, Any],
    sun_mcmf: Any,
    exposure_s: float = 1e-3,
    seed: int = 0,
) -> npt.NDArray[np.uint8]:
    """One picture: `pose` is (position_mcmf_m, q_mcmf_from_camera). For many, keep a `Renderer`."""
    position_mcmf_m, q_mcmf_from_camera = pose
    return Renderer(terrain, camera).render(
        position_mcmf_m, q_mcmf_from_camera, sun_mcmf, exposure_s, seed
    )
