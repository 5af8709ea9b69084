#include "../arguments.h"
#include "exercise.h"
#include "onboard/frame.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "vision/crater_match.h"

#define CRATERS 80

static const ob_camera CAMERA = {.focal_px = 549.0,
                                 .center_column_px = 255.5,
                                 .center_row_px = 255.5,
                                 .width = 512,
                                 .height = 512,
                                 .q_body_from_camera = {1.0}};

/* 8 km above 0 N 0 E, looking down, x of the camera to the east. */
static ob_crater_prior look_down(void) {
  ob_crater_prior prior = {.position_mcmf_m = {OB_MOON_RADIUS_M + 8000.0, 0.0, 0.0},
                           .position_covariance_m2 = {1e4, 0.0, 0.0, 0.0, 1e4, 0.0, 0.0, 0.0, 1e4},
                           .attitude_sigma_rad = 3e-4};
  const double C_mcmf_from_camera[9] = {0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0};
  ob_q_from_matrix(prior.q_mcmf_from_body, C_mcmf_from_camera);
  return prior;
}

static void scatter_craters(uint64_t *stream, ob_crater_map_entry *catalogue) {
  for (int i = 0; i < CRATERS; i++) {
    double east_m = argument_between(stream, -3500.0, 3500.0);
    double north_m = argument_between(stream, -3500.0, 3500.0);
    ob_v3_set(catalogue[i].position_mcmf_m, OB_MOON_RADIUS_M, east_m, north_m);
    catalogue[i].diameter_m = argument_between(stream, 120.0, 500.0);
    catalogue[i].position_sigma_m = 10.0;
  }
}

/* What a camera displaced from the prior would detect of the map. */
static int64_t detect_displaced(uint64_t *stream, const ob_crater_map_entry *catalogue,
                                const double camera_mcmf_m[3], const double q_mcmf_from_camera[4],
                                ob_crater_detection *found) {
  int64_t count = 0;
  for (int i = 0; i < CRATERS; i++) {
    double point[3];
    ob_crater_detection d = {.pixel_covariance = {0.1, 0.0, 0.1}};
    ob_v3_sub(point, catalogue[i].position_mcmf_m, camera_mcmf_m);
    ob_q_rotate_back(point, q_mcmf_from_camera, point);
    if (ob_camera_project(&CAMERA, point, d.pixel)) {
      d.pixel[0] += argument_between(stream, -0.5, 0.5);
      d.pixel[1] += argument_between(stream, -0.5, 0.5);
      d.radius_px = 0.5 * catalogue[i].diameter_m * CAMERA.focal_px / point[2];
      found[count++] = d;
    }
  }
  return count;
}

uint64_t exercise_crater_match(int64_t simd) {
  (void)simd;
  static ob_crater_matcher matcher;
  uint64_t stream = 61, hash = OB_HASH_SEED;
  const ob_crater_match_settings settings = {.radius_min_px = 3.0,
                                             .radius_max_px = 40.0,
                                             .radius_ratio_max = 1.5,
                                             .gate_sigma = 3.5,
                                             .log10_chance_max = -4.0,
                                             .rival_fraction_max = 0.7,
                                             .count_min = 5};
  ob_crater_map_entry catalogue[CRATERS];
  ob_crater_detection found[CRATERS];
  ob_crater_matched matched[CRATERS];
  ob_crater_fix fix;
  const ob_crater_prior prior = look_down();
  double camera_mcmf_m[3], displacement_m[3];
  scatter_craters(&stream, catalogue);
  argument_vector(&stream, displacement_m, 120.0);
  ob_v3_add(camera_mcmf_m, prior.position_mcmf_m, displacement_m);
  int64_t count = detect_displaced(&stream, catalogue, camera_mcmf_m, prior.q_mcmf_from_body, found);
  int64_t status = ob_crater_match(&CAMERA, &prior, catalogue, CRATERS, found, count, &settings,
                                   &matcher, matched, CRATERS, &fix);
  const int64_t numbers[] = {status, fix.count, fix.predicted, fix.rival_count};
  hash = ob_hash_i64s(hash, numbers, 4);
  hash = ob_hash_f64s(hash, fix.position_offset_mcmf_m, 3);
  hash = ob_hash_f64s(hash, fix.position_covariance_m2, 9);
  hash = ob_hash_f64s(hash, fix.shift_by_turn_m_rad, 9);
  for (int64_t i = 0; i < fix.count; i++) {
    hash = ob_hash_f64(ob_hash_f64s(hash, matched[i].pixel, 2), matched[i].probability);
    hash = ob_hash_u64(hash, (uint64_t)matched[i].catalogue_index);
  }
  return hash;
}
