#include "onboard/attitude_control.h"

#include <assert.h>
#include <string.h>

#include "onboard/guidance.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

static const double TICK_S = OB_ALLOCATION_TICK_S;
static const double STANDARD_GRAVITY_M_S2 = 9.80665;
static const double COMMAND_AGE_MAX_S = 0.3; /* the commanded rate is carried on no longer */
static const double DIFFERENTIAL_S = 1.0;    /* time constant of the differential throttle */

/* Canted apart in the y-z plane. */
static void watch_engines(ob_attitude_control *c) {
  const ob_attitude_params *p = &c->params;
  ob_thrust_params engines = {.valve_delay_s = p->engine_delay_s, .lag_s = p->engine_lag_s};
  double cosine = ob_cos(p->engine_cant_rad), sine = ob_sin(p->engine_cant_rad);
  for (int i = 0; i < OB_ENGINES; i++) {
    engines.thrust_n[i] = p->engine_thrust_n[i];
    ob_v3_set(engines.direction[i], 0.0, i == 0 ? -sine : sine, cosine);
  }
  ob_thrust_monitor_init(&c->thrust, &engines);
}

int64_t ob_attitude_control_init(ob_attitude_control *control, const ob_attitude_params *params) {
  assert(params->mass_full_kg > params->mass_dry_kg && params->mass_dry_kg > 0.0);
  assert(params->frequency_rad_s > 0.0 && params->observer_rad_s >= 0.0);
  memset(control, 0, sizeof *control);
  control->params = *params;
  control->mass_kg = params->mass_full_kg;
  watch_engines(control);
  return ob_allocation_init(&control->allocation, &params->thrusters, 0);
}

int64_t ob_attitude_control_exclude(ob_attitude_control *control, int64_t thruster_mask) {
  return ob_allocation_init(&control->allocation, &control->params.thrusters, thruster_mask);
}

static void inertia(const ob_attitude_control *c, double out[3]) {
  const ob_attitude_params *p = &c->params;
  double full = ob_clamp((c->mass_kg - p->mass_dry_kg) / (p->mass_full_kg - p->mass_dry_kg), 0.0, 1.0);
  for (int i = 0; i < 3; i++) {
    out[i] = p->inertia_dry_kg_m2[i] + full * (p->inertia_full_kg_m2[i] - p->inertia_dry_kg_m2[i]);
  }
}

static void gyroscopic(const double J[3], const double rate[3], double out[3]) {
  double momentum[3] = {J[0] * rate[0], J[1] * rate[1], J[2] * rate[2]};
  ob_v3_cross(out, rate, momentum);
}

/* Rotation vector from the attitude to the commanded one, body axes. */
static void attitude_error(const ob_attitude_control *c, const ob_nav_state *nav,
                           const ob_guidance_command *guidance, double out[3]) {
  double age = ob_clamp((double)(nav->time_ns - guidance->time_ns) * 1e-9, 0.0, COMMAND_AGE_MAX_S);
  double ahead[3], turn[4], wanted[4], inverse[4], difference[4];
  ob_v3_scale(ahead, guidance->rate_body_rad_s, age);
  ob_q_from_rotvec(turn, ahead);
  ob_q_mul(wanted, guidance->q_site_from_body, turn);
  ob_q_conj(inverse, nav->q_site_from_body);
  ob_q_mul(difference, inverse, wanted);
  ob_q_to_rotvec(out, difference);
  double size = ob_v3_norm(out), most = c->params.error_max_rad;
  ob_v3_scale(out, out, size > most ? most / size : 1.0);
}

/* One step of the observer of rate and disturbance, from the torque known over the last tick. */
static void observe(ob_attitude_control *c, const ob_nav_state *nav, const double J[3]) {
  const ob_attitude_params *p = &c->params;
  double turning[3], w = p->observer_rad_s;
  gyroscopic(J, c->rate_rad_s, turning);
  for (int i = 0; i < 3; i++) {
    double torque = c->torque_nm[i] + c->disturbance_nm[i] - turning[i];
    double predicted = c->rate_rad_s[i] + TICK_S * torque / J[i];
    double wrong = nav->rate_body_rad_s[i] - predicted;
    double disturbance = c->disturbance_nm[i] + w * w * TICK_S * J[i] * wrong;
    c->rate_rad_s[i] = predicted + 2.0 * w * TICK_S * wrong;
    c->disturbance_nm[i] = ob_clamp(disturbance, -p->disturbance_max_nm, p->disturbance_max_nm);
  }
}

static int64_t in_dead_zone(const ob_attitude_params *p, const ob_guidance_command *guidance,
                            const double error[3], const double rate_error[3]) {
  return !guidance->engines_on && ob_v3_norm(error) < p->dead_zone_rad &&
         ob_v3_norm(rate_error) < p->dead_zone_rad_s;
}

/* Torque that the feedback wants, engines' and disturbing torques still in it. */
static void feedback(ob_attitude_control *c, const ob_nav_state *nav,
                     const ob_guidance_command *guidance, const double J[3], double out[3]) {
  const ob_attitude_params *p = &c->params;
  double rate_error[3], turning[3], w = p->frequency_rad_s;
  attitude_error(c, nav, guidance, c->error_rad);
  ob_v3_sub(rate_error, guidance->rate_body_rad_s, nav->rate_body_rad_s);
  if (in_dead_zone(p, guidance, c->error_rad, rate_error)) {
    ob_v3_set(out, 0.0, 0.0, 0.0);
    return;
  }
  gyroscopic(J, nav->rate_body_rad_s, turning);
  for (int i = 0; i < 3; i++) {
    out[i] = J[i] * (w * w * c->error_rad[i] + 2.0 * p->damping_ratio * w * rate_error[i]) +
             turning[i] - c->disturbance_nm[i];
  }
}

