"""The exposure that the flight computer asks for is the one that the picture has."""

from __future__ import annotations

import numpy as np

from hil.bench.setting import prepare
from hil.instruments.ports import CameraPose
from hil.scenario import find, load
from onboard.messages import CameraCommand


def test_half_the_exposure_is_half_as_bright() -> None:
    scenario, _ = load(find("frigoris"))
    plant = prepare(scenario, 1).plant()
    means = []
    for k, exposure_s in enumerate((5.0e-4, 2.5e-4)):
        plant.ports["camera.a"].write(CameraCommand(plant.time_ns, k, 1, exposure_s))
        plant.step()
        header, image = plant.ports["camera.a"].read()
        assert header.exposure_s == exposure_s
        means.append(np.frombuffer(image, np.uint8).mean())
    # Quantisation moves a mean by half a grey level at most, on some 50 and 25.
    assert abs(means[0] / means[1] - 2.0) < 2.0 * (0.5 / means[0] + 0.5 / means[1])
    assert CameraPose._fields[-1] == "exposure_s"
