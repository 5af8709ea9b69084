#include "arguments.h"
#include "exercise.h"
#include "exercise_settings.h"
#include "onboard/attitude_control.h"
#include "onboard/effector.h"
#include "onboard/guidance.h"
#include "onboard/hash.h"
#include "onboard/orbit_burn.h"
#include "onboard/quaternion.h"
#include "onboard/thrust_monitor.h"
#include "onboard/touchdown.h"
#include "onboard/vector.h"

#define DEG (OB_PI / 180.0)
#define TICK_NS INT64_C(10000000)

const ob_guidance_params GUIDANCE = {
    .initial_mass_kg = 300.0,
    .dry_mass_kg = 200.0,
    .thrust_n = 1000.0,
    .specific_impulse_s = 320.0,
    .throttle_min = 0.15,
    .throttle_max = 1.0,
    .throttle_lag_s = 0.08,
    .thrust_filter_s = 3.0,
    .ignition_throttle = 0.75,
    .ignition_error_rad = 10.0 * DEG,
    .gate_range_m = 3000.0,
    .gate_altitude_m = 2500.0,
    .gate_speed_m_s = 60.0,
    .gate_descent_m_s = 40.0,
    .approach_throttle = 0.8,
    .altitude_trust_m_s = 10.0,
    .vertical_altitude_m = 80.0,
    .vertical_deceleration_m_s2 = 0.4,
    .slow_descent_m_s = 3.0,
    .touchdown_speed_m_s = 1.2,
    .blind_descent_m_s = 1.8,
    .final_altitude_m = 8.0,
    .no_dive_altitude_m = 300.0,
    .horizontal_gain_1_s = 0.4,
    .tilt_final_rad = 3.0 * DEG,
    .tilt_vertical_rad = 20.0 * DEG,
    .tilt_approach_rad = 60.0 * DEG,
    .slew_rate_rad_s = 0.1,
    .slew_acceleration_rad_s2 = 0.05,
};

/* A point mass that turns as it is told, for `seconds` or until it is at the ground. */
static void fly(const ob_site *site, ob_guidance *guidance, ob_nav_state *nav, int seconds,
                uint64_t *hash) {
  const double dt = 0.1;
  double mass_kg = GUIDANCE.initial_mass_kg;
  for (int i = 0; i < 10 * seconds && nav->altitude_m > 0.0; i++) {
    ob_guidance_command command;
    double fall[3], push[3], force[3];
    nav->time_ns += 10 * TICK_NS;
    ob_guidance_step(guidance, nav, OB_GUIDANCE_RUN, 0, &command);
    *hash = ob_guidance_hash(guidance, *hash);
    double thrust_n = command.engines_on ? command.throttle * GUIDANCE.thrust_n : 0.0;
    mass_kg -= dt * thrust_n / (GUIDANCE.specific_impulse_s * 9.80665);
    ob_v3_set(force, 0.0, 0.0, thrust_n / mass_kg);
    ob_v3_copy(nav->specific_force_body_m_s2, force);
    for (int k = 0; k < 4; k++) {
      nav->q_site_from_body[k] = command.q_site_from_body[k];
    }
    ob_q_rotate(push, nav->q_site_from_body, force);
    ob_site_fall(site, nav->position_site_m, nav->velocity_site_m_s, fall);
    ob_v3_axpy(nav->velocity_site_m_s, dt, push);
    ob_v3_axpy(nav->velocity_site_m_s, dt, fall);
    ob_v3_axpy(nav->position_site_m, dt, nav->velocity_site_m_s);
    const double *r = nav->position_site_m;
    const double from_centre[3] = {r[0], r[1], r[2] + site->radius_m};
    nav->altitude_m = ob_v3_norm(from_centre) - site->radius_m;
    nav->altitude_worst_m = nav->altitude_m - 3.0 * nav->altitude_sigma_m;
  }
}

/* The last 60 km of a descent, all phases of it. */
uint64_t exercise_guidance(void) {
  uint64_t hash = OB_HASH_SEED;
  ob_site site;
  ob_guidance guidance;
  ob_nav_state nav = {.position_site_m = {-1000.0, -60000.0, 5500.0},
                      .velocity_site_m_s = {5.0, 480.0, -30.0},
                      .q_site_from_body = {0.70710678118654757, 0.70710678118654757, 0.0, 0.0},
                      .altitude_m = 6000.0,
                      .altitude_sigma_m = 1.0,
                      .altitude_worst_m = 5997.0,
                      .valid = 1};
  ob_site_init(&site, 60.5 * DEG, -4.6 * DEG, -2700.0);
  ob_guidance_init(&guidance, &GUIDANCE, &site);
  fly(&site, &guidance, &nav, 600, &hash);
  return ob_hash_f64s(hash, nav.velocity_site_m_s, 3);
}

