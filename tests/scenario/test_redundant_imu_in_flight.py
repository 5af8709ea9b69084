"""The last minute of a landing with two IMUs, the one in use of which begins to lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.bench import session
from hil.scenario import load

LIES = {
    "accelerometers dead": ("wrong", ["delta_velocity_x_m_s", "delta_velocity_z_m_s"], 0.0),
    "gyroscope dead": ("wrong", ["delta_angle_x_rad"], 0.0),
    "gyroscope at its end": ("wrong", ["delta_angle_y_rad"], 0.07),
    "accelerometer with an offset": ("offset", ["delta_velocity_z_m_s"], 0.01),
    "accelerometer that rattles": ("noise", ["delta_velocity_z_m_s"], 0.05),
    "gyroscope that stops short": ("saturation", ["delta_angle_x_rad"], 5e-5),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("start_s", [5.0, 30.0])
def test_the_other_imu_brings_it_home(tmp_path: Path, lie: str, start_s: float) -> None:
    kind, fields, amount = LIES[lie]
    path = tmp_path / "lie.toml"
    path.write_text(
        'extends = "frigoris_final"\nname = "lie"\ntitle = "lie"\nimus = 2\n'
        f'[[fault]]\nport = "imu.a"\nkind = "{kind}"\nfields = {fields}\n'
        f"amount = {amount}\nstart_s = {start_s}\n",
        encoding="utf-8",
    )
    scenario, text = load(path)
    result = session.run(scenario, text, seed=2)
    assert (result.verdict, result.failed_expectations) == ("passed", [])
