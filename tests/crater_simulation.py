"""Frames of a cratered Moon without images: craters, a map of them with errors, and detections.

Projection and apparent radius are worked out here on their own, from the outline of each rim, so
that they also test the formulas of `crater_match.c`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
RADIUS_M = 1_737_400.0


@dataclass(frozen=True)
class Lens:
    """A pinhole camera whose body frame is the camera frame."""

    size: int = 512
    field_of_view_deg: float = 50.0

    @property
    def focal_px(self) -> float:
        return 0.5 * self.size / float(np.tan(np.radians(0.5 * self.field_of_view_deg)))

    @property
    def center_px(self) -> float:
        return 0.5 * (self.size - 1)

    def project(self, camera: Array) -> Array:
        """Pixels (..., 2) of points (..., 3) in camera axes."""
        return self.center_px + self.focal_px * camera[..., :2] / camera[..., 2:]


@dataclass(frozen=True)
class Frame:
    """Truth, prior and what the matcher is given. Positions in mcmf."""

    lens: Lens
    position_m: Array  # true
    prior_position_m: Array
    C_mcmf_from_camera: Array
    q_mcmf_from_camera: Array  # with the attitude error
    map_position_m: Array
    map_diameter_m: Array
    detections: Array  # (n, 3): column, row, radius
    origin: npt.NDArray[np.int64]  # map entry of each detection, -1: none

    def changed(self, **fields: Any) -> Frame:
        return replace(self, **fields)

    def without_detections(self) -> Frame:
        return replace(self, detections=self.detections[:0], origin=self.origin[:0])

    def without_map(self) -> Frame:
        return replace(
            self, map_position_m=self.map_position_m[:0], map_diameter_m=self.map_diameter_m[:0]
        )

    def with_prior_moved(self, distance_m: float) -> Frame:
        """The prior moved over ground, north of the camera's boresight or so."""
        up = self.position_m / np.linalg.norm(self.position_m)
        across = np.cross(up, self.C_mcmf_from_camera[:, 0])
        return replace(
            self,
            prior_position_m=self.prior_position_m + distance_m * across / np.linalg.norm(across),
        )

    def with_map_doubled(self, distance_m: float) -> Frame:
        """Every map crater once more, that far away, in one direction over ground."""
        up = self.position_m / np.linalg.norm(self.position_m)
        across = np.cross(up, self.C_mcmf_from_camera[:, 0])
        moved = self.map_position_m + distance_m * across / np.linalg.norm(across)
        return replace(
            self,
            map_position_m=np.concatenate([self.map_position_m, moved]),
            map_diameter_m=np.concatenate([self.map_diameter_m, self.map_diameter_m]),
        )

    def with_nan_map_rows(self) -> Frame:
        """Rows at the end of the map that are no craters."""
        bad = np.array([[np.nan] * 3, [np.inf] * 3, [0.0] * 3, [1.7374e6, 0.0, 0.0]])
        return replace(
            self,
            map_position_m=np.concatenate([self.map_position_m, bad]),
            map_diameter_m=np.concatenate([self.map_diameter_m, [100.0, 100.0, np.nan, np.nan]]),
        )

    def with_nan_detections(self) -> Frame:
        """Detections at the end of the list that are none."""
        bad = np.array(
            [[np.nan, 9.0, 5.0], [9.0, np.inf, 5.0], [9.0, 9.0, np.nan], [-50.0, 9.0, 5.0]]
        )
        return replace(
            self,
            detections=np.concatenate([self.detections, bad]),
            origin=np.concatenate([self.origin, [-1] * len(bad)]),
        )

    def with_small_craters(self, count: int) -> Frame:
        """More map craters below the camera, each too small to be seen."""
        rng = np.random.default_rng(count)
        up = self.position_m / np.linalg.norm(self.position_m)
        altitude = float(np.linalg.norm(self.position_m)) - RADIUS_M
        spread = rng.uniform(-2 * altitude, 2 * altitude, (count, 3))
        ground = RADIUS_M * up + spread - (spread @ up)[:, None] * up
        ground *= RADIUS_M / np.linalg.norm(ground, axis=1, keepdims=True)
        return replace(
            self,
            map_position_m=np.concatenate([self.map_position_m, ground]),
            map_diameter_m=np.concatenate(
                [self.map_diameter_m, np.full(count, 1.5 * altitude / self.lens.focal_px)]
            ),
        )


