"""Positions from craters of rendered frames, against the bound of Cramer and Rao.

    python tests/descent_accuracy.py --views 10

At each altitude the craters of frames are found and matched as `onboard vision match` does, with a
position prior and the true attitude. The bound takes the matches that were made and their scatter
about where the map's craters are seen from the true pose, by size: errors of finder and map
together. The shift that a whole map has (5 m) is left out: no number of craters lessens it.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from crater_simulation import quaternion
from descent_frames import Ground, View, degrees_of

from hil.vision.prior import Prior
from hil.vision.sighting import Sighting, sight
from hil.world.survey import MapErrors
from hil.world.terrain import MOON_RADIUS_M
from onboard.core.vision.crater_index import build_index
from onboard.core.vision.craters import CraterIndex

Array = npt.NDArray[np.float64]
ALTITUDES_M = (100e3, 50e3, 15e3, 5e3)
RADII_PX = (5.0, 7.0, 10.0, 15.0, 25.0, 1e3)
RAYLEIGH_MEDIAN = 1.1774  # in sigmas per axis


@dataclass(frozen=True)
class Fix:
    error_m: Array  # east, north, up
    radius_px: Array  # of its matches, as detected
    residual_px: Array  # (n, 2): detected less where the map's crater is seen from the true pose
    derivative: Array  # (n, 2, 3): of the pixel by the position, east, north, up
    towards_sun: Array  # (2,) in the image


def centres(ground: Ground, shade_depth: float) -> Array:
    """(n, 3), mcmf: rim planes, lowered by that share of the depth, as the landing's map is."""
    rim = ground.map.position_mcmf_m
    lower = shade_depth * ground.map.depth_m / np.linalg.norm(rim, axis=1)
    result: Array = rim * (1.0 - lower[:, None])
    return result


def index_of(ground: Ground, centre_mcmf_m: Array) -> CraterIndex:
    place = [degrees_of(p) for p in centre_mcmf_m]
    latitude, longitude = np.array(place).T
    height = np.linalg.norm(centre_mcmf_m, axis=1) - MOON_RADIUS_M
    return CraterIndex(build_index(longitude, latitude, 0.5 * ground.map.diameter_m, height))


def prior_of(ground: Ground, view: View, rng: np.random.Generator) -> Prior:
    """Off by draws of 3 % of the altitude horizontally and 1 % vertically, as it says."""
    sigma = (0.03 * ground.altitude_m, 0.01 * ground.altitude_m)
    east, north, up = level_axes(view)
    off = rng.standard_normal(3) * [sigma[0], sigma[0], sigma[1]]
    believed = view.position_mcmf_m + off[0] * east + off[1] * north + off[2] * up
    latitude, longitude = degrees_of(believed)
    sun = degrees_of(view.sun_mcmf)
    return Prior.model_validate(
        {
            "camera": {"focal_px": ground.camera.focal_px},
            "attitude": {
                "q_camera_from_mcmf": quaternion(view.C_camera_from_mcmf).tolist(),
                "sigma_deg": 0.02,
            },
            "sun": {"latitude_deg": sun[0], "longitude_deg": sun[1]},
            "position": {
                "latitude_deg": latitude,
                "longitude_deg": longitude,
                "altitude_m": float(np.linalg.norm(believed)) - MOON_RADIUS_M,
                "sigma_m": sigma,
            },
            "catalogue": {"sigma_m": 0.5 * ground.pixel_m},
        }
    )


def level_axes(view: View) -> Array:
    """Rows: east, north, up."""
    up = view.position_mcmf_m / np.linalg.norm(view.position_mcmf_m)
    east = np.cross([0.0, 0.0, 1.0], up)
    east /= np.linalg.norm(east)
    return np.stack([east, np.cross(up, east), up])


