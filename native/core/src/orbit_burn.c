#include "onboard/orbit_burn.h"

#include <assert.h>
#include <string.h>

#include "onboard/elementary.h"
#include "onboard/hash.h"
#include "onboard/vector.h"

static const double STEP_S = 0.1;
static const double LIT_SHARE = 0.5;    /* of the steady thrust: from there on the ignition is judged */
static const double NOTHING_SHARE = 0.1;
enum { SHORT_STEPS = 3 };

void ob_orbit_burn_init(ob_orbit_burn *burn, const ob_orbit_burn_params *params) {
  assert(params->throttle > 0.0 && params->settle_s > 0.0 && params->timer_share > 0.0);
  assert(params->scale_band >= 0.0 && params->scale_band < 1.0);
  memset(burn, 0, sizeof *burn);
  burn->params = *params;
}

void ob_orbit_burn_start(ob_orbit_burn *burn, double wanted_m_s) {
  assert(wanted_m_s > 0.0);
  burn->state = OB_ORBIT_BURN_SETTLING;
  burn->wanted_m_s = wanted_m_s;
  burn->gained_m_s = burn->modelled_m_s = burn->elapsed_s = burn->limit_s = 0.0;
  burn->short_steps = 0;
}

/* Some of the engines push, and some do not. */
static int64_t lacks_an_engine(ob_orbit_burn *b, double felt_m_s, double model_m_s2, double steady_m_s2) {
  double share = felt_m_s / ob_max(model_m_s2 * STEP_S, 1e-9);
  int short_now = model_m_s2 > LIT_SHARE * steady_m_s2 && share > NOTHING_SHARE && share < b->params.felt_share;
  b->short_steps = short_now ? b->short_steps + 1 : 0;
  return b->short_steps >= SHORT_STEPS;
}

/* After the settling: refused, or on until the timer that the thrust felt so far predicts. */
static void judge(ob_orbit_burn *b, double steady_m_s2) {
  const ob_orbit_burn_params *p = &b->params;
  if (b->gained_m_s <= p->felt_share * b->modelled_m_s) {
    b->state = OB_ORBIT_BURN_REFUSED;
    return;
  }
  double scale = ob_clamp(b->gained_m_s / b->modelled_m_s, 1.0 - p->scale_band, 1.0 + p->scale_band);
  double to_go_m_s = ob_max(b->wanted_m_s - scale * b->modelled_m_s, 0.0);
  b->limit_s = b->elapsed_s + p->timer_share * to_go_m_s / (scale * steady_m_s2);
  b->state = OB_ORBIT_BURN_BURNING;
}

/* A burn that is shorter than its settling ends by what was felt or by the model, whichever comes first. */
static void settle(ob_orbit_burn *b, double enough_m_s, double steady_m_s2) {
  if (ob_max(b->gained_m_s, b->modelled_m_s) >= enough_m_s) {
    b->state = OB_ORBIT_BURN_DONE;
  } else if (b->elapsed_s >= b->params.settle_s) {
    judge(b, steady_m_s2);
  }
}

int64_t ob_orbit_burn_burns(const ob_orbit_burn *burn) {
  return burn->state == OB_ORBIT_BURN_SETTLING || burn->state == OB_ORBIT_BURN_BURNING;
}

double ob_orbit_burn_step(ob_orbit_burn *burn, double felt_m_s, double model_m_s2, double steady_m_s2) {
  if (!ob_orbit_burn_burns(burn)) {
    return 0.0;
  }
  assert(steady_m_s2 > 0.0);
  burn->elapsed_s += STEP_S;
  burn->gained_m_s += felt_m_s;
  burn->modelled_m_s += model_m_s2 * STEP_S;
  double enough_m_s = burn->wanted_m_s - steady_m_s2 * burn->params.lag_s;
  if (lacks_an_engine(burn, felt_m_s, model_m_s2, steady_m_s2)) {
    burn->state = OB_ORBIT_BURN_REFUSED;
  } else if (burn->state == OB_ORBIT_BURN_SETTLING) {
    settle(burn, enough_m_s, steady_m_s2);
  } else if (burn->gained_m_s >= enough_m_s || burn->elapsed_s >= burn->limit_s) {
    burn->state = OB_ORBIT_BURN_DONE;
  }
  return ob_orbit_burn_burns(burn) ? burn->params.throttle : 0.0;
}

uint64_t ob_orbit_burn_hash(const ob_orbit_burn *burn, uint64_t hash) {
  hash = ob_hash_u64(hash, (uint64_t)burn->state);
  hash = ob_hash_f64(hash, burn->wanted_m_s);
  hash = ob_hash_f64(hash, burn->gained_m_s);
  hash = ob_hash_f64(hash, burn->modelled_m_s);
  hash = ob_hash_f64(hash, burn->elapsed_s);
  hash = ob_hash_f64(hash, burn->limit_s);
  return ob_hash_u64(hash, (uint64_t)burn->short_steps);
}