/* One braking solution of a full descent, from a first guess. */
uint64_t exercise_burn(void) {
  const double position_m[3] = {20000.0, -450000.0, -45000.0}, velocity_m_s[3] = {0.0, 1600.0, 420.0};
  const ob_burn_end gate = {{0.0, -3000.0, 2500.0}, {0.0, 60.0, -40.0}};
  const double flight[3] = {0.0, 1.0, 0.0};
  uint64_t hash = OB_HASH_SEED;
  ob_site site;
  ob_burn burn;
  ob_site_init(&site, 60.5 * DEG, -4.6 * DEG, -2700.0);
  ob_burn_init(&burn, flight, 1700.0, 2.6);
  for (int i = 0; i < 6; i++) {
    int64_t converged = ob_burn_correct(&burn, &site, position_m, velocity_m_s, 2.6, 3138.0, 1.0, &gate);
    hash = ob_hash_u64(ob_burn_hash(&burn, hash), (uint64_t)converged);
  }
  return hash;
}

/* Burns that settle and end by what is felt, by the timer, or are refused. */
uint64_t exercise_orbit_burn(void) {
  uint64_t stream = 44, hash = OB_HASH_SEED;
  const ob_orbit_burn_params params = {.throttle = 0.15, .settle_s = 1.8, .felt_share = 0.5,
                                       .timer_share = 1.1, .scale_band = 0.2, .lag_s = 0.13};
  for (int burn = 0; burn < 20; burn++) {
    ob_orbit_burn b;
    double felt_share = argument_between(&stream, 0.0, 1.5);
    ob_orbit_burn_init(&b, &params);
    ob_orbit_burn_start(&b, argument_between(&stream, 0.2, 20.0));
    for (int i = 0; i < 1500 && ob_orbit_burn_step(&b, 0.038 * felt_share, 0.38, 0.38) > 0.0; i++) {
      hash = ob_orbit_burn_hash(&b, hash);
    }
    hash = ob_orbit_burn_hash(&b, hash);
  }
  return hash;
}

uint64_t exercise_approach(void) {
  uint64_t stream = 40, hash = OB_HASH_SEED;
  const ob_approach_end end = {{0.0, 0.0, 60.0}, {0.0, 0.0, -2.0}, {0.0, 0.0, 0.2}};
  const double fall[3] = {0.0, 0.0, -1.62};
  for (int i = 0; i < 20; i++) {
    double position_m[3], velocity_m_s[3], acceleration[3], peak;
    argument_vector(&stream, position_m, 3000.0);
    argument_vector(&stream, velocity_m_s, 60.0);
    position_m[2] += 4000.0;
    double t = ob_approach_time(&end, position_m, velocity_m_s, fall, 2.8, &peak);
    double longer = ob_approach_lengthen(&end, position_m, velocity_m_s, fall, 2.5, 60.0);
    ob_approach_acceleration(&end, position_m, velocity_m_s, longer, acceleration);
    hash = ob_hash_f64s(ob_hash_f64(ob_hash_f64(hash, t), longer), acceleration, 3);
  }
  return hash;
}

const ob_attitude_params ATTITUDE = {
    .mass_full_kg = 385.0,
    .mass_dry_kg = 200.0,
    .inertia_full_kg_m2 = {200.0, 200.0, 160.0},
    .inertia_dry_kg_m2 = {130.0, 130.0, 100.0},
    .engine_thrust_n = {500.0, 500.0},
    .engine_torque_arm_m = {{0.05, 0.0, 0.0}, {-0.05, 0.0, 0.0}},
    .specific_impulse_s = 320.0,
    .throttle_min = 0.15,
    .frequency_rad_s = 0.8,
    .damping_ratio = 0.9,
    .error_max_rad = 0.3,
    .observer_rad_s = 2.0,
    .disturbance_max_nm = 20.0,
    .differential_max = 0.1,
    .dead_zone_rad = 0.01,
    .dead_zone_rad_s = 0.001,
};

