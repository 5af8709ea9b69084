#include "descent_desk.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define G0 9.80665
#define DEG (OB_PI / 180.0)
enum { DELAY = 5, LEGS = 4 };

static const double SITE_RADIUS_M = 1737400.0 - 2500.0;
static const double FLIGHT_AZIMUTH = 0.0; /* north */
static const double TICK_S = 0.01;
static const double COS_CANT = 0.9830633901855487, SIN_CANT = 0.18326584754638717;

/* ---- random numbers: splitmix64 (Steele, Lea and Flood 2014) and Box-Muller ---- */

static double uniform(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *state) {
  double r = sqrt(-2.0 * log(uniform(state)));
  return r * cos(2.0 * OB_PI * uniform(state));
}

/* ---- the slim lander, as docs/architecture.md has it ---- */

void desk_parameters(ob_guidance_params *guidance, ob_attitude_params *attitude,
                     ob_touchdown_params *touchdown) {
  *guidance = (ob_guidance_params){.initial_mass_kg = 385.0, .dry_mass_kg = 200.0,
      .thrust_n = 983.06, .specific_impulse_s = 314.58, .throttle_min = 0.15, .throttle_max = 1.0,
      .throttle_lag_s = 0.13, .thrust_filter_s = 3.0, .ignition_throttle = 0.88,
      .ignition_error_rad = 5.0 * DEG, .gate_range_m = 4900.0, .gate_altitude_m = 2500.0,
      .gate_speed_m_s = 165.0, .gate_descent_m_s = 54.0, .approach_throttle = 0.80,
      .altitude_trust_m_s = 15.0, .vertical_altitude_m = 60.0, .vertical_deceleration_m_s2 = 1.2,
      .slow_descent_m_s = 3.0, .touchdown_speed_m_s = 1.2, .blind_descent_m_s = 1.8,
      .final_altitude_m = 3.0,
      .no_dive_altitude_m = 500.0, .horizontal_gain_1_s = 0.5, .tilt_final_rad = 5.0 * DEG,
      .tilt_vertical_rad = 25.0 * DEG, .tilt_approach_rad = 75.0 * DEG,
      .slew_rate_rad_s = 5.0 * DEG, .slew_acceleration_rad_s2 = 5.0 * DEG};
  *attitude = (ob_attitude_params){.mass_full_kg = 385.0, .mass_dry_kg = 200.0,
      .inertia_full_kg_m2 = {200.0, 200.0, 160.0}, .inertia_dry_kg_m2 = {130.0, 130.0, 100.0},
      .engine_thrust_n = {500.0, 500.0},
      .engine_torque_arm_m = {{0.05, 0.0, 0.0}, {-0.05, 0.0, 0.0}},
      .specific_impulse_s = 320.0, .throttle_min = 0.15, .frequency_rad_s = 1.0,
      .damping_ratio = 0.9, .error_max_rad = 0.15, .observer_rad_s = 1.0,
      .disturbance_max_nm = 15.0, .differential_max = 0.05, .dead_zone_rad = 0.2 * DEG,
      .dead_zone_rad_s = 0.1 * DEG};
  static const double side[4][2] = {{0.8, 0.8}, {-0.8, 0.8}, {-0.8, -0.8}, {0.8, -0.8}};
  ob_thruster_set *set = &attitude->thrusters;
  set->minimum_on_s = 0.008;
  for (int p = 0; p < 4; p++) {
    double turn = p % 2 == 0 ? 1.0 : -1.0;
    for (int k = 0; k < 3; k++) {
      ob_v3_set(set->position_m[3 * p + k], side[p][0], side[p][1], 0.0);
      set->force_n[3 * p + k] = 20.0;
    }
    ob_v3_set(set->direction[3 * p], 0.0, 0.0, 1.0);
    ob_v3_set(set->direction[3 * p + 1], 0.0, 0.0, -1.0);
    ob_v3_set(set->direction[3 * p + 2], -turn * side[p][1], turn * side[p][0], 0.0);
    ob_v3_unit(set->direction[3 * p + 2], set->direction[3 * p + 2]);
  }
  *touchdown = (ob_touchdown_params){.arm_altitude_m = 20.0, .body_height_m = 1.2,
      .leg_persistence_s = 0.06, .shock_m_s2 = 1.0, .shock_hold_s = 1.0, .support_m_s2 = 0.4,
      .support_filter_s = 0.1, .rest_speed_m_s = 0.4, .rest_persistence_s = 0.2,
      .thrust_lag_s = 0.13};
}