/* Differential throttle about x moves towards what the disturbance asks for. */
static void update_differential(ob_attitude_control *c, const ob_guidance_command *guidance,
                                int64_t both) {
  const ob_attitude_params *p = &c->params;
  double torque = p->engine_torque_arm_m[0][0] * p->engine_thrust_n[0] -
                  p->engine_torque_arm_m[1][0] * p->engine_thrust_n[1];
  if (!both || !guidance->engines_on || torque == 0.0) {
    c->differential = 0.0;
    return;
  }
  double wanted =
      ob_clamp(-c->disturbance_nm[0] / torque, -p->differential_max, p->differential_max);
  c->differential += (wanted - c->differential) * TICK_S / DIFFERENTIAL_S;
}

/* Throttle of each main engine: equal shares, differential, or everything on the one that is left. */
static void split_throttle(const ob_attitude_control *c, const ob_guidance_command *guidance,
                           int64_t engine_inhibit, ob_actuator_command *out) {
  const ob_attitude_params *p = &c->params;
  double all = 0.0, able = 0.0;
  for (int i = 0; i < OB_ENGINES; i++) {
    all += p->engine_thrust_n[i];
    able += engine_inhibit >> i & 1 ? 0.0 : p->engine_thrust_n[i];
  }
  for (int i = 0; i < OB_ENGINES; i++) {
    double share = able > 0.0 ? guidance->throttle * all / able : 0.0;
    double room = ob_max(ob_min(1.0 - share, share - p->throttle_min), 0.0);
    double difference = ob_clamp(c->differential, -room, room);
    out->engine_on[i] = guidance->engines_on && !(engine_inhibit >> i & 1);
    out->engine_throttle[i] =
        out->engine_on[i] ? ob_clamp(share + (i == 0 ? difference : -difference), p->throttle_min, 1.0)
                          : 0.0;
  }
}

static void engine_torque(const ob_attitude_params *p, const ob_actuator_command *command,
                          double out[3]) {
  ob_v3_set(out, 0.0, 0.0, 0.0);
  for (int i = 0; i < OB_ENGINES; i++) {
    ob_v3_axpy(out, command->engine_throttle[i] * p->engine_thrust_n[i], p->engine_torque_arm_m[i]);
  }
}

static void burn_mass(ob_attitude_control *c, const ob_actuator_command *command) {
  const ob_attitude_params *p = &c->params;
  double thrust = 0.0;
  for (int i = 0; i < OB_ENGINES; i++) {
    thrust += command->engine_throttle[i] * p->engine_thrust_n[i];
  }
  double flow_kg_s = thrust / (p->specific_impulse_s * STANDARD_GRAVITY_M_S2);
  c->mass_kg = ob_max(c->mass_kg - flow_kg_s * TICK_S, p->mass_dry_kg);
}

static void fire(ob_attitude_control *c, const ob_guidance_command *guidance,
                 const double torque[3], const double engines[3], ob_actuator_command *out) {
  double wanted[3], given[3] = {0.0, 0.0, 0.0};
  ob_v3_sub(wanted, torque, engines);
  if (guidance->phase == OB_GUIDANCE_SHUTDOWN) {
    memset(out->thruster_on_time_us, 0, sizeof out->thruster_on_time_us);
    ob_v3_set(c->allocation.pending_nms, 0.0, 0.0, 0.0);
  } else {
    ob_allocation_step(&c->allocation, wanted, out->thruster_on_time_us, given);
  }
  ob_v3_add(c->torque_nm, given, engines);
}

void ob_attitude_control_step(ob_attitude_control *control, const ob_nav_state *nav,
                              const ob_guidance_command *guidance, int64_t engine_inhibit,
                              ob_actuator_command *out) {
  ob_attitude_control *c = control;
  double J[3], torque[3], engines[3];
  inertia(c, J);
  if (nav->valid) {
    if (!c->started) {
      ob_v3_copy(c->rate_rad_s, nav->rate_body_rad_s);
      c->started = 1;
    }
    c->time_ns = nav->time_ns;
    observe(c, nav, J);
    feedback(c, nav, guidance, J, torque);
  } else { /* blind: hold against what is known, nothing else */
    ob_v3_scale(torque, c->disturbance_nm, -1.0);
  }
  update_differential(c, guidance, (engine_inhibit & 3) == 0);
  split_throttle(c, guidance, engine_inhibit, out);
  engine_torque(&c->params, out, engines);
  fire(c, guidance, torque, engines, out);
  ob_thrust_monitor_step(&c->thrust, nav, out, c->mass_kg);
  burn_mass(c, out);
  out->engine_inhibit = engine_inhibit;
  out->time_ns = nav->time_ns;
}

uint64_t ob_attitude_control_hash(const ob_attitude_control *control, uint64_t hash) {
  const ob_attitude_control *c = control;
  hash = ob_allocation_hash(&c->allocation, hash);
  hash = ob_hash_f64(hash, c->mass_kg);
  hash = ob_hash_f64s(hash, c->rate_rad_s, 3);
  hash = ob_hash_f64s(hash, c->disturbance_nm, 3);
  hash = ob_hash_f64s(hash, c->torque_nm, 3);
  hash = ob_thrust_monitor_hash(&c->thrust, hash);
  return ob_hash_f64(hash, c->differential);
}
