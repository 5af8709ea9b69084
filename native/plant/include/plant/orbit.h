/* Where a landing begins: a state on a descent orbit, flying backwards with the belly to the
 * ground.
 *
 * The orbit passes perilune at a stated height above the sphere of OB_MOON_RADIUS_M (not above the
 * target), at a stated distance before the target on the corridor's equator, moving along the
 * corridor relative to the ground. Its speed there is that of an orbit with the stated apolune
 * (vis-viva: Vallado, Fundamentals of Astrodynamics, 4th ed. 2013, chapter 1). The state is
 * `lead_s` earlier, found by integrating the plant's own gravity backwards, so the perilune is met
 * to the integrator's error.
 */
#ifndef PLANT_ORBIT_H
#define PLANT_ORBIT_H

#include <stdint.h>

/* State of the vehicle's origin. */
typedef struct {
  int64_t time_ns;
  double position_mci_m[3];
  double velocity_mci_m_s[3];
  double q_mci_from_body[4];
  double rate_body_rad_s[3]; /* relative to inertial */
} pl_state;

typedef struct {
  double latitude_rad, longitude_rad; /* of the target */
  double azimuth_rad;                 /* of the flight at the target, clockwise from north */
  double range_m;                     /* from perilune to the target, on the corridor's equator */
  double perilune_m, apolune_m;       /* heights above the sphere */
  double lead_s;                      /* from the state to perilune, >= 0 */
} pl_descent_orbit;

/* The state at time 0 of the emulated clock. Attitude: z against the inertial velocity, x towards
 * the ground; rate: that of the orbit, so that this attitude is kept. */
void pl_descent_orbit_state(const pl_descent_orbit *orbit, pl_state *out);

#endif