void desk_nominal(desk_case *c) {
  *c = (desk_case){.mass_scale = 1.0, .thrust_scale = 1.0, .altitude_sigma_m = 1.0,
                   .coast_s = 120.0, .seed = 1};
}

void desk_disperse(desk_case *c, uint64_t seed) {
  uint64_t s = seed * 1000003u;
  desk_nominal(c);
  c->seed = seed;
  c->noise = 1.0;
  c->mass_scale = 1.0 + 0.02 * normal(&s);
  c->thrust_scale = 1.0 + 0.03 * normal(&s);
  c->engine_mismatch = 0.01 * normal(&s);
  for (int i = 0; i < 3; i++) {
    c->position_m[i] = 500.0 * normal(&s);
    c->velocity_m_s[i] = 0.5 * normal(&s);
  }
  c->target_height_m = 1.0 * normal(&s);
  c->centre_offset_m[0] = 0.005 * normal(&s);
  c->centre_offset_m[1] = 0.005 * normal(&s);
  c->slope_rad = 3.0 * DEG * uniform(&s);
}

/* ---- truth ---- */

typedef struct {
  double r[3], v[3]; /* inertial axes (site axes at time 0), from the Moon's centre */
  double q[4], w[3]; /* q_inertial_from_body */
  double mass;
  double thrust[OB_ENGINES], pipe[OB_ENGINES][DELAY];
  double stuck_x[LEGS], stuck_y[LEGS];
  int64_t touching[LEGS];
  double t;
} truth;

static void site_from_inertial(const ob_site *site, double t, double q[4]) {
  double turn[3];
  ob_v3_scale(turn, site->rate_site_rad_s, -t);
  ob_q_from_rotvec(q, turn);
}

/* Position from the target and velocity over the ground, site axes. */
static void over_ground(const ob_site *site, const truth *x, double r[3], double v[3]) {
  double q[4], turning[3], relative[3];
  site_from_inertial(site, x->t, q);
  ob_v3_cross(turning, site->rate_site_rad_s, x->r);
  ob_v3_sub(relative, x->v, turning);
  ob_q_rotate(r, q, x->r);
  ob_q_rotate(v, q, relative);
  r[2] -= site->radius_m;
}

/* On the descent orbit (15 x 100 km) at a distance before perilune. */
static void place(const ob_site *site, const desk_case *c, const ob_guidance_params *p, truth *x) {
  double range_m = 550000.0; /* of the perilune from the target */
  double rp = OB_MOON_RADIUS_M + 15000.0, ra = OB_MOON_RADIUS_M + 100000.0;
  double semi = 0.5 * (rp + ra), e = (ra - rp) / (ra + rp);
  double perilune = -range_m / site->radius_m; /* angle before the target along the flight */
  double rate = sqrt(OB_MOON_MU_M3_S2 * semi * (1 - e * e)) / (rp * rp);
  double nu = -rate * c->coast_s;              /* true anomaly at the start, near enough */
  double radius = semi * (1 - e * e) / (1 + e * cos(nu));
  double h = sqrt(OB_MOON_MU_M3_S2 * semi * (1 - e * e));
  double angle = perilune + nu;
  double forward[3] = {sin(FLIGHT_AZIMUTH), cos(FLIGHT_AZIMUTH), 0.0};
  double up[3] = {0.0, 0.0, 1.0}, radial[3], along[3], x_body[3], y_body[3], z_body[3];
  ob_v3_scale(radial, up, cos(angle)), ob_v3_axpy(radial, sin(angle), forward);
  ob_v3_scale(along, forward, cos(angle)), ob_v3_axpy(along, -sin(angle), up);
  memset(x, 0, sizeof *x);
  ob_v3_scale(x->r, radial, radius);
  ob_v3_scale(x->v, along, h / radius);
  ob_v3_axpy(x->v, OB_MOON_MU_M3_S2 / h * e * sin(nu), radial);
  /* thrust axis against the flight, belly down */
  ob_v3_scale(z_body, along, -1.0);
  ob_v3_scale(x_body, radial, -1.0);
  ob_v3_cross(y_body, z_body, x_body);
  double C[9] = {x_body[0], y_body[0], z_body[0], x_body[1], y_body[1],
                 z_body[1], x_body[2], y_body[2], z_body[2]};
  ob_q_from_matrix(x->q, C);
  x->mass = p->initial_mass_kg * c->mass_scale;
}

