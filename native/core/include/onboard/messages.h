/* The data that flight components exchange over the bus, as the C core computes them.
 *
 * One producer owns each struct and updates it in place; everybody else reads. Units are in the
 * names. Frames: `site` is the local level frame of the landing site (east, north, up; origin at
 * the target; fixed to the Moon), `body` is the vehicle (z along the thrust of the main engines,
 * x towards the belly camera). Quaternions are scalar first; `q_a_from_b` turns vectors from b to a.
 */
#ifndef ONBOARD_MESSAGES_H
#define ONBOARD_MESSAGES_H

#include <stdint.h>

/* What navigation knows; produced every tick by `filter`. */
typedef struct {
  int64_t time_ns;
  double position_site_m[3];
  double velocity_site_m_s[3]; /* relative to the ground */
  double q_site_from_body[4];
  double rate_body_rad_s[3];          /* relative to inertial, bias removed */
  double specific_force_body_m_s2[3]; /* bias removed */
  double position_sigma_m[3];         /* one sigma, site axes */
  double velocity_sigma_m_s[3];       /* one sigma, site axes */
  double attitude_sigma_rad[3];       /* one sigma, body axes */
  double altitude_m;                  /* of the body origin above the onboard map's ground below */
  double altitude_sigma_m;            /* the map's error included */
  double altitude_worst_m;            /* altitude_m - 3 altitude_sigma_m: what guidance gates on */
  int64_t valid;                      /* 1 when initialised and the last IMU sample was good */
} ob_nav_state;

/* What guidance wants; produced at 10 Hz by `guidance`. */
typedef struct {
  int64_t time_ns;
  double q_site_from_body[4];      /* attitude to hold */
  double rate_body_rad_s[3];       /* feed-forward rate of that attitude */
  double acceleration_site_m_s2[3]; /* thrust acceleration asked for, gravity not included */
  double throttle;                 /* 0 to 1 of the thrust of all main engines together */
  int64_t engines_on;              /* 1: main engines burn at `throttle` */
  int64_t phase;                   /* ob_guidance_phase */
  double time_to_go_s;
  double range_to_go_m;            /* horizontal distance to the target */
  int64_t orbit_burn;              /* ob_orbit_burn_state */
} ob_guidance_command;

/* What control asks of the actuators; produced at 100 Hz by `control`. */
#define OB_THRUSTERS 12
#define OB_ENGINES 2
typedef struct {
  int64_t time_ns;
  double engine_throttle[OB_ENGINES]; /* 0 to 1 of one engine's rated thrust */
  int64_t engine_on[OB_ENGINES];
  int64_t engine_inhibit;             /* bit i: main engine i must not burn */
  int64_t thruster_on_time_us[OB_THRUSTERS]; /* within the tick that follows, 0 to 10,000 */
} ob_actuator_command;

/* What a rover knows of its own motion; produced every tick by `odometry`. Body: x forward, z up. */
#define OB_WHEELS 4 /* front left, front right, rear left, rear right */
typedef struct {
  int64_t time_ns;
  double position_site_m[3];
  double q_site_from_body[4];
  double rate_body_rad_s[3]; /* bias removed */
  double heading_rad;        /* of body x, from north towards east, -pi to pi */
  double tilt_rad;           /* of body z from the vertical */
  double speed_m_s;          /* forwards, as the wheels tell */
  double distance_m;         /* way since the start, both directions counted positive */
  int64_t still;             /* 1: no wheel turns */
  int64_t valid;             /* 1: levelled, and the last samples of IMU and wheels are young */
} ob_odometry_state;

/* What a rover is to do; produced at 10 Hz by `drive`. */
typedef struct {
  int64_t time_ns;
  int64_t phase;                      /* ob_drive_phase */
  int64_t leg;                        /* waypoint that it heads for, from 0 */
  double speed_m_s;
  double turn_rate_rad_s;             /* clockwise seen from above, as headings count */
  double wheel_rate_rad_s[OB_WHEELS];
  double remaining_m;                 /* to the waypoint */
  double cross_m;                     /* right of the line to it */
  double heading_error_rad;           /* wanted less navigated */
} ob_drive_command;

#endif
