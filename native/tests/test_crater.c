/* Crater matching under the sanitizers: hostile settings and numbers. What it computes is tested from
 * Python. */
#include <assert.h>
#include <string.h>

#include "vision/crater_match.h"
#include "onboard/elementary.h"
#include "onboard/frame.h"

static uint64_t state = 1;

/* Numerical Recipes' 64-bit linear congruential generator, high half. */
static uint32_t random_bits(void) {
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(state >> 32);
}

static double uniform(double low, double high) {
  return low + (high - low) * ((double)random_bits() / 4294967296.0);
}

/* --- Matching -------------------------------------------------------------------------------------- */

#define CRATERS 1500

static ob_crater_map_entry map[CRATERS];
static ob_crater_detection seen[OB_CRATER_DETECTED + 50];
static ob_crater_matcher matcher;
static ob_crater_matched matched[OB_CRATER_DETECTED];

static const ob_camera lens = {550.0, 255.5, 255.5, 512, 512, {1.0, 0.0, 0.0, 0.0}, {0.0}};

static ob_crater_match_settings match_settings(void) {
  return (ob_crater_match_settings){2.5, 60.0, 1.35, 3.0, -6.0, 0.7, 6};
}

/* 10 km over the x axis, camera straight down: its z is -x of mcmf, its x the y of mcmf. */
static ob_crater_prior prior_over(double y_m, double z_m) {
  ob_crater_prior p = {{OB_MOON_RADIUS_M + 1e4, y_m, z_m}, {0.5, -0.5, -0.5, 0.5}, {0.0}};
  for (int k = 0; k < 9; k += 4) p.position_covariance_m2[k] = 500.0 * 500.0;
  return p;
}

static void scatter(void) {
  for (int k = 0; k < CRATERS; k++) {
    const double y = uniform(-12e3, 12e3), z = uniform(-12e3, 12e3);
    map[k].position_mcmf_m[0] = ob_sqrt(OB_MOON_RADIUS_M * OB_MOON_RADIUS_M - y * y - z * z);
    map[k].position_mcmf_m[1] = y;
    map[k].position_mcmf_m[2] = z;
    map[k].diameter_m = uniform(120.0, 600.0);
    map[k].position_sigma_m = 5.0;
  }
}

/* Detections of the map as the prediction with the true pose has it. */
static int64_t look(void) {
  static ob_crater_predicted predicted[CRATERS];
  const ob_crater_prior truth = prior_over(0.0, 0.0);
  const ob_crater_match_settings s = match_settings();
  const int64_t n = ob_crater_predict(&lens, &truth, map, CRATERS, &s, predicted, CRATERS);
  int64_t count = 0;
  for (int64_t k = 0; k < n && count < OB_CRATER_DETECTED; k++) {
    if (!(predicted[k].pixel[0] > 0.0 && predicted[k].pixel[0] < 511.0 &&
          predicted[k].pixel[1] > 0.0 && predicted[k].pixel[1] < 511.0)) {
      continue;
    }
    seen[count++] = (ob_crater_detection){{predicted[k].pixel[0] + uniform(-0.5, 0.5),
                                           predicted[k].pixel[1] + uniform(-0.5, 0.5)},
                                          predicted[k].radius_px, {0.2, 0.0, 0.2}};
  }
  return count;
}

static void matching_finds_the_offset(void) {
  scatter();
  const int64_t count = look();
  assert(count > 100);
  const ob_crater_prior prior = prior_over(700.0, -400.0);
  const ob_crater_match_settings s = match_settings();
  ob_crater_fix fix;
  assert(ob_crater_match(&lens, &prior, map, CRATERS, seen, count, &s, &matcher, matched,
                         OB_CRATER_DETECTED, &fix) == OB_CRATER_FIX_ACCEPTED);
  assert(fix.count > 100);
  assert(ob_fabs(fix.position_offset_mcmf_m[1] + 700.0) < 10.0);
  assert(ob_fabs(fix.position_offset_mcmf_m[2] - 400.0) < 10.0);
}

