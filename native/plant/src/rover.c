#include "plant/rover.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/gravity.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "plant/engine.h"

#define TICK_NS INT64_C(10000000)
#define STEP_S (PL_TICK_S / PL_ROVER_STEPS)
#define EVERY_10_HZ 10
#define J_PER_WH 3600.0
#define AT_REST_M_S 1.0e-4 /* below which slip has no meaning */

static const double FORWARD[3] = {1.0, 0.0, 0.0}, UP[3] = {0.0, 0.0, 1.0};

/* ---- the ground ---- */

/* Tangent plane below (or above) a place, in site axes. */
static void plane_below(const pl_rover *r, const double place_site_m[3], pl_plane *plane) {
  double place[3];
  ob_mcmf_from_site(&r->site, place_site_m, place);
  pl_plane_below(plane, r->terrain, place, r->config.ground_resolution_m);
  ob_site_from_mcmf(&r->site, plane->point_mcmf_m, plane->point_mcmf_m);
  ob_m3_v3(plane->normal_mcmf, r->site.C_site_from_mcmf, plane->normal_mcmf);
}

static void axle_place(const pl_rover *r, int32_t k, double out_site_m[3]) {
  ob_q_rotate(out_site_m, r->q_site_from_body, r->config.axle_body_m[k]);
  ob_v3_add(out_site_m, out_site_m, r->position_site_m);
}

static void take_plane(pl_rover *r, int32_t k, const double axle_m[3]) {
  plane_below(r, axle_m, &r->wheel[k].plane);
  r->wheel[k].plane_at_m[0] = axle_m[0];
  r->wheel[k].plane_at_m[1] = axle_m[1];
}

static void renew_planes(pl_rover *r) {
  for (int32_t k = 0; k < PL_WHEELS; k++) {
    double axle[3];
    axle_place(r, k, axle);
    const double east = axle[0] - r->wheel[k].plane_at_m[0];
    const double north = axle[1] - r->wheel[k].plane_at_m[1];
    if (east * east + north * north > PL_RENEW_M * PL_RENEW_M) {
      take_plane(r, k, axle);
    }
  }
}

static void feel_field(pl_rover *r) {
  const double moon[3] = {0.0, 0.0, OB_MOON_RATE_RAD_S};
  double place[3], gravity[3], drag[3], centripetal[3];
  ob_mcmf_from_site(&r->site, r->position_site_m, place);
  ob_gravity_mcmf(place, gravity);
  ob_v3_cross(drag, moon, place);
  ob_v3_cross(centripetal, moon, drag);
  ob_v3_sub(gravity, gravity, centripetal);
  ob_m3_v3(r->field_site_m_s2, r->site.C_site_from_mcmf, gravity);
}

/* ---- setting down ---- */

/* Attitude with z along the normal and x in the vertical plane of the heading. */
static void level(pl_rover *r, const double normal[3], double heading_rad) {
  const double ahead[3] = {ob_sin(heading_rad), ob_cos(heading_rad), 0.0};
  double x[3], y[3], q_body_from_site[4];
  ob_v3_cross(y, normal, ahead);
  ob_v3_unit(y, y);
  ob_v3_cross(x, y, normal);
  const double C_body_from_site[9] = {x[0], x[1], x[2],      y[0],     y[1],
                                      y[2], normal[0], normal[1], normal[2]};
  ob_q_from_matrix(q_body_from_site, C_body_from_site);
  ob_q_conj(r->q_site_from_body, q_body_from_site);
}

/* Wheels as deep as they stand under a quarter of the weight each. */
static void set_down(pl_rover *r, const pl_rover_start *start) {
  const pl_rover_config *c = &r->config;
  pl_plane plane;
  ob_v3_set(r->position_site_m, start->east_m, start->north_m, 0.0);
  plane_below(r, r->position_site_m, &plane);
  level(r, plane.normal_mcmf, start->heading_rad);
  ob_v3_copy(r->position_site_m, plane.point_mcmf_m);
  feel_field(r);
  const double weight_n = c->mass_kg * ob_v3_norm(r->field_site_m_s2);
  const double sinkage_m = pl_soil_sinkage_m(&c->soil, &c->wheel, weight_n / PL_WHEELS);
  const double height_m = c->wheel.radius_m - sinkage_m - c->axle_body_m[0][2];
  ob_v3_axpy(r->position_site_m, height_m, plane.normal_mcmf);
  for (int32_t k = 0; k < PL_WHEELS; k++) {
    double axle[3];
    axle_place(r, k, axle);
    take_plane(r, k, axle);
  }
}

