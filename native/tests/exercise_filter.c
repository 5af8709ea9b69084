#include "arguments.h"
#include "exercise.h"
#include "exercise_settings.h"
#include "onboard/filter.h"
#include "onboard/hash.h"
#include "onboard/navigation.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define DEG (OB_PI / 180.0)
#define TICK_NS INT64_C(10000000)
#define SIDE 64

#define LIMITS(nis)                                                                            \
  {.threshold = nis, .rate_sigmas = 4.0, .reject_count = 5, .recover_count = 5,                \
   .reacquire_count = 10, .reacquire_ns = 500000000, .gap_ns = 500000000, .due_ns = 500000000}

const ob_filter_params FILTER = {
    .tick_ns = TICK_NS,
    .covariance_ticks = 10,
    .gyro_noise_rad_sqrt_s = 2e-6,
    .gyro_bias_walk_rad_s_sqrt_s = 1e-9,
    .accelerometer_noise_m_s_sqrt_s = 2e-4,
    .accelerometer_bias_walk_m_s2_sqrt_s = 1e-6,
    .coupling_walk_sqrt_s = 1e-8,
    .turn_acceleration_rad_s2 = 1.0,
    .gyro_bias_sigma_rad_s = 1e-6,
    .accelerometer_bias_sigma_m_s2 = 5e-4,
    .coupling_sigma = 1.5e-4,
    .map_correlation_m = 500.0,
    .relief_correlation_m = 2000.0,
    .relief_sigmas = 1.5,
    .place_hold_m = 1000.0,
    .place_hold_sigma_m = 100.0,
    .beam = {{.direction_body = {0.90630778703664994, 0.0, -0.42261826174069944},
              .minimum_m = 1.0, .maximum_m = 25e3, .sigma_m = 1.0, .sigma_fraction = 1e-3},
             {.direction_body = {0.0, 0.0, -1.0},
              .minimum_m = 1.0, .maximum_m = 5e3, .sigma_m = 1.0, .sigma_fraction = 1e-3}},
    .velocity_sigma_m_s = {0.1, 0.1, 0.1},
    .velocity_sigma_fraction = 0.002,
    .velocity_maximum_m = 3000.0,
    .velocity_minimum_cosine = 0.55,
    .star_sigma_rad = {2e-4, 5e-5, 5e-5},
    .star_maximum_rate_rad_s = 0.03,
    .star_maximum_force_m_s2 = 0.05,
    .crater_pixel_sigma = 0.5,
    .crater_map_inflation = 1.0,
    .reacquire_sigmas = 10.0,
    .gate = {LIMITS(25.0), LIMITS(25.0), LIMITS(30.0), LIMITS(30.0), LIMITS(20.0)},
};

static const ob_camera CAMERA = {.focal_px = 549.0,
                                 .center_column_px = 255.5,
                                 .center_row_px = 255.5,
                                 .width = 512,
                                 .height = 512,
                                 .q_body_from_camera = {0.0, 1.0, 0.0, 0.0}}; /* along -z */

static void make_map(uint64_t *stream, const ob_site *site, float height_m[SIDE * SIDE],
                     ob_terrain_map *map) {
  *map = (ob_terrain_map){.count = 1};
  map->grid[0] = (ob_map_grid){-16000.0, -16000.0, 500.0, 20.0, SIDE, SIDE, height_m};
  ob_corridor_init(&map->corridor, site->latitude_rad, site->longitude_rad, 0.0);
  for (int i = 0; i < SIDE * SIDE; i++) {
    height_m[i] = (float)argument_between(stream, -2730.0, -2670.0);
  }
}

/* Craters below the true position, seen by the true camera. */
static void see_craters(uint64_t *stream, const ob_site *site, const ob_strapdown *truth,
                        ob_crater_matched *matches, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    double point[3];
    argument_vector(stream, point, 400.0);
    point[0] += truth->position_site_m[0];
    point[1] += truth->position_site_m[1];
    point[2] = 0.0;
    ob_mcmf_from_site(site, point, matches[i].position_mcmf_m);
    ob_v3_sub(point, point, truth->position_site_m);
    ob_q_rotate_back(point, truth->q_site_from_body, point);
    ob_q_rotate_back(point, CAMERA.q_body_from_camera, point);
    ob_camera_project(&CAMERA, point, matches[i].pixel);
    matches[i].pixel_covariance[0] = matches[i].pixel_covariance[2] = 0.2;
    matches[i].position_sigma_m = 10.0;
    matches[i].probability = 1.0;
  }
}

/* A descent, and a filter that is told of it with errors. */
static void begin(uint64_t *stream, ob_site *site, ob_terrain_map *map, ob_strapdown *truth,
                  ob_filter *filter) {
  static float height_m[SIDE * SIDE];
  const double start_m[3] = {200.0, -3000.0, 2500.0}, velocity_m_s[3] = {-2.0, 60.0, -40.0};
  const double guess_m[3] = {260.0, -3040.0, 2520.0}, tilt_rad[3] = {0.2, 0.1, 0.0};
  const ob_filter_prior prior = {{100.0, 100.0, 100.0}, {0.5, 0.5, 0.5}, {1e-3, 1e-3, 1e-3}};
  double q[4];
  ob_site_init(site, 60.5 * DEG, -4.6 * DEG, -2700.0);
  make_map(stream, site, height_m, map);
  ob_q_from_rotvec(q, tilt_rad);
  ob_strapdown_init(truth, 0, start_m, velocity_m_s, q);
  ob_filter_init(filter, &FILTER, site, map, 0, guess_m, velocity_m_s, q, &prior);
}

