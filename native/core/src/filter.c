#include "onboard/filter.h"

#include <assert.h>
#include <string.h>

#include "filter_private.h"
#include "onboard/elementary.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define MOST_MISSING 100
#define SCALE_S 100.0 /* how long a rate lasts, see gyro_scale_sigma */
#define WALKS (OB_UD_STATES - OB_UD_DYNAMIC - OB_FILTER_BEAMS)

static double seconds(int64_t ns) { return 1.0e-9 * (double)ns; }

static double square(double x) { return x * x; }

void ob_filter_up(const ob_filter *f, const double position_site_m[3], double up[3]) {
  ob_v3_set(up, position_site_m[0], position_site_m[1], position_site_m[2] + f->site.radius_m);
  ob_v3_unit(up, up);
}

/* ---- history of poses ------------------------------------------------------------------------ */

static void remember_pose(ob_filter *f) {
  f->newest = f->newest + 1 < OB_FILTER_HISTORY ? f->newest + 1 : 0;
  ob_filter_pose *pose = &f->history[f->newest];
  pose->time_ns = f->strapdown.time_ns;
  ob_v3_copy(pose->position_site_m, f->strapdown.position_site_m);
  ob_v3_copy(pose->velocity_site_m_s, f->strapdown.velocity_site_m_s);
  memcpy(pose->q_site_from_body, f->strapdown.q_site_from_body, sizeof pose->q_site_from_body);
  ob_v3_copy(pose->shift_site_m, f->shift_site_m);
  ob_v3_copy(pose->turn_site_rad, f->turn_site_rad);
}

/* The remembered pose nearest in time, or NULL beyond half a tick. */
static const ob_filter_pose *nearest_pose(const ob_filter *f, int64_t time_ns) {
  for (int32_t back = 0; back < OB_FILTER_HISTORY; back++) {
    int64_t index = f->newest - back + (f->newest < back ? OB_FILTER_HISTORY : 0);
    const ob_filter_pose *pose = &f->history[index];
    int64_t half_ns = f->params.tick_ns / 2;
    if (time_ns >= pose->time_ns - half_ns) {
      return time_ns <= pose->time_ns + half_ns ? pose : NULL;
    }
  }
  return NULL;
}

int ob_filter_pose_at(const ob_filter *f, int64_t time_ns, ob_pose *out) {
  const ob_filter_pose *pose = nearest_pose(f, time_ns);
  if (!pose) {
    return 0;
  }
  double turn[3], spin[3], q_turn[4], q_spin[4], q[4];
  double ahead_s = seconds(time_ns - pose->time_ns);
  ob_v3_sub(turn, f->turn_site_rad, pose->turn_site_rad);
  ob_q_from_rotvec(q_turn, turn);
  ob_q_mul(q, q_turn, pose->q_site_from_body);
  ob_v3_scale(spin, f->strapdown.delta_angle_rad, ahead_s / seconds(f->params.tick_ns));
  ob_q_from_rotvec(q_spin, spin);
  ob_q_mul(out->q_site_from_body, q, q_spin);
  ob_q_to_matrix(out->C_site_from_body, out->q_site_from_body);
  ob_v3_sub(out->position_site_m, f->shift_site_m, pose->shift_site_m);
  ob_v3_add(out->position_site_m, out->position_site_m, pose->position_site_m);
  ob_v3_axpy(out->position_site_m, ahead_s, pose->velocity_site_m_s);
  ob_v3_copy(out->velocity_site_m_s, pose->velocity_site_m_s);
  if (pose == &f->history[f->newest]) {
    ob_v3_copy(out->velocity_site_m_s, f->strapdown.velocity_site_m_s);
  }
  out->age_s = seconds(f->strapdown.time_ns - time_ns);
  return 1;
}

/* ---- covariance ------------------------------------------------------------------------------ */

/* Put scale M (3x3, row major) at rows `row`, columns `column` of the transition. */
static void put(double phi[N][OB_UD_WIDTH], int32_t row, int32_t column, double scale,
                const double M[9]) {
  for (int32_t i = 0; i < 3; i++) {
    for (int32_t j = 0; j < 3; j++) {
      phi[column + j][row + i] += scale * M[3 * i + j];
    }
  }
}