void pl_rover_init(pl_rover *r, const pl_rover_config *config, const pl_terrain *terrain,
                   const pl_rover_start *start) {
  assert(config->mass_kg > 0.0 && config->wheel.radius_m > 0.0);
  *r = (pl_rover){.config = *config, .terrain = terrain, .time_ns = start->time_ns};
  ob_site_init(&r->site, config->site_latitude_rad, config->site_longitude_rad,
               config->site_elevation_m);
  set_down(r, start);
  pl_battery_init(&r->battery, &config->battery, config->charge);
  pl_imu_init(&r->imu, &config->imu, config->seed, config->stream[PL_ROVER_IMU_A]);
  for (int32_t k = 0; k < PL_WHEELS; k++) {
    pl_random_init(&r->wheel[k].random, config->seed, config->stream[PL_ROVER_WHEEL_FL + k]);
  }
  pl_random_init(&r->battery_random, config->seed, config->stream[PL_ROVER_BATTERY]);
}

/* ---- motion ---- */

/* Forward and left of a wheel along the ground. */
static void wheel_axes(const pl_rover *r, const double normal[3], double ahead[3], double left[3]) {
  ob_q_rotate(ahead, r->q_site_from_body, FORWARD);
  ob_v3_cross(left, normal, ahead);
  ob_v3_unit(left, left);
  ob_v3_cross(ahead, left, normal);
}

/* One wheel over one step; adds its force (site axes) and its torque about the centre (body axes). */
static void press(pl_rover *r, int32_t k, double force_n[3], double torque_n_m[3]) {
  const pl_rover_config *c = &r->config;
  pl_wheel *w = &r->wheel[k];
  double axle[3], ahead[3], left[3], swing[3], velocity[3], push[3], arm[3], moment[3];
  axle_place(r, k, axle);
  wheel_axes(r, w->plane.normal_mcmf, ahead, left);
  ob_v3_cross(swing, r->rate_body_rad_s, c->axle_body_m[k]);
  ob_q_rotate(velocity, r->q_site_from_body, swing);
  ob_v3_add(velocity, velocity, r->velocity_site_m_s);
  const double clearance_m = pl_plane_distance_m(&w->plane, axle);
  w->sinkage_m = c->wheel.radius_m - clearance_m;
  const pl_wheel_motion motion = {
      .sinkage_m = w->sinkage_m,
      .sinking_m_s = -ob_v3_dot(velocity, w->plane.normal_mcmf),
      .tread_m_s = w->motor.rate_rad_s * c->wheel.radius_m,
      .hub_m_s = {ob_v3_dot(velocity, ahead), ob_v3_dot(velocity, left)}};
  pl_soil_step(&c->soil, &c->wheel, &w->contact, &motion, STEP_S, &w->force);
  ob_v3_scale(push, w->plane.normal_mcmf, w->force.normal_n);
  ob_v3_axpy(push, w->force.traction_n[0] + w->force.compaction_n, ahead);
  ob_v3_axpy(push, w->force.traction_n[1], left);
  ob_v3_add(force_n, force_n, push);
  ob_v3_scale(arm, w->plane.normal_mcmf, -clearance_m); /* from the axle to the ground */
  ob_v3_add(arm, arm, axle);
  ob_v3_sub(arm, arm, r->position_site_m);
  ob_v3_cross(moment, arm, push);
  ob_q_rotate_back(moment, r->q_site_from_body, moment);
  ob_v3_add(torque_n_m, torque_n_m, moment);
}

static void turn(double q[4], const double rate_rad_s[3], double dt_s) {
  double step[4] = {1.0, 0.0, 0.0, 0.0}, turned[4];
  ob_v3_scale(step + 1, rate_rad_s, 0.5 * dt_s); /* the error (w h)^2 / 8 goes in the normalisation */
  ob_q_mul(turned, q, step);
  ob_q_normalize(turned);
  for (int32_t i = 0; i < 4; i++) {
    q[i] = turned[i];
  }
}

static void drive(pl_rover *r, const double duty[PL_WHEELS]) {
  const pl_rover_config *c = &r->config;
  double drawn_a = 0.0;
  for (int32_t k = 0; k < PL_WHEELS; k++) {
    pl_wheel *w = &r->wheel[k];
    pl_motor_step(&w->motor, &c->motor[k], duty[k], r->battery.voltage_v,
                  w->force.traction_n[0] * c->wheel.radius_m, STEP_S);
    w->current_a += w->motor.current_a / PL_ROVER_STEPS;
    drawn_a += duty[k] * w->motor.current_a;
  }
  pl_battery_step(&r->battery, &c->battery, drawn_a, STEP_S);
}