typedef struct {
  double force_body[3], torque[3], ground[3]; /* ground force in inertial axes */
} wrench;

static const double FOOT[LEGS][3] = {{1.3, 0, -1.2}, {0, 1.3, -1.2}, {-1.3, 0, -1.2}, {0, -1.3, -1.2}};

/* Height over the ground: a plane through the target, sloped towards x, and the sphere beyond. */
static double ground_m(const desk_case *c, const double r[3]) {
  double far2 = r[0] * r[0] + r[1] * r[1];
  return c->target_height_m + (far2 < 250000.0 ? tan(c->slope_rad) * r[0] : 0.0) -
         far2 / (2.0 * SITE_RADIUS_M);
}

/* Spring, damper and friction legs; returns switches. */
static int64_t legs(const desk_case *c, const ob_site *site, truth *x, wrench *w) {
  double r[3], v[3], qs[4], q_site[4], n[3] = {-sin(c->slope_rad), 0.0, cos(c->slope_rad)};
  int64_t closed = 0;
  ob_v3_set(w->ground, 0, 0, 0);
  over_ground(site, x, r, v);
  if (r[2] - ground_m(c, r) > 5.0) {
    return 0;
  }
  site_from_inertial(site, x->t, qs);
  ob_q_mul(q_site, qs, x->q);
  for (int k = 0; k < LEGS; k++) {
    double arm[3], spin[3], foot[3], speed[3], f[3], f_body[3], torque[3];
    ob_q_rotate(arm, q_site, FOOT[k]);
    ob_v3_add(foot, r, arm);
    ob_v3_cross(spin, x->w, FOOT[k]);
    ob_q_rotate(spin, q_site, spin);
    ob_v3_add(speed, v, spin);
    double depth = (ground_m(c, foot) - foot[2]) * n[2], into = -ob_v3_dot(speed, n);
    if (depth <= 0.0) {
      x->touching[k] = 0;
      continue;
    }
    closed |= depth > 0.003 ? 1 << k : 0;
    if (!x->touching[k]) {
      x->touching[k] = 1, x->stuck_x[k] = foot[0], x->stuck_y[k] = foot[1];
    }
    double push = fmax(0.0, 5200.0 * depth + 730.0 * into);
    double fx = -4000.0 * (foot[0] - x->stuck_x[k]) - 500.0 * speed[0];
    double fy = -4000.0 * (foot[1] - x->stuck_y[k]) - 500.0 * speed[1];
    double size = sqrt(fx * fx + fy * fy), most = 0.6 * push;
    double scale = size > most ? most / size : 1.0;
    if (scale < 1.0) {
      x->stuck_x[k] = foot[0], x->stuck_y[k] = foot[1];
    }
    ob_v3_scale(f, n, push);
    f[0] += fx * scale, f[1] += fy * scale;
    ob_q_rotate_back(f_body, q_site, f);
    ob_v3_cross(torque, FOOT[k], f_body);
    ob_v3_add(w->torque, w->torque, torque);
    ob_v3_add(w->force_body, w->force_body, f_body);
  }
  return closed;
}

static void inertia_of(const ob_attitude_params *p, double mass, double J[3]) {
  double full = (mass - p->mass_dry_kg) / (p->mass_full_kg - p->mass_dry_kg);
  for (int i = 0; i < 3; i++) {
    J[i] = p->inertia_dry_kg_m2[i] + full * (p->inertia_full_kg_m2[i] - p->inertia_dry_kg_m2[i]);
  }
}

