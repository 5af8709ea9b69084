"""Cost of one frame of crater navigation, by stage: 512 x 512 at 8 km, prior sigma 500 m."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from crater_flight import ALTITUDE_M, SITE, camera, catalogue, navigation_state, sun_mcmf
from crater_matching import match
from crater_scene import scene
from crater_simulation import simulate

from onboard.bus import Bus
from onboard.core._vision import lib
from onboard.core.vision.crater_finder import find_craters
from onboard.messages import FrameHeader
from onboard.navigation.craters import CraterNavigation, CraterParameters


class Port:
    name = "camera.a"

    def write(self, message: Any) -> None:
        pass


def test_detection(benchmark: Any) -> None:
    s = scene(1)
    found = benchmark(find_craters, s.image, s.sun_image, radius_px=(3.0, 40.0))
    assert len(found) > 50


@pytest.mark.parametrize("altitude_m", [15_000.0, 3_000.0])
def test_matching(benchmark: Any, altitude_m: float) -> None:
    frame = simulate(np.random.default_rng(2), altitude_m=altitude_m)
    assert benchmark(match, frame).status == lib.OB_CRATER_FIX_ACCEPTED


def build() -> tuple[Bus, CraterNavigation, bytes]:
    s = scene(3, elevation_deg=15.0, count=90)
    bus = Bus()
    sun = sun_mcmf(s, float(np.radians(15.0)))
    component = CraterNavigation(
        bus, catalogue(s), SITE, camera(), sun, CraterParameters(interval_s=600.0), Port()
    )
    state = navigation_state(0, np.array([300.0, -400.0, ALTITUDE_M]))
    bus.topic("navigation").publish(state, 0)
    component.step(0)
    return bus, component, s.image.tobytes()


def test_a_frame_from_port_to_matches(benchmark: Any) -> None:
    bus, component, image = build()
    topic = bus.topic("frame")

    def frame() -> None:
        topic.publish((FrameHeader(0, 0, 512, 512, 1e-3), image), 0)
        component.step(0)

    benchmark(frame)
    assert bus.topic("matches").value.count > 50


def test_a_step_without_a_frame(benchmark: Any) -> None:
    _, component, _ = build()
    benchmark(component.step, 0)
    assert component.frames_asked == 1