static void cross_matrix(const double a[3], double out[9]) {
  const double m[9] = {0.0, -a[2], a[1], a[2], 0.0, -a[0], -a[1], a[0], 0.0};
  memcpy(out, m, sizeof m);
}

/* Gravity gradient of a point mass: mu / r^3 (3 u u^T - I). */
static void gravity_gradient(const ob_filter *f, double G[9]) {
  double up[3];
  ob_filter_up(f, f->strapdown.position_site_m, up);
  double radius_m = ob_v3_dot(f->strapdown.position_site_m, up) + f->site.radius_m * up[2];
  double rate2 = OB_MOON_MU_M3_S2 / (radius_m * radius_m * radius_m);
  for (int32_t i = 0; i < 3; i++) {
    for (int32_t j = 0; j < 3; j++) {
      G[3 * i + j] = rate2 * (3.0 * up[i] * up[j] - (i == j ? 1.0 : 0.0));
    }
  }
}

static void transition(const ob_filter *f, double dt, double phi[N][OB_UD_WIDTH]) {
  static const double I[9] = {1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0};
  double C[9], G[9], moon[9], push[9], pushed[9];
  double dv_z = f->pending_dv_z_m_s;
  ob_q_to_matrix(C, f->strapdown.q_site_from_body);
  gravity_gradient(f, G);
  cross_matrix(f->site.rate_site_rad_s, moon);
  cross_matrix(f->pending_dv_site_m_s, push);
  ob_m3_mul(pushed, push, C);
  memset(phi, 0, N * sizeof phi[0]);
  put(phi, POSITION, POSITION, 1.0, I);
  put(phi, POSITION, POSITION, 0.5 * dt * dt, G);
  put(phi, POSITION, VELOCITY, dt, I);
  put(phi, POSITION, VELOCITY, -dt * dt, moon);
  put(phi, POSITION, ATTITUDE, -0.5 * dt, push);
  put(phi, POSITION, ACCEL, -0.5 * dt * dt, C);
  put(phi, POSITION, COUPLING, -0.5 * dt * dv_z, C);
  put(phi, VELOCITY, POSITION, dt, G);
  put(phi, VELOCITY, VELOCITY, 1.0, I);
  put(phi, VELOCITY, VELOCITY, -2.0 * dt, moon);
  put(phi, VELOCITY, ATTITUDE, -1.0, push);
  put(phi, VELOCITY, GYRO, 0.5 * dt, pushed);
  put(phi, VELOCITY, ACCEL, -dt, C);
  put(phi, VELOCITY, COUPLING, -dv_z, C);
  put(phi, ATTITUDE, ATTITUDE, 1.0, I);
  put(phi, ATTITUDE, ATTITUDE, -dt, moon);
  put(phi, ATTITUDE, GYRO, -dt, C);
}

static double walk_density(const ob_filter_params *p, int32_t state) {
  if (state < ACCEL) {
    return square(p->gyro_bias_walk_rad_s_sqrt_s);
  }
  return square(state < COUPLING ? p->accelerometer_bias_walk_m_s2_sqrt_s
                                 : p->coupling_walk_sqrt_s);
}

/* The biases walk slowly: one of them at a time takes the noise gathered since its last turn. */
static void walk_one_bias(ob_filter *f) {
  int64_t k = f->walk_next;
  double dt = seconds(f->strapdown.time_ns - f->walked_ns[k]);
  int32_t state = OB_UD_DYNAMIC + (int32_t)k;
  ob_ud_markov(&f->ud, state, 1.0, walk_density(&f->params, state) * dt);
  f->walked_ns[k] = f->strapdown.time_ns;
  f->walk_next = (k + 1) % WALKS;
}

double ob_filter_horizontal_sigma(const ob_filter *f) {
  return ob_max(f->state.position_sigma_m[0], f->state.position_sigma_m[1]);
}