/* Twelve thrusters in four pods: up, down and sideways. */
ob_thruster_set pods(void) {
  ob_thruster_set set = {.minimum_on_s = 0.008};
  for (int pod = 0; pod < 4; pod++) {
    double x = pod == 0 || pod == 3 ? 0.8 : -0.8;
    double y = pod < 2 ? 0.8 : -0.8;
    double turn = pod % 2 ? -0.70710678118654757 : 0.70710678118654757;
    const double direction[3][3] = {{0.0, 0.0, 1.0}, {0.0, 0.0, -1.0},
                                    {y > 0.0 ? -turn : turn, x > 0.0 ? turn : -turn, 0.0}};
    for (int k = 0; k < 3; k++) {
      ob_v3_set(set.position_m[3 * pod + k], x, y, 0.0);
      ob_v3_copy(set.direction[3 * pod + k], direction[k]);
      set.force_n[3 * pod + k] = 20.0;
    }
  }
  return set;
}

uint64_t exercise_allocation(void) {
  uint64_t stream = 41, hash = OB_HASH_SEED;
  const ob_thruster_set set = pods();
  ob_allocation allocation;
  for (int excluded = -1; excluded < OB_THRUSTERS; excluded += 4) {
    int64_t mask = excluded < 0 ? 0 : INT64_C(1) << excluded;
    hash = ob_hash_u64(hash, (uint64_t)ob_allocation_init(&allocation, &set, mask));
    for (int i = 0; i < 100; i++) {
      double torque_nm[3], given_nm[3];
      int64_t on_time_us[OB_THRUSTERS];
      argument_vector(&stream, torque_nm, 1.0 + 0.3 * i);
      ob_allocation_step(&allocation, torque_nm, on_time_us, given_nm);
      hash = ob_hash_i64s(ob_hash_f64s(hash, given_nm, 3), on_time_us, OB_THRUSTERS);
    }
    hash = ob_allocation_hash(&allocation, hash);
  }
  return hash;
}

/* Slews between random attitudes with the engines on and off, the body following with a delay. */
uint64_t exercise_attitude_control(void) {
  uint64_t stream = 42, hash = OB_HASH_SEED;
  ob_attitude_params params = ATTITUDE;
  ob_attitude_control control;
  ob_nav_state nav = {.q_site_from_body = {1.0}, .valid = 1};
  ob_guidance_command command = {.q_site_from_body = {1.0}, .throttle = 0.6,
                                 .phase = OB_GUIDANCE_BRAKING};
  params.thrusters = pods();
  hash = ob_hash_u64(hash, (uint64_t)ob_attitude_control_init(&control, &params));
  for (int i = 0; i < 600; i++) {
    ob_actuator_command actuators;
    double turn[3], q[4];
    nav.time_ns += TICK_NS;
    if (i % 100 == 0) {
      argument_vector(&stream, turn, 0.4);
      ob_q_from_rotvec(command.q_site_from_body, turn);
      command.engines_on = i / 100 % 2;
    }
    argument_vector(&stream, nav.rate_body_rad_s, 0.02);
    ob_v3_scale(turn, nav.rate_body_rad_s, 0.01);
    ob_q_from_rotvec(q, turn);
    double before[4] = {nav.q_site_from_body[0], nav.q_site_from_body[1], nav.q_site_from_body[2],
                        nav.q_site_from_body[3]};
    ob_q_mul(nav.q_site_from_body, before, q);
    ob_attitude_control_step(&control, &nav, &command, i > 500 ? 2 : 0, &actuators);
    hash = ob_hash_f64s(hash, actuators.engine_throttle, OB_ENGINES);
    hash = ob_hash_i64s(hash, actuators.thruster_on_time_us, OB_THRUSTERS);
    hash = ob_attitude_control_hash(&control, hash);
  }
  return hash;
}

