#include "onboard/odometry.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/hash.h"
#include "onboard/intake.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define TICK_S 0.01
#define YOUNG_NS INT64_C(50000000)

static const double FORWARD[3] = {1.0, 0.0, 0.0}, UP[3] = {0.0, 0.0, 1.0};

void ob_odometry_init(ob_odometry *odometry, const ob_odometry_params *params, double east_m,
                      double north_m, double heading_rad) {
  assert(params->counts_per_rad > 0.0 && params->rolling_radius_m > 0.0);
  *odometry = (ob_odometry){.params = *params, .heading_rad = heading_rad, .imu_ns = OB_NEVER_NS};
  for (int32_t k = 0; k < OB_WHEELS; k++) {
    odometry->wheel_ns[k] = OB_NEVER_NS;
  }
  ob_v3_set(odometry->state.position_site_m, east_m, north_m, 0.0);
  odometry->state.q_site_from_body[0] = 1.0;
}

/* ---- attitude ---- */

/* The attitude at rest: up is where the push comes from, heading is told. */
static void level_at_once(ob_odometry *o, const ob_imu_row *imu) {
  const double ahead[3] = {ob_sin(o->heading_rad), ob_cos(o->heading_rad), 0.0};
  double C_body_from_site[9], up[3], level[3], tilt[3], q_level[4], q_tilt[4], C[9];
  ob_v3_cross(level, UP, ahead); /* left */
  for (int32_t i = 0; i < 3; i++) {
    C_body_from_site[i] = ahead[i];
    C_body_from_site[3 + i] = level[i];
    C_body_from_site[6 + i] = UP[i];
  }
  ob_m3_transpose(C, C_body_from_site);
  ob_q_from_matrix(q_level, C);
  ob_v3_unit(up, imu->delta_velocity_m_s);
  ob_v3_cross(tilt, up, UP); /* turns the felt up onto the body's z, small */
  const double sine = ob_v3_unit(tilt, tilt);
  ob_v3_scale(tilt, tilt, ob_atan2(sine, up[2]));
  ob_q_from_rotvec(q_tilt, tilt);
  ob_q_mul(o->state.q_site_from_body, q_level, q_tilt);
}

static void keep_level(ob_odometry *o, const ob_imu_row *imu) {
  double felt[3], error[3], step[4], turned[4];
  ob_q_rotate(felt, o->state.q_site_from_body, imu->delta_velocity_m_s);
  ob_v3_unit(felt, felt);
  ob_v3_cross(error, felt, UP);
  ob_v3_scale(error, error, o->params.level_1_s * TICK_S);
  ob_q_from_rotvec(step, error);
  ob_q_mul(turned, step, o->state.q_site_from_body);
  ob_q_normalize(turned);
  for (int32_t i = 0; i < 4; i++) {
    o->state.q_site_from_body[i] = turned[i];
  }
}

static void turn(ob_odometry *o, const ob_imu_row *imu) {
  double angle[3], step[4], turned[4];
  ob_v3_copy(angle, imu->delta_angle_rad);
  ob_v3_axpy(angle, -TICK_S, o->bias_rad_s);
  ob_v3_scale(o->state.rate_body_rad_s, angle, 1.0 / TICK_S);
  ob_q_from_rotvec(step, angle);
  ob_q_mul(turned, o->state.q_site_from_body, step);
  for (int32_t i = 0; i < 4; i++) {
    o->state.q_site_from_body[i] = turned[i];
  }
}

static void learn_bias(ob_odometry *o, const ob_imu_row *imu) {
  if (!o->state.still) {
    return;
  }
  o->bias_ticks = ob_min(o->bias_ticks + 1.0, o->params.bias_memory_s / TICK_S);
  for (int32_t i = 0; i < 3; i++) {
    o->bias_rad_s[i] += (imu->delta_angle_rad[i] / TICK_S - o->bias_rad_s[i]) / o->bias_ticks;
  }
}

static void feel(ob_odometry *o, const ob_imu_row *imu) {
  if (imu->time_ns <= o->imu_ns) {
    return;
  }
  o->imu_ns = imu->time_ns;
  if (!o->started) {
    o->started = 1;
    level_at_once(o, imu);
    return;
  }
  learn_bias(o, imu);
  turn(o, imu);
  keep_level(o, imu);
}

/* ---- way ---- */

/* Mean turn of the wheels since the last tick (rad); a wheel that says nothing counts as standing. */
static double rolled_rad(ob_odometry *o, const ob_wheel_row wheels[OB_WHEELS]) {
  int64_t counts = 0, moved = 0;
  for (int32_t k = 0; k < OB_WHEELS; k++) {
    if (wheels[k].time_ns <= o->wheel_ns[k]) {
      continue;
    }
    if (o->wheel_ns[k] != OB_NEVER_NS) {
      counts += wheels[k].counts - o->counts[k];
      moved |= wheels[k].counts != o->counts[k];
    }
    o->wheel_ns[k] = wheels[k].time_ns;
    o->counts[k] = wheels[k].counts;
  }
  o->still_ticks = moved ? 0 : o->still_ticks + 1;
  o->state.still = (double)o->still_ticks * TICK_S >= o->params.still_s;
  return (double)counts / (OB_WHEELS * o->params.counts_per_rad);
}

static void roll(ob_odometry *o, double way_m) {
  ob_odometry_state *s = &o->state;
  double ahead[3];
  ob_q_rotate(ahead, s->q_site_from_body, FORWARD);
  ob_v3_axpy(s->position_site_m, way_m, ahead);
  s->distance_m += ob_fabs(way_m);
  s->speed_m_s += (way_m / TICK_S - s->speed_m_s) * 0.1; /* over some 0.1 s */
}

static int are_young(const ob_odometry *o, int64_t now_ns) {
  int young = now_ns - o->imu_ns <= YOUNG_NS;
  for (int32_t k = 0; k < OB_WHEELS; k++) {
    young = young && now_ns - o->wheel_ns[k] <= YOUNG_NS;
  }
  return young;
}

void ob_odometry_step(ob_odometry *o, const ob_imu_row *imu, const ob_wheel_row wheels[OB_WHEELS],
                      int64_t now_ns) {
  ob_odometry_state *s = &o->state;
  double ahead[3], up[3];
  /* wheels first: a bias is learnt only while they still stand */
  const double way_m = rolled_rad(o, wheels) * o->params.rolling_radius_m;
  feel(o, imu);
  roll(o, way_m);
  ob_q_rotate(ahead, s->q_site_from_body, FORWARD);
  ob_q_rotate(up, s->q_site_from_body, UP);
  s->time_ns = now_ns;
  s->heading_rad = ob_atan2(ahead[0], ahead[1]);
  s->tilt_rad = ob_acos(ob_clamp(up[2], -1.0, 1.0));
  s->valid = o->started && are_young(o, now_ns);
}

uint64_t ob_odometry_hash(const ob_odometry *o, uint64_t hash) {
  const ob_odometry_state *s = &o->state;
  hash = ob_hash_f64s(hash, s->position_site_m, 3);
  hash = ob_hash_f64s(hash, s->q_site_from_body, 4);
  hash = ob_hash_f64s(hash, o->bias_rad_s, 3);
  hash = ob_hash_f64(hash, s->speed_m_s);
  hash = ob_hash_i64s(hash, o->counts, OB_WHEELS);
  const int64_t words[] = {o->started, o->imu_ns, o->still_ticks, s->valid};
  return ob_hash_i64s(hash, words, (int32_t)(sizeof words / sizeof words[0]));
}
