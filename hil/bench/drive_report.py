"""Charts of a drive: the path over the terrain, speeds and slip, currents, battery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hil.bench.drive_log import WHEELS
from hil.world.terrain import Terrain
from onboard.core._core import ffi, lib
from onboard.products import LandingSite

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hil.bench.report import Run

Floats = npt.NDArray[np.float64]

MARGIN_M, POINTS = 1.5, 80  # of the map around the path
TRUE, BELIEVED, ACCENT = "#1b1b1b", "#1565c0", "#c62828"
COLOURS = ("#1565c0", "#2e7d32", "#b26a00", "#c62828")


def relief(terrain: Terrain, site: LandingSite, log: Any) -> Floats:
    """East, north and height of the ground around a path, (3, n, n), above the site's plane."""
    axes = []
    for name in ("true_east_m", "true_north_m"):
        low, high = (log[name].min(), log[name].max()) if len(log) else (0.0, 0.0)
        axes.append(np.linspace(low - MARGIN_M, high + MARGIN_M, POINTS))
    east, north = np.meshgrid(*axes)
    frame = ffi.new("ob_site *")
    lib.ob_site_init(frame, site.latitude_rad, site.longitude_rad, site.elevation_m)
    to_site = np.array(list(frame.C_site_from_mcmf)).reshape(3, 3)
    flat = np.column_stack([east.ravel(), north.ravel(), np.zeros(east.size)])
    places = flat @ to_site + np.array(list(frame.origin_mcmf_m))
    radius_m = np.linalg.norm(places, axis=1)
    above_m = terrain.height_m(places / radius_m[:, None]) - site.elevation_m
    # the site's plane leaves the sphere by d^2 / 2 R: 0.3 mm over 30 m
    return np.stack([east, north, np.reshape(above_m, east.shape)])


def _path(figure: Figure, run: Run) -> None:
    plan, error = figure.subplots(1, 2, width_ratios=(3, 2))
    log, (east, north, height) = run.log, run.ground_m
    levels = plan.contourf(east, north, 100.0 * height, 24, cmap="Greys", alpha=0.55)
    figure.colorbar(levels, ax=plan, label="height, cm")
    plan.plot(log["true_east_m"], log["true_north_m"], color=TRUE, lw=1.4, label="true")
    plan.plot(
        log["odometry_east_m"], log["odometry_north_m"], color=BELIEVED, lw=0.9, label="odometry"
    )
    plan.plot(log["true_east_m"][0], log["true_north_m"][0], "o", color=ACCENT, label="start")
    plan.plot(log["true_east_m"][-1], log["true_north_m"][-1], "x", color=ACCENT, label="end")
    plan.set_aspect("equal", adjustable="datalim")
    plan.set_xlabel("east, m")
    plan.set_ylabel("north, m")
    plan.legend(frameon=False, fontsize=7)
    for axis in ("east", "north"):
        apart = log[f"odometry_{axis}_m"] - log[f"true_{axis}_m"]
        error.plot(log["time_s"], 100.0 * apart, lw=0.9, label=axis)
    turned = np.degrees(log["odometry_heading_rad"] - log["true_heading_rad"])
    error.plot(log["time_s"], np.remainder(turned + 180.0, 360.0) - 180.0, lw=0.9, label="heading")
    error.set_ylabel("odometry less truth, cm and deg")
    error.set_xlabel("time, s")
    error.legend(frameon=False, fontsize=7)


def _speeds(figure: Figure, run: Run) -> None:
    rates, speed = figure.subplots(1, 2)
    log = run.log
    for wheel, colour in zip(WHEELS, COLOURS, strict=True):
        rates.plot(log["time_s"], log[f"rate_{wheel}_rad_s"], color=colour, lw=0.8, label=wheel)
        rates.plot(log["time_s"], log[f"target_{wheel}_rad_s"], color=colour, lw=0.5, ls=":")
    rates.set_ylabel("rate of the wheels, rad/s")
    speed.plot(log["time_s"], 100.0 * log["true_speed_m_s"], color=TRUE, lw=0.9, label="true")
    believed = 100.0 * np.abs(log["odometry_speed_m_s"])
    speed.plot(log["time_s"], believed, color=BELIEVED, lw=0.7, label="odometry")
    speed.set_ylabel("speed, cm/s")
    for axes in (rates, speed):
        axes.set_xlabel("time, s")
        axes.legend(frameon=False, fontsize=7)


def _wheels(figure: Figure, run: Run) -> None:
    log = run.log
    for axes, name, scale, label in zip(
        figure.subplots(1, 3),
        ("current_{}_a", "slip_{}", "sinkage_{}_m"),
        (1e3, 1.0, 1e3),
        ("current, mA", "slip", "sinkage, mm"),
        strict=True,
    ):
        for wheel, colour in zip(WHEELS, COLOURS, strict=True):
            values = scale * log[name.format(wheel)]
            axes.plot(log["time_s"], values, color=colour, lw=0.7, label=wheel)
        if name == "slip_{}":
            axes.plot(log["time_s"], log["slip_believed"], color=TRUE, lw=0.7, ls=":")
        axes.set_ylabel(label)
        axes.set_xlabel("time, s")
    axes.legend(frameon=False, fontsize=7)


def _power(figure: Figure, run: Run) -> None:
    volts, watts = figure.subplots(1, 2)
    log = run.log
    volts.plot(log["time_s"], log["voltage_v"], color=TRUE, lw=0.9)
    volts.set_ylabel("battery, V")
    watts.plot(log["time_s"], log["voltage_v"] * log["battery_current_a"], color=TRUE, lw=0.7)
    watts.set_ylabel("load, W")
    charge = watts.twinx()
    charge.plot(log["time_s"], 100.0 * log["charge"], color=BELIEVED, lw=0.9)
    charge.set_ylabel("charge, %", color=BELIEVED)
    for axes in (volts, watts):
        axes.set_xlabel("time, s")


CHARTS = (
    ("Path over the terrain", "Seen from above, and what odometry is wrong by.", _path),
    ("Wheels and speed", "Dotted: what is asked of each wheel.", _speeds),
    (
        "Currents, slip and sinkage",
        "Slip of a wheel that stands says nothing. Dotted: what is believed.",
        _wheels,
    ),
    ("Power", "", _power),
)
