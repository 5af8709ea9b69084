/* The rows that cross the ports between flight computer and hardware: `onboard/messages.py` in C.
 *
 * Every field is 8 bytes, so a row's bytes are the same here, in Python's `struct`, on a link and in
 * a recording (little endian). `time_ns` is the instant that a datum refers to, `sequence` counts
 * the device's samples. A row travels as bytes: who takes one from a port copies it into an `ob_row`.
 */
#ifndef ONBOARD_ROW_H
#define ONBOARD_ROW_H

#include <stdint.h>

#include "onboard/messages.h"

typedef struct {
  int64_t time_ns, sequence;
  double delta_angle_rad[3], delta_velocity_m_s[3]; /* body axes, relative to inertial */
  int64_t saturated; /* bit 0-2 gyroscope x, y, z; bit 3-5 accelerometer x, y, z */
} ob_imu_row;

typedef struct {
  int64_t time_ns, sequence;
  double range_m; /* along the instrument's beam */
  int64_t valid;
} ob_range_row;

typedef struct {
  int64_t time_ns, sequence;
  double velocity_body_m_s[3]; /* relative to the ground */
  int64_t valid;
} ob_velocity_row;

typedef struct {
  int64_t time_ns, sequence;
  double q_mci_from_body[4];
  int64_t valid;
} ob_attitude_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t closed; /* bit k: switch of leg k */
} ob_leg_row;

typedef struct {
  int64_t time_ns, sequence;
  double chamber_pressure_pa;
  int64_t valve_open;
} ob_engine_row;

typedef struct {
  int64_t time_ns, sequence;
  double propellant_kg, pressure_pa;
} ob_tank_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t on;
  double throttle; /* 0 to 1 of the engine's rated thrust */
} ob_engine_command_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t on_time_us[OB_THRUSTERS]; /* within the tick that follows, 0 to 10,000 */
} ob_thruster_command_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t counts; /* of the encoder since the device's start, forwards positive */
  double current_a;
} ob_wheel_row;

typedef struct {
  int64_t time_ns, sequence;
  double voltage_v, current_a, energy_wh; /* energy: left */
} ob_battery_row;

typedef struct {
  int64_t time_ns, sequence;
  double duty[OB_WHEELS]; /* of the bridges, -1 to 1; holds until the next command or for 100 ms */
} ob_wheel_command_row;

typedef enum {
  OB_ROW_IMU = 0,
  OB_ROW_RANGE = 1,
  OB_ROW_VELOCITY = 2,
  OB_ROW_ATTITUDE = 3,
  OB_ROW_LEGS = 4,
  OB_ROW_ENGINE = 5,
  OB_ROW_TANK = 6,
  OB_ROW_WHEEL = 7,
  OB_ROW_BATTERY = 8,
  OB_ROW_KINDS = 9
} ob_row_kind;

/* A row of an instrument. */
typedef union {
  struct {
    int64_t time_ns, sequence;
  } head;
  ob_imu_row imu;
  ob_range_row range;
  ob_velocity_row velocity;
  ob_attitude_row attitude;
  ob_leg_row legs;
  ob_engine_row engine;
  ob_tank_row tank;
  ob_wheel_row wheel;
  ob_battery_row battery;
} ob_row;

/* A row as it was read. */
typedef struct {
  int64_t intake; /* number of the vehicle's instrument: OB_FLIGHT_IMU_A ..., OB_ROVER_IMU ... */
  ob_row row;
} ob_sample;

/* A row of an effector. All zero but time and sequence: engine closed, thrusters off, wheels without drive. */
typedef union {
  struct {
    int64_t time_ns, sequence;
  } head;
  ob_thruster_command_row thruster;
  ob_engine_command_row engine;
  ob_wheel_command_row wheels;
} ob_output_row;

#endif
