#include "exercise.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "vision/essential.h"
#include "vision/five_point.h"
#include "vision/fundamental.h"
#include "vision/two_point.h"

enum { MATCHES = 203 };

static double uniform(uint64_t *state) { return (double)(vision_next(state) >> 11) * 0x1p-53; }

/* A scene in depth, or a plane, seen before and after a turn q and a motion of length `path`; every
 * `wrong`-th match is anywhere. */
static void see(uint64_t *state, int32_t wrong, double path, double depth, double *first, double *second,
                double q[4]) {
  const double turn[3] = {0.1 * uniform(state), 0.1 * uniform(state), 0.1 * uniform(state)};
  const double shift[3] = {path * (uniform(state) - 0.5), path, path * (uniform(state) - 0.5)};
  double C[9];
  ob_q_from_rotvec(q, turn);
  ob_q_to_matrix(C, q);
  for (int32_t i = 0; i < MATCHES; i++) {
    const double z = 0.7 + depth * uniform(state);
    double x[3] = {uniform(state) - 0.5, uniform(state) - 0.5, 1.0}, y[3];
    first[2 * i] = x[0] + 1e-3 * (uniform(state) - 0.5);
    first[2 * i + 1] = x[1] + 1e-3 * (uniform(state) - 0.5);
    ob_v3_scale(x, x, z);
    ob_m3_v3(y, C, x);
    ob_v3_add(y, y, shift);
    for (int32_t k = 0; k < 2; k++) {
      const double right = y[k] / y[2] + 1e-3 * (uniform(state) - 0.5);
      second[2 * i + k] = i % wrong == 0 ? uniform(state) - 0.5 : right;
    }
  }
}

uint64_t exercise_essential(int64_t simd) {
  double first[2 * MATCHES], second[2 * MATCHES], workspace[7 * (MATCHES + 8)];
  uint8_t inlier[MATCHES] = {0};
  uint64_t state = 7, hash = OB_HASH_SEED;
  for (int32_t i = 0; i < 12; i++) {
    double q[4];
    ob_motion found;
    const ob_robust_settings settings = {.threshold = 2e-3,
                                         .sigma = i % 2 == 0 ? 4e-4 : 0.0,
                                         .confidence = 0.99,
                                         .seed = (uint64_t)i,
                                         .iterations_max = 100,
                                         .by_quality = i / 2 % 2,
                                         .simd = simd};
    see(&state, 2 + i % 3, i % 4 == 3 ? 0.0 : 0.1, i % 3 == 0 ? 0.0 : 0.6, first, second, q);
    const int64_t count = MATCHES - 15 * i;
    const int64_t status =
        ob_essential_robust(first, second, count, &settings, &found, inlier, workspace);
    hash = ob_hash_u64(hash, (uint64_t)status);
    if (status == OB_ROBUST_OK || status == OB_ROBUST_NO_PARALLAX) {
      hash = ob_hash_f64s(ob_hash_f64s(hash, found.q_second_from_first, 4), found.direction, 3);
      hash = ob_hash_f64s(ob_hash_f64s(hash, found.across, 6), found.covariance, 25);
      hash = ob_hash_f64(ob_hash_f64(hash, found.residual_rms), found.parallax_rms);
      hash = ob_hash_u64(ob_hash_u64(hash, (uint64_t)found.iterations), (uint64_t)found.plane);
      hash = ob_hash_bytes(hash, inlier, (int32_t)count);
    }
  }
  return hash;
}

uint64_t exercise_two_point(int64_t simd) {
  double first[2 * MATCHES], second[2 * MATCHES], workspace[7 * (MATCHES + 8)];
  uint8_t inlier[MATCHES] = {0};
  uint64_t state = 9, hash = OB_HASH_SEED;
  for (int32_t i = 0; i < 12; i++) {
    double q[4];
    ob_direction found;
    const ob_robust_settings settings = {.threshold = 2e-3,
                                         .sigma = i % 2 == 0 ? 4e-4 : 0.0,
                                         .confidence = 0.99,
                                         .seed = (uint64_t)i,
                                         .iterations_max = 100,
                                         .by_quality = i / 2 % 2,
                                         .simd = simd};
    see(&state, 2 + i % 3, i % 4 == 3 ? 0.0 : 0.1, i % 3 == 0 ? 0.0 : 0.6, first, second, q);
    const int64_t count = MATCHES - 15 * i;
    const int64_t status =
        ob_two_point_robust(q, first, second, count, &settings, &found, inlier, workspace);
    hash = ob_hash_u64(hash, (uint64_t)status);
    if (status == OB_ROBUST_OK || status == OB_ROBUST_NO_PARALLAX) {
      hash = ob_hash_f64s(ob_hash_f64s(hash, found.direction, 3), found.across, 6);
      hash = ob_hash_f64(ob_hash_f64s(hash, found.covariance, 4), found.residual_rms);
      hash = ob_hash_u64(ob_hash_f64(hash, found.parallax_rms), (uint64_t)found.iterations);
      hash = ob_hash_bytes(hash, inlier, (int32_t)count);
    }
  }
  return hash;
}

uint64_t exercise_fundamental(int64_t simd) {
  double first[2 * MATCHES], second[2 * MATCHES], workspace[7 * (MATCHES + 8)];
  uint8_t inlier[MATCHES] = {0};
  uint64_t state = 11, hash = OB_HASH_SEED;
  for (int32_t i = 0; i < 12; i++) {
    double q[4];
    ob_fundamental found;
    const ob_robust_settings settings = {.threshold = 2e-3,
                                         .sigma = i % 2 == 0 ? 4e-4 : 0.0,
                                         .confidence = 0.99,
                                         .seed = (uint64_t)i,
                                         .iterations_max = 300,
                                         .by_quality = i / 2 % 2,
                                         .simd = simd};
    see(&state, 3 + i % 3, 0.1, i % 3 == 0 ? 0.0 : 0.6, first, second, q);
    const int64_t count = MATCHES - 15 * i;
    const int64_t status =
        ob_fundamental_robust(first, second, count, &settings, &found, inlier, workspace);
    hash = ob_hash_u64(hash, (uint64_t)status);
    if (status == OB_ROBUST_OK) {
      hash = ob_hash_f64s(ob_hash_f64s(hash, found.F, 9), found.covariance, 81);
      hash = ob_hash_u64(ob_hash_f64(hash, found.residual_rms), (uint64_t)found.iterations);
      hash = ob_hash_bytes(hash, inlier, (int32_t)count);
    }
  }
  return hash;
}

uint64_t exercise_five_point(int64_t simd) {
  (void)simd;
  double first[2 * MATCHES], second[2 * MATCHES], q[4], E[9 * OB_FIVE_POINT_SOLUTIONS_MAX];
  uint64_t state = 8, hash = OB_HASH_SEED;
  see(&state, MATCHES, 0.1, 0.6, first, second, q);
  for (int32_t i = 0; i + 5 <= MATCHES; i++) {
    const int64_t count = ob_five_point(first + 2 * i, second + 2 * i, E);
    hash = ob_hash_f64s(ob_hash_u64(hash, (uint64_t)count), E, (int32_t)(9 * count));
  }
  return hash;
}
