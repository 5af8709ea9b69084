#include "onboard/thrust_monitor.h"

#include <assert.h>
#include <string.h>

#include "onboard/hash.h"
#include "onboard/vector.h"

static const double TICK_S = 0.01;
static const double FILTER_S = 0.05;
static const double JUDGED_SHARE = 0.1;  /* of the rated thrust */
static const double APART_MIN = 0.05;    /* between the unit thrust directions */
static const double LOST_SHARE = 0.5;    /* reached after PATIENCE_S, where there is height to wait */
static const double PATIENCE_S = 1.0, PATIENCE_FROM_M = 300.0, PATIENCE_FULL_M = 1000.0;

void ob_thrust_monitor_init(ob_thrust_monitor *monitor, const ob_thrust_params *params) {
  assert(params->valve_delay_s >= 0.0 && params->lag_s >= 0.0);
  memset(monitor, 0, sizeof *monitor);
  monitor->params = *params;
  ob_v3_sub(monitor->across, params->direction[1], params->direction[0]);
  if (ob_v3_unit(monitor->across, monitor->across) < APART_MIN) {
    ob_v3_set(monitor->across, 0.0, 0.0, 0.0);
  }
}

static void follow(double *value, double target, double time_constant_s) {
  *value += (target - *value) * TICK_S / (TICK_S + time_constant_s);
}

static void carry_through(ob_thrust_monitor *m, const ob_actuator_command *command) {
  for (int i = 0; i < OB_ENGINES; i++) {
    follow(&m->valve[i], command->engine_on[i] ? command->engine_throttle[i] : 0.0,
           m->params.valve_delay_s);
    follow(&m->throttle[i], m->valve[i], m->params.lag_s);
  }
}

/* Expected and missing force, filtered alike. */
static void compare(ob_thrust_monitor *m, const ob_nav_state *nav, double mass_kg) {
  double missing[3];
  ob_v3_scale(missing, nav->specific_force_body_m_s2, -mass_kg);
  for (int i = 0; i < OB_ENGINES; i++) {
    double thrust_n = m->throttle[i] * m->params.thrust_n[i];
    ob_v3_axpy(missing, thrust_n, m->params.direction[i]);
    follow(&m->expected_n[i], thrust_n, FILTER_S);
  }
  follow(&m->missing_n[0], missing[2], FILTER_S);
  follow(&m->missing_n[1], ob_v3_dot(missing, m->across), FILTER_S);
}

static double share(double missing_n, double expected_n) {
  return expected_n != 0.0 ? ob_clamp(missing_n / expected_n, 0.0, 1.0) : 0.0;
}

static double loss(const ob_thrust_monitor *m, int i) {
  if (m->expected_n[i] < JUDGED_SHARE * m->params.thrust_n[i]) {
    return 0.0;
  }
  const double *direction = m->params.direction[i];
  double along = share(m->missing_n[0], m->expected_n[i] * direction[2]);
  double across = share(m->missing_n[1], m->expected_n[i] * ob_v3_dot(direction, m->across));
  return ob_min(along, across);
}

/* The most that the reported loss may grow by in a tick. */
static double growth(const ob_nav_state *nav) {
  double height_m = nav->altitude_worst_m - PATIENCE_FROM_M;
  double share = ob_clamp(height_m / (PATIENCE_FULL_M - PATIENCE_FROM_M), 0.0, 1.0);
  return LOST_SHARE * TICK_S / ob_max(share * PATIENCE_S, TICK_S);
}

void ob_thrust_monitor_step(ob_thrust_monitor *monitor, const ob_nav_state *nav,
                            const ob_actuator_command *command, double mass_kg) {
  if (nav->valid) {
    compare(monitor, nav, mass_kg);
    for (int i = 0; i < OB_ENGINES; i++) {
      monitor->loss[i] = ob_min(loss(monitor, i), monitor->loss[i] + growth(nav));
    }
  }
  carry_through(monitor, command);
}

uint64_t ob_thrust_monitor_hash(const ob_thrust_monitor *monitor, uint64_t hash) {
  hash = ob_hash_f64s(hash, monitor->valve, OB_ENGINES);
  hash = ob_hash_f64s(hash, monitor->throttle, OB_ENGINES);
  hash = ob_hash_f64s(hash, monitor->expected_n, OB_ENGINES);
  hash = ob_hash_f64s(hash, monitor->missing_n, 2);
  return ob_hash_f64s(hash, monitor->loss, OB_ENGINES);
}