/* Rows to engines and thrusters, with engines stopped, released and shut down at touchdown. */
uint64_t exercise_effector(void) {
  static ob_attitude_control control;
  uint64_t stream = 44, hash = OB_HASH_SEED;
  ob_attitude_params params = ATTITUDE;
  ob_effectors effectors;
  ob_nav_state nav = {.q_site_from_body = {1.0}, .valid = 1};
  ob_guidance_command command = {.q_site_from_body = {1.0}, .throttle = 0.6, .engines_on = 1,
                                 .phase = OB_GUIDANCE_BRAKING};
  params.thrusters = pods();
  ob_attitude_control_init(&control, &params);
  ob_effectors_init(&effectors);
  for (int i = 0; i < 400; i++) {
    nav.time_ns += TICK_NS;
    argument_vector(&stream, nav.rate_body_rad_s, i % 3 ? 0.02 : 0.0);
    effectors.inhibited = i / 50 % (OB_ALL_ENGINES + 1);
    int64_t sent = ob_effectors_step(&effectors, &control, &nav, &command, i / 10, i > 350,
                                     nav.time_ns);
    hash = ob_hash_u64(hash, (uint64_t)sent);
    hash = ob_hash_i64s(hash, effectors.thruster.on_time_us, OB_THRUSTERS);
    for (int k = 0; k < OB_ENGINES; k++) {
      const ob_engine_command_row *row = &effectors.engine[k];
      const int64_t words[3] = {row->time_ns, row->sequence, row->on};
      hash = ob_hash_f64s(ob_hash_i64s(hash, words, 3), &row->throttle, 1);
    }
  }
  return hash;
}

/* Two canted engines whose throttles wander; the second one breaks at half time. */
uint64_t exercise_thrust_monitor(void) {
  uint64_t stream = 45, hash = OB_HASH_SEED;
  const double mass_kg = 300.0;
  const ob_thrust_params params = {.thrust_n = {500.0, 500.0},
                                   .direction = {{0.18, 0.0, 0.98}, {-0.18, 0.0, 0.98}},
                                   .valve_delay_s = 0.02,
                                   .lag_s = 0.08};
  ob_thrust_monitor monitor;
  ob_nav_state nav = {.valid = 1};
  ob_actuator_command command = {.engine_on = {1, 1}};
  ob_thrust_monitor_init(&monitor, &params);
  for (int i = 0; i < 400; i++) {
    double felt[3];
    argument_vector(&stream, felt, 0.01);
    for (int k = 0; k < OB_ENGINES; k++) {
      double whole = k == 1 && i > 200 ? 0.1 : 1.0;
      ob_v3_axpy(felt, whole * monitor.throttle[k] * params.thrust_n[k] / mass_kg, params.direction[k]);
      command.engine_throttle[k] = argument_between(&stream, 0.5, 0.7);
    }
    ob_v3_copy(nav.specific_force_body_m_s2, felt);
    ob_thrust_monitor_step(&monitor, &nav, &command, mass_kg);
    hash = ob_thrust_monitor_hash(&monitor, hash);
  }
  return hash;
}

uint64_t exercise_touchdown(void) {
  uint64_t stream = 43, hash = OB_HASH_SEED;
  const ob_touchdown_params params = {.arm_altitude_m = 50.0,
                                      .body_height_m = 1.2,
                                      .leg_persistence_s = 0.05,
                                      .shock_m_s2 = 3.0,
                                      .shock_hold_s = 0.5,
                                      .support_m_s2 = 0.5,
                                      .support_filter_s = 0.2,
                                      .rest_speed_m_s = 0.3,
                                      .rest_persistence_s = 0.3,
                                      .thrust_lag_s = 0.1};
  ob_touchdown touchdown;
  ob_nav_state nav = {.q_site_from_body = {1.0}, .altitude_sigma_m = 0.3, .valid = 1};
  const ob_guidance_command command = {.acceleration_site_m_s2 = {0.0, 0.0, 1.6}, .throttle = 0.4,
                                       .engines_on = 1, .phase = OB_GUIDANCE_VERTICAL};
  ob_touchdown_init(&touchdown, &params);
  for (int i = 0; i < 1500; i++) {
    double height_m = ob_max(10.0 - 0.01 * i, 0.0);
    int64_t on_ground = height_m == 0.0;
    nav.time_ns += TICK_NS;
    nav.altitude_m = params.body_height_m + height_m + argument_between(&stream, -0.1, 0.1);
    nav.altitude_worst_m = nav.altitude_m - 0.9;
    nav.velocity_site_m_s[2] = on_ground ? 0.0 : -1.0;
    nav.specific_force_body_m_s2[2] = 1.6 + argument_between(&stream, -0.2, 0.2) + (on_ground ? 1.0 : 0.0);
    int64_t legs = on_ground ? 7 : (int64_t)(argument_bits(&stream) % 16) * (i % 50 == 0);
    ob_touchdown_step(&touchdown, &nav, &command, legs);
    hash = ob_touchdown_hash(&touchdown, hash);
  }
  return hash;
}
