/* The rows that cross the ports between vehicle and flight computer: `onboard/messages.py` in C.
 *
 * Every field is 8 bytes, so a row's bytes are the same here, in Python's `struct` and in a
 * recording (little endian). `time_ns` is the instant a datum refers to, `sequence` counts the
 * device's samples.
 */
#ifndef PLANT_DATA_ROW_H
#define PLANT_DATA_ROW_H

#include <stdint.h>

#include "plant/thruster.h"

typedef struct {
  int64_t time_ns, sequence;
  double delta_angle_rad[3], delta_velocity_m_s[3];
  int64_t saturated; /* bit 0-2 gyroscopes, 3-5 accelerometers */
} pl_imu_row;

typedef struct {
  int64_t time_ns, sequence;
  double range_m;
  int64_t valid;
} pl_range_row;

typedef struct {
  int64_t time_ns, sequence;
  double velocity_body_m_s[3];
  int64_t valid;
} pl_velocity_row;

typedef struct {
  int64_t time_ns, sequence;
  double q_mci_from_body[4];
  int64_t valid;
} pl_attitude_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t closed; /* bit k: switch of leg k */
} pl_leg_row;

typedef struct {
  int64_t time_ns, sequence;
  double chamber_pressure_pa;
  int64_t valve_open;
} pl_engine_row;

typedef struct {
  int64_t time_ns, sequence;
  double propellant_kg, pressure_pa;
} pl_tank_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t width, height;
  double exposure_s;
} pl_frame_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t on;
  double throttle;
} pl_engine_command_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t on_time_us[PL_THRUSTERS];
} pl_thruster_command_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t expose;
  double exposure_s;
} pl_camera_command_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t counts; /* of the encoder since the start, forwards positive */
  double current_a;
} pl_wheel_row;

typedef struct {
  int64_t time_ns, sequence;
  double voltage_v, current_a, energy_wh;
} pl_battery_row;

typedef struct {
  int64_t time_ns, sequence;
  double duty[4]; /* -1 to 1: front left, front right, rear left, rear right */
} pl_wheel_command_row;

_Static_assert(sizeof(pl_imu_row) == 9 * 8, "ImuSample");
_Static_assert(sizeof(pl_range_row) == 4 * 8, "RangeSample");
_Static_assert(sizeof(pl_velocity_row) == 6 * 8, "VelocitySample");
_Static_assert(sizeof(pl_attitude_row) == 7 * 8, "AttitudeSample");
_Static_assert(sizeof(pl_leg_row) == 3 * 8, "LegSample");
_Static_assert(sizeof(pl_engine_row) == 4 * 8, "EngineSample");
_Static_assert(sizeof(pl_tank_row) == 4 * 8, "TankSample");
_Static_assert(sizeof(pl_frame_row) == 5 * 8, "FrameHeader");
_Static_assert(sizeof(pl_engine_command_row) == 4 * 8, "EngineCommand");
_Static_assert(sizeof(pl_thruster_command_row) == 14 * 8, "ThrusterCommand");
_Static_assert(sizeof(pl_camera_command_row) == 4 * 8, "CameraCommand");
_Static_assert(sizeof(pl_wheel_row) == 4 * 8, "WheelSample");
_Static_assert(sizeof(pl_battery_row) == 5 * 8, "BatterySample");
_Static_assert(sizeof(pl_wheel_command_row) == 6 * 8, "WheelCommand");

#endif
