/* The rover on the emulated Moon: body, four driven wheels, battery, instruments; one call a tick.
 *
 * The bench writes the duties of the wheels into `in` and sets `pending`; `pl_rover_step` carries the vehicle
 * through one tick of 10 ms in ten steps of 1 ms, writes the rows of the instruments that are due into `out`
 * and sets their `fresh` flags. Rows are laid out as the messages of `onboard/messages.py`; samples refer to
 * the end of the tick. A command holds for PL_WHEEL_HOLD_TICKS; the drivers then brake until the next.
 *
 * Body axes: x forward, y left, z up; origin at the centre of mass. Works in site axes (east, north, up, fixed
 * to the Moon). One rigid body on four wheels: what gives is the soil (plant/soil.h), on the tangent plane of
 * the ground below each wheel, which is taken anew after PL_RENEW_M of way. Gravity and the centrifugal force
 * are those of the place. Left out: Coriolis (3e-7 m/s2 at 0.05 m/s), the Moon's rate in the body's motion (the
 * gyroscopes feel it), the reaction of a wheel's own acceleration on the body (below 0.01 N m), contact of
 * anything but the wheels.
 *
 * Semi-implicit Euler. The stiffest motion is the body on the soil: dW/dz = 1.1 kN/m under 1.3 kg a wheel is
 * 29 rad/s, 0.03 a step, far inside the limit of 2.
 *
 * A rover tilted beyond `tip_over_rad` has tipped over, and one whose battery is empty is dead; both is for
 * good: it stays where it is, and nothing is sensed any more.
 */
#ifndef PLANT_ROVER_H
#define PLANT_ROVER_H

#include <stdint.h>

#include "onboard/frame.h"
#include "plant/data_row.h"
#include "plant/imu.h"
#include "plant/leg.h"
#include "plant/motor.h"
#include "plant/soil.h"
#include "plant/terrain.h"

#define PL_WHEELS 4 /* front left, front right, rear left, rear right */
#define PL_WHEEL_HOLD_TICKS 10
#define PL_RENEW_M 0.01
#define PL_ROVER_STEPS 10

/* Instruments, in the order of their `fresh` flags and of the bits of pl_rover_step. */
enum { PL_ROVER_IMU_A, PL_ROVER_WHEEL_FL, PL_ROVER_WHEEL_FR, PL_ROVER_WHEEL_RL, PL_ROVER_WHEEL_RR,
       PL_ROVER_BATTERY, PL_ROVER_OUTPUTS };

/* What has happened, as bits of pl_rover.events. */
enum { PL_ROVER_TIPPED_OVER = 1, PL_ROVER_POWER_OUT = 2 };

/* The vehicle as it truly is, dispersions included. */
typedef struct {
  double mass_kg;
  double inertia_kg_m2[3];           /* about the body axes, principal */
  double axle_body_m[PL_WHEELS][3];  /* from the centre of mass */
  pl_wheel_shape wheel;
  pl_soil soil;
  pl_motor_spec motor[PL_WHEELS];
  pl_battery_spec battery;
  double charge;                     /* of the battery at the start, 0 to 1 */
  double tip_over_rad;
  double ground_resolution_m;
  pl_imu_spec imu;
  double site_latitude_rad, site_longitude_rad, site_elevation_m;
  uint64_t seed;
  uint64_t stream[PL_ROVER_OUTPUTS]; /* of each instrument's errors */
} pl_rover_config;

/* Where it is set down, level with the ground. */
typedef struct {
  int64_t time_ns;
  double east_m, north_m;
  double heading_rad; /* of body x, from north towards east */
} pl_rover_start;

typedef struct {
  pl_imu_row imu;
  pl_wheel_row wheel[PL_WHEELS];
  pl_battery_row battery;
} pl_rover_output;

typedef struct {
  pl_wheel_contact contact;
  pl_wheel_force force;    /* over the last step */
  pl_plane plane;          /* of the ground, site axes */
  double plane_at_m[2];    /* east, north where it was taken */
  double sinkage_m;
  double current_a;        /* mean over the last tick */
  pl_motor motor;
  pl_random random;        /* of the current sensor */
} pl_wheel;

typedef struct {
  pl_rover_output out;
  pl_wheel_command_row in;
  int64_t fresh[PL_ROVER_OUTPUTS]; /* set by the step, cleared by the reader */
  int64_t pending[1];              /* set by the writer, cleared by the step */
  int64_t tick, time_ns, events;
  int64_t hold_ticks;              /* left of the command */

  pl_rover_config config;
  const pl_terrain *terrain;
  ob_site site;
  double position_site_m[3], velocity_site_m_s[3], q_site_from_body[4];
  double rate_body_rad_s[3];       /* relative to the ground */
  double field_site_m_s2[3];       /* gravity and centrifugal */
  pl_wheel wheel[PL_WHEELS];
  pl_battery battery;
  pl_imu imu;
  pl_random battery_random;
  double distance_m;               /* way of the body since the start */
} pl_rover;

/* Truth for the bench, never for flight code. */
typedef struct {
  int64_t time_ns, events;
  double position_site_m[3], velocity_site_m_s[3], q_site_from_body[4], rate_body_rad_s[3];
  double heading_rad, tilt_rad, slope_rad; /* slope: of the ground below the body */
  double distance_m;
  double wheel_rate_rad_s[PL_WHEELS], current_a[PL_WHEELS], sinkage_m[PL_WHEELS];
  double load_n[PL_WHEELS];
  double slip[PL_WHEELS];                  /* (omega r - v) / the larger of both; 0 at rest */
  double voltage_v, battery_current_a, charge;
  double delivered_j, winding_j, friction_j, work_j; /* since the start, of all wheels */
} pl_drive_truth;

/* `terrain` must outlive the rover. */
void pl_rover_init(pl_rover *rover, const pl_rover_config *config, const pl_terrain *terrain,
                   const pl_rover_start *start);

/* One tick. Returns the bits of the outputs that are new. */
int64_t pl_rover_step(pl_rover *rover);

void pl_rover_truth(const pl_rover *rover, pl_drive_truth *truth);

/* Covers the whole state, the streams of random numbers and the output rows. */
uint64_t pl_rover_hash(const pl_rover *rover);

#endif
