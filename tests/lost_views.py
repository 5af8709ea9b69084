"""Views for the identification of craters without attitude and position: `crater_views.py` with the
noise, the missing and the spurious craters of the aim.
"""

from __future__ import annotations

from crater_views import FOCAL_PX, SIZE_PX, Craters, Scene, scene

from onboard.core.vision.crater_index import build_index
from onboard.core.vision.craters import CraterIndex
from onboard.core.vision.lost import LostCamera, LostIdentifier, QuadIndex
from onboard.core.vision.quad_index import build_quad_index

CAMERA = LostCamera(
    focal_px=FOCAL_PX, center_px=(0.5 * SIZE_PX, 0.5 * SIZE_PX), size_px=(SIZE_PX, SIZE_PX)
)
NOISE_PX = 1.0
MISSING = 0.3
SPURIOUS = 0.3
VISIBLE_MIN = 12


def lost_scene(craters: Craters, seed: int, tilt_deg: float = 20.0) -> Scene:
    return scene(
        craters,
        seed,
        noise_px=NOISE_PX,
        missing=MISSING,
        spurious=SPURIOUS,
        visible_min=VISIBLE_MIN,
        tilt_deg=tilt_deg,
    )


def lost_identifier(craters: Craters, neighbour_count: int = 10) -> LostIdentifier:
    index = CraterIndex(build_index(craters.longitude_deg, craters.latitude_deg, craters.radius_m))
    return LostIdentifier(QuadIndex(build_quad_index(index, neighbour_count), index))


def mirrored(craters: Craters) -> Craters:
    """East to west: a Moon that is not in the catalogue."""
    return Craters(-craters.longitude_deg, craters.latitude_deg, craters.radius_m)
