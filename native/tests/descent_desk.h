/* A desk simulation of the descent, for tests and tuning of guidance, control and touchdown.
 *
 * Independent of the plant: a rigid body over a smooth spherical Moon with central gravity, integrated in
 * inertial axes (those of the site at time 0); two lagged main engines, twelve thrusters, four spring legs.
 * Navigation is truth plus errors that shrink with altitude, as matches and ranges would make them.
 * Dispersions are fixed for a run; `desk_nominal` has none.
 */
#ifndef DESCENT_DESK_H
#define DESCENT_DESK_H

#include <stdint.h>

#include "onboard/attitude_control.h"
#include "onboard/guidance.h"
#include "onboard/touchdown.h"

typedef struct {
  double mass_scale, thrust_scale, engine_mismatch;
  double position_m[3], velocity_m_s[3]; /* navigation error at the start, site axes */
  double target_height_m;                /* ground at the target above what the map says */
  double centre_offset_m[2];             /* of mass, x and y */
  double altitude_sigma_m;               /* reported below 1 km */
  double late_below_m, late_error_m;     /* above this height the altitude is off by the error */
  double slope_rad;                      /* of the ground, towards x */
  double noise;                          /* 1: rate, force and velocity noise, 0: none */
  int64_t dead_legs;                     /* switches that never close */
  int64_t pulses;                        /* 1: leg switches chatter from 1,500 m to 10 m */
  int64_t print;                         /* 1: a table of the trajectory */
  double coast_s;                        /* before the nominal ignition */
  uint64_t seed;
} desk_case;

typedef struct {
  int64_t landed, confirmed, upset; /* upset: ran dry or sank in */
  double ignition_s, contact_s, confirm_delay_s;
  double vertical_m_s, horizontal_m_s, tilt_deg, rate_deg_s; /* at first contact */
  double miss_m, propellant_kg, thruster_kg, margin_m_s;
  double dive_m_s2;     /* largest downward acceleration below 500 m while sinking over 9.5 m/s */
  double camera_deg;    /* largest angle of the camera off nadir while braking, above 3 km */
  double throttle_high; /* largest in the braking */
  double pointing_deg;  /* largest attitude error after the first 30 s of each phase */
  int64_t pulses;
} desk_result;

void desk_parameters(ob_guidance_params *guidance, ob_attitude_params *attitude,
                     ob_touchdown_params *touchdown);
void desk_nominal(desk_case *c);
void desk_disperse(desk_case *c, uint64_t seed);
void desk_fly(const desk_case *c, const ob_guidance_params *guidance,
              const ob_attitude_params *attitude, const ob_touchdown_params *touchdown,
              desk_result *result);

#endif