/* One step of the rigid body: velocity Verlet in translation, midpoint in rotation. */
static void move(truth *x, const ob_attitude_params *p, const wrench *w, double h) {
  double a[3], a2[3], J[3], momentum[3], gyro[3], turn[4], q[4], r[3];
  double r2 = ob_v3_dot(x->r, x->r);
  ob_q_rotate(a, x->q, w->force_body);
  ob_v3_scale(a, a, 1.0 / x->mass);
  ob_v3_copy(a2, a);
  ob_v3_axpy(a, -OB_MOON_MU_M3_S2 / (r2 * sqrt(r2)), x->r);
  ob_v3_axpy(x->r, h, x->v);
  ob_v3_axpy(x->r, 0.5 * h * h, a);
  r2 = ob_v3_dot(x->r, x->r);
  ob_v3_axpy(a2, -OB_MOON_MU_M3_S2 / (r2 * sqrt(r2)), x->r);
  ob_v3_add(a, a, a2);
  ob_v3_axpy(x->v, 0.5 * h, a);
  inertia_of(p, x->mass, J);
  for (int i = 0; i < 3; i++) {
    momentum[i] = J[i] * x->w[i];
  }
  ob_v3_cross(gyro, x->w, momentum);
  for (int i = 0; i < 3; i++) {
    double dw = h * (w->torque[i] - gyro[i]) / J[i];
    r[i] = h * (x->w[i] + 0.5 * dw);
    x->w[i] += dw;
  }
  ob_q_from_rotvec(turn, r);
  memcpy(q, x->q, sizeof q);
  ob_q_mul(x->q, q, turn);
  ob_q_normalize(x->q);
  x->t += h;
}

/* Engines and thrusters under the command: force and torque about the true centre of mass. */
static void actuate(const desk_case *c, const ob_attitude_params *p, truth *x,
                    const ob_actuator_command *u, wrench *w, double *thruster_kg) {
  memset(w, 0, sizeof *w);
  for (int i = 0; i < OB_ENGINES; i++) {
    double demand = x->pipe[i][0];
    memmove(x->pipe[i], x->pipe[i] + 1, sizeof x->pipe[i] - sizeof x->pipe[i][0]);
    x->pipe[i][DELAY - 1] = u->engine_on[i] ? u->engine_throttle[i] : 0.0;
    double rated = p->engine_thrust_n[i] * c->thrust_scale *
                   (1.0 + (i ? -1.0 : 1.0) * c->engine_mismatch);
    x->thrust[i] += (rated * demand - x->thrust[i]) * (1.0 - exp(-TICK_S / 0.08));
    w->force_body[2] += COS_CANT * x->thrust[i];
    w->force_body[1] += (i ? SIN_CANT : -SIN_CANT) * x->thrust[i];
    ob_v3_axpy(w->torque, x->thrust[i], p->engine_torque_arm_m[i]);
    x->mass -= x->thrust[i] / (p->specific_impulse_s * G0) * TICK_S;
  }
  w->torque[0] -= c->centre_offset_m[1] * w->force_body[2];
  w->torque[1] += c->centre_offset_m[0] * w->force_body[2];
  for (int i = 0; i < OB_THRUSTERS; i++) {
    double f[3], torque[3], duty = (double)u->thruster_on_time_us[i] * 1e-4;
    ob_v3_scale(f, p->thrusters.direction[i], duty * p->thrusters.force_n[i]);
    ob_v3_cross(torque, p->thrusters.position_m[i], f);
    ob_v3_add(w->force_body, w->force_body, f);
    ob_v3_add(w->torque, w->torque, torque);
    double kg = duty * p->thrusters.force_n[i] / (220.0 * G0) * TICK_S;
    x->mass -= kg, *thruster_kg += kg;
  }
}

/* ---- navigation: truth and errors ---- */

