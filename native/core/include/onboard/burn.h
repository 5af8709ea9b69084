/* A braking burn: constant throttle, linear-tangent steering, ends at a gate (position and velocity).
 *
 * Thrust is a constant fraction `throttle` of what the engines give, so its acceleration grows as
 *   a(t) = k A / (1 - k A t / c),
 * A the acceleration at full throttle now, c the exhaust velocity. Its direction is
 *   unit(retro + (p + p' t) up + (y + y' t) side),
 * the linear tangent law: optimal for a flat Moon and a free downrange (Lawden, Optimal Trajectories
 * for Space Navigation, 1963, section 5; Bryson and Ho, Applied Optimal Control, 1975, section 2.7), and
 * the steering of powered explicit guidance (Jaggers 1977, AIAA 77-1051). Downrange is met by the
 * throttle, or, once the throttle is at its limit, by moving the gate along the flight.
 *
 * The six unknowns (p, p', y, y', k or shift, duration) are found by Newton's method over a numerical
 * prediction: fourth-order Runge-Kutta, OB_BURN_STEPS steps, central gravity, Coriolis and centrifugal
 * terms of the turning Moon. One correction a call, warm started by the last: a fixed cost of seven
 * predictions (about 20 us on a desk), and convergence over the first few calls.
 *
 * All vectors are in site axes, positions from the site's origin (m), velocities relative to the
 * ground (m/s).
 */
#ifndef ONBOARD_BURN_H
#define ONBOARD_BURN_H

#include <stdint.h>

#include "onboard/frame.h"

#define OB_BURN_STEPS 20

/* Where the burn has to end. */
typedef struct {
  double position_site_m[3];
  double velocity_site_m_s[3];
} ob_burn_end;

typedef struct {
  double retro[3], up[3], side[3]; /* right-handed unit triad of the steering, site axes */
  double tangent[2];               /* p and y at the present */
  double tangent_rate_1_s[2];      /* p' and y' */
  double throttle;                 /* k */
  double duration_s;               /* time to go */
  double shift_m;                  /* of the gate along the flight, 0 unless the throttle is at its limit */
  double position_error_m;         /* at the gate, as the last prediction had it */
  double velocity_error_m_s;
  int64_t converged;               /* 1: errors below OB_BURN_POSITION_M and OB_BURN_VELOCITY_M_S */
} ob_burn;

#define OB_BURN_POSITION_M 200.0
#define OB_BURN_VELOCITY_M_S 2.0

/* First guess for a burn that stops `speed_m_s` against the flight direction (unit, horizontal). */
void ob_burn_init(ob_burn *burn, const double flight[3], double speed_m_s, double acceleration_m_s2);

/* Thrust direction `elapsed_s` from now, unit. */
void ob_burn_direction(const ob_burn *burn, double elapsed_s, double out[3]);

/* Lets time pass: the unknowns as seen `elapsed_s` later. */
void ob_burn_advance(ob_burn *burn, double elapsed_s);

/* Position and velocity at the end of the burn. acceleration_m_s2: A, at full throttle. */
void ob_burn_predict(const ob_burn *burn, const ob_site *site, const double position_m[3],
                     const double velocity_m_s[3], double acceleration_m_s2,
                     double exhaust_velocity_m_s, double end_position_m[3],
                     double end_velocity_m_s[3]);

/* One Newton step towards the gate. throttle_max bounds k. Returns `converged`. */
int64_t ob_burn_correct(ob_burn *burn, const ob_site *site, const double position_m[3],
                        const double velocity_m_s[3], double acceleration_m_s2,
                        double exhaust_velocity_m_s, double throttle_max,
                        const ob_burn_end *gate);

/* Gravity and apparent acceleration (central term, Coriolis, centrifugal) at a state in site axes. */
void ob_site_fall(const ob_site *site, const double position_m[3], const double velocity_m_s[3],
                  double out_m_s2[3]);

uint64_t ob_burn_hash(const ob_burn *burn, uint64_t hash);

#endif
