"""A landing on the bench: the lander's ports, what is written down of it, and what it comes to.

A kind of vehicle (`hil.bench.kind`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hil.bench import batch, metrics
from hil.bench import log as logs
from hil.bench.lander_core import LanderCore as Core
from hil.bench.load import LoadPort
from hil.bench.radio import Ground
from hil.bench.recording import McapSink, Recording
from hil.bench.replay import Replay, ReplayCamera, ReplayMemory, ReplayRadio
from hil.bench.report import FixLine, FrameView
from hil.bench.result import Result
from hil.bench.setting import Setting, prepare
from hil.plant.lander import LanderPlant, Touchdown
from hil.world.terrain import MOON_RADIUS_M
from onboard.vehicles.lander import ROWS, Lander, LanderPorts

__all__ = [
    "Account",
    "Core",
    "Result",
    "hardware",
    "in_batches",
    "prepare",
    "recorded_hardware",
    "shown",
    "vehicle",
]

AFTER_REST_S = 3.0  # the vehicle has this long to make itself safe
GRAVITY_M_S2 = 9.80665  # of specific impulse


class _Named:
    """The output side of a port, named apart from its input side."""

    def __init__(self, port: Any) -> None:
        self.name = f"{port.name}.command"
        self.write = port.write


def hardware(ports: dict[str, Any], load: LoadPort | None) -> LanderPorts:
    """The ports of the emulated vehicle as the flight computer's hardware."""
    return LanderPorts(
        inputs={n: p for n, p in ports.items() if n.split(".")[0] in ROWS},
        engines=(_Named(ports["engine.a"]), _Named(ports["engine.b"])),
        thrusters=ports["thrusters"],
        camera=ports["camera.a"],
        radio=ports["radio"],
        memory=ports["memory"],
        load=load,
    )


def recorded_hardware(replay: Replay, setting: Setting) -> LanderPorts:
    """The ports of a recording as the hardware."""
    return LanderPorts(
        inputs={name: replay.input(name) for name in setting.input_names},
        engines=(replay.output("engine.a.command"), replay.output("engine.b.command")),
        thrusters=replay.output("thrusters"),
        camera=ReplayCamera(replay, "camera.a"),
        radio=ReplayRadio(replay),
        memory=ReplayMemory(replay),
        load=replay.input("load") if setting.scenario.load else None,
    )


def vehicle(setting: Setting, ports: LanderPorts, **options: Any) -> Lander:
    """The lander of a setting around some ports."""
    return Lander(
        ports,
        setting.map,
        setting.dictionary,
        setting.knowledge,
        sun_direction_mcmf=setting.sun_direction_mcmf,
        resume=setting.resume,
        **options,
    )


def in_batches(
    setting: Setting, lander: Lander, plant: LanderPlant, ground: Ground
) -> batch.Batch | None:
    """Batches of C steps, where the scenario and the vehicle's components allow them."""
    if batch.applies(setting.scenario) and batch.fits(lander):
        return batch.Batch(lander, plant, ground)
    return None