void ob_filter_expect_ground(const ob_filter *f, double along_m, double cross_m,
                             double survey_sigma_m, ob_ground *out) {
  out->along_m = along_m;
  out->cross_m = cross_m;
  out->survey_sigma_m = survey_sigma_m;
  out->horizontal_sigma_m = ob_filter_horizontal_sigma(f);
  ob_map_scatter(f->map, along_m, cross_m, f->params.relief_sigmas * out->horizontal_sigma_m, &out->offset_m,
                 &out->relief_sigma_m);
}

/* The survey's error is drawn anew where another grid begins. A horizontal error of sigma a that
 * measurements reduce to one of sigma b < a is correlated with what is left of it by b/a, and by a/b
 * where it has grown; so are the heights that it makes. */
double ob_filter_ground_covariance(const ob_filter *f, const ob_ground *from, const ob_ground *to) {
  const ob_filter_params *p = &f->params;
  double away_m = ob_sqrt(square(to->along_m - from->along_m) + square(to->cross_m - from->cross_m));
  double wide_m = ob_max(from->horizontal_sigma_m, to->horizontal_sigma_m);
  double same = ob_min(from->horizontal_sigma_m, to->horizontal_sigma_m) / ob_max(wide_m, 1.0e-3);
  double relief = from->relief_sigma_m * to->relief_sigma_m * same *
                  ob_exp(-away_m / ob_max(p->relief_correlation_m, wide_m));
  if (from->survey_sigma_m != to->survey_sigma_m) {
    return relief;
  }
  return relief + square(from->survey_sigma_m) * ob_exp(-away_m / p->map_correlation_m);
}

/* Where the vehicle is over the map. */
static void find_nadir(ob_filter *f, double *height_m) {
  double r_mcmf[3], corridor[3];
  ob_mcmf_from_site(&f->site, f->strapdown.position_site_m, r_mcmf);
  ob_corridor_from_mcmf(&f->map->corridor, r_mcmf, corridor);
  f->nadir_along_m = corridor[0];
  f->nadir_cross_m = corridor[1];
  f->nadir_map_m = ob_map_height_m(f->map, corridor[0], corridor[1], &f->nadir_sigma_m);
  *height_m = corridor[2];
}

static double ground_variance(const ob_ground *at) {
  return square(at->survey_sigma_m) + square(at->relief_sigma_m);
}

/* The ground below as a beam knows it, from its footprint: the error expected of it there, and the
 * sigma of the altitude (height - expected ground - error) that comes of it. */
static double altitude_sigma(const ob_filter *f, const ob_ground *below, int32_t beam,
                             double *error_m) {
  double h[N] = {0.0};
  double common = ob_filter_ground_covariance(f, &f->ground[beam], below);
  double share = common / ground_variance(&f->ground[beam]);
  ob_filter_up(f, f->strapdown.position_site_m, h + POSITION);
  h[MAP + beam] = -share;
  *error_m = share * f->map_error_m[beam];
  double untold = ob_max(ground_variance(below) - common * share, 0.0);
  return ob_sqrt(ob_ud_variance(&f->ud, h) + untold);
}

/* The altitude is taken from the beam that tells more of the ground below. */
static void judge_nadir(ob_filter *f) {
  ob_ground below;
  double error_m[OB_FILTER_BEAMS], sigma_m[OB_FILTER_BEAMS];
  int32_t best = 0;
  ob_filter_expect_ground(f, f->nadir_along_m, f->nadir_cross_m, f->nadir_sigma_m, &below);
  for (int32_t k = 0; k < OB_FILTER_BEAMS; k++) {
    sigma_m[k] = altitude_sigma(f, &below, k, &error_m[k]);
    best = sigma_m[k] < sigma_m[best] ? k : best;
  }
  f->nadir_rise_m = below.offset_m + error_m[best];
  f->state.altitude_sigma_m = sigma_m[best];
}

static void refresh_sigmas(ob_filter *f) {
  double C[9];
  ob_q_to_matrix(C, f->strapdown.q_site_from_body);
  for (int32_t i = 0; i < 3; i++) {
    double h[N] = {0.0};
    ob_v3_set(h + ATTITUDE, C[i], C[3 + i], C[6 + i]);
    f->state.position_sigma_m[i] = ob_sqrt(ob_ud_diagonal(&f->ud, POSITION + i));
    f->state.velocity_sigma_m_s[i] = ob_sqrt(ob_ud_diagonal(&f->ud, VELOCITY + i));
    f->state.attitude_sigma_rad[i] = ob_sqrt(ob_ud_variance(&f->ud, h));
  }
  judge_nadir(f);
  f->covariance_changed = 0;
}

