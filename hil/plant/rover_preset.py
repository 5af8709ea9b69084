"""Presets of rovers: `load_rover_preset("micro")`; see `hil.plant.preset`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from hil.instruments.specs import Fraction, ImuSpec, Positive, Sigma, Spec
from hil.plant.preset import PositiveVector, checked, read_preset


class BodySpec(Spec):
    mass_kg: Positive
    inertia_kg_m2: PositiveVector
    tip_over_rad: float = Field(gt=0.0, le=3.2)


class WheelsSpec(Spec):
    radius_m: Positive
    width_m: Positive
    wheelbase_m: Positive = Field(description="front axle to rear axle")
    track_m: Positive = Field(description="left wheels to right wheels, centre to centre")
    axle_height_m: float = Field(description="of the axles, from the centre of mass")


class SoilSpec(Spec):
    cohesive_modulus_n_m2: Sigma
    frictional_modulus_n_m3: Positive
    cohesion_pa: Sigma
    friction_rad: float = Field(gt=0.0, lt=1.5)
    shear_modulus_m: Positive
    sinkage_damping_n_s_m: Sigma
    shear_damping_n_s_m: Sigma
    ground_resolution_m: Positive


class MotorSpec(Spec):
    winding_ohm: Positive
    constant_n_m_a: Positive = Field(description="at the wheel, gear included")
    inertia_kg_m2: Positive = Field(description="at the wheel, rotor and gear included")
    friction_n_m: Sigma
    viscous_n_m_s_rad: Sigma
    counts_per_rad: Positive
    current_noise_a: Sigma
    current_quantum_a: Positive


class BatterySpec(Spec):
    capacity_wh: Positive
    full_v: Positive
    empty_v: Positive
    resistance_ohm: Sigma
    idle_w: Sigma
    voltage_noise_v: Sigma
    current_noise_a: Sigma


class RoverDispersions(Spec):
    """One-sigma differences from vehicle to vehicle and run to run; by default none."""

    mass: Fraction = 0.0
    centre_of_mass_m: Sigma = 0.0
    motor: Fraction = 0.0
    soil: Fraction = 0.0
    heading_rad: Sigma = 0.0
    sensor_constant: Sigma = 1.0
    sensor_noise: Sigma = 1.0


class RoverPreset(Spec):
    name: str
    body: BodySpec
    wheels: WheelsSpec
    soil: SoilSpec
    motor: MotorSpec
    battery: BatterySpec
    imu: ImuSpec
    dispersions: RoverDispersions


def load_rover_preset(name_or_path: str | Path) -> RoverPreset:
    """The preset of a name that ships with the package, or of a path to a TOML file."""
    return checked(RoverPreset, *read_preset(name_or_path))
