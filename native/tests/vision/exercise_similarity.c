#include "exercise.h"
#include "onboard/hash.h"
#include "vision/similarity.h"

enum { MATCHES = 203 };

static double uniform(uint64_t *state) { return (double)(vision_next(state) >> 11) * 0x1p-53; }

/* An image turned, scaled and shifted, in pixels; every `wrong`-th match is anywhere. */
static void see(uint64_t *state, int32_t wrong, double *first, double *second) {
  const double p = 2.0 * uniform(state) - 1.0, q = 2.0 * uniform(state) - 1.0;
  for (int32_t i = 0; i < MATCHES; i++) {
    const double x = 1024.0 * uniform(state), y = 1024.0 * uniform(state);
    first[2 * i] = x;
    first[2 * i + 1] = y;
    second[2 * i] = p * x - q * y + uniform(state);
    second[2 * i + 1] = q * x + p * y + uniform(state);
    for (int32_t k = 0; k < 2 && i % wrong == 0; k++) {
      second[2 * i + k] = 1024.0 * uniform(state);
    }
  }
}

uint64_t exercise_similarity(int64_t simd) {
  double first[2 * MATCHES], second[2 * MATCHES], workspace[7 * (MATCHES + 8)];
  uint8_t inlier[MATCHES] = {0};
  uint64_t state = 10, hash = OB_HASH_SEED;
  for (int32_t i = 0; i < 24; i++) {
    ob_similarity found;
    const ob_robust_settings settings = {.threshold = i % 3 == 0 ? 0.6 : 2.0,
                                         .sigma = i % 2 == 0 ? 0.3 : 0.0,
                                         .confidence = 0.999,
                                         .seed = (uint64_t)i,
                                         .iterations_max = 200,
                                         .by_quality = i / 2 % 2,
                                         .simd = simd};
    see(&state, 2 + i % 3, first, second);
    const int64_t count = MATCHES - 8 * i;
    const int64_t status =
        ob_similarity_robust(first, second, count, &settings, &found, inlier, workspace);
    hash = ob_hash_u64(hash, (uint64_t)status);
    if (status == OB_ROBUST_OK) {
      hash = ob_hash_f64(ob_hash_f64(hash, found.scale), found.turn_rad);
      hash = ob_hash_f64s(ob_hash_f64s(hash, found.shift, 2), found.covariance, 16);
      hash = ob_hash_f64(ob_hash_u64(hash, (uint64_t)found.iterations), found.residual_rms);
      hash = ob_hash_bytes(hash, inlier, (int32_t)count);
    }
  }
  return hash;
}