/* One column of U and one gate at a time: all of them reach the hash within 2 s of propagations. */
static void extend_digest(ob_filter *f) {
  int32_t column = (int32_t)f->digest_next;
  f->digest = ob_hash_f64s(f->digest, f->ud.u[column], column);
  f->digest = ob_gate_hash(&f->gate[column % OB_STREAMS], f->digest);
  f->digest_next = (column + 1) % N;
}

/* Density (rad2/s): random walk, and what scale and misalignment make of the present rate. */
static double attitude_noise(const ob_filter *f) {
  double rate = ob_v3_norm(f->strapdown.delta_angle_rad) / seconds(f->params.tick_ns);
  return square(f->params.gyro_noise_rad_sqrt_s) +
         square(f->params.gyro_scale_sigma * rate) * SCALE_S;
}

void ob_filter_settle(ob_filter *f) {
  if (f->pending_ticks == 0) {
    return;
  }
  double phi[N][OB_UD_WIDTH];
  double dt = seconds(f->pending_ns);
  double velocity = square(f->params.accelerometer_noise_m_s_sqrt_s) * dt;
  double attitude = attitude_noise(f) * dt;
  double position = velocity * dt * dt / 12.0; /* what dt/2 of the velocity noise does not explain */
  const double noise[OB_UD_DYNAMIC] = {position, position, position, velocity, velocity,
                                       velocity, attitude, attitude, attitude};
  transition(f, dt, phi);
  ob_ud_propagate(&f->ud, (const double(*)[OB_UD_WIDTH])phi, noise);
  walk_one_bias(f);
  f->pending_ticks = 0;
  f->pending_ns = 0;
  f->pending_dv_z_m_s = 0.0;
  ob_v3_set(f->pending_dv_site_m_s, 0.0, 0.0, 0.0);
  f->covariance_changed = 1;
  extend_digest(f);
}

void ob_filter_covariance(const ob_filter *f, double p[N * N]) { ob_ud_matrix(&f->ud, p); }

/* ---- measurement ----------------------------------------------------------------------------- */

/* With a part k of the optimal gain left out, P is that of the optimal gain plus S k k^T, where S is the
 * variance of the innovation (the Joseph form of any gain, less that of the optimal one). */
static void leave_out(ob_filter *f, int32_t held, double innovation_variance, double gain[N]) {
  double part[N] = {0.0}, up[3];
  if (held & HOLD_PLACE) {
    ob_filter_up(f, f->strapdown.position_site_m, up);
    ob_v3_copy(part + POSITION, gain + POSITION);
    ob_v3_axpy(part + POSITION, -ob_v3_dot(up, gain + POSITION), up);
  }
  if (held & HOLD_ATTITUDE) {
    ob_v3_copy(part + ATTITUDE, gain + ATTITUDE);
  }
  ob_ud_add(&f->ud, part, innovation_variance);
  for (int32_t i = 0; i < N; i++) {
    gain[i] -= part[i];
  }
}

void ob_filter_fuse(ob_filter *f, const double h[N], double residual, double variance, int32_t held,
                    double error[N]) {
  double gain[N], left = residual;
  double innovation_variance = held ? ob_ud_variance(&f->ud, h) + variance : 0.0;
  for (int32_t i = 0; i < N; i++) {
    left -= h[i] * error[i];
  }
  ob_ud_update(&f->ud, h, variance, gain);
  if (held) {
    leave_out(f, held, innovation_variance, gain);
  }
  for (int32_t i = 0; i < N; i++) {
    error[i] += gain[i] * left;
  }
}