static void navigate(const desk_case *c, const ob_site *site, const truth *x,
                     const double force_body[3], uint64_t *seed, ob_nav_state *nav) {
  double q[4];
  over_ground(site, x, nav->position_site_m, nav->velocity_site_m_s);
  site_from_inertial(site, x->t, q);
  ob_q_mul(nav->q_site_from_body, q, x->q);
  double *r = nav->position_site_m;
  double height = sqrt(r[0] * r[0] + r[1] * r[1] + (r[2] + site->radius_m) * (r[2] + site->radius_m)) -
                  site->radius_m;
  /* matches take four fifths of the initial error away at once, the rest shrinks on the way */
  double share = fmin(fmax((height - 500.0) / 14500.0, 0.0), 1.0); /* of the initial error left */
  double late = fmin(fmax((height - 1000.0) / 4000.0, 0.0), 1.0);
  nav->altitude_m = height;
  nav->altitude_sigma_m = late * 50.0 + c->altitude_sigma_m;
  for (int i = 0; i < 3; i++) {
    r[i] += c->position_m[i] * (0.2 * share + 16.0 * fmax(share - 0.95, 0.0));
    nav->velocity_site_m_s[i] += c->velocity_m_s[i] * share + c->noise * 0.02 * normal(seed);
    nav->rate_body_rad_s[i] = x->w[i] + c->noise * 2e-4 * normal(seed);
    nav->specific_force_body_m_s2[i] = force_body[i] / x->mass + c->noise * 0.02 * normal(seed);
  }
  nav->altitude_m += c->noise * 0.1 * normal(seed);
  if (height > c->late_below_m && c->late_below_m > 0.0) { /* one sigma is half of what it is off by */
    nav->altitude_m += c->late_error_m;
    r[2] += c->late_error_m;
    nav->altitude_sigma_m = fmax(nav->altitude_sigma_m, 0.5 * fabs(c->late_error_m));
  }
  nav->altitude_worst_m = nav->altitude_m - 3.0 * nav->altitude_sigma_m;
  nav->time_ns = (int64_t)(x->t * 1e9 + 0.5);
  nav->valid = 1;
}

/* ---- one descent ---- */

static double angle_deg(const double a[3], const double b[3]) {
  return acos(fmin(fmax(ob_v3_dot(a, b), -1.0), 1.0)) / DEG;
}

static double camera_off_nadir_deg(const ob_nav_state *nav, const ob_site *site) {
  double body[3] = {sin(65.0 * DEG), 0.0, -cos(65.0 * DEG)}, look[3], down[3];
  ob_q_rotate(look, nav->q_site_from_body, body);
  ob_v3_set(down, -nav->position_site_m[0], -nav->position_site_m[1],
            -nav->position_site_m[2] - site->radius_m);
  ob_v3_unit(down, down);
  return angle_deg(look, down);
}

static double pitch_deg(const ob_nav_state *nav, const ob_site *site) {
  double z[3], up[3];
  ob_q_rotate(z, nav->q_site_from_body, (double[3]){0, 0, 1});
  ob_v3_set(up, nav->position_site_m[0], nav->position_site_m[1],
            nav->position_site_m[2] + site->radius_m);
  ob_v3_unit(up, up);
  return 90.0 - angle_deg(z, up);
}

static int64_t switches(const desk_case *c, int64_t closed, double altitude_m, int64_t tick,
                        uint64_t *seed) {
  static const int64_t pattern[4] = {1, 3, 7, 5};
  if (c->pulses && altitude_m > 10.0 && altitude_m < 1500.0 && tick % 50 < 3) {
    closed |= pattern[(int64_t)(uniform(seed) * 4.0)];
  }
  return closed & ~c->dead_legs;
}

