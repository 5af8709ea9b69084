#include "onboard/touchdown.h"

#include <assert.h>
#include <string.h>

#include "onboard/guidance.h"
#include "onboard/hash.h"
#include "onboard/vector.h"

static const double TICK_S = OB_TOUCHDOWN_TICK_S;

void ob_touchdown_init(ob_touchdown *touchdown, const ob_touchdown_params *params) {
  assert(params->leg_persistence_s > 0.0 && params->shock_m_s2 > 0.0);
  assert(params->arm_altitude_m > params->body_height_m);
  memset(touchdown, 0, sizeof *touchdown);
  touchdown->params = *params;
}

static int64_t ticks(double seconds) { return ob_to_i64(seconds / TICK_S + 0.5); }

/* Nothing from before counts. */
static void forget(ob_touchdown *t) {
  t->cues = 0;
  t->leg_armed = 0;
  memset(t->leg_ticks, 0, sizeof t->leg_ticks);
  t->shock_ticks = 0;
  t->rest_ticks = 0;
  t->support_m_s2 = 0.0;
}

static void arm(ob_touchdown *t, const ob_nav_state *nav, const ob_guidance_command *guidance) {
  int64_t powered = guidance->phase >= OB_GUIDANCE_BRAKING && guidance->phase < OB_GUIDANCE_SHUTDOWN;
  double limit = t->params.arm_altitude_m * (t->armed ? 2.0 : 1.0);
  int64_t low = nav->valid ? nav->altitude_worst_m < limit : t->armed;
  int64_t armed = powered && low;
  if (armed != t->armed) {
    forget(t);
  }
  t->armed = armed;
}

/* Closed ticks count up to the persistence, open ones twice as fast down. Returns legs that persist. */
static int64_t count_legs(ob_touchdown *t, int64_t legs_closed) {
  int64_t needed = ticks(t->params.leg_persistence_s), count = 0;
  t->leg_armed |= ~legs_closed & ((1 << OB_LEGS) - 1);
  for (int k = 0; k < OB_LEGS; k++) {
    int64_t closed = legs_closed & t->leg_armed & ((int64_t)1 << k);
    int64_t n = t->leg_ticks[k] + (closed ? 1 : -2);
    t->leg_ticks[k] = n < 0 ? 0 : n > 2 * needed ? 2 * needed : n;
    count += t->leg_ticks[k] >= needed;
  }
  return count;
}

/* Specific force against the commanded thrust, once engines had time to follow. */
static void weigh(ob_touchdown *t, const ob_nav_state *nav, const ob_guidance_command *guidance) {
  const ob_touchdown_params *p = &t->params;
  double thrust = guidance->engines_on ? ob_v3_norm(guidance->acceleration_site_m_s2) : 0.0;
  if (!t->started) { /* or the first look would be a shock */
    t->thrust_m_s2 = thrust;
    t->started = 1;
  }
  t->thrust_m_s2 += (thrust - t->thrust_m_s2) * TICK_S / (TICK_S + p->thrust_lag_s);
  double excess = ob_v3_norm(nav->specific_force_body_m_s2) - t->thrust_m_s2;
  t->support_m_s2 += (excess - t->support_m_s2) * TICK_S / (TICK_S + p->support_filter_s);
  t->shock_ticks -= t->shock_ticks > 0;
  if (ob_fabs(excess) > p->shock_m_s2) {
    t->shock_ticks = ticks(p->shock_hold_s);
  }
}

static void watch_rest(ob_touchdown *t, const ob_nav_state *nav) {
  int64_t slow = ob_v3_norm(nav->velocity_site_m_s) < t->params.rest_speed_m_s;
  int64_t most = 2 * ticks(t->params.rest_persistence_s);
  t->rest_ticks = slow ? t->rest_ticks + (t->rest_ticks < most) : 0;
}

static int64_t find_cues(const ob_touchdown *t, const ob_nav_state *nav, int64_t legs) {
  const ob_touchdown_params *p = &t->params;
  int64_t near = nav->valid && nav->altitude_worst_m < 1.5 * p->body_height_m;
  return (legs >= 1 ? OB_CUE_ONE_LEG : 0) | (legs >= 2 ? OB_CUE_TWO_LEGS : 0) |
         (t->shock_ticks > 0 ? OB_CUE_SHOCK : 0) |
         (t->support_m_s2 > p->support_m_s2 ? OB_CUE_SUPPORT : 0) |
         (t->rest_ticks >= ticks(p->rest_persistence_s) ? OB_CUE_REST : 0) |
         (near ? OB_CUE_GROUND : 0);
}

static int64_t all(int64_t cues, int64_t wanted) { return (cues & wanted) == wanted; }

static int64_t confirms(int64_t cues) {
  int64_t loaded = cues & (OB_CUE_SHOCK | OB_CUE_SUPPORT);
  return (all(cues, OB_CUE_TWO_LEGS) && (loaded || all(cues, OB_CUE_REST | OB_CUE_GROUND))) ||
         (all(cues, OB_CUE_ONE_LEG | OB_CUE_GROUND) && loaded) ||
         all(cues, OB_CUE_SHOCK | OB_CUE_SUPPORT | OB_CUE_REST | OB_CUE_GROUND);
}

void ob_touchdown_step(ob_touchdown *touchdown, const ob_nav_state *nav,
                       const ob_guidance_command *guidance, int64_t legs_closed) {
  ob_touchdown *t = touchdown;
  t->time_ns = nav->time_ns;
  if (t->confirmed) {
    return;
  }
  arm(t, nav, guidance);
  weigh(t, nav, guidance);
  if (!t->armed) {
    t->shock_ticks = 0;
    return;
  }
  watch_rest(t, nav);
  t->cues = find_cues(t, nav, count_legs(t, legs_closed));
  if (confirms(t->cues)) {
    t->confirmed = 1;
    t->confirmed_ns = nav->time_ns;
  }
}

uint64_t ob_touchdown_hash(const ob_touchdown *touchdown, uint64_t hash) {
  const ob_touchdown *t = touchdown;
  hash = ob_hash_u64(hash, (uint64_t)t->armed);
  hash = ob_hash_u64(hash, (uint64_t)t->confirmed);
  hash = ob_hash_u64(hash, (uint64_t)t->cues);
  hash = ob_hash_u64(hash, (uint64_t)t->leg_armed);
  hash = ob_hash_i64s(hash, t->leg_ticks, OB_LEGS);
  hash = ob_hash_u64(hash, (uint64_t)t->shock_ticks);
  hash = ob_hash_u64(hash, (uint64_t)t->rest_ticks);
  hash = ob_hash_f64(hash, t->thrust_m_s2);
  return ob_hash_f64(hash, t->support_m_s2);
}