/* Four seconds of a descent with every kind of measurement, some of them wrong. */
uint64_t exercise_filter(void) {
  static ob_filter filter;
  static ob_site site;
  static ob_terrain_map map;
  uint64_t stream = 30, hash = OB_HASH_SEED;
  ob_strapdown truth;
  ob_nav_state state;
  begin(&stream, &site, &map, &truth, &filter);
  for (int i = 1; i <= 400; i++) {
    double angle_rad[3], push_m_s[3], measured[3], star[4], conjugate[4], site_q[4];
    int64_t time_ns = i * TICK_NS;
    argument_vector(&stream, angle_rad, 1e-4);
    argument_vector(&stream, push_m_s, 1e-3);
    push_m_s[2] += 0.02;
    ob_strapdown_step(&truth, &site, TICK_NS, angle_rad, push_m_s);
    ob_filter_imu(&filter, time_ns, angle_rad, push_m_s, i == 77 ? 1 : 0, &state);
    if (i % 10 == 0) {
      double range_m = truth.position_site_m[2] * (i > 250 ? 1.3 : 1.05);
      hash = ob_hash_u64(hash, (uint64_t)ob_filter_range(&filter, time_ns, i / 10 % 2, range_m));
      ob_q_rotate_back(measured, truth.q_site_from_body, truth.velocity_site_m_s);
      hash = ob_hash_u64(hash, (uint64_t)ob_filter_velocity(&filter, time_ns, measured));
      ob_filter_watch(&filter, time_ns);
    }
    if (i % 20 == 0) { /* 50 ms late */
      ob_q_site_from_mci(&site, time_ns, site_q);
      ob_q_conj(conjugate, site_q);
      ob_q_mul(star, conjugate, truth.q_site_from_body);
      hash = ob_hash_u64(hash, (uint64_t)ob_filter_star(&filter, time_ns - 5 * TICK_NS, star));
    }
    if (i % 100 == 50) {
      ob_crater_matched matches[12] = {{.pixel = {0.0, 0.0}}};
      see_craters(&stream, &site, &truth, matches, 12);
      hash = ob_hash_u64(hash, (uint64_t)ob_filter_craters(&filter, time_ns, &CAMERA, matches, 12));
    }
    ob_filter_output(&filter, &state);
    hash = ob_hash_f64s(hash, state.position_site_m, 3);
    hash = ob_hash_f64s(hash, state.position_sigma_m, 3);
  }
  return ob_filter_hash(&filter, hash);
}

/* Rows as they come, and ticks in which nothing does. */
uint64_t exercise_navigation(void) {
  static ob_navigation navigation;
  static ob_site site;
  static ob_terrain_map map;
  static ob_crater_matched matches[12];
  uint64_t stream = 31, hash = OB_HASH_SEED;
  ob_strapdown truth;
  begin(&stream, &site, &map, &truth, &navigation.filter);
  ob_navigation_init(&navigation, &CAMERA, 0);
  for (int i = 1; i <= 300; i++) {
    ob_arrivals *a = &navigation.arrivals;
    int64_t time_ns = i * TICK_NS, arrived = i % 71 ? OB_ARRIVED_IMU : 0;
    a->imu = (ob_imu_row){.time_ns = time_ns, .sequence = i};
    argument_vector(&stream, a->imu.delta_angle_rad, 1e-4);
    argument_vector(&stream, a->imu.delta_velocity_m_s, 1e-3);
    a->imu.delta_velocity_m_s[2] += 0.02;
    ob_strapdown_step(&truth, &site, TICK_NS, a->imu.delta_angle_rad, a->imu.delta_velocity_m_s);
    if (i % 10 == 0) {
      arrived |= (int64_t)(argument_bits(&stream) % OB_ARRIVED_IMU);
      a->range[0] = a->range[1] = (ob_range_row){time_ns, i, truth.position_site_m[2] * 1.05, 1};
      a->velocity = (ob_velocity_row){.time_ns = time_ns, .sequence = i, .valid = 1};
      ob_q_rotate_back(a->velocity.velocity_body_m_s, truth.q_site_from_body,
                       truth.velocity_site_m_s);
      a->attitude = (ob_attitude_row){.time_ns = time_ns, .q_mci_from_body = {1.0}, .valid = 1};
      see_craters(&stream, &site, &truth, matches, 12);
      a->matches_time_ns = time_ns;
      a->matches_count = 12;
      a->matches = matches;
    }
    hash = ob_hash_u64(hash, (uint64_t)ob_navigation_step(&navigation, time_ns, arrived));
    hash = ob_hash_u64(hash, (uint64_t)navigation.state.valid);
    hash = ob_navigation_hash(&navigation, hash);
  }
  return hash;
}