def measure(ground: Ground, centre_mcmf_m: Array, view: View, sighting: Sighting) -> Fix:
    assert sighting.pose is not None
    axes, C, f = level_axes(view), view.C_camera_from_mcmf, ground.camera.focal_px
    chosen = sighting.rows >= 0
    to = centre_mcmf_m[sighting.rows[chosen]] - view.position_mcmf_m
    c = to @ C.T
    seen = f * c[:, :2] / c[:, 2:] + ground.camera.center_column_px
    by_point = np.zeros((len(c), 2, 3))
    by_point[:, 0, 0] = by_point[:, 1, 1] = f / c[:, 2]
    by_point[:, :, 2] = -f * c[:, :2] / c[:, 2:] ** 2
    sun = C @ view.sun_mcmf
    return Fix(
        axes @ (sighting.pose.position_mcmf_m - view.position_mcmf_m),
        sighting.detections["radius_px"][chosen],
        sighting.detections["pixel"][chosen] - seen,
        -by_point @ (C @ axes.T),
        sun[:2] / np.linalg.norm(sun[:2]),
    )


def scatter(fixes: list[Fix]) -> list[tuple[float, float, int]]:
    """By size: mean radius, sigma per axis, number. A median: wrong matches do not count."""
    radius = np.concatenate([fix.radius_px for fix in fixes])
    off = np.concatenate([np.linalg.norm(fix.residual_px, axis=1) for fix in fixes])
    rows = []
    for low, high in itertools.pairwise(RADII_PX):
        own = (radius >= low) & (radius < high)
        if own.sum() >= 5:
            sigma = float(np.median(off[own])) / RAYLEIGH_MEDIAN
            rows.append((float(radius[own].mean()), sigma, int(own.sum())))
    return rows


def bound(fix: Fix, sizes: list[tuple[float, float, int]]) -> Array:
    """Covariance: the inverse of Fisher's information of the matches."""
    radius, sigma, _ = np.array(sizes).T
    weight = 1.0 / np.interp(fix.radius_px, radius, sigma) ** 2
    information = np.einsum("nji,n,njk->ik", fix.derivative, weight, fix.derivative)
    result: Array = np.linalg.inv(information)
    return result


def report(altitude_m: float, views: int, fixes: list[Fix], pixel_m: float) -> None:
    sizes = scatter(fixes)
    errors = np.array([fix.error_m for fix in fixes])
    bounds = np.array([np.diagonal(bound(fix, sizes)) for fix in fixes])
    rms, least = np.sqrt((errors**2).mean(axis=0)), np.sqrt(bounds.mean(axis=0))
    level = np.sqrt((rms[:2] ** 2).sum() / (least[:2] ** 2).sum())
    whole = np.sqrt((rms**2).sum() / (least**2).sum())
    sunward = [fix.residual_px @ fix.towards_sun for fix in fixes]
    print(
        f"{altitude_m / 1e3:.0f} km ({pixel_m:.1f} m/px): {len(fixes)} of {views} fixed, "
        f"{np.median([len(fix.radius_px) for fix in fixes]):.0f} matches; error east, north, up "
        f"{np.round(rms, 1)} m (mean {np.round(errors.mean(axis=0), 1)}), bound "
        f"{np.round(least, 1)} m, ratio {level:.2f} level, "
        f"{whole:.2f} in all; residual towards the Sun {np.median(np.concatenate(sunward)):.2f} px"
    )
    for radius, sigma, count in sizes:
        print(f"  radius {radius:.1f} px: sigma {sigma:.2f} px per axis, {count} matches")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--views", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--altitudes-m", type=float, nargs="+", default=ALTITUDES_M)
    parser.add_argument("--shade-depth", type=float, default=0.25, help="share of the depth")
    parser.add_argument("--sun-deg", type=float, default=25.0)
    options = parser.parse_args()
    for altitude_m in options.altitudes_m:
        rng = np.random.default_rng(options.seed)
        ground = Ground(altitude_m, errors=MapErrors(0.0, 0.0))
        where = centres(ground, options.shade_depth)
        index = index_of(ground, where)
        fixes = []
        for _ in range(options.views):
            view = ground.view(rng, sun_deg=options.sun_deg)
            sighting = sight(view.image, index, prior_of(ground, view, rng))
            if sighting.found:
                fixes.append(measure(ground, where, view, sighting))
        if fixes:
            report(altitude_m, options.views, fixes, ground.pixel_m)


if __name__ == "__main__":
    main()
