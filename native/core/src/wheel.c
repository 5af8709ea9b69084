#include "onboard/wheel.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/hash.h"
#include "onboard/intake.h"

static const double TICK_S = 0.01;
static const double SUPPLY_MIN_V = 1.0; /* a battery that says less is not believed */

void ob_wheel_init(ob_wheel *wheel, const ob_wheel_params *params) {
  assert(params->counts_per_rad > 0.0 && params->winding_ohm > 0.0);
  *wheel = (ob_wheel){.params = *params, .sampled_ns = OB_NEVER_NS};
}

void ob_wheel_reset(ob_wheel *w) {
  w->condition = OB_WHEEL_READY;
  w->cause = OB_TRIP_NONE;
  w->trips = w->timer_ticks = w->stalled_ticks = w->overcurrent_ticks = w->unmoved_ticks = 0;
  w->silent_ticks = 0;
}

/* ---- what the wheel does ---- */

static void sample(ob_wheel *w, const ob_wheel_row *row) {
  const ob_wheel_params *p = &w->params;
  if (row->time_ns <= w->sampled_ns) {
    w->silent_ticks++;
    return;
  }
  const double elapsed_s = (double)(row->time_ns - w->sampled_ns) * 1.0e-9;
  if (w->started) {
    const double turned = (double)(row->counts - w->counts) / p->counts_per_rad;
    w->rate_rad_s += (turned / elapsed_s - w->rate_rad_s) * TICK_S / (TICK_S + p->rate_filter_s);
  }
  w->started = 1;
  w->silent_ticks = 0;
  w->sampled_ns = row->time_ns;
  w->counts = row->counts;
  w->current_a = row->current_a;
}

/* ---- trips ---- */

static int lasts(int64_t *ticks, int happens, double seconds) {
  *ticks = happens ? *ticks + 1 : 0;
  return (double)*ticks * TICK_S >= seconds;
}

static void trip(ob_wheel *w, int64_t cause) {
  w->cause = cause;
  w->trips++;
  w->trip_count++;
  w->timer_ticks = w->stalled_ticks = w->overcurrent_ticks = w->unmoved_ticks = 0;
  w->silent_ticks = 0;
  w->condition = (double)w->trips > w->params.tries ? OB_WHEEL_OUT : OB_WHEEL_RESTS;
}

static void watch(ob_wheel *w) {
  const ob_wheel_params *p = &w->params;
  const double amperes = ob_fabs(w->current_a);
  const int told = ob_fabs(w->target_rad_s) > 2.0 * p->stall_rate_rad_s;
  const int unmoved = told && ob_fabs(w->rate_rad_s) < p->stall_rate_rad_s;
  const int blocked = amperes > p->stall_current_a;
  const int pushed = ob_fabs(w->voltage_v) > p->encoder_v;
  const int over = lasts(&w->overcurrent_ticks, amperes > p->overcurrent_a, p->overcurrent_s);
  const int stalled = lasts(&w->stalled_ticks, unmoved && blocked, p->stall_s);
  const int stuck = lasts(&w->unmoved_ticks, unmoved && pushed && !blocked, p->encoder_s);
  const int silent = told && (double)w->silent_ticks * TICK_S >= p->silent_s;
  if (over || stalled || stuck || silent) {
    trip(w, over      ? OB_TRIP_OVERCURRENT
            : silent  ? OB_TRIP_SILENT
            : stalled ? OB_TRIP_STALL
                      : OB_TRIP_ENCODER);
  }
}

/* Rest after a trip, and forgiveness after turning long enough. */
static void pass_time(ob_wheel *w) {
  const ob_wheel_params *p = &w->params;
  if (w->condition == OB_WHEEL_RESTS && lasts(&w->timer_ticks, 1, p->rest_s)) {
    w->condition = OB_WHEEL_READY;
    w->timer_ticks = 0;
  } else if (w->condition == OB_WHEEL_READY && w->trips > 0 && w->target_rad_s != 0.0 &&
             lasts(&w->timer_ticks, 1, p->forgive_s)) {
    ob_wheel_reset(w);
  }
}

/* ---- the speed loop ---- */

static double voltage(ob_wheel *w, double supply_v) {
  const ob_wheel_params *p = &w->params;
  const double target = w->target_rad_s, error = target - w->rate_rad_s;
  const double friction_v = p->winding_ohm * p->idle_current_a;
  const double wanted = p->constant_v_s_rad * target +
                        (target > 0.0   ? friction_v
                         : target < 0.0 ? -friction_v
                                        : 0.0) +
                        p->gain_v_s_rad * error + w->integral_v;
  const double turning_v = p->constant_v_s_rad * w->rate_rad_s;
  const double room_v = p->winding_ohm * p->current_max_a;
  const double low = ob_max(-supply_v, ob_min(turning_v - room_v, supply_v));
  const double high = ob_min(supply_v, ob_max(turning_v + room_v, -supply_v));
  const double given = ob_clamp(wanted, low, high);
  if ((given >= wanted || error < 0.0) && (given <= wanted || error > 0.0)) {
    w->integral_v += p->integral_v_rad * error * TICK_S;
  }
  return given;
}

static void ramp(ob_wheel *w, double target_rad_s) {
  const ob_wheel_params *p = &w->params;
  const double most = p->ramp_rad_s2 * TICK_S;
  const double goal = ob_clamp(target_rad_s, -p->rate_max_rad_s, p->rate_max_rad_s);
  w->target_rad_s += ob_clamp(goal - w->target_rad_s, -most, most);
}

static void let_go(ob_wheel *w) { w->target_rad_s = w->integral_v = w->voltage_v = 0.0; }

double ob_wheel_step(ob_wheel *w, const ob_wheel_row *row, double target_rad_s, double supply_v) {
  const double volts = supply_v > SUPPLY_MIN_V ? supply_v : SUPPLY_MIN_V;
  sample(w, row);
  pass_time(w);
  if (w->condition == OB_WHEEL_READY) {
    ramp(w, target_rad_s);
    watch(w);
  }
  if (w->condition != OB_WHEEL_READY || (w->target_rad_s == 0.0 && target_rad_s == 0.0)) {
    let_go(w);
    return 0.0;
  }
  w->voltage_v = voltage(w, volts);
  return w->voltage_v / volts;
}

uint64_t ob_wheel_hash(const ob_wheel *w, uint64_t hash) {
  const int64_t words[] = {w->started,    w->sampled_ns,  w->counts,        w->silent_ticks,
                           w->condition,  w->cause,       w->trips,         w->trip_count,
                           w->timer_ticks, w->stalled_ticks, w->overcurrent_ticks, w->unmoved_ticks};
  const double numbers[] = {w->rate_rad_s, w->current_a, w->target_rad_s, w->integral_v,
                            w->voltage_v};
  hash = ob_hash_i64s(hash, words, (int32_t)(sizeof words / sizeof words[0]));
  return ob_hash_f64s(hash, numbers, (int32_t)(sizeof numbers / sizeof numbers[0]));
}
