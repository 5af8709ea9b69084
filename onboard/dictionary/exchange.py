"""Packets between a board that flies and the desk: ticks, configuration, memory, for documents.

`native/core/include/onboard/flight_exchange.h` and `native/firmware/common/flight.h` in words.
Numbers are the core's own, fields of rows those of its structs. What stands here by itself is
compared with both headers, and the forms with what the C code encodes
(`tests/differential/test_exchange_forms.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from onboard.core._core import ffi, lib


class WordMessage(NamedTuple):
    """A message of words, 8 octets each (i64, little endian), and perhaps octets behind them."""

    name: str
    apid: int
    sender: str
    words: dict[str, str]
    octets: str  # what they are; "" where there are none
    description: str


_WHAT = {
    "what": "what is told: see below",
    "argument": "offset of the piece, or argument",
}
WORDS = (
    WordMessage(
        "config",
        lib.OB_APID_CONFIG,
        "desk",
        {"time_ns": "sender's clock", **_WHAT},
        "the piece",
        "What a board is told before and between ticks",
    ),
    WordMessage(
        "config_answer",
        lib.OB_APID_CONFIG_ANSWER,
        "board",
        {"time_ns": "sender's clock", **_WHAT, "status": "0: done"},
        "",
        "What became of it",
    ),
    WordMessage(
        "memory",
        lib.OB_APID_MEMORY,
        "desk",
        {
            "time_ns": "sender's clock",
            "part": "which part of the flight core: see below",
            "offset": "octets from its beginning",
            "count": "octets to read, at most 2,008",
        },
        "to write there first; none to read alone",
        "Reading and writing parts of the flight core",
    ),
    WordMessage(
        "memory_answer",
        lib.OB_APID_MEMORY,
        "board",
        {
            "time_ns": "sender's clock",
            "part": "of the question",
            "offset": "of the question",
            "size": "octets of the whole part; -1: refused",
        },
        "that were read",
        "What was read",
    ),
)

CONFIGS = {
    "IMAGE": (0, "a piece of the flight image at its offset (`flight_image.h`)"),
    "RESUME": (
        1,
        "as BEGIN, but a flight that was kept goes on; status: the tick that it stands at in the "
        "high 32 bits, 0 at the beginning",
    ),
    "BEGIN": (
        2,
        "fly the image: argument is its size, and in the high 32 bits the ticks without a grant "
        "after which effectors are made safe (0: lockstep); status: see below",
    ),
}
"""FLIGHT_CONFIG_... of the firmware."""

STATUSES = {
    lib.OB_FLIGHT_IMAGE_OK: "it flies",
    lib.OB_FLIGHT_IMAGE_HEADER: "of another version",
    lib.OB_FLIGHT_IMAGE_SIZE: "too large, or cut",
    lib.OB_FLIGHT_IMAGE_CRC: "its CRC is wrong",
    lib.OB_FLIGHT_IMAGE_SETTINGS: "a setting is out of range",
    lib.OB_FLIGHT_IMAGE_MAP: "its map is not in the board's memory for maps",
    lib.OB_FLIGHT_IMAGE_CHANNELS: "a channel that is none",
    lib.OB_FLIGHT_IMAGE_FAULTS: "its table of fault protection is none",
}
"""What BEGIN answers: `ob_flight_image_error`."""

PARTS = {
    "COSTS": (18, "of each member, in the order of their bits: runs, sum, most (i64, cycles)"),
    "HASH": (19, "that the next tick carries on (u64)"),
    "IMAGE": (28, "room for the flight image; at the start it holds the one that is stored"),
}
"""FLIGHT_PART_... of the firmware: those that are no vehicle's."""

_COMMON_PARTS = {
    "IMU_CHOICE": (lib.OB_PART_IMU_CHOICE, "`ob_imu_choice`"),
    "FAULT_STATE": (lib.OB_PART_FAULT_STATE, "`ob_fault_state`"),
    "FAULT_MEMORY": (lib.OB_PART_FAULT_MEMORY, "`ob_fault_memory`"),
    "SLOW_HASH": (lib.OB_PART_SLOW_HASH, "of the slow intakes (u64)"),
}


