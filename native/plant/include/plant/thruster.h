/* The bank of attitude thrusters, each commanded by an on-time within the tick.
 *
 * A pulse begins with the tick. A valve that was closed needs `minimum_on_time_us`; a shorter new
 * pulse is not fired. A valve that is open at the end of a tick (on-time of the whole tick) may be
 * closed at any time of the next. So the smallest impulse is thrust times minimum on-time, 0.16 N s
 * for 20 N and 8 ms. Force and torque are the pulse's mean over the tick; moving 22 N m for 8 ms
 * from the start of the tick to its mean displaces 200 kg m2 by T t (h - t) / (2 I) = 1e-6 rad.
 */
#ifndef PLANT_THRUSTER_H
#define PLANT_THRUSTER_H

#include <stdint.h>

#include "plant/body.h"

#define PL_THRUSTERS 12
#define PL_TICK_US 10000

typedef struct {
  double position_body_m[PL_THRUSTERS][3];
  double direction_body[PL_THRUSTERS][3]; /* of the force on the vehicle, unit */
  double thrust_n;
  double specific_impulse_s;
  int64_t minimum_on_time_us;
} pl_thruster_spec;

typedef struct {
  double force_body_n[PL_THRUSTERS][3];    /* with the valve open */
  double torque_body_n_m[PL_THRUSTERS][3]; /* about the centre of mass */
  double mass_flow_kg_s[PL_THRUSTERS];
  int64_t minimum_on_time_us;
  int64_t open; /* bit k: valve k is open at the end of the last tick */
} pl_thruster_bank;

/* thrust_scale[k] is the true thrust of thruster k over the rated one. */
void pl_thruster_init(pl_thruster_bank *bank, const pl_thruster_spec *spec,
                      const double thrust_scale[PL_THRUSTERS], const double centre_body_m[3]);

/* One tick; adds mean force, torque and flow. On-times outside 0 to 10,000 us are held at the
 * nearer end. Returns 1 when any thruster fired. */
int64_t pl_thruster_step(pl_thruster_bank *bank, const int64_t on_time_us[PL_THRUSTERS],
                         pl_wrench *wrench);

#endif
