"""Faults on the emulated lander itself: what the vehicle does, and what it is told."""

from __future__ import annotations

from typing import Any

import pytest

from hil.faults import AttachedFaults, FaultSpec, attach
from onboard.messages import CameraCommand, EngineCommand, ThrusterCommand
from tests.plant_setup import SmoothGround, above, lander

GROUND = SmoothGround()


def faulty(height_m: float, *faults: dict[str, Any], **options: Any) -> tuple[Any, AttachedFaults]:
    plant = lander(GROUND, above(height_m), **options)
    specs = [FaultSpec.model_validate(f) for f in faults]
    return plant, attach(plant.ports, specs, 1, "test.toml", lambda: plant.time_ns)


def test_every_port_takes_a_fault_in_each_of_its_directions() -> None:
    plant = lander(GROUND, above(3000.0))
    specs = []
    for name, port in plant.ports.items():
        for direction, method in (("input", "read"), ("output", "write")):
            if hasattr(port, method):
                specs.append(
                    FaultSpec.model_validate(
                        {"port": name, "kind": "drop", "direction": direction, "start_s": 99.0}
                    )
                )
    attached = attach(plant.ports, specs, 1, "test.toml", lambda: plant.time_ns)
    assert len(specs) == 14  # ten that read, four that write
    assert all(attached.ports[name] is not port for name, port in plant.ports.items())
    attached.stepping(plant.step)()
    assert attached.ports["imu.a"].read() is not None


def test_an_engine_that_goes_off_burns_out_though_nobody_commands_it() -> None:
    fault = {"port": "engine.b", "direction": "output", "kind": "off", "start_s": 2.0}
    plant, attached = faulty(3000.0, fault)
    step = attached.stepping(plant.step)
    for name in ("engine.a", "engine.b"):
        attached.ports[name].write(EngineCommand(0, 0, 1, 1.0))
    for _ in range(190):
        step()
    assert list(plant.truth.thrust_n) == pytest.approx([500.0, 500.0], rel=1e-6)
    for _ in range(200):
        step()
    assert list(plant.truth.thrust_n) == pytest.approx([500.0, 0.0], rel=1e-6)


def test_a_stuck_thruster_turns_the_vehicle() -> None:
    fault = {"port": "thrusters", "kind": "wrong", "fields": ["on_time_2_us"], "amount": 10_000}
    plant, attached = faulty(3000.0, fault)
    step = attached.stepping(plant.step)
    for k in range(100):
        attached.ports["thrusters"].write(ThrusterCommand(k, k, *[0] * 12))
        step()
    # 20 N on 0.8 sqrt(2) m for 1 s at 160 kg m2
    assert plant.truth.rate_body_rad_s[2] == pytest.approx(20 * 1.13137 / 160, rel=2e-3)


def test_a_delayed_command_reaches_the_valve_late() -> None:
    fault = {"port": "engine.a", "direction": "output", "kind": "delay", "amount": 0.1}
    plant, attached = faulty(3000.0, fault)
    step = attached.stepping(plant.step)
    attached.ports["engine.a"].write(EngineCommand(0, 0, 1, 1.0))
    burning = []
    for _ in range(20):
        step()
        burning.append(plant.truth.thrust_n[0] > 0.0)
    assert burning.index(True) == 10 + 5  # the delay, then the valve's 50 ms


def test_a_drifting_imu_reports_more_than_it_feels() -> None:
    fault = {"port": "imu.a", "kind": "drift", "fields": ["delta_angle_x_rad"], "amount": 1e-4}
    plant, attached = faulty(3000.0, fault)
    clean, _ = faulty(3000.0)
    for _ in range(100):
        plant.step()
        clean.step()
        measured, true = attached.ports["imu.a"].read(), clean.ports["imu.a"].read()
    assert measured.delta_angle_x_rad - true.delta_angle_x_rad == pytest.approx(1e-4 * 1.0)
    assert measured._replace(delta_angle_x_rad=0.0) == true._replace(delta_angle_x_rad=0.0)


def test_a_lost_exposure_command_gives_no_frame() -> None:
    fault = {"port": "camera.a", "direction": "output", "kind": "drop", "end_s": 0.05}
    plant, attached = faulty(9000.0, fault, render=lambda pose: b"")
    camera, step = attached.ports["camera.a"], attached.stepping(plant.step)
    frames = []
    for k in range(10):
        camera.write(CameraCommand(k, k, 1, 0.001))
        step()
        frames.append(camera.read() is not None)
    assert frames == [False] * 5 + [True] * 5