void desk_fly(const desk_case *c, const ob_guidance_params *guidance,
              const ob_attitude_params *attitude, const ob_touchdown_params *touchdown,
              desk_result *result) {
  ob_site site;
  truth x;
  ob_guidance g;
  ob_attitude_control control;
  ob_touchdown contact;
  ob_nav_state nav;
  ob_guidance_command command;
  ob_actuator_command u;
  wrench w;
  uint64_t seed = c->seed;
  double phase_s = 0.0, last_v_up = 0.0;
  int64_t phase = -1, closed = 0, was_on = 0;
  memset(result, 0, sizeof *result), memset(&nav, 0, sizeof nav), memset(&u, 0, sizeof u);
  memset(&w, 0, sizeof w);
  ob_site_init(&site, 60.5 * DEG, -4.6 * DEG, -2500.0);
  place(&site, c, guidance, &x);
  ob_guidance_init(&g, guidance, &site);
  ob_attitude_control_init(&control, attitude);
  ob_touchdown_init(&contact, touchdown);
  double mass0 = x.mass, dry = guidance->dry_mass_kg * c->mass_scale;
  for (int64_t tick = 0; tick < 90000; tick++) {
    navigate(c, &site, &x, w.force_body, &seed, &nav);
    double true_r[3], true_v[3];
    over_ground(&site, &x, true_r, true_v);
    double height = true_r[2] - ground_m(c, true_r);
    if (tick % 10 == 0) {
      ob_guidance_step(&g, &nav, OB_GUIDANCE_RUN, contact.confirmed, &command);
    }
    if (command.phase != phase) {
      phase = command.phase, phase_s = x.t;
      if (phase == OB_GUIDANCE_BRAKING) result->ignition_s = x.t;
      if (c->print) printf("# phase %d at %.1f s\n", (int)phase, x.t);
    }
    ob_touchdown_step(&contact, &nav, &command, switches(c, closed, height, tick, &seed));
    ob_attitude_control_step(&control, &nav, &command, 0, &u);
    if (c->print && (tick % 2000 == 0 || (phase == 3 && tick % 500 == 0) || (phase == 4 && tick % 100 == 0))) {
      printf("%7.1f %d h %9.1f v %8.2f vv %7.2f range %9.1f pitch %6.1f cam %5.1f thr %.3f scale %.3f m %.2f tgo %.1f e %.2f\n",
             x.t, (int)phase, nav.altitude_m, ob_v3_norm(nav.velocity_site_m_s), nav.velocity_site_m_s[2],
             command.range_to_go_m, pitch_deg(&nav, &site), camera_off_nadir_deg(&nav, &site),
             command.throttle, g.thrust_scale, x.mass, command.time_to_go_s, ob_v3_norm(control.error_rad) / DEG);
    }
    if (phase == OB_GUIDANCE_BRAKING) {
      result->throttle_high = fmax(result->throttle_high, command.throttle);
      if (nav.altitude_m > 3000.0)
        result->camera_deg = fmax(result->camera_deg, camera_off_nadir_deg(&nav, &site));
    }
    if (x.t > phase_s + 30.0 || phase == OB_GUIDANCE_APPROACH)
      result->pointing_deg = fmax(result->pointing_deg, ob_v3_norm(control.error_rad) / DEG);
    if (!result->landed && height < 500.0 && true_v[2] < -9.5 && tick % 10 == 0) {
      result->dive_m_s2 = fmax(result->dive_m_s2, (last_v_up - true_v[2]) / 0.1);
    }
    if (tick % 10 == 0) last_v_up = true_v[2];
    for (int i = 0; i < OB_THRUSTERS; i++) {
      int64_t on = u.thruster_on_time_us[i] > 0;
      result->pulses += on && !(was_on >> i & 1);
      was_on = (was_on & ~((int64_t)1 << i)) | on << i;
    }
    actuate(c, attitude, &x, &u, &w, &result->thruster_kg);
    if (height < 3.0) {
      wrench legless = w, all;
      double sum[3] = {0, 0, 0};
      for (int k = 0; k < 10; k++) {
        all = legless;
        closed = legs(c, &site, &x, &all);
        int64_t touch = x.touching[0] | x.touching[1] | x.touching[2] | x.touching[3];
        if (touch && !result->landed) {
          double z[3];
          over_ground(&site, &x, true_r, true_v);
          ob_q_rotate(z, nav.q_site_from_body, (double[3]){0, 0, 1});
          result->landed = 1;
          result->contact_s = x.t;
          result->vertical_m_s = -true_v[2];
          result->horizontal_m_s = sqrt(true_v[0] * true_v[0] + true_v[1] * true_v[1]);
          result->tilt_deg = acos(z[2]) / DEG;
          result->rate_deg_s = ob_v3_norm(x.w) / DEG;
          result->miss_m = sqrt(true_r[0] * true_r[0] + true_r[1] * true_r[1]);
          result->propellant_kg = mass0 - x.mass;
          result->margin_m_s = 320.0 * G0 * log(x.mass / dry);
        }
        move(&x, attitude, &all, 0.001);
        ob_v3_axpy(sum, 0.1, all.force_body);
      }
      ob_v3_copy(w.force_body, sum);
    } else {
      move(&x, attitude, &w, TICK_S);
    }
    if (contact.confirmed && !result->confirmed) {
      result->confirmed = 1;
      result->confirm_delay_s = result->landed ? x.t - result->contact_s : -1.0;
    }
    result->upset |= x.mass < dry || height < -1.0;
    if (result->upset || (result->landed && x.t > result->contact_s + 3.0)) {
      return;
    }
  }
}
