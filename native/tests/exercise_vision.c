#include "arguments.h"
#include "exercise.h"
#include "onboard/crater_detect.h"
#include "onboard/crater_frame.h"
#include "onboard/crater_match.h"
#include "onboard/frame.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define SIDE 128
#define CRATERS 80
#define WORKSPACE_BYTES (16 * SIDE * SIDE)

static const ob_camera CAMERA = {.focal_px = 549.0,
                                 .center_column_px = 255.5,
                                 .center_row_px = 255.5,
                                 .width = 512,
                                 .height = 512,
                                 .q_body_from_camera = {1.0}};

/* A flat crater under a Sun at the right: its wall near the Sun dark, the far wall bright. */
static void draw_crater(uint8_t *image, int32_t column, int32_t row, int32_t radius) {
  for (int32_t y = -radius; y <= radius; y++) {
    for (int32_t x = -radius; x <= radius; x++) {
      if (x * x + y * y <= radius * radius) {
        image[(row + y) * SIDE + column + x] = (uint8_t)(110 - 70 * x / radius);
      }
    }
  }
}

uint64_t exercise_crater_detect(void) {
  static uint8_t image[SIDE * SIDE];
  static uint64_t workspace[WORKSPACE_BYTES / 8];
  uint64_t stream = 60, hash = OB_HASH_SEED;
  const ob_crater_detect_settings settings = {.sun_image = {1.0, 0.0},
                                              .ground_to_image = {1.25, 0.0, 0.0, 0.8},
                                              .radius_min_px = 3.0,
                                              .radius_max_px = 20.0,
                                              .contrast_min = 0.2,
                                              .sun_elevation_rad = 0.3,
                                              .sigma_px = 0.25,
                                              .sigma_fraction = 0.06,
                                              .sigma_shadow = 0.014};
  for (int i = 0; i < SIDE * SIDE; i++) {
    image[i] = (uint8_t)(106 + argument_bits(&stream) % 8);
  }
  for (int k = 0; k < 16; k++) {
    draw_crater(image, 16 + 32 * (k % 4), 16 + 32 * (k / 4), 4 + k / 2);
  }
  ob_crater_detection found[32];
  int64_t count = 0;
  int status = ob_crater_detect(image, SIDE, SIDE, SIDE, &settings, workspace, WORKSPACE_BYTES, found,
                                32, &count);
  hash = ob_hash_u64(ob_hash_u64(hash, (uint64_t)status), (uint64_t)count);
  for (int64_t i = 0; i < count; i++) {
    hash = ob_hash_f64s(hash, found[i].pixel, 2);
    hash = ob_hash_f64s(hash, found[i].pixel_covariance, 3);
    hash = ob_hash_f64(ob_hash_f64(hash, found[i].radius_px), found[i].contrast);
  }
  return hash;
}

/* 8 km above 0 N 0 E, looking down, x of the camera to the east. */
static ob_crater_prior look_down(void) {
  ob_crater_prior prior = {.position_mcmf_m = {OB_MOON_RADIUS_M + 8000.0, 0.0, 0.0},
                           .position_covariance_m2 = {1e4, 0.0, 0.0, 0.0, 1e4, 0.0, 0.0, 0.0, 1e4}};
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
    ob_crater_detection d = {.contrast = 1.0, .pixel_covariance = {0.1, 0.0, 0.1}};
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

uint64_t exercise_crater_match(void) {
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
  for (int64_t i = 0; i < fix.count; i++) {
    hash = ob_hash_f64(ob_hash_f64s(hash, matched[i].pixel, 2), matched[i].probability);
    hash = ob_hash_u64(hash, (uint64_t)matched[i].catalogue_index);
  }
  return hash;
}

uint64_t exercise_crater_frame(void) {
  uint64_t stream = 62, hash = OB_HASH_SEED;
  ob_site site;
  ob_site_init(&site, 1.0559, -0.0803, -2700.0);
  for (int i = 0; i < 100; i++) {
    ob_nav_state state = {.position_sigma_m = {50.0, 40.0, 30.0}, .valid = 1};
    ob_crater_prior prior;
    ob_crater_detect_settings light = {.sun_elevation_rad = 0.0};
    double turn[3], sun[3];
    argument_vector(&stream, state.position_site_m, 20000.0);
    argument_vector(&stream, state.velocity_site_m_s, 1000.0);
    argument_vector(&stream, state.rate_body_rad_s, 0.1);
    argument_vector(&stream, turn, 1.0);
    argument_vector(&stream, sun, 1.0);
    ob_v3_unit(sun, sun);
    ob_q_from_rotvec(state.q_site_from_body, turn);
    int known = ob_crater_prior_at(&state, &site, 90000000, 45.0, &prior);
    int lit = known && ob_crater_light(&CAMERA, &prior, sun, &light);
    hash = ob_hash_u64(hash, (uint64_t)(2 * known + lit));
    hash = ob_hash_f64s(ob_hash_f64s(hash, prior.position_mcmf_m, 3), prior.q_mcmf_from_body, 4);
    hash = ob_hash_f64(ob_hash_f64s(hash, light.sun_image, 2), light.sun_elevation_rad);
    hash = ob_hash_f64s(hash, light.ground_to_image, 4);
  }
  return hash;
}