static double hostile(void) {
  static const double odd[] = {0.0,   -0.0,  1.0,    -1.0,   1e308,  -1e308, 1e-308,
                               5e-324, 255.5, 1.74e6, -1.74e6, 3e4,    512.0,  1e9};
  const uint32_t pick = random_bits() % 20;
  if (pick < 14) return odd[pick];
  const double zero = odd[0];
  if (pick == 14) return 1.0 / zero;
  if (pick == 15) return -1.0 / zero;
  if (pick == 16) return zero / zero;
  return uniform(-600.0, 600.0);
}

/* Good input with some numbers replaced. */
static void matching_survives(void) {
  const ob_crater_match_settings s = match_settings();
  for (int round = 0; round < 400; round++) {
    ob_crater_prior prior = prior_over(100.0, 100.0);
    const int64_t count = look();
    double *fields = prior.position_mcmf_m;
    const uint32_t victim = random_bits() % 4;
    if (victim == 0) fields[random_bits() % 3] = hostile();
    if (victim == 1) prior.q_mcmf_from_body[random_bits() % 4] = hostile();
    if (victim == 2) prior.position_covariance_m2[random_bits() % 9] = hostile();
    for (int k = 0; k < 20; k++) {
      map[random_bits() % CRATERS].position_mcmf_m[random_bits() % 3] = hostile();
      map[random_bits() % CRATERS].diameter_m = hostile();
      map[random_bits() % CRATERS].position_sigma_m = hostile();
      ob_crater_detection *d = &seen[random_bits() % OB_CRATER_DETECTED];
      d->pixel[random_bits() % 2] = hostile();
      d->radius_px = hostile();
      d->pixel_covariance[random_bits() % 3] = hostile();
    }
    ob_crater_fix fix;
    memset(&matcher, 0xa5, sizeof matcher);
    const int64_t status =
        ob_crater_match(&lens, &prior, map, CRATERS, seen, count, &s, &matcher, matched, 40, &fix);
    assert(status >= OB_CRATER_FIX_ACCEPTED && status <= OB_CRATER_FIX_TURNED);
    if (round % 20 == 19) scatter();
  }
}

/* Everything in one pixel, far more than the caps. */
static void matching_keeps_to_the_caps(void) {
  scatter();
  for (int k = 1; k < CRATERS; k++) map[k] = map[0];
  for (int k = 0; k < OB_CRATER_DETECTED + 50; k++) {
    seen[k] = (ob_crater_detection){{255.0, 255.0}, 8.0, {1e5, 0.0, 1e5}};
  }
  ob_crater_prior prior = prior_over(map[0].position_mcmf_m[1], map[0].position_mcmf_m[2]);
  prior.position_covariance_m2[0] = 9e9;
  prior.position_covariance_m2[4] = 9e9;
  ob_crater_fix fix;
  ob_crater_match_settings s = match_settings();
  s.radius_min_px = 1e-3;
  s.radius_max_px = 1e6;
  s.radius_ratio_max = 9.0;
  const int64_t status = ob_crater_match(&lens, &prior, map, CRATERS, seen, OB_CRATER_DETECTED + 50,
                                         &s, &matcher, matched, OB_CRATER_DETECTED, &fix);
  assert(status != OB_CRATER_FIX_ACCEPTED);
  assert(matcher.predicted_count <= OB_CRATER_PREDICTED);
  s.count_min = 0;
  assert(ob_crater_match(&lens, &prior, map, 0, seen, 0, &s, &matcher, matched, 0, &fix) ==
         OB_CRATER_FIX_BAD_INPUT);
  s.count_min = 6;
  assert(ob_crater_match(&lens, &prior, map, 0, seen, 0, &s, &matcher, matched, 0, &fix) ==
         OB_CRATER_FIX_FEW_PREDICTED);
  assert(ob_crater_match(&lens, &prior, map, -1, seen, 0, &s, &matcher, matched, 0, &fix) ==
         OB_CRATER_FIX_BAD_INPUT);
}

int main(void) {
  matching_finds_the_offset();
  matching_survives();
  matching_keeps_to_the_caps();
  return 0;
}
