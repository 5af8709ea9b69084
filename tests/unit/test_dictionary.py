"""The dictionary: every mistake is named by file, field, value and what is allowed."""

from __future__ import annotations

import json
import re
import subprocess
import zlib
from pathlib import Path

import pytest
from tiny_vehicle import LANDER

from onboard.dictionary import DictionaryError, load, vehicles
from onboard.dictionary.exporters import FORMATS, as_header, as_json, as_markdown
from onboard.dictionary.models import INTEGER_BITS
from onboard.dictionary.units import UNITS, unit_of_name
from onboard.executive.schedule import Criticality

FILES = {
    "commands.toml": """
[commands.NOOP]
opcode = 1
description = "nothing"

[commands.ARM]
opcode = 2
description = "arm"
arguments = [{ name = "command", type = "text", names_of = "commands", description = "what" }]

[commands.FIRE]
opcode = 3
hazard = "arm_and_fire"
armed_by = "ARM"
description = "fire"
arguments = [{ name = "power_n", type = "f64", unit = "N", range = [0.0, 10.0], description = "p" }]
""",
    "channels.toml": """
[channels.altitude_m]
topic = "navigation"
field = "altitude_m"
unit = "m"
rate_hz = 10
limits = { warning = [0.0, 10.0], alarm = [-1.0, 11.0] }
description = "height"

[packets.all]
apid = 5
rate_hz = 10
channels = ["altitude_m"]
description = "everything"
""",
    "events.toml": """
[events.DONE]
id = 1
severity = "info"
text = "{what} done"
""",
    "parameters_guidance.toml": """
group = "guidance"

[parameters.gate_m]
unit = "m"
default = 80.0
range = [40.0, 200.0]
description = "gate"
""",
    "sequences.toml": """
[sequences.go]
kind = "relative"
description = "go"
steps = [
  { time_s = 0.0, command = "NOOP" },
  { time_s = 1.0, command = "FIRE", arguments = { power_n = 1.0 } },
]
""",
    "schedule.toml": """
targets = ["desk"]

[members.control]
rate_hz = 100
budget_us = 100.0
criticality = "critical"
cost_us = { desk = 10.0 }
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    vehicle = tmp_path / "tiny"
    vehicle.mkdir()
    for name, text in FILES.items():
        (vehicle / name).write_text(text)
    return vehicle


def problems(folder: Path) -> list[str]:
    with pytest.raises(DictionaryError) as error:
        load(folder)
    return str(error.value).splitlines()


def test_a_correct_dictionary_loads(folder: Path) -> None:
    d = load(folder)
    assert d.vehicle == "tiny"
    assert d.parameters["guidance.gate_m"].default == 80.0
    assert d.channels["altitude_m"].limits.alarm == (-1.0, 11.0)
    assert d.schedule.members["control"].criticality is Criticality.CRITICAL
    assert d.schedule.costs_us("desk") == {"control": 10.0}
    assert d.events["DONE"].values == ("what",)
    with pytest.raises(KeyError, match="allowed desk"):
        d.schedule.costs_us("toaster")


WRONG = [
    # file, text, replacement, field, value, what is said to be allowed
    ("commands.toml", "opcode = 3", "opcode = 1", "commands.FIRE.opcode", "1", "that of NOOP"),
    ("commands.toml", "opcode = 3", "opcode = 70000", "commands.FIRE.opcode", "70000", "65535"),
    ("commands.toml", "opcode = 3", "opcode = '3'", "commands.FIRE.opcode", "'3'", "integer"),
    ("commands.toml", "opcode = 3\n", "", "commands.FIRE.opcode", "", "required"),
    ("commands.toml", "opcode = 3", "opcode = 3\nx = 1", "commands.FIRE.x", "1", "not permitted"),
    ("commands.toml", '"ARM"\n', '"AIM"\n', "commands.FIRE.armed_by", "'AIM'", "allowed NOOP ARM"),
    ("commands.toml", 'armed_by = "ARM"\n', "", "commands.FIRE", "", "exactly when hazard"),
    ("commands.toml", "10.0]", "nan]", "commands.FIRE.arguments.0.range.1", "nan", "finite"),
    ("commands.toml", "[0.0, 10.0]", "[10.0, 0.0]", "commands.FIRE.arguments.0", "", "low < high"),
    ("commands.toml", '"N"', '"kN"', "commands.FIRE.arguments.0.unit", "'kN'", "allowed % 1"),
    ("commands.toml", '"N"', '"m"', "commands.FIRE.arguments.power_n.unit", "'m'", "allowed N"),
    ("channels.toml", '"m"', '"s"', "channels.altitude_m.unit", "'s'", "allowed m"),
    ("channels.toml", "rate_hz = 10\nlimits", "rate_hz = 7\nlimits", "rate_hz", "7", "(100, 50"),
    ("channels.toml", '["altitude_m"]', '["altitude"]', "packets.all.channels", "'altitude'", ""),
    ("channels.toml", "[0.0, 10.0]", "[0.0, 12.0]", "limits", "", "within [-1.0, 11.0]"),
    ("channels.toml", '["altitude_m"]', str(["altitude_m"] * 33), "packets.all.channels", "", "32"),
    ("channels.toml", "apid = 5", "apid = 2047", "packets.all.apid", "2047", "2046"),
    ("channels.toml", '"altitude_m"\nunit', '"a b"\nunit', "altitude_m.field", "'a b'", "match"),
    ("events.toml", '"info"', '"bad"', "events.DONE.severity", "'bad'", "'debug'"),
    ("events.toml", "{what}", "{what[0]}", "events.DONE", "", "plain names"),
    ("events.toml", "{what}", "{what", "events.DONE", "", "expected '}'"),
    ("parameters_guidance.toml", "80.0", "39.0", "parameters.gate_m", "", "outside 40..200 m"),
    ("parameters_guidance.toml", "80.0", "inf", "parameters.gate_m.default", "inf", "finite"),
    ("parameters_guidance.toml", "80.0", "true", "parameters.gate_m.default", "True", "valid"),
    ("parameters_guidance.toml", '"m"', '"ft"', "parameters.gate_m.unit", "'ft'", "allowed"),
    ("parameters_guidance.toml", "gate_m]", "Gate]", "parameters.Gate", "'Gate'", "match"),
    ("parameters_guidance.toml", 'group = "guidance"', "", "group", "", "required"),
    ("sequences.toml", '"NOOP"', '"NOPE"', "sequences.go.steps.0.command", "'NOPE'", "NOOP ARM"),
    ("sequences.toml", "1.0 }", "11.0 }", "steps.1.arguments.power_n", "11.0", "outside 0..10 N"),
    (
        "sequences.toml",
        "{ power_n = 1.0 }",
        "{}",
        "steps.1.arguments",
        "'power_n'",
        "missing argument of FIRE",
    ),
    ("sequences.toml", "time_s = 0.0", "time_s = 2.0", "sequences.go", "", "in order"),
    ("sequences.toml", "time_s = 0.0", "time_s = -1", "steps.0.time_s", "-1", "greater than"),
    ("schedule.toml", "= 100\n", "= 99\n", "members.control.rate_hz", "99", "(100, 50, 10, 1)"),
    ("schedule.toml", '"critical"', '"vital"', "control.criticality", "'vital'", "deferrable"),
    ("schedule.toml", "desk = 10.0", "desk = 200.0", "control.cost_us.desk", "200.0", "0..100"),
    ("schedule.toml", "desk = 10.0", "disk = 10.0", "control.cost_us.desk", "", "0..100"),
    ("schedule.toml", "= 100\n", "= 100\noffset = 1\n", "members.control", "", "allowed 0..0"),
    ("schedule.toml", "budget_us = 100.0", "budget_us = 10001", "control.budget_us", "10001", ""),
    ("events.toml", "[events.DONE]", "[events.DONE", "file", "", "not valid TOML"),
]


@pytest.mark.parametrize(("file", "old", "new", "field", "value", "allowed"), WRONG)
def test_a_mistake_is_named(
    folder: Path, file: str, old: str, new: str, field: str, value: str, allowed: str
) -> None:
    text = FILES[file]
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    lines = [line for line in problems(folder) if line.startswith(f"{file}: ")]
    assert any(field in line and value in line and allowed in line for line in lines), lines


def test_all_mistakes_are_reported_at_once(folder: Path) -> None:
    for file, old, new in (
        ("commands.toml", "opcode = 3", "opcode = -3"),
        ("events.toml", "id = 1", "id = 0"),
        ("channels.toml", 'unit = "m"', 'unit = "parsec"'),
    ):
        (folder / file).write_text(FILES[file].replace(old, new))
    files = {line.split(":")[0] for line in problems(folder)}
    assert files == {"commands.toml", "events.toml", "channels.toml"}


def test_budgets_of_a_frame_must_fit_the_tick(folder: Path) -> None:
    text = FILES["schedule.toml"].replace("100.0", "6000.0")
    text += text.split("\n\n")[1].replace("control", "guidance")
    (folder / "schedule.toml").write_text(text)
    assert problems(folder) == [
        "schedule.toml: members.budget_us = 12000.0: "
        "the budgets of minor frame 0 together allow 0..10000 us"
    ]


def test_a_command_that_arms_two_must_say_which(folder: Path) -> None:
    text = FILES["commands.toml"].replace('armed_by = "ARM"', 'armed_by = "NOOP"')
    text += text[text.index("[commands.FIRE]") :].replace("FIRE", "GO").replace("= 3", "= 9")
    (folder / "commands.toml").write_text(text)
    assert all("arms nothing else" in line for line in problems(folder))


def test_a_name_defined_in_two_files_is_named_with_both(folder: Path) -> None:
    (folder / "events_more.toml").write_text(FILES["events.toml"])
    assert problems(folder) == ["events_more.toml: events.DONE: also defined in events.toml"]


def test_sections_may_be_split_over_files(folder: Path) -> None:
    more = FILES["parameters_guidance.toml"].replace("guidance", "control")
    (folder / "parameters_control.toml").write_text(more)
    assert set(load(folder).parameters) == {"guidance.gate_m", "control.gate_m"}


def test_a_missing_schedule_and_an_unknown_file_are_named(folder: Path) -> None:
    (folder / "schedule.toml").rename(folder / "timetable.toml")
    assert problems(folder) == [
        "timetable.toml: file: unknown, allowed schedule.toml commands*.toml channels*.toml "
        "events*.toml parameters*.toml sequences*.toml faults.toml modes.toml",
        "schedule.toml: file: missing",
    ]


def test_a_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "events.toml").write_bytes(b"\xff\xfe\x00")
    assert "events.toml: file: not valid TOML" in problems(folder)[0]


@pytest.mark.parametrize("vehicle", ["nowhere", "../lander", "/nonexistent"])
def test_an_unknown_vehicle_is_said(vehicle: str) -> None:
    with pytest.raises(DictionaryError, match=r"allowed .*lander"):
        load(vehicle)


def test_crc_follows_the_content(folder: Path) -> None:
    before = load(folder).crc
    assert load(folder).crc == before
    text = FILES["parameters_guidance.toml"]
    (folder / "parameters_guidance.toml").write_text(text.replace("80.0", "81.0"))
    assert load(folder).crc != before


# ---- units ----


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("altitude_m", "m"),
        ("speed_m_s", "m/s"),
        ("specific_force_m_s2", "m/s2"),
        ("bias_rad_s", "rad/s"),
        ("rate_hz", "Hz"),
        ("thrust_n", "N"),
        ("valid", None),
        ("phase", None),
    ],
)
def test_the_ending_of_a_name_promises_a_unit(name: str, unit: str | None) -> None:
    assert unit_of_name(name) == unit
    assert unit is None or unit in UNITS


# ---- the lander ----

NEEDED = {
    "NOOP",
    "MODE_SET",
    "DESCENT_ARM",
    "DESCENT_START",
    "GUIDANCE_HOLD",
    "ENGINE_SHUTDOWN",
    "ENGINE_INHIBIT",
    "IMU_SELECT",
    "SENSOR_ENABLE",
    "THRUSTER_ENABLE",
    "NAV_RESET_GATE",
    "CAMERA_ENABLE",
    "PARAM_SET",
    "PARAM_SAVE",
    "SEQUENCE_START",
    "SEQUENCE_STOP",
    "SAFE",
    "SAFING_LANDED",
}


def test_the_lander_has_its_commands() -> None:
    assert "lander" in vehicles()
    assert set(LANDER.commands) >= NEEDED


def test_irreversible_commands_of_the_lander_are_hazardous() -> None:
    for name in ("DESCENT_START", "ENGINE_SHUTDOWN", "ENGINE_INHIBIT", "SAFING_LANDED"):
        assert LANDER.commands[name].armed_by is not None


# ---- exporters ----


def test_json_is_complete_and_stable() -> None:
    content = json.loads(as_json(LANDER))
    assert content["crc"] == LANDER.crc
    for section in ("commands", "channels", "packets", "events", "parameters", "sequences"):
        assert set(content[section]) == set(getattr(LANDER, section))
    assert content["commands"]["ENGINE_INHIBIT"]["arguments"][0]["range"] == [0, 3]
    assert content["schedule"]["members"]["control"]["rate_hz"] == 100
    names = {n: zlib.crc32(n.encode()) for n in LANDER.channels}
    assert content["identifiers"]["channels"] == names
    assert as_json(LANDER) == as_json(load("lander"))


def test_markdown_names_everything() -> None:
    text = as_markdown(LANDER)
    for section in (LANDER.commands, LANDER.channels, LANDER.events, LANDER.parameters):
        for name in section:
            assert f"`{name}`" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)


def test_the_header_compiles_and_holds_the_identifiers(tmp_path: Path) -> None:
    header = as_header(LANDER)
    (tmp_path / "dictionary.h").write_text(header)
    source = '#include <stdint.h>\n#include "dictionary.h"\n'
    source += "\n".join(
        f'_Static_assert(OB_LANDER_COMMAND_{n} == {c.opcode}u, "{n}");'
        for n, c in LANDER.commands.items()
    )
    source += "\nint main(void) { return 0; }\n"
    (tmp_path / "check.c").write_text(source)
    compiler = ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    subprocess.run([*compiler, "check.c"], cwd=tmp_path, check=True)
    macros = re.findall(r"#define (\w+) UINT32_C", header)
    assert len(macros) == len(set(macros))


def test_every_format_is_a_function_of_the_content() -> None:
    for form in FORMATS.values():
        assert form(LANDER) == form(load("lander"))


def test_integer_types_hold_what_they_say() -> None:
    assert INTEGER_BITS["u16"] == (0, 65535)
    assert INTEGER_BITS["i64"] == (-(2**63), 2**63 - 1)