void ob_filter_correct(ob_filter *f, const double error[N]) {
  double turn[4], q[4];
  ob_q_from_rotvec(turn, error + ATTITUDE);
  ob_q_mul(q, turn, f->strapdown.q_site_from_body);
  memcpy(f->strapdown.q_site_from_body, q, sizeof q);
  ob_v3_axpy(f->strapdown.position_site_m, 1.0, error + POSITION);
  ob_v3_axpy(f->strapdown.velocity_site_m_s, 1.0, error + VELOCITY);
  ob_v3_axpy(f->gyro_bias_rad_s, 1.0, error + GYRO);
  ob_v3_axpy(f->accelerometer_bias_m_s2, 1.0, error + ACCEL);
  ob_v3_axpy(f->coupling, 1.0, error + COUPLING);
  ob_v3_axpy(f->shift_site_m, 1.0, error + POSITION);
  ob_v3_axpy(f->turn_site_rad, 1.0, error + ATTITUDE);
  for (int32_t k = 0; k < OB_FILTER_BEAMS; k++) {
    f->map_error_m[k] += error[MAP + k];
  }
  f->covariance_changed = 1;
}

/* ---- start, IMU, output ---------------------------------------------------------------------- */

static void check_params(const ob_filter_params *p) {
  assert(p->tick_ns > 0 && p->covariance_ticks >= 1);
  assert(p->gyro_bias_sigma_rad_s > 0.0 && p->accelerometer_bias_sigma_m_s2 > 0.0);
  assert(p->coupling_sigma > 0.0 && p->turn_acceleration_rad_s2 > 0.0);
  assert(p->map_correlation_m > 0.0 && p->relief_correlation_m > 0.0);
  (void)p;
}

void ob_filter_init(ob_filter *f, const ob_filter_params *params, const ob_site *site,
                    const ob_terrain_map *map, int64_t time_ns, const double position_site_m[3],
                    const double velocity_site_m_s[3], const double q_site_from_body[4],
                    const ob_filter_prior *prior) {
  double sigma[N], height_m;
  check_params(params);
  memset(f, 0, sizeof *f);
  f->params = *params;
  f->site = *site;
  f->map = map;
  ob_strapdown_init(&f->strapdown, time_ns, position_site_m, velocity_site_m_s, q_site_from_body);
  find_nadir(f, &height_m);
  for (int32_t i = 0; i < 3; i++) {
    f->state.position_sigma_m[i] = prior->position_m[i];
    sigma[POSITION + i] = prior->position_m[i];
    sigma[VELOCITY + i] = prior->velocity_m_s[i];
    sigma[ATTITUDE + i] = prior->attitude_rad[i];
    sigma[GYRO + i] = params->gyro_bias_sigma_rad_s;
    sigma[ACCEL + i] = params->accelerometer_bias_sigma_m_s2;
    sigma[COUPLING + i] = params->coupling_sigma;
  }
  for (int32_t k = 0; k < OB_FILTER_BEAMS; k++) {
    ob_filter_expect_ground(f, f->nadir_along_m, f->nadir_cross_m, f->nadir_sigma_m, &f->ground[k]);
    sigma[MAP + k] = ob_sqrt(ground_variance(&f->ground[k]));
  }
  ob_ud_init(&f->ud, sigma);
  for (int32_t i = 0; i < OB_STREAMS; i++) {
    ob_gate_init(&f->gate[i], time_ns);
  }
  for (int32_t i = 0; i < WALKS; i++) {
    f->walked_ns[i] = time_ns;
  }
  for (int32_t i = 0; i < OB_FILTER_HISTORY; i++) {
    remember_pose(f);
  }
  refresh_sigmas(f);
  f->digest = OB_HASH_SEED;
}

/* Widen body axis `axis` of the attitude (or the velocity) block by a variance. */
static void widen(ob_filter *f, int32_t block, int32_t axis, double variance) {
  double C[9], v[N] = {0.0};
  ob_q_to_matrix(C, f->strapdown.q_site_from_body);
  ob_v3_set(v + block, C[axis], C[3 + axis], C[6 + axis]);
  ob_ud_add(&f->ud, v, variance);
}