def axes_at(latitude: float, longitude: float) -> Array:
    """Rows: east, north, up."""
    s, c, sl, cl = np.sin(latitude), np.cos(latitude), np.sin(longitude), np.cos(longitude)
    return np.array([[-sl, cl, 0.0], [-s * cl, -s * sl, c], [c * cl, c * sl, s]])


def quaternion(C: Array) -> Array:
    """Scalar first, of a rotation matrix whose turn is not near a half."""
    w, x, y, z = C[2, 1] - C[1, 2], C[0, 2] - C[2, 0], C[1, 0] - C[0, 1], 1.0 + np.trace(C)
    if z > 1e-3:
        q = np.array([z, w, x, y])
    else:  # the largest diagonal element leads (Shepperd 1978)
        k = int(np.argmax(np.diag(C)))
        i, j = (k + 1) % 3, (k + 2) % 3
        q = np.zeros(4)
        q[1 + k] = 1.0 + C[k, k] - C[i, i] - C[j, j]
        q[1 + i], q[1 + j] = C[i, k] + C[k, i], C[j, k] + C[k, j]
        q[0] = C[j, i] - C[i, j]
    unit: Array = q / np.linalg.norm(q)
    return unit


def rotation(vector: Array) -> Array:
    """Matrix of a small rotation vector (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    if angle == 0.0:
        return np.eye(3)
    x, y, z = vector / angle
    K = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    C: Array = np.eye(3) + np.sin(angle) * K + (1 - np.cos(angle)) * K @ K
    return C


def looking(down: float, heading: float, site: Array) -> Array:
    """C_mcmf_from_camera: boresight `down` below the horizon, image top along `heading`."""
    ahead = np.cos(heading) * site[1] + np.sin(heading) * site[0]
    boresight = np.cos(down) * ahead - np.sin(down) * site[2]
    up = np.sin(down) * ahead + np.cos(down) * site[2]
    return np.stack([np.cross(boresight, up), -up, boresight], axis=1)


def craters(
    rng: np.random.Generator, centre: Array, reach_m: float, smallest_m: float, per_km2: float
) -> tuple[Array, Array]:
    """Positions and diameters around a point: `per_km2` above `smallest_m`, slope -2."""
    site = axes_at(np.arcsin(centre[2] / np.linalg.norm(centre)), np.arctan2(centre[1], centre[0]))
    n = rng.poisson(per_km2 * (2 * reach_m / 1000.0) ** 2)
    ground = rng.uniform(-reach_m, reach_m, (n, 2)) @ site[:2] + RADIUS_M * site[2]
    relief = rng.normal(0.0, 60.0, (n, 1))
    position = ground / np.linalg.norm(ground, axis=1, keepdims=True) * (RADIUS_M + relief)
    return position, np.minimum(smallest_m * rng.random(n) ** -0.5, 3000.0)


def rims(position: Array, diameter: Array, count: int = 24) -> Array:
    """Points (n, count, 3) on the rim circles, level at each centre."""
    up = position / np.linalg.norm(position, axis=1, keepdims=True)
    east = np.cross([0.0, 0.0, 1.0], up)
    east /= np.linalg.norm(east, axis=1, keepdims=True)
    north = np.cross(up, east)
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    circle = np.cos(angle)[:, None] * east[:, None] + np.sin(angle)[:, None] * north[:, None]
    points: Array = position[:, None] + 0.5 * diameter[:, None, None] * circle
    return points


def apparent_radius(lens: Lens, camera_rim: Array) -> Array:
    """sqrt(area / pi) of projected outlines (n, count, 3), by the shoelace formula."""
    p = lens.project(camera_rim)
    x, y = p[..., 0], p[..., 1]
    area = 0.5 * np.abs(np.sum(x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y, axis=1))
    count = camera_rim.shape[1]
    polygon = (
        0.5 * count * np.sin(2 * np.pi / count)
    )  # area of the inscribed polygon of a unit circle
    radius: Array = np.sqrt(area / polygon)
    return radius


def simulate(
    rng: np.random.Generator,
    *,
    altitude_m: float = 15_000.0,
    lens: Lens | None = None,
    sigma_horizontal_m: float = 500.0,
    sigma_vertical_m: float = 200.0,
    sigma_attitude_rad: float = 3e-4,
    sigma_px: float = 0.4,
    sigma_radius: float = 0.08,
    map_sigma_fraction: float = 0.03,
    missing: float = 0.15,
    spurious: float = 0.1,
    undetected: float = 0.4,
    clutter: int = 100,
    elsewhere: bool = False,
) -> Frame:
    """One frame. `elsewhere`: the map is of another place, so that no fix is right."""
    lens = lens or Lens()
    latitude, longitude = rng.uniform(-1.2, 1.2), rng.uniform(-3.0, 3.0)
    site = axes_at(latitude, longitude)
    position = (RADIUS_M + altitude_m) * site[2]
    C = looking(np.radians(rng.uniform(45.0, 90.0)), rng.uniform(0, 2 * np.pi), site)
    smallest = 2.0 * 3.0 * altitude_m / lens.focal_px
    reach = 2.2 * altitude_m
    per_km2 = 0.08 / (smallest / 1000.0) ** 2 * 0.25  # a quarter of the equilibrium density
    true_position, true_diameter = craters(rng, RADIUS_M * site[2], reach, smallest, per_km2)

    def in_camera(points: Array) -> Array:
        seen: Array = (points - position) @ C
        return seen

    centre = in_camera(true_position)
    pixel = lens.project(centre)
    rim = in_camera(rims(true_position, true_diameter))
    inside = (centre[:, 2] > 0) & np.all((pixel > 0) & (pixel < lens.size - 1), axis=1)
    inside &= rim[..., 2].min(axis=1) > 0
    shown = np.flatnonzero(inside & (rng.random(len(centre)) > undetected))
    radius = apparent_radius(lens, rim[shown])
    shown, radius = shown[radius < 60.0], radius[radius < 60.0]
    found = np.column_stack([pixel[shown], radius])
    found[:, :2] += sigma_px * rng.standard_normal((len(found), 2))
    found[:, 2] *= np.exp(sigma_radius * rng.standard_normal(len(found)))
    noise = np.column_stack(
        [rng.uniform(0, lens.size - 1, (clutter, 2)), 3.0 * rng.random(clutter) ** -0.5]
    )
    detections = np.concatenate([found, noise])
    listed = np.flatnonzero(rng.random(len(true_position)) > missing)
    sigma = map_sigma_fraction * true_diameter[listed, None]
    map_position = true_position[listed] + sigma * rng.standard_normal((len(listed), 3))
    map_diameter = true_diameter[listed] * np.exp(0.05 * rng.standard_normal(len(listed)))
    extra, extra_diameter = craters(rng, RADIUS_M * site[2], reach, smallest, spurious * per_km2)
    if elsewhere:
        map_position, map_diameter = craters(rng, RADIUS_M * site[2], reach, smallest, per_km2)
    index = np.full(len(true_position), -1)
    if not elsewhere:
        index[listed] = np.arange(len(listed))
    origin = np.concatenate([index[shown], np.full(clutter, -1)])
    order = rng.permutation(len(detections))[:512]
    error = (
        sigma_horizontal_m * rng.standard_normal(2) @ site[:2]
        + sigma_vertical_m * rng.standard_normal() * site[2]
    )
    turned = C @ rotation(sigma_attitude_rad * rng.standard_normal(3))
    return Frame(
        lens=lens,
        position_m=position,
        prior_position_m=position + error,
        C_mcmf_from_camera=C,
        q_mcmf_from_camera=quaternion(turned),
        map_position_m=np.concatenate([map_position, extra]),
        map_diameter_m=np.concatenate([map_diameter, extra_diameter]),
        detections=detections[order],
        origin=origin[order],
    )