class Account:
    """What is written down of one landing, and what it comes to."""

    def __init__(
        self, setting: Setting, plant: LanderPlant, lander: Lander, sink: McapSink | None
    ) -> None:
        self.setting, self.plant = setting, plant
        self.log = logs.Log(sink)
        bus = lander.bus
        self._matches, self._nav = bus.topic("matches"), bus.topic("navigation")
        self._guidance, self._gates = bus.topic("guidance"), bus.topic("gates")
        self._touchdown = bus.topic("touchdown")
        self._counters = lander.counters
        self._matches_seen = self._frames = self._fixes = 0
        self._contact_error_m: float | None = None
        self._start_kg = plant.truth.propellant_kg

    def look(self, tick: int, now_ns: int, silent_s: float) -> bool:
        """Write the log; True when the landing is over."""
        truth, nav = self.plant.truth, self._nav.value
        self.log.note(
            tick,
            now_ns / 1e9,
            truth,
            nav,
            self._guidance.value,
            self._gates.value,
            self._counters.restarts,
            silent_s,
        )
        if self._matches.sequence != self._matches_seen:
            self._matches_seen = self._matches.sequence
            self._frames += 1
            self._fixes += self._matches.value.count > 0
            self.log.note_matches(tick, self._matches.value, truth.height_m)
        touchdown = truth.touchdown
        if touchdown.touched and self._contact_error_m is None and nav is not None:
            self._contact_error_m = math.dist(nav.position_site_m, truth.position_site_m)
        rested = touchdown.at_rest and now_ns - touchdown.rest_time_ns >= AFTER_REST_S * 1e9
        return bool(rested or self.plant.crashed)

    def result(self, **common: Any) -> Result:
        """Figures of the landing beside those that any run has."""
        touchdown, truth = self.plant.touchdown, self.plant.truth
        result = Result(
            crashed=self.plant.crashed,
            navigation_error_m=self._contact_error_m,
            propellant_used_kg=self._start_kg - truth.propellant_kg,
            propellant_margin_m_s=self._margin_m_s(truth),
            frames=self._frames,
            fixes=self._fixes,
            **common,
        )
        if touchdown is not None:
            self._figures_of_contact(result, touchdown, truth)
        self._figures_of_flight(result, touchdown)
        return result

    def _figures_of_contact(self, result: Result, touchdown: Touchdown, truth: Any) -> None:
        confirmed = self._touchdown.value
        result.touchdown_speed_vertical_m_s = touchdown.speed_vertical_m_s
        result.touchdown_speed_horizontal_m_s = touchdown.speed_horizontal_m_s
        result.touchdown_rate_deg_s = math.degrees(touchdown.rate_rad_s)
        tilt = max(touchdown.tilt_rad, touchdown.rest_tilt_rad if touchdown.at_rest else 0.0)
        result.tilt_deg = math.degrees(tilt)
        where = touchdown.rest_position_site_m if touchdown.at_rest else truth.position_site_m
        result.miss_distance_m = math.hypot(where[0], where[1])
        if confirmed is not None and confirmed.confirmed:
            result.cutoff_delay_s = (confirmed.confirmed_ns - touchdown.time_ns) / 1e9
        off = not any(truth.thrust_n)
        result.landed = touchdown.at_rest and off and not self.plant.crashed

    def _figures_of_flight(self, result: Result, touchdown: Touchdown | None) -> None:
        log, preset, faults = self.log.table(), self.setting.preset, self.setting.scenario.fault
        flight = metrics.in_flight(log, touchdown.time_ns / 1e9 if touchdown else None)
        idle_n = 0.5 * preset.engines.throttle_minimum * preset.engines.thrust_n
        result.impact_speed_m_s = metrics.impact_speed_m_s(log, touchdown, result.crashed)
        result.engine_gap_s = metrics.engine_gap_s(flight, idle_n)
        feet_m = -preset.legs.foot_body_m[0][2]
        result.cutoff_altitude_m = metrics.cutoff_altitude_m(log, idle_n, feet_m)
        result.minimum_height_m = metrics.minimum_height_m(flight)
        result.largest_tilt_deg = metrics.largest_tilt_deg(flight)
        result.sink_gain_m_s = metrics.sink_gain_m_s(flight)
        result.attitude_error_deg = metrics.attitude_error_deg(flight)
        result.drift_m = metrics.drift_m(log, min((f.start_s for f in faults), default=None))
        result.rejected_s = metrics.rejected_s(flight, faults)
        if result.impact_speed_m_s is None:
            truth = self.plant.truth
            result.perilune_altitude_m = metrics.perilune_altitude_m(
                list(truth.position_mci_m), list(truth.velocity_mci_m_s)
            )

    def _margin_m_s(self, truth: Any) -> float:
        exhaust = self.setting.preset.engines.specific_impulse_s * GRAVITY_M_S2
        return exhaust * math.log(truth.mass_kg / (truth.mass_kg - truth.propellant_kg))


def shown(recording: Recording, setting: Setting) -> dict[str, Any]:
    """What the report shows of a recorded landing beside what it shows of any run."""
    images = {h.time_ns / 1e9: image for _, h, image in recording.frames("camera.a.frame")}
    every = logs.matches(recording)
    notes = [n for n in every if n["time_s"] in images]
    log = logs.rows(recording)
    frames = [
        FrameView(
            time_s=n["time_s"],
            altitude_m=n["altitude_m"],
            image=images[n["time_s"]],
            detections=np.reshape(n["detections"], (-1, 3)),
            matched=np.reshape(n["matched"], (-1, 3)),
            status=n["status"],
        )
        for n in notes
    ]
    fixes = [_fix_line(n) for n in every if "reason" in n]  # older recordings do not tell it
    return {"log": log, "ground_m": _ground(setting, log), "frames": frames, "fixes": fixes}


def _fix_line(note: dict[str, Any]) -> FixLine:
    return FixLine(
        time_s=note["time_s"],
        altitude_m=note["altitude_m"],
        predicted=note["predicted"],
        detected=len(note["detections"]),
        matched=len(note["matched"]),
        reason=note["reason"],
        rms_px=note["rms_px"],
        log10_chance=note["log10_chance"],
        wrong=sum(1.0 - p for p in note["probability"]),
    )


def _ground(setting: Setting, log: Any) -> Any:
    """Height of the ground below the track above the target, against minus the distance (m)."""
    radius = MOON_RADIUS_M + setting.map.site.elevation_m
    along = -np.hypot(log["true_east_m"], log["true_north_m"])
    height = np.hypot(along, log["true_up_m"] + radius) - radius - log["true_altitude_m"]
    order = np.argsort(along)
    return np.column_stack([along, height])[order]