static void advance(ob_filter *f, int64_t dt_ns, const double delta_angle_rad[3],
                    const double delta_velocity_m_s[3]) {
  ob_strapdown_step(&f->strapdown, &f->site, dt_ns, delta_angle_rad, delta_velocity_m_s);
  f->pending_ticks++;
  f->pending_ns += dt_ns;
  f->pending_dv_z_m_s += delta_velocity_m_s[2];
  ob_v3_add(f->pending_dv_site_m_s, f->pending_dv_site_m_s, f->strapdown.dv_site_m_s);
  remember_pose(f);
}

/* Repeat the last increments over the ticks that are missing; nobody knows what they were. */
static void bridge(ob_filter *f, int64_t missing) {
  double angle[3], velocity[3];
  ob_v3_copy(angle, f->strapdown.delta_angle_rad);
  ob_v3_copy(velocity, f->strapdown.delta_velocity_m_s);
  for (int64_t i = 0; i < missing; i++) {
    advance(f, f->params.tick_ns, angle, velocity);
  }
  double span = (double)missing;
  for (int32_t axis = 0; axis < 3; axis++) {
    widen(f, ATTITUDE, axis, square(span * (ob_v3_norm(angle) + 1.0e-5)));
    widen(f, VELOCITY, axis, square(span * (ob_v3_norm(velocity) + 1.0e-4)));
  }
}

/* What an axis may be wrong by over this sample while its last reading is held in place of `reading`: no more
 * than the two differ, and a turn no more than the vehicle could have begun since. */
static double doubt(const ob_filter *f, int32_t axis, double reading, int64_t dt_ns) {
  double differ = ob_fabs(reading - f->read[axis]);
  double begun = f->params.turn_acceleration_rad_s2 * seconds(f->saturated_ns[axis]) * seconds(dt_ns);
  int bounded = axis < 3 && f->has_read & (INT64_C(1) << axis);
  return bounded ? ob_min(differ, begun) : differ;
}

/* A saturated axis says nothing but that it is: its last reading is held. The doubts of one spell add up as
 * one error, not as one of each sample. */
static void hold_saturated(ob_filter *f, int64_t saturated, int64_t dt_ns, double reading[6]) {
  for (int32_t axis = 0; axis < 6; axis++) {
    int64_t bit = INT64_C(1) << axis;
    if (!(saturated & bit)) {
      f->read[axis] = reading[axis];
      f->has_read |= bit;
      f->saturated_ns[axis] = 0;
      f->doubt[axis] = 0.0;
      continue;
    }
    f->saturated_ns[axis] += dt_ns;
    double before = f->doubt[axis];
    f->doubt[axis] += doubt(f, axis, reading[axis], dt_ns);
    widen(f, axis < 3 ? ATTITUDE : VELOCITY, axis % 3, square(f->doubt[axis]) - square(before));
    reading[axis] = f->has_read & bit ? f->read[axis] : reading[axis];
  }
}

static void unbias(const ob_filter *f, double dt, const double raw_angle[3],
                   const double raw_velocity[3], double angle[3], double velocity[3]) {
  ob_v3_copy(angle, raw_angle);
  ob_v3_axpy(angle, -dt, f->gyro_bias_rad_s);
  ob_v3_copy(velocity, raw_velocity);
  ob_v3_axpy(velocity, -dt, f->accelerometer_bias_m_s2);
  ob_v3_axpy(velocity, -velocity[2], f->coupling);
}

void ob_filter_output(ob_filter *f, ob_nav_state *out) {
  double height_m;
  double per_s = 1.0 / seconds(f->params.tick_ns);
  ob_nav_state *state = &f->state;
  find_nadir(f, &height_m);
  if (f->covariance_changed) {
    refresh_sigmas(f);
  }
  state->time_ns = f->strapdown.time_ns;
  ob_v3_copy(state->position_site_m, f->strapdown.position_site_m);
  ob_v3_copy(state->velocity_site_m_s, f->strapdown.velocity_site_m_s);
  memcpy(state->q_site_from_body, f->strapdown.q_site_from_body, sizeof state->q_site_from_body);
  ob_v3_scale(state->rate_body_rad_s, f->strapdown.delta_angle_rad, per_s);
  ob_v3_scale(state->specific_force_body_m_s2, f->strapdown.delta_velocity_m_s, per_s);
  state->altitude_m = height_m - f->nadir_map_m - f->nadir_rise_m;
  state->altitude_worst_m = state->altitude_m - 3.0 * state->altitude_sigma_m;
  *out = *state;
}

