#include "../arguments.h"
#include "exercise.h"
#include "onboard/frame.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "vision/crater_frame.h"

static const ob_camera CAMERA = {.focal_px = 549.0,
                                 .center_column_px = 255.5,
                                 .center_row_px = 255.5,
                                 .width = 512,
                                 .height = 512,
                                 .q_body_from_camera = {1.0}};

uint64_t exercise_crater_frame(int64_t simd) {
  (void)simd;
  uint64_t stream = 62, hash = OB_HASH_SEED;
  ob_site site;
  ob_site_init(&site, 1.0559, -0.0803, -2700.0);
  for (int i = 0; i < 100; i++) {
    ob_nav_state state = {.position_sigma_m = {50.0, 40.0, 30.0}, .valid = 1};
    ob_crater_prior prior;
    ob_crater_lighting light = {.sun_elevation_rad = 0.0};
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
    if (lit && light.sun_elevation_rad > 0.0) {
      const ob_found_crater found = {.pixel = {200.25, 300.5}, .radius_px = 7.5, .correlation = 0.8};
      const ob_crater_noise noise = {0.1, 0.05, 0.01, 0.007};
      ob_crater_detection detection;
      ob_crater_measure(&found, 1, &light, &noise, &detection);
      hash = ob_hash_f64s(ob_hash_f64s(hash, detection.pixel, 2), detection.pixel_covariance, 3);
    }
  }
  return hash;
}
