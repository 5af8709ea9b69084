"""Kinds of vehicles: what a session must know of one, beyond what all have in common.

A kind is a module, `hil.bench.landing` or `hil.bench.driving`, with these names:
  prepare(scenario, seed, sources)      the setting: everything that a run is built from
  hardware(ports, load)                 the ports of the emulated vehicle as its computer's hardware
  recorded_hardware(replay, setting)    those of a recording
  vehicle(setting, hardware, **options) the flight software around them
  in_batches(setting, vehicle, plant, ground)   batches of C steps in place of ticks, or None
  Account(setting, plant, vehicle, sink)        the log and the figures of one run
  Core                                  its flight core, for boards (`hil.bench.flight_core`)
  Result                                the class of its figures
  shown(recording, setting)             what its report shows
A setting has `scenario`, `seed`, `dictionary`, `components`, `plant()` and `fingerprints()`.
"""

from __future__ import annotations

from typing import Any

from hil.scenario import RoverScenario, Scenario


def kind_of(scenario: Scenario) -> Any:
    """The kind of the vehicle of a scenario."""
    from hil.bench import driving, landing

    return driving if isinstance(scenario, RoverScenario) else landing