static void move(pl_rover *r, const double duty[PL_WHEELS], pl_increment *felt) {
  const pl_rover_config *c = &r->config;
  double force[3] = {0.0}, torque[3] = {0.0}, dw[3], specific[3];
  for (int32_t k = 0; k < PL_WHEELS; k++) {
    press(r, k, force, torque);
  }
  drive(r, duty);
  ob_v3_scale(force, force, 1.0 / c->mass_kg);
  ob_v3_axpy(r->velocity_site_m_s, STEP_S, force);
  ob_v3_axpy(r->velocity_site_m_s, STEP_S, r->field_site_m_s2);
  ob_v3_axpy(r->position_site_m, STEP_S, r->velocity_site_m_s);
  ob_q_rotate_back(specific, r->q_site_from_body, force);
  pl_body_angular_acceleration(c->inertia_kg_m2, torque, r->rate_body_rad_s, dw);
  ob_v3_axpy(r->rate_body_rad_s, STEP_S, dw);
  turn(r->q_site_from_body, r->rate_body_rad_s, STEP_S);
  ob_v3_axpy(felt->velocity_m_s, STEP_S, specific);
  ob_v3_axpy(felt->angle_rad, STEP_S, r->rate_body_rad_s);
  r->distance_m += STEP_S * ob_v3_norm(r->velocity_site_m_s);
}

/* The duties of this tick: those of the last command, or none once it is too old. */
static void obey(pl_rover *r, double duty[PL_WHEELS]) {
  r->hold_ticks = r->pending[0] ? PL_WHEEL_HOLD_TICKS : r->hold_ticks - (r->hold_ticks > 0);
  r->pending[0] = 0;
  for (int32_t k = 0; k < PL_WHEELS; k++) {
    duty[k] = r->hold_ticks > 0 ? ob_clamp(r->in.duty[k], -1.0, 1.0) : 0.0;
    r->wheel[k].current_a = 0.0;
  }
}

static double tilt_rad(const pl_rover *r) {
  double axis[3];
  ob_q_rotate(axis, r->q_site_from_body, UP);
  return ob_acos(ob_clamp(axis[2], -1.0, 1.0));
}

static void judge(pl_rover *r) {
  r->events |= tilt_rad(r) > r->config.tip_over_rad ? PL_ROVER_TIPPED_OVER : 0;
  r->events |= r->battery.energy_j <= 0.0 ? PL_ROVER_POWER_OUT : 0;
}

/* ---- instruments ---- */

static void sense_imu(pl_rover *r, pl_increment *felt) {
  double moon_body[3];
  ob_q_rotate_back(moon_body, r->q_site_from_body, r->site.rate_site_rad_s);
  ob_v3_axpy(felt->angle_rad, PL_TICK_S, moon_body);
  pl_imu_step(&r->imu, felt, r->time_ns, &r->out.imu);
  r->fresh[PL_ROVER_IMU_A] = 1;
}

static void sense_wheels(pl_rover *r) {
  for (int32_t k = 0; k < PL_WHEELS; k++) {
    pl_wheel *w = &r->wheel[k];
    const pl_motor_spec *spec = &r->config.motor[k];
    const double read_a =
        w->current_a + spec->current_noise_a * pl_random_normal(&w->random);
    r->out.wheel[k] = (pl_wheel_row){
        .time_ns = r->time_ns,
        .sequence = r->tick - 1,
        .counts = ob_to_i64(ob_floor(w->motor.angle_rad * spec->counts_per_rad)),
        .current_a =
            ob_floor(read_a / spec->current_quantum_a + 0.5) * spec->current_quantum_a};
    r->fresh[PL_ROVER_WHEEL_FL + k] = 1;
  }
}

static void sense_battery(pl_rover *r) {
  const pl_battery_spec *spec = &r->config.battery;
  pl_random *random = &r->battery_random;
  r->out.battery = (pl_battery_row){.time_ns = r->time_ns,
                                    .sequence = r->tick / EVERY_10_HZ - 1,
                                    .energy_wh = r->battery.energy_j / J_PER_WH};
  r->out.battery.voltage_v =
      r->battery.voltage_v + spec->voltage_noise_v * pl_random_normal(random);
  r->out.battery.current_a =
      r->battery.current_a + spec->current_noise_a * pl_random_normal(random);
  r->fresh[PL_ROVER_BATTERY] = 1;
}

/* ---- the tick ---- */

