"""Every datum that crosses a port, as an immutable row of 64-bit fields.

A port message is a `NamedTuple` whose first field is `time_ns`, the instant the datum refers to,
and whose second is `sequence`, which a healthy device raises by one per sample. Each class has
a row of `LAYOUTS`, a `struct.Struct` of 8-byte fields only (q, d, and Q for a hash): one row is the
same bytes in a C struct, in the recording and on the link. Names carry units. Camera images, which
are too big for a row, travel beside it.

What components say to each other inside the vehicle are the C structs of
`native/core/include/onboard/messages.h`, read over the bus.
"""

import struct
from typing import NamedTuple


class ImuSample(NamedTuple):
    """Increments over the interval that ended at `time_ns`, body axes, relative to inertial."""

    time_ns: int
    sequence: int
    delta_angle_x_rad: float
    delta_angle_y_rad: float
    delta_angle_z_rad: float
    delta_velocity_x_m_s: float
    delta_velocity_y_m_s: float
    delta_velocity_z_m_s: float
    saturated: int  # bit 0-2 gyroscope x, y, z; bit 3-5 accelerometer x, y, z


class RangeSample(NamedTuple):
    """Slant range along the instrument's beam to the ground."""

    time_ns: int
    sequence: int
    range_m: float
    valid: int


class VelocitySample(NamedTuple):
    """Velocity relative to the ground, body axes, from a radar velocimeter."""

    time_ns: int
    sequence: int
    velocity_x_m_s: float
    velocity_y_m_s: float
    velocity_z_m_s: float
    valid: int


class AttitudeSample(NamedTuple):
    """Star tracker quaternion `q_mci_from_body`, scalar first."""

    time_ns: int
    sequence: int
    qw: float
    qx: float
    qy: float
    qz: float
    valid: int


class LegSample(NamedTuple):
    """Touchdown switches: bit k is set while the switch of leg k is closed."""

    time_ns: int
    sequence: int
    closed: int


class EngineSample(NamedTuple):
    """Telemetry of one main engine."""

    time_ns: int
    sequence: int
    chamber_pressure_pa: float
    valve_open: int


class TankSample(NamedTuple):
    """Telemetry of the propellant tank."""

    time_ns: int
    sequence: int
    propellant_kg: float
    pressure_pa: float


class FrameHeader(NamedTuple):
    """What comes with a camera image (uint8, row major, `width` x `height`)."""

    time_ns: int
    sequence: int
    width: int
    height: int
    exposure_s: float


class EngineCommand(NamedTuple):
    """To one main engine. `throttle` is 0 to 1 of its rated thrust."""

    time_ns: int
    sequence: int
    on: int
    throttle: float


class ThrusterCommand(NamedTuple):
    """On-times of the twelve attitude thrusters within the tick that follows, 0 to 10,000 us."""

    time_ns: int
    sequence: int
    on_time_0_us: int
    on_time_1_us: int
    on_time_2_us: int
    on_time_3_us: int
    on_time_4_us: int
    on_time_5_us: int
    on_time_6_us: int
    on_time_7_us: int
    on_time_8_us: int
    on_time_9_us: int
    on_time_10_us: int
    on_time_11_us: int


class CameraCommand(NamedTuple):
    """Ask one camera for a picture, exposed at the end of the tick that follows."""

    time_ns: int
    sequence: int
    expose: int
    exposure_s: float


class WheelSample(NamedTuple):
    """Encoder and current of one wheel's motor."""

    time_ns: int
    sequence: int
    counts: int  # since the device's start, forwards positive
    current_a: float


class BatterySample(NamedTuple):
    """Gauge of the battery."""

    time_ns: int
    sequence: int
    voltage_v: float
    current_a: float
    energy_wh: float  # left


class WheelCommand(NamedTuple):
    """Duties of the wheels' bridges, -1 to 1, until the next command or for 100 ms."""

    time_ns: int
    sequence: int
    duty_fl: float  # front left
    duty_fr: float
    duty_rl: float
    duty_rr: float


class ProcessorLoad(NamedTuple):
    """What the bench does to the flight computer, from this tick until the next row."""

    time_ns: int
    sequence: int
    stolen_us: float  # taken from every tick
    member: int  # index in the schedule of a member that runs long, -1 for none
    member_extra_us: float  # by how much
    reset: int  # 1: the computer resets in this tick
    trap: int = 0  # 1: `member` traps whenever it runs


class TimeGrant(NamedTuple):
    """Permission to run tick `tick`, which begins at `time_ns` of the emulated clock."""

    tick: int
    time_ns: int


class TickReply(NamedTuple):
    """Answer to the grant of the same tick; `state_hash` covers outputs and all flight state."""

    tick: int
    state_hash: int


_CODES = {int: "q", float: "d"}
PORT_MESSAGES = (
    ImuSample,
    RangeSample,
    VelocitySample,
    AttitudeSample,
    LegSample,
    EngineSample,
    TankSample,
    FrameHeader,
    EngineCommand,
    ThrusterCommand,
    CameraCommand,
    WheelSample,
    BatterySample,
    WheelCommand,
    ProcessorLoad,
    TimeGrant,
    TickReply,
)


def layout(message: type) -> struct.Struct:
    """The `struct.Struct` of a message class: one 8-byte field per name, little endian."""
    fields = message.__annotations__.items()
    codes = ("Q" if name.endswith("_hash") else _CODES[kind] for name, kind in fields)
    return struct.Struct("<" + "".join(codes))


LAYOUTS: dict[str, struct.Struct] = {m.__name__: layout(m) for m in PORT_MESSAGES}
