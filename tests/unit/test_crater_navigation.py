"""The component around detector and matcher: schedule, frames, what it publishes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from crater_flight import ALTITUDE_M, SITE, camera, catalogue, navigation_state, sun_mcmf
from crater_scene import Scene, scene

from onboard.bus import Bus
from onboard.core._vision import lib
from onboard.core.vision.crater_matching import CraterMap
from onboard.dictionary.loader import load
from onboard.messages import CameraCommand, FrameHeader
from onboard.navigation.craters import NO_FIX, CraterMatches, CraterNavigation, CraterParameters

SECOND_NS = 1_000_000_000
ELEVATION_RAD = float(np.radians(15.0))


class Port:
    name = "camera.a"

    def __init__(self) -> None:
        self.written: list[CameraCommand] = []

    def write(self, message: CameraCommand) -> None:
        self.written.append(message)


class Flight:
    """A component over a scene, with a navigated state that is off by `error_m`."""

    def __init__(
        self,
        view: Scene,
        error_m: tuple[float, float, float] = (0.0, 0.0, 0.0),
        parameters: CraterParameters | None = None,
    ) -> None:
        self.bus = Bus()
        self.port = Port()
        self.scene = view
        self.catalogue = catalogue(view)
        self.position = np.array([0.0, 0.0, ALTITUDE_M]) + error_m
        self.component = CraterNavigation(
            self.bus,
            self.catalogue,
            SITE,
            camera(view.image.shape[0]),
            sun_mcmf(view, ELEVATION_RAD),
            parameters or CraterParameters(shade_depth=0.0),  # scenes are drawn flat
            self.port,
        )

    def step(self, now_ns: int, altitude_m: float | None = None) -> None:
        state = navigation_state(now_ns, self.position)
        if altitude_m is not None:
            state.altitude_m = altitude_m
        self.bus.topic("navigation").publish(state, now_ns)
        self.component.step(now_ns)

    def show(self, time_ns: int, image: bytes | None = None, sequence: int = 0) -> None:
        size = self.scene.image.shape[0]
        header = FrameHeader(time_ns, sequence, size, size, 0.001)
        self.bus.topic("frame").publish((header, image or self.scene.image.tobytes()), time_ns)

    def one_frame(self, image: bytes | None = None) -> CraterMatches:
        self.step(0)
        self.show(10_000_000, image)
        self.step(100_000_000)
        published: CraterMatches = self.bus.topic("matches").value
        return published


@pytest.fixture(scope="module")
def plain() -> Scene:
    return scene(3, elevation_deg=15.0, count=90)


def test_a_frame_is_matched_and_the_matches_are_the_craters_seen(plain: Scene) -> None:
    flight = Flight(plain, error_m=(400.0, -700.0, 250.0))
    matches = flight.one_frame()
    assert matches.reason == "accepted"
    assert matches.count == len(matches.matched_circles) >= 60
    assert flight.component.frames_accepted == 1
    # Each match names a crater that really is where it was detected.
    index = [matches.matched[k].catalogue_index for k in range(matches.count)]
    assert len(set(index)) == matches.count
    for k, i in enumerate(index):
        match = matches.matched[k]
        entry = flight.catalogue.position_mcmf_m[i]
        assert np.array_equal(list(match.position_mcmf_m), entry)
        size_px = flight.catalogue.diameter_m[i] / 2 / ALTITUDE_M * camera().focal_px
        nearest = np.hypot(*(plain.craters[:, :2] - list(match.pixel)).T).min()
        assert nearest < 0.5 * size_px + 1.0
        assert 0.0 <= match.probability <= 1.0


def test_the_fix_recovers_the_error_of_the_navigated_position(plain: Scene) -> None:
    error = np.array([400.0, -700.0, 250.0])
    flight = Flight(plain, error_m=tuple(error))
    flight.one_frame()
    fix = flight.component._vision.fix
    offset_mcmf = np.array(list(fix.position_offset_mcmf_m))
    C = np.array(list(flight.component._site.C_site_from_mcmf)).reshape(3, 3)
    # One pixel is 15 m on the ground here; tens of matches of about half a pixel, and the prior
    # pulls by less than a hundredth of the error.
    assert np.all(np.abs(C @ offset_mcmf + error) < [8.0, 8.0, 25.0])


def test_what_is_published_can_be_drawn(plain: Scene) -> None:
    matches = Flight(plain).one_frame()
    assert matches.detections.shape[1:] == matches.predicted.shape[1:] == (3,)
    assert (matches.width, matches.height) == plain.image.shape[::-1]
    assert matches.image == plain.image.tobytes()
    assert len(matches.predicted) == len(plain.craters)
    assert matches.residual_rms_px < 1.5
    assert matches.log10_chance < -6
    # The radius drawn is the predicted one of the same crater.
    for column, row, radius in matches.matched_circles:
        k = np.hypot(plain.craters[:, 0] - column, plain.craters[:, 1] - row).argmin()
        assert radius == pytest.approx(plain.craters[k, 2], rel=0.02)


@pytest.mark.parametrize("grey", [0, 255])
def test_an_image_without_contrast_gives_no_fix(plain: Scene, grey: int) -> None:
    matches = Flight(plain).one_frame(bytes([grey]) * plain.image.size)
    assert (matches.status, matches.count) == (lib.OB_CRATER_FIX_FEW_DETECTED, 0)
    assert matches.reason == "few craters detected"


def test_an_image_of_another_place_gives_no_fix(plain: Scene) -> None:
    other = scene(77, elevation_deg=15.0, count=90)
    matches = Flight(plain).one_frame(other.image.tobytes())
    assert matches.status != lib.OB_CRATER_FIX_ACCEPTED
    assert matches.count == 0


def test_an_image_of_the_wrong_size_is_refused_by_name(plain: Scene) -> None:
    flight = Flight(plain)
    flight.step(0)
    header = FrameHeader(10_000_000, 0, 256, 512, 0.001)
    flight.bus.topic("frame").publish((header, bytes(256 * 512)), 10_000_000)
    flight.step(100_000_000)
    matches = flight.bus.topic("matches").value
    assert (matches.status, matches.reason) == (NO_FIX, "image of 256 x 512 px")


def test_a_frame_from_long_ago_is_refused(plain: Scene) -> None:
    flight = Flight(plain)
    flight.step(10 * SECOND_NS)
    flight.show(8 * SECOND_NS)
    flight.step(10 * SECOND_NS + 100_000_000)
    assert flight.bus.topic("matches").value.reason == "no navigated state at exposure"


def test_frames_are_asked_for_at_the_interval_and_only_between_the_altitudes(plain: Scene) -> None:
    flight = Flight(plain, parameters=CraterParameters(interval_s=5.0, timeout_s=1.0))
    for tick in range(0, 200):
        now = tick * 100_000_000
        flight.step(now, altitude_m=30_000.0 if tick < 20 else 9_000.0 if tick < 150 else 2_000.0)
        if flight.port.written and flight.port.written[-1].time_ns == now:
            flight.show(now, bytes(512 * 512))
    asked = [c.time_ns / SECOND_NS for c in flight.port.written]
    assert asked == [2.0, 7.0, 12.0]
    assert [c.sequence for c in flight.port.written] == [0, 1, 2]
    assert all(c.expose == 1 and c.exposure_s == 0.001 for c in flight.port.written)


def test_a_lost_frame_is_counted_and_asked_for_again(plain: Scene) -> None:
    flight = Flight(plain, parameters=CraterParameters(interval_s=5.0, timeout_s=7.0))
    for tick in range(0, 80):
        flight.step(tick * 100_000_000)
    assert [c.time_ns / SECOND_NS for c in flight.port.written] == [0.0, 7.0]
    assert flight.component.frames_lost == 1


def test_a_disabled_camera_is_left_alone(plain: Scene) -> None:
    flight = Flight(plain)
    flight.component.enabled = False
    flight.step(0)
    assert flight.port.written == []


def test_no_state_no_frame(plain: Scene) -> None:
    flight = Flight(plain)
    flight.component.step(0)
    assert flight.port.written == []


def test_state_hash_tells_frames_apart_and_repeats(plain: Scene) -> None:
    def fly() -> list[int]:
        flight = Flight(plain, error_m=(100.0, 50.0, 0.0))
        hashes = [flight.component.state_hash(1)]
        flight.step(0)
        hashes.append(flight.component.state_hash(1))
        flight.show(10_000_000)
        flight.step(100_000_000)
        return [*hashes, flight.component.state_hash(1)]

    first = fly()
    assert len(set(first)) == 3
    assert first == fly()


def test_parameters_are_those_of_the_dictionary() -> None:
    dictionary = load("lander")
    defaults = {
        name.removeprefix("craters."): p.default
        for name, p in dictionary.parameters.items()
        if name.startswith("craters.")
    }
    assert defaults == dataclasses.asdict(CraterParameters())


def test_the_map_is_of_the_centre_of_light_and_shade_below_the_rim() -> None:
    """A fraction of each crater's depth lower, along its own vertical."""
    craters = catalogue(scene(3))
    chart = CraterMap(craters, 0.25)
    entries, _, count = chart.between(-1e9, 1e9)
    assert count == len(craters.depth_m) > 0
    for i in range(count):
        rim = craters.position_mcmf_m[i]
        down = rim - np.array(list(entries[i].position_mcmf_m))
        assert np.linalg.norm(down) == pytest.approx(0.25 * craters.depth_m[i], rel=1e-6)
        assert down @ rim > 0.0
        # Parallel to the vertical: what the cross product leaves is rounding of 1.7e6 m.
        assert np.linalg.norm(np.cross(down, rim)) < 1e-8 * np.linalg.norm(rim)