# ---- a tick -----------------------------------------------------------------------------------


class Field(NamedTuple):
    """Of a grant or a reply: i64, u64, f64 (8 octets, little endian) or number (LEB128)."""

    name: str
    type: str
    description: str = ""
    times: int = 1


class Ticking(NamedTuple):
    """A message of a tick: numbers of any size."""

    name: str
    apid: int
    sender: str
    description: str


TICKS = (
    Ticking("grant", lib.OB_APID_GRANT, "desk", "A tick, and what its members are given"),
    Ticking("reply", lib.OB_APID_REPLY, "board", "What they made of it"),
)


class Entry(NamedTuple):
    """Entries of a grant: an octet, `tag` + k with k below `kinds`, says which; then the fields."""

    tag: int
    kinds: int
    name: str
    fields: tuple[Field, ...]


GRANT = (
    Field("time_ns", "i64", "of the tick, 0 to 2^61"),
    Field("tick", "number", "counts from 1"),
    Field("members", "number", "bits of those that are due"),
)
REPLY = (
    Field("time_ns", "i64", "of the tick"),
    Field("tick", "number"),
    Field("hash", "u64", "of the flight's state, chained over its ticks"),
    Field("refused", "number", "orders of the tick that made no sense"),
    Field("cost", "number", "of the tick, in the board's own ticks"),
    Field("actions", "number", "of fault protection in the tick"),
    Field("sent", "number", "bits of the rows that follow"),
)
ORDERS = (
    ("frames", "good, bad, enabled: counters of the camera's intake"),
    ("guidance", "`ob_guidance_request`"),
    ("orbit_burn", "bits of the velocity to gain (f64, m/s); 0 ends a burn"),
    ("inhibit", "mask of main engines that must not burn"),
    ("exclude", "mask of thrusters not to use"),
    ("imu", "instance to fly with"),
    ("intake", "instrument, enabled"),
    ("gate", "stream whose score is forgotten"),
    ("mode", "request to fault protection: a mode; -1 none, -2 safe"),
    ("clear", "bits of the faults to unlatch"),
    ("matches", "when the frame was taken (ns), count: matched craters are in part MATCHES"),
    ("path_clear", ""),
    ("path_add", "bits of east and north (f64, m)"),
    ("path_drive", "bits of the speed (f64, m/s)"),
    ("drive_stop", ""),
    ("wheels_reset", ""),
    ("wheels_inhibit", "1: let no wheel be driven, 0: lift that"),
)
"""What was decided elsewhere, by its kind, OB_ORDER_FRAMES ..., and the arguments in use."""


class Form(NamedTuple):
    """What a vehicle's flight core has on the line."""

    number: int  # OB_VEHICLE_...
    members: tuple[str, ...]  # bit k of `members`
    rows: dict[str, str]  # struct of each instrument's row, by its number
    effectors: dict[str, str]  # of each effector's row, bit k of `sent`
    orders: tuple[str, ...]  # that it obeys
    parts: dict[str, tuple[int, str]]


