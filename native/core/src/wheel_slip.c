#include "onboard/wheel_slip.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/hash.h"

#define TICK_S 0.01
#define TOLD_MIN_RAD_S 1.0e-3 /* a wheel told less is told to stand */
#define ROUNDS 5              /* of Newton's method; ob_wheel_slip_of_share says why they do */

void ob_wheel_slip_init(ob_wheel_slip *slip, const ob_wheel_slip_params *params) {
  assert(params->wheel_radius_m > 0.0 && params->strength_n > 0.0 && params->contact_shear > 0.0);
  *slip = (ob_wheel_slip){.params = *params};
}

static double mobilised(double x) { return 1.0 - (1.0 - ob_exp(-x)) / x; }

/* The share is concave in x and below x / 2, so that Newton's method from 2 share comes up to the root from below
 * and never passes it; up to x = 5 five rounds leave less than 1e-3 of it (tests/unit/test_wheel_slip.py). */
double ob_wheel_slip_of_share(double share, double contact_shear) {
  const double size = ob_fabs(share);
  if (size < 1.0e-3) {
    return 2.0 * share / contact_shear; /* the next term is a third of x: 1e-3 */
  }
  if (size >= mobilised(contact_shear)) {
    return share > 0.0 ? 1.0 : -1.0;
  }
  double x = 2.0 * size;
  for (int32_t i = 0; i < ROUNDS; i++) {
    const double e = ob_exp(-x);
    x += (size - 1.0 + (1.0 - e) / x) / ((1.0 - e - x * e) / (x * x));
  }
  return (share > 0.0 ? x : -x) / contact_shear;
}

/* +1 or -1 when all wheels are told to roll that way straight on, else 0. */
static int straight(const ob_wheel_slip_params *p, const ob_wheel wheels[OB_WHEELS]) {
  double least = wheels[0].target_rad_s, most = least;
  int ready = 1;
  for (int32_t k = 0; k < OB_WHEELS; k++) {
    least = ob_min(least, wheels[k].target_rad_s);
    most = ob_max(most, wheels[k].target_rad_s);
    ready = ready && wheels[k].condition == OB_WHEEL_READY;
  }
  if (!ready || most - least > p->straight_rad_s) {
    return 0;
  }
  return least > TOLD_MIN_RAD_S ? 1 : (most < -TOLD_MIN_RAD_S ? -1 : 0);
}

/* Mean over the wheels, positive where they push the way they turn. */
static double traction_n(const ob_wheel_slip_params *p, const ob_wheel wheels[OB_WHEELS], int way) {
  double torque_n_m = 0.0;
  for (int32_t k = 0; k < OB_WHEELS; k++) {
    const ob_wheel *w = &wheels[k];
    torque_n_m += way * (w->params.constant_v_s_rad * w->current_a -
                         p->viscous_n_m_s_rad * w->rate_rad_s) -
                  p->friction_n_m;
  }
  return torque_n_m / (OB_WHEELS * p->wheel_radius_m);
}

void ob_wheel_slip_step(ob_wheel_slip *s, const ob_wheel wheels[OB_WHEELS]) {
  const ob_wheel_slip_params *p = &s->params;
  const int way = straight(p, wheels);
  if (way == 0) {
    s->straight_ticks = 0;
    s->traction_n = s->slip = 0.0;
    return;
  }
  s->straight_ticks++;
  s->traction_n += (traction_n(p, wheels, way) - s->traction_n) * TICK_S / (TICK_S + p->filter_s);
  const int settled = (double)s->straight_ticks * TICK_S >= p->settle_s;
  s->slip = settled ? ob_wheel_slip_of_share(s->traction_n / p->strength_n, p->contact_shear) : 0.0;
}

uint64_t ob_wheel_slip_hash(const ob_wheel_slip *s, uint64_t hash) {
  hash = ob_hash_f64(ob_hash_f64(hash, s->traction_n), s->slip);
  return ob_hash_i64s(hash, &s->straight_ticks, 1);
}