int64_t pl_rover_step(pl_rover *r) {
  pl_increment felt = {{0.0}, {0.0}};
  double duty[PL_WHEELS];
  int64_t unread[PL_ROVER_OUTPUTS], outputs = 0;
  r->tick++;
  r->time_ns += TICK_NS;
  if (r->events) {
    return 0;
  }
  for (int32_t i = 0; i < PL_ROVER_OUTPUTS; i++) {
    unread[i] = r->fresh[i];
    r->fresh[i] = 0;
  }
  obey(r, duty);
  feel_field(r);
  renew_planes(r);
  for (int32_t i = 0; i < PL_ROVER_STEPS; i++) {
    move(r, duty, &felt);
  }
  judge(r);
  sense_imu(r, &felt);
  sense_wheels(r);
  if (r->tick % EVERY_10_HZ == 0) {
    sense_battery(r);
  }
  for (int32_t i = 0; i < PL_ROVER_OUTPUTS; i++) {
    outputs |= r->fresh[i] << i;
    r->fresh[i] |= unread[i];
  }
  return outputs;
}

/* ---- truth and hash ---- */

static double slip(const pl_rover *r, int32_t k, double speed_m_s) {
  const double tread = r->wheel[k].motor.rate_rad_s * r->config.wheel.radius_m;
  const double most = ob_max(ob_fabs(tread), ob_fabs(speed_m_s));
  return most > AT_REST_M_S ? (tread - speed_m_s) / most : 0.0;
}

static void wheel_truth(const pl_rover *r, int32_t k, pl_drive_truth *t) {
  const pl_wheel *w = &r->wheel[k];
  double velocity[3], swing[3];
  ob_q_rotate_back(velocity, r->q_site_from_body, r->velocity_site_m_s);
  ob_v3_cross(swing, r->rate_body_rad_s, r->config.axle_body_m[k]);
  t->wheel_rate_rad_s[k] = w->motor.rate_rad_s;
  t->current_a[k] = w->current_a;
  t->sinkage_m[k] = w->sinkage_m;
  t->load_n[k] = w->force.normal_n;
  t->slip[k] = slip(r, k, velocity[0] + swing[0]);
  t->winding_j += w->motor.winding_j;
  t->friction_j += w->motor.friction_j;
  t->work_j += w->motor.work_j;
}

void pl_rover_truth(const pl_rover *r, pl_drive_truth *t) {
  double ahead[3];
  pl_plane plane;
  plane_below(r, r->position_site_m, &plane);
  ob_q_rotate(ahead, r->q_site_from_body, FORWARD);
  *t = (pl_drive_truth){.time_ns = r->time_ns,
                             .events = r->events,
                             .heading_rad = ob_atan2(ahead[0], ahead[1]),
                             .tilt_rad = tilt_rad(r),
                             .slope_rad = ob_acos(ob_clamp(plane.normal_mcmf[2], -1.0, 1.0)),
                             .distance_m = r->distance_m,
                             .voltage_v = r->battery.voltage_v,
                             .battery_current_a = r->battery.current_a,
                             .delivered_j = r->battery.delivered_j};
  ob_v3_copy(t->position_site_m, r->position_site_m);
  ob_v3_copy(t->velocity_site_m_s, r->velocity_site_m_s);
  ob_v3_copy(t->rate_body_rad_s, r->rate_body_rad_s);
  for (int32_t i = 0; i < 4; i++) {
    t->q_site_from_body[i] = r->q_site_from_body[i];
  }
  t->charge = r->battery.energy_j / (r->config.battery.capacity_wh * J_PER_WH);
  for (int32_t k = 0; k < PL_WHEELS; k++) {
    wheel_truth(r, k, t);
  }
}

static uint64_t wheel_hash(uint64_t hash, const pl_wheel *w) {
  hash = ob_hash_f64s(hash, w->contact.shear_m, 2);
  hash = ob_hash_f64s(hash, w->plane_at_m, 2);
  hash = pl_motor_hash(hash, &w->motor);
  return pl_random_hash(hash, &w->random);
}

/* The rows hold only 8-byte fields, so they have no padding. */
uint64_t pl_rover_hash(const pl_rover *r) {
  uint64_t hash = ob_hash_f64s(OB_HASH_SEED, r->position_site_m, 3);
  hash = ob_hash_f64s(hash, r->velocity_site_m_s, 3);
  hash = ob_hash_f64s(hash, r->q_site_from_body, 4);
  hash = ob_hash_f64s(hash, r->rate_body_rad_s, 3);
  for (int32_t k = 0; k < PL_WHEELS; k++) {
    hash = wheel_hash(hash, &r->wheel[k]);
  }
  hash = pl_battery_hash(hash, &r->battery);
  hash = pl_random_hash(pl_imu_hash(hash, &r->imu), &r->battery_random);
  hash = ob_hash_u64(hash, (uint64_t)r->events);
  hash = ob_hash_u64(hash, (uint64_t)r->time_ns);
  hash = ob_hash_u64(hash, (uint64_t)r->hold_ticks);
  return ob_hash_bytes(hash, (const uint8_t *)&r->out, (int32_t)sizeof r->out);
}
