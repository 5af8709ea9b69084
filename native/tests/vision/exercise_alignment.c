#include "exercise.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "vision/alignment.h"

enum { MATCHES = 203 };

static double uniform(uint64_t *state) { return (double)(vision_next(state) >> 11) * 0x1p-53; }

/* A cloud of points, or a line, turned, scaled and shifted; every `wrong`-th match is anywhere. */
static void see(uint64_t *state, int32_t wrong, int32_t line, double scale, double *first, double *second) {
  const double turn[3] = {3.0 * uniform(state), uniform(state), uniform(state)};
  double q[4], C[9];
  ob_q_from_rotvec(q, turn);
  ob_q_to_matrix(C, q);
  for (int32_t i = 0; i < MATCHES; i++) {
    double *x = first + 3 * i, *y = second + 3 * i;
    for (int32_t k = 0; k < 3; k++) {
      x[k] = line && k > 0 ? 0.5 * x[0] : 20.0 * uniform(state);
    }
    ob_m3_v3(y, C, x);
    for (int32_t k = 0; k < 3; k++) {
      y[k] = i % wrong == 0 ? 20.0 * uniform(state) : scale * y[k] + 7.0 + 0.2 * uniform(state);
    }
  }
}

uint64_t exercise_alignment(int64_t simd) {
  double first[3 * MATCHES], second[3 * MATCHES], workspace[10 * (MATCHES + 8)];
  uint8_t inlier[MATCHES] = {0};
  uint64_t state = 12, hash = OB_HASH_SEED;
  for (int32_t i = 0; i < 24; i++) {
    ob_alignment found;
    const ob_robust_settings settings = {.threshold = i % 3 == 0 ? 0.15 : 0.5,
                                         .sigma = i % 2 == 0 ? 0.06 : 0.0,
                                         .confidence = 0.999,
                                         .seed = (uint64_t)i,
                                         .iterations_max = 200,
                                         .by_quality = i / 2 % 2,
                                         .simd = simd};
    const int32_t scaled = i / 4 % 2;
    see(&state, 2 + i % 3, i % 8 == 7, scaled ? 1.3 : 1.0, first, second);
    const int64_t count = MATCHES - 8 * i;
    const int64_t status =
        scaled ? ob_alignment_scaled(first, second, count, &settings, &found, inlier, workspace)
               : ob_alignment_rigid(first, second, count, &settings, &found, inlier, workspace);
    hash = ob_hash_u64(hash, (uint64_t)status);
    if (status == OB_ROBUST_OK) {
      hash = ob_hash_f64s(ob_hash_f64s(hash, found.q_second_from_first, 4), found.shift, 3);
      hash = ob_hash_f64s(ob_hash_f64(hash, found.scale), found.covariance, 49);
      hash = ob_hash_f64(ob_hash_u64(hash, (uint64_t)found.iterations), found.residual_rms);
      hash = ob_hash_bytes(hash, inlier, (int32_t)count);
    }
  }
  return hash;
}