LANDER = Form(
    lib.OB_VEHICLE_LANDER,
    ("sensors", "navigation", "guidance", "touchdown", "control", "fault_protection"),
    {
        "imu.a": "ob_imu_row",
        "imu.b": "ob_imu_row",
        "rangefinder.a": "ob_range_row",
        "rangefinder.b": "ob_range_row",
        "velocimeter": "ob_velocity_row",
        "star_tracker": "ob_attitude_row",
        "legs": "ob_leg_row",
        "engine.a": "ob_engine_row",
        "engine.b": "ob_engine_row",
        "tank": "ob_tank_row",
    },
    {
        "thrusters": "ob_thruster_command_row",
        "engine.a.command": "ob_engine_command_row",
        "engine.b.command": "ob_engine_command_row",
    },
    tuple(name for name, _ in ORDERS[:11]),
    {
        "INTAKE": (0, "of the first instrument, and so on up to the last"),
        "NAVIGATION": (lib.OB_LANDER_NAVIGATION, "`ob_navigation`"),
        "GUIDANCE": (lib.OB_LANDER_GUIDANCE, "`ob_guidance`"),
        "TOUCHDOWN": (lib.OB_LANDER_TOUCHDOWN, "`ob_touchdown`"),
        "CONTROL": (lib.OB_LANDER_CONTROL, "`ob_attitude_control`"),
        "EFFECTORS": (lib.OB_LANDER_EFFECTORS, "`ob_effectors`"),
        "FRAME_WORDS": (
            lib.OB_LANDER_FRAME_WORDS,
            "counters of the camera's intake: good, bad, enabled (i64)",
        ),
        "GATES": (lib.OB_LANDER_GATES, "`ob_gate` of each stream"),
        "GUIDANCE_COMMAND": (lib.OB_LANDER_GUIDANCE_COMMAND, "`ob_guidance_command`"),
        "IMU": (lib.OB_LANDER_IMU, "`ob_imu_row` of the IMU that flies"),
        "THRUST": (lib.OB_LANDER_THRUST, "`ob_thrust_monitor`"),
        "MATCHES": (lib.OB_LANDER_MATCHES, "`ob_crater_matched` of the last frame"),
        "TIMES": (lib.OB_PART_TIMES, "`ob_flight_times`"),
        **_COMMON_PARTS,
    },
)
ROVER = Form(
    lib.OB_VEHICLE_ROVER,
    ("sensors", "odometry", "drive", "wheels", "fault_protection"),
    {
        "imu.a": "ob_imu_row",
        "wheel.fl": "ob_wheel_row",
        "wheel.fr": "ob_wheel_row",
        "wheel.rl": "ob_wheel_row",
        "wheel.rr": "ob_wheel_row",
        "battery": "ob_battery_row",
    },
    {"wheels": "ob_wheel_command_row"},
    ("mode", "clear", *(name for name, _ in ORDERS[11:])),
    {
        "INTAKE": (0, "of the first instrument, and so on up to the last"),
        "ODOMETRY": (lib.OB_ROVER_ODOMETRY_PART, "`ob_odometry`"),
        "PATH": (lib.OB_ROVER_PATH, "`ob_drive`"),
        "PATH_COMMAND": (lib.OB_ROVER_PATH_COMMAND, "`ob_drive_command`"),
        "WHEELS": (lib.OB_ROVER_WHEELS_PART, "`ob_wheels`"),
        "TIMES": (lib.OB_PART_TIMES, "`ob_rover_times`"),
        **_COMMON_PARTS,
    },
)
VEHICLES = {"lander": LANDER, "resilience": LANDER, "rover": ROVER}
"""Whose flight core boards run."""


def row(struct: str) -> tuple[Field, ...]:
    """The fields of a row on the line: its time is an age."""
    return (_AGE, Field("sequence", "number"), *(_field(*f) for f in ffi.typeof(struct).fields[2:]))


_AGE = Field("age_ns", "number")  # time of the tick less that of the datum


def _field(name: str, field: Any) -> Field:
    is_array = field.type.kind == "array"
    of, count = (field.type.item, field.type.length) if is_array else (field.type, 1)
    return Field(name, {"double": "f64", "int64_t": "number"}[of.cname], times=count)


def entries(form: Form) -> Iterator[Entry]:
    """All that a grant may hold behind its head, in any number."""
    for k, (name, struct) in enumerate(form.rows.items()):
        yield Entry(k, 1, f"row of `{name}`", row(struct))
    argument = (Field("argument", "number", times=3),)
    yield Entry(0x20, len(ORDERS), "order k, before the tick", argument)
    yield Entry(0x40, len(ORDERS), "order k, after it", argument)
    told = "value of channel k of those that are told"
    yield Entry(0x60, lib.OB_CHANNELS_TOLD, told, (_AGE, Field("value", "f64")))