void ob_filter_imu(ob_filter *f, int64_t time_ns, const double delta_angle_rad[3],
                   const double delta_velocity_m_s[3], int64_t saturated, ob_nav_state *out) {
  int64_t tick_ns = f->params.tick_ns;
  int64_t dt_ns = time_ns - f->strapdown.time_ns;
  int64_t missing = (dt_ns + tick_ns / 2) / tick_ns - 1;
  if (dt_ns <= 0 || missing > MOST_MISSING) {
    f->bad_samples++;
    f->state.valid = 0;
    *out = f->state;
    return;
  }
  if (missing > 0) {
    bridge(f, missing);
  }
  double reading[6], angle[3], velocity[3];
  int64_t last_ns = time_ns - f->strapdown.time_ns;
  ob_v3_copy(reading, delta_angle_rad);
  ob_v3_copy(reading + 3, delta_velocity_m_s);
  hold_saturated(f, saturated, last_ns, reading);
  unbias(f, seconds(last_ns), reading, reading + 3, angle, velocity);
  advance(f, last_ns, angle, velocity);
  f->state.valid = missing <= 0 && saturated == 0;
  f->bad_samples += missing > 0 || saturated ? 1 : 0;
  if (f->pending_ticks >= f->params.covariance_ticks) {
    ob_filter_settle(f);
  }
  ob_filter_output(f, out);
}

/* ---- what is due ----------------------------------------------------------------------------- */

#define DUE_COSINE 0.3 /* of the incidence: flatter than 72 deg an echo may fail to return */

static int range_is_due(const ob_filter *f, int32_t beam, const double up[3]) {
  const ob_range_beam *b = &f->params.beam[beam];
  double direction[3];
  ob_q_rotate(direction, f->strapdown.q_site_from_body, b->direction_body);
  double down = -ob_v3_dot(direction, up);
  double range_m = f->state.altitude_m / ob_max(down, DUE_COSINE);
  return down > DUE_COSINE && range_m < 0.9 * b->maximum_m && range_m > 2.0 * b->minimum_m;
}

static int velocity_is_due(const ob_filter *f, const double up[3]) {
  static const double Z[3] = {0.0, 0.0, 1.0};
  double axis[3];
  ob_q_rotate(axis, f->strapdown.q_site_from_body, Z);
  return f->state.altitude_m > f->params.velocity_minimum_m &&
         f->state.altitude_m < f->params.velocity_maximum_m &&
         ob_v3_dot(axis, up) > f->params.velocity_minimum_cosine;
}

static int star_is_due(const ob_filter *f) {
  return ob_v3_norm(f->state.rate_body_rad_s) < f->params.star_maximum_rate_rad_s &&
         ob_v3_norm(f->state.specific_force_body_m_s2) < f->params.star_maximum_force_m_s2;
}

void ob_filter_watch(ob_filter *f, int64_t now_ns) {
  double up[3];
  ob_filter_up(f, f->strapdown.position_site_m, up);
  const int due[OB_STREAMS] = {range_is_due(f, 0, up), range_is_due(f, 1, up),
                               velocity_is_due(f, up), star_is_due(f), 0};
  for (int32_t i = 0; i < OB_STREAMS; i++) {
    ob_gate_watch(&f->gate[i], &f->params.gate[i], now_ns, due[i]);
  }
}

uint64_t ob_filter_hash(const ob_filter *f, uint64_t hash) {
  hash = ob_strapdown_hash(&f->strapdown, hash);
  hash = ob_hash_f64s(hash, f->gyro_bias_rad_s, 3);
  hash = ob_hash_f64s(hash, f->accelerometer_bias_m_s2, 3);
  hash = ob_hash_f64s(hash, f->coupling, 3);
  hash = ob_hash_f64s(hash, f->map_error_m, OB_FILTER_BEAMS);
  hash = ob_hash_f64s(hash, f->ud.d, N);
  return ob_hash_u64(hash, f->digest);
}
