/* A burn in orbit: fixed direction, ends by the velocity that was gained, 10 Hz by the schedule: the time of
 * the burn is counted in steps, so that its timer runs on while the navigation says nothing.
 *
 *   IDLE -> SETTLING -> BURNING -> DONE, or SETTLING -> REFUSED, or BURNING -> REFUSED.
 *
 * SETTLING  the engines burn for `settle_s` already at the throttle of the burn. The velocity gained is held
 *           against that of the model: less than `felt_share` of it, and either the engines or the
 *           accelerometers do not work. The burn is refused (Luna-25: accelerometers that were never switched on
 *           read exactly zero, and the burn that they should have ended went on to its time limit).
 *           A burn that is shorter than that ends by what was felt or by the model, whichever is first.
 * BURNING   until the velocity gained, and what the tail-off will add, is the velocity wanted. A timer ends it
 *           at `timer_share` times the duration that the thrust felt in the settling predicts, within
 *           1 +- `scale_band` of the model: accelerometers that fail later cost a tenth of the burn, while an
 *           engine that is truly weak gets the time it needs.
 *
 * In both, three steps in a row that feel some thrust but less than `felt_share` of the model's end the burn as
 * REFUSED: an engine has not started or has gone out, and what is left pushes askew (Surveyor 2). Steps that feel
 * nothing at all are not counted: those are the accelerometers', which the settling and the timer answer.
 */
#ifndef ONBOARD_ORBIT_BURN_H
#define ONBOARD_ORBIT_BURN_H

#include <stdint.h>

typedef enum {
  OB_ORBIT_BURN_IDLE = 0,
  OB_ORBIT_BURN_SETTLING = 1,
  OB_ORBIT_BURN_BURNING = 2,
  OB_ORBIT_BURN_DONE = 3,
  OB_ORBIT_BURN_REFUSED = 4
} ob_orbit_burn_state;

typedef struct {
  double throttle;
  double settle_s;
  double felt_share;
  double timer_share;
  double scale_band;
  double lag_s;          /* of the thrust: what a cutoff still adds, times the acceleration of the model */
} ob_orbit_burn_params;

typedef struct {
  ob_orbit_burn_params params;
  int64_t state;
  double wanted_m_s;
  double gained_m_s;     /* measured */
  double modelled_m_s;
  double elapsed_s;
  double limit_s;        /* when the timer ends it */
  int64_t short_steps;   /* in a row, that felt less than they should */
} ob_orbit_burn;

/* Asserts that the throttle, the times and the shares are positive. */
void ob_orbit_burn_init(ob_orbit_burn *burn, const ob_orbit_burn_params *params);

/* Begins a burn of a velocity (m/s, > 0) along the thrust. */
void ob_orbit_burn_start(ob_orbit_burn *burn, double wanted_m_s);

/* The engines burn for it. */
int64_t ob_orbit_burn_burns(const ob_orbit_burn *burn);

/* One step of 0.1 s: velocity felt along the thrust since the last step (0 while nothing is known), thrust
 * acceleration of the model now, and that at the throttle of the burn. Returns the throttle, 0 when the engines
 * must be off. */
double ob_orbit_burn_step(ob_orbit_burn *burn, double felt_m_s, double model_m_s2, double steady_m_s2);

uint64_t ob_orbit_burn_hash(const ob_orbit_burn *burn, uint64_t hash);

#endif
