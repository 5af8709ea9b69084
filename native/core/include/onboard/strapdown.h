/* Strapdown mechanisation in the rotating site frame.
 *
 * Position and velocity relative to the ground, and attitude, from increments of angle and velocity
 * over one tick (bias removed). Per step, with Omega the Moon's rate:
 *
 *   phi = a + (a' x a) / 12                                          coning, Savage 1998a
 *   u = v + (a x v)/2 + a x (a x v)/6 + (a' x v + v' x a)/12          rotation and sculling, 1998b
 *   dv_site = (1 - Omega x dt/2) C_site_from_body u
 *   q <- exp(-Omega dt) q exp(phi)
 *   v <- v + dv_site + dt (g(r) - Omega x (Omega x r) - 2 Omega x v)  at the middle of the step
 *   r <- r + dt (v_before + v_after) / 2
 *
 * a, v are this step's increments, a', v' the last step's; the one-sample-per-step forms of Savage,
 * "Strapdown Inertial Navigation Integration Algorithm Design", parts 1 and 2, JGCD 21(1) and 21(2),
 * 1998, exact for rates and forces that change linearly. The term a x (a x v)/6 is the next of the
 * series of the integral of exp(a s). Gravity is ob_gravity_mcmf.
 */
#ifndef ONBOARD_STRAPDOWN_H
#define ONBOARD_STRAPDOWN_H

#include <stdint.h>

#include "onboard/frame.h"

typedef struct {
  int64_t time_ns;
  double position_site_m[3];
  double velocity_site_m_s[3];
  double q_site_from_body[4];
  double delta_angle_rad[3];    /* of the last step, body axes */
  double delta_velocity_m_s[3]; /* of the last step, body axes */
  double dv_site_m_s[3];        /* specific force of the last step times dt, site axes */
} ob_strapdown;

void ob_strapdown_init(ob_strapdown *s, int64_t time_ns, const double position_site_m[3],
                       const double velocity_site_m_s[3], const double q_site_from_body[4]);

/* One step of dt_ns > 0 with the increments of body angle and body velocity over it. */
void ob_strapdown_step(ob_strapdown *s, const ob_site *site, int64_t dt_ns,
                       const double delta_angle_rad[3], const double delta_velocity_m_s[3]);

/* Attraction plus centrifugal acceleration at a site position, site axes (m/s2). */
void ob_strapdown_gravity(const ob_site *site, const double position_site_m[3],
                          double out_site_m_s2[3]);

uint64_t ob_strapdown_hash(const ob_strapdown *s, uint64_t hash);

#endif
